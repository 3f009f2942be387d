/** Whether a deal is within what its seller agreed to. */

/** What may be done with a product's prices without asking; amounts in minor units. */
export interface Agreed {
  product: string;
  seller: string;
  /** The reader works for the seller: whatever they like. */
  own: boolean;
  /** By variant; empty: nothing is agreed. */
  lowest: Record<string, number>;
  units: number;
  until: number | null;
}

export interface Question {
  request: string;
  product: string;
  prices: Record<string, number>;
  units: number;
  state: "asked" | "agreed" | "refused" | "expired";
  expires_at: number;
}

/** A deal as it stands in the form. */
export interface Draft {
  prices: Record<string, number>;
  units: number;
  /** When it would be over, in milliseconds since the epoch. */
  ends: number;
}

/** Whether a deal may start at once: by the seller's own staff, as agreed, or as answered. */
export function mayStart(agreed: Agreed | undefined, asked: Question | undefined, draft: Draft) {
  if (!agreed || agreed.own) return true;
  const prices = Object.entries(draft.prices);
  const within = prices.every(([id, minor]) => minor >= (agreed.lowest[id] ?? Infinity));
  if (within && draft.units <= agreed.units && (agreed.until ?? Infinity) >= draft.ends)
    return true;
  return (
    asked?.state === "agreed" &&
    draft.units <= asked.units &&
    prices.every(([id, minor]) => minor >= (asked.prices[id] ?? Infinity))
  );
}

/** Whether just this was asked for: then there is nothing to do but wait. */
export function isAsked(asked: Question | undefined, draft: Draft): boolean {
  if (asked?.state !== "asked" || asked.units !== draft.units) return false;
  const prices = Object.entries(draft.prices);
  return (
    prices.length === Object.keys(asked.prices).length &&
    prices.every(([id, minor]) => asked.prices[id] === minor)
  );
}
