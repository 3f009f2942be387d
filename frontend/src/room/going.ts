/** Where the basket goes, and for which company: what it costs depends on it. */
import { signal } from "@preact/signals";
import type { Address, Price, Seller } from "../boot";
import { money, t } from "../text";

export interface Going {
  country: string;
  /** As the EU's register knows it. */
  vat_id?: string;
}

/** What one seller sends. */
export interface Parcel {
  seller: Seller;
  shipping: Price;
  /** From this much of goods it costs nothing. */
  free_from: Price | null;
  /** How much of goods is missing until then; null: nothing. */
  missing: Price | null;
  /** The number of the earlier order in whose parcel it goes. */
  joins: string | null;
}

type Place = Pick<Address, "line1" | "line2" | "postcode" | "city">;

/** null: the market's own country, for a consumer. */
export const going = signal<Going | null>(null);
/** The address, once it is filled in: parcels on their way elsewhere do not count for it. */
export const sentTo = signal<Address | null>(null);

/** What the shop is asked to price the basket for; null: nothing is known yet. */
export function asked(
  where: Going | null = going.value,
  to: Address | null = sentTo.value,
): (Going & { address?: Place }) | null {
  if (!to || (where && where.country !== to.country)) return where;
  const { line1, line2, postcode, city, country } = to;
  return { country, ...where, address: { line1, line2, postcode, city } };
}

/** The countries to choose from: what was filled in stays among them, though it be refused. */
export function choices(open: string[], chosen: string): string[] {
  return open.includes(chosen) ? open : [...open, chosen];
}

/** What is to say of a parcel; null: nothing. */
export function word(parcel: Parcel, several: boolean): string | null {
  const seller = parcel.seller.name;
  if (parcel.joins) {
    return several
      ? t("%(seller)s: goes in one parcel with your order %(order)s.", {
          seller,
          order: parcel.joins,
        })
      : t("Goes in one parcel with your order %(order)s.", { order: parcel.joins });
  }
  if (!parcel.missing) return null;
  return several
    ? t("%(seller)s: %(amount)s more until delivery is free.", {
        seller,
        amount: money(parcel.missing),
      })
    : t("%(amount)s more until delivery is free.", { amount: money(parcel.missing) });
}
