import type { Price, Product } from "../boot";
import { running } from "../room/deal";
import { stockOf } from "../room/store";
import { money, t } from "../text";
import { AddButton } from "./add-button";
import { isFirstPaid } from "./first-paid";
import { priceOf, shown, view } from "./page";

/** Stock is told from here down. */
export const LOW_STOCK = 5;

/** The product on the picture. */
export function Pinned() {
  const product = shown.value;
  if (!product || product.product === running.value?.deal.product) return null;
  return (
    <article class="pinned" key={product.product} aria-label={t("Shown now")}>
      <button
        type="button"
        class="pinned-open"
        onClick={() => {
          view.value = { at: "product", product: product.product };
        }}
      >
        <Thumb product={product} />
        <span class="pinned-words">
          <span class="pinned-title">{product.title}</span>
          <PriceWord product={product} />
          {isFirstPaid() && stockOf(product) > 0 && (
            <span class="rule-word">{t("Who pays first gets it")}</span>
          )}
        </span>
      </button>
      <AddButton product={product} />
    </article>
  );
}

export function Thumb({ product }: { product: Product }) {
  return product.image ? (
    <img class="thumb" src={product.image} alt={product.image_alt} width={64} height={64} />
  ) : (
    <span class="thumb" aria-hidden="true">
      {product.title.charAt(0)}
    </span>
  );
}

/** The lowest price of the last 30 days, struck out. */
export function Was({ price }: { price: Price }) {
  return (
    <s class="was-word" title={t("Lowest price of the last 30 days")}>
      <span class="aside-only">{t("Lowest price of the last 30 days")} </span>
      {money(price)}
    </s>
  );
}

/** "€24.90 · 3 left" */
export function PriceWord({ product }: { product: Product }) {
  const price = priceOf(product);
  const left = stockOf(product);
  return (
    <span class="price-word">
      {price && (
        <data class="price" value={price.price.minor}>
          {price.differs ? t("from %(price)s", { price: money(price.price) }) : money(price.price)}
        </data>
      )}
      {price?.was && !price.differs && <Was price={price.was} />}
      {left === 0 && (
        <span class="left-word">
          {product.kind === "service" && product.variants.length === 0
            ? t("No dates yet")
            : t("Sold out")}
        </span>
      )}
      {left > 0 && left <= LOW_STOCK && (
        <span class="left-word">{t("%(count)s left", { count: left })}</span>
      )}
    </span>
  );
}
