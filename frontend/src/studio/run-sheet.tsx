import { Pin, PinOff } from "lucide";
import type { Product } from "../boot";
import { Icon } from "../parts/icon";
import { room, stockOf } from "../room/store";
import { count, money, t } from "../text";
import { DealPanel } from "./deal";
import { busy, canPin, desk, figures, pin, state } from "./desk";

/** One large button a product, its stock and its sales beside it. */
export function RunSheet() {
  const sheet = desk.value.run_sheet;
  return (
    <section class="run-sheet" aria-label={t("Run sheet")}>
      <header class="run-head">
        <h2>{t("Run sheet")}</h2>
        {canPin() && <p class="quiet small">{t("Keys 1 to 9 pin, 0 takes off")}</p>}
        {!canPin() && state.value === "scheduled" && (
          <p class="quiet small">{t("Pinning opens with the rehearsal")}</p>
        )}
      </header>
      <DealPanel />
      {sheet.length === 0 && (
        <p class="quiet">{t("Put products on this show first, on the page of your shows.")}</p>
      )}
      <ol class="run-rows">
        {sheet.map((product, index) => (
          <Row key={product.product} product={product} place={index + 1} />
        ))}
      </ol>
    </section>
  );
}

function Row({ product, place }: { product: Product; place: number }) {
  const on = canPin() && room.value.pin === product.product;
  const left = stockOf(product);
  const sales = figures.value?.products.find((one) => one.product === product.product);
  const [first] = product.variants;
  return (
    <li class={`run-row ${on ? "on" : ""}`}>
      <span class="run-place number">{place}</span>
      {product.image ? (
        <img class="thumb" src={product.image} alt="" width={64} height={64} />
      ) : (
        <span class="thumb" aria-hidden="true">
          {product.title.charAt(0)}
        </span>
      )}
      <div class="run-words">
        <strong>{product.title}</strong>
        <span class="quiet small number">
          {first ? money(first.price) : t("no price")}
          {product.variants.length > 1 && <> · {choice(product)}</>}
        </span>
      </div>
      <dl class="run-numbers number">
        <div class={left === 0 ? "bad" : left <= 5 ? "low" : ""}>
          <dt>{t("left")}</dt>
          <dd>{left === 0 ? t("Sold out") : count(left)}</dd>
        </div>
        <div>
          <dt>{t("sold")}</dt>
          <dd>{count(sales?.sold ?? 0)}</dd>
        </div>
      </dl>
      {state.value !== "ended" && state.value !== "cancelled" && (
        <PinButton product={product} on={on} />
      )}
    </li>
  );
}

/** How many there are to choose from. */
function choice({ kind, variants }: Product): string {
  const values = { count: variants.length };
  return kind === "service" ? t("%(count)s dates", values) : t("%(count)s variants", values);
}

function PinButton({ product, on }: { product: Product; on: boolean }) {
  return (
    <button
      type="button"
      class={`pin-button ${on ? "on" : ""}`}
      aria-pressed={on}
      disabled={!canPin() || busy.value !== null}
      onClick={() => void pin(product.product)}
    >
      <Icon node={on ? PinOff : Pin} size={20} />
      {on ? t("Take off") : t("Pin")}
      <span class="aside-only"> {product.title}</span>
    </button>
  );
}
