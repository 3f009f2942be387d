/** The basket, its holds and the line in front of what is sold out. */

import { asked, eur, now, runSheet } from "./scene";

interface Hold {
  quantity: number;
  expires_at: number;
  extended?: boolean;
  offered?: boolean;
}

export const held = new Map<string, Hold>();
if (asked.has("held"))
  held.set("v10", { quantity: 1, expires_at: now + 320_000 }).set("v20", {
    quantity: 2,
    expires_at: now + 55_000,
  });

export function basket() {
  const lines = [...held].map(([id, hold]) => {
    const ware = runSheet.find((one) => one.variants.some((variant) => variant.id === id));
    const variant = ware?.variants.find((one) => one.id === id);
    return {
      variant: id,
      product: ware?.product,
      title: ware?.title,
      variant_title: variant?.title,
      image: ware?.image,
      seller: ware?.seller,
      quantity: hold.quantity,
      unit: variant?.price,
      list: eur((variant?.price.minor ?? 0) * hold.quantity),
      total: eur((variant?.price.minor ?? 0) * hold.quantity),
      expires_at: hold.expires_at,
      extended: hold.extended ?? false,
      offered: hold.offered ?? false,
      unheld: asked.has("first_paid") ? hold.quantity : 0,
      left: null,
    };
  });
  const goods = lines.reduce((sum, line) => sum + line.total.minor, 0);
  const shipping = lines.some((line) => line.seller?.id === "s1") ? 490 : 0;
  return {
    lines,
    goods: eur(goods),
    shipping: eur(shipping),
    vouchers: [],
    parcels: [
      {
        seller: runSheet[0]?.seller,
        shipping: eur(shipping),
        free_from: eur(6000),
        missing: goods < 6000 ? eur(6000 - goods) : null,
        joins: null,
      },
    ].filter(() => lines.length > 0),
    country: "FR",
    countries: ["FR", "DE"],
    refused: null,
    reverse_charge: false,
    vat_note: null,
    list: eur(goods),
    total: eur(goods + shipping),
    vat: eur(Math.round((goods + shipping) / 6)),
    currency: "EUR",
    now: Date.now(),
  };
}

export function put(variant: string, by: number) {
  const line = held.get(variant) ?? { quantity: 0, expires_at: Date.now() + 480_000 };
  line.quantity += by;
  if (line.quantity > 0) held.set(variant, line);
  else held.delete(variant);
  return { ok: { variant, quantity: line.quantity, expires_at: line.expires_at } };
}

/** Somebody is ahead for six seconds; after twelve the unit is the viewer’s. */
export const line = new Map<string, number>();

export function places() {
  return [...line].map(([variant, since]) => {
    const waited = Date.now() - since;
    const offer = held.get(variant);
    if (waited > 12_000 && !offer)
      held.set(variant, { quantity: 1, expires_at: Date.now() + 120_000, offered: true });
    return {
      variant,
      quantity: 1,
      state: waited > 12_000 ? "offered" : "waiting",
      position: waited > 12_000 ? 0 : waited > 6_000 ? 1 : 2,
      offer_until: held.get(variant)?.expires_at ?? null,
    };
  });
}

export function extend() {
  for (const hold of held.values()) {
    if (hold.extended || hold.offered) continue;
    hold.expires_at += 240_000;
    hold.extended = true;
  }
}
