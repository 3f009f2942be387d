/** The deal of the room by the server's clock: soon, open, over, for every page at the same moment. */
import { computed, effect, signal } from "@preact/signals";
import type { Price, Product, Variant } from "../boot";
import type { Deal } from "./fold";
import { clock, room, serverNow } from "./store";

/** Rises when a deal opens or closes: between two beats of the clock, too. */
const turned = signal(0);

effect(() => {
  const deal = room.value.deal;
  if (!deal) return;
  const timers = [deal.opens_at, deal.closes_at]
    .map((at) => at - serverNow())
    .filter((wait) => wait > 0)
    .map((wait) =>
      setTimeout(() => {
        turned.value += 1;
      }, wait),
    );
  return () => timers.forEach(clearTimeout);
});

export interface Running {
  deal: Deal;
  open: boolean;
  /** Until it opens or closes. */
  seconds: number;
}

export const running = computed<Running | null>(() => {
  void clock.value;
  void turned.value;
  const deal = room.value.deal;
  const now = serverNow();
  if (!deal || now >= deal.closes_at) return null;
  const open = now >= deal.opens_at;
  const left = (open ? deal.closes_at : deal.opens_at) - now;
  return { deal, open, seconds: Math.ceil(left / 1_000) };
});

export interface Shown {
  price: Price;
  /** What a reduction is shown from: the lowest price of 30 days, never another. */
  was: Price | null;
}

/** What a variant costs at this moment. */
export function costs(product: Product, variant: Variant): Shown {
  const now = running.value;
  const mine = now?.open && now.deal.product === product.product && now.deal.prices[variant.id];
  if (!now || !mine) return { price: variant.price, was: variant.was ?? null };
  const { currency } = now.deal;
  return { price: { minor: mine.minor, currency }, was: { minor: mine.was, currency } };
}
