import { Play } from "lucide";
import type { Product } from "../boot";
import { Icon } from "../parts/icon";
import { stockOf } from "../room/store";
import { duration, t } from "../text";
import { AddButton } from "./add-button";
import { page, scene, shown, view } from "./page";
import { PriceWord, Thumb } from "./pinned";
import { seek } from "./replay";

/** The run sheet: everything of this live, to be bought at any moment of it. */
export function Shop() {
  const sheet = page.value.run_sheet;
  if (sheet.length === 0) {
    return (
      <p class="sheet-body sheet-empty">{t("The host has not put products on this live yet.")}</p>
    );
  }
  return (
    <ul class="sheet-body shop">
      {sheet.map((product) => (
        <Row key={product.product} product={product} />
      ))}
    </ul>
  );
}

function Row({ product }: { product: Product }) {
  const now = shown.value?.product === product.product;
  const moment = page.value.chapters.find((chapter) => chapter.product === product.product);
  return (
    <li class={`shop-row ${now ? "now" : ""} ${stockOf(product) === 0 ? "out" : ""}`}>
      <button
        type="button"
        class="shop-open"
        onClick={() => {
          view.value = { at: "product", product: product.product };
        }}
      >
        <Thumb product={product} />
        <span class="pinned-words">
          {now && <span class="now-word">{t("On the picture now")}</span>}
          <span class="pinned-title">{product.title}</span>
          <PriceWord product={product} />
        </span>
      </button>
      <div class="shop-end">
        {scene.value === "replay" && moment && (
          <button
            type="button"
            class="moment"
            aria-label={t("Watch from %(time)s", { time: duration(moment.at) })}
            onClick={() => {
              seek(moment.at);
              view.value = null;
            }}
          >
            <Icon node={Play} size={16} />
            <span class="number">{duration(moment.at)}</span>
          </button>
        )}
        <AddButton product={product} />
      </div>
    </li>
  );
}
