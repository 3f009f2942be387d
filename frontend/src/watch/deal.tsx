import type { Product } from "../boot";
import { type Running, running } from "../room/deal";
import { duration, money, t } from "../text";
import { AddButton } from "./add-button";
import { products, view } from "./page";
import { PriceWord, Thumb, Was } from "./pinned";

/** The deal of this moment: when it opens, then its price and how long it lasts. */
export function DealCard() {
  const now = running.value;
  const product = now ? products.value.get(now.deal.product) : undefined;
  if (!now || !product) return null;
  return (
    <article class="pinned deal" aria-label={t("Deal")}>
      <p class="deal-head small number">
        <strong>{now.open ? t("Deal") : t("Deal soon")}</strong>
        <span role="timer">
          {now.open
            ? t("%(time)s left", { time: duration(now.seconds) })
            : t("opens in %(time)s", { time: duration(now.seconds) })}
        </span>
        <span class="quiet">
          {t("%(count)s units, %(most)s a buyer", {
            count: now.deal.units,
            most: now.deal.buyer_max,
          })}
        </span>
      </p>
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
          {now.open ? <PriceWord product={product} /> : <Promised now={now} product={product} />}
        </span>
      </button>
      {now.open && <AddButton product={product} />}
    </article>
  );
}

/** What it will cost, while it still costs what it did. */
function Promised({ now, product }: { now: Running; product: Product }) {
  const prices = product.variants.flatMap((variant) => now.deal.prices[variant.id] ?? []);
  const [first] = prices;
  if (!first) return null;
  const least = prices.reduce((low, one) => (one.minor < low.minor ? one : low), first);
  const { currency } = now.deal;
  return (
    <span class="price-word">
      <data class="price" value={least.minor}>
        {money({ minor: least.minor, currency })}
      </data>
      <Was price={{ minor: least.was, currency }} />
    </span>
  );
}
