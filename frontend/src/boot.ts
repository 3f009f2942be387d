/** What the server lays into the page as JSON (`<script type="application/json" id="boot">`). */

export interface Price {
  /** Integer minor units: cents, pence. */
  minor: number;
  currency: string;
}

export interface Seller {
  id: string;
  name: string;
}

export interface Variant {
  id: string;
  title: string;
  sku: string;
  price: Price;
  /** The lowest price of the 30 days before, where a reduction is announced. */
  was: Price | null;
  stock: number;
  /** Units that one buyer may have, with what they bought; none: no such limit. */
  most?: number | null;
  /** Of a service: when and where. */
  slot?: Slot | null;
}

/** Moments in milliseconds. */
export interface Slot {
  starts_at: number;
  ends_at: number;
  /** Nobody can book it from then on. */
  closes_at: number;
  /** Empty: online. */
  place: string;
}

export interface Product {
  product: string;
  title: string;
  description: string;
  image: string | null;
  image_alt: string;
  seller: Seller;
  /** A service takes place: its variants are slots. */
  kind?: "goods" | "service";
  /** Why it stays bought; empty: the buyer may withdraw. */
  exemption?: string;
  variants: Variant[];
}

export interface Chapter {
  product: string | null;
  /** Seconds from the start of the replay. */
  at: number;
  title: string;
}

export interface Address {
  line1: string;
  line2: string;
  postcode: string;
  city: string;
  country: string;
}

export interface Card {
  brand: string;
  last4: string;
}

/** What a buyer let us keep for the next time. */
export interface Saved {
  address: Address | null;
  card: Card | null;
  company?: { name: string; vat_id: string } | null;
}

export interface Person {
  name: string;
  email: string;
  roles: string[];
  saved: Saved;
}

export type ShowState = "scheduled" | "rehearsing" | "live" | "ended" | "cancelled";

export interface Show {
  id: string;
  slug: string;
  title: string;
  host: { name: string };
  state: ShowState;
  starts_at: number;
  live_at: number | null;
  ended_at: number | null;
  poster: string | null;
  share_url: string;
  /** What the basket does: it holds stock, or sets nothing aside. */
  stock_rule: StockRule;
}

export type StockRule = "hold" | "first_paid";

export interface Boot {
  market: {
    code: string;
    currency: string;
    language: string;
    languages: string[];
    name: string;
    /** IANA name: clocks there tell when something takes place. */
    time_zone?: string;
    /** Country codes that parcels may go to; the market's own when absent. */
    countries?: string[];
  };
  language: string;
  /** Server time, milliseconds. */
  now: number;
  show: Show;
  video: { live: string | null; replay: string | null; status?: string | null };
  run_sheet: Product[];
  chapters: Chapter[];
  person: Person | null;
  urls: {
    ticket: string;
    basket: string;
    waiting: string;
    checkout: string;
    /** What a signed-in buyer let us keep. */
    saved: string;
    sign_in: string;
    rooms?: string;
    calendar?: string | null;
  };
  shipping: Record<string, Price>;
  hold_seconds: number;
  /** How much longer a basket can be kept, once. */
  hold_extension_seconds: number;
  messages: Record<string, string>;
}

/** A payment provider's card form. */
export interface CardFormData {
  provider: "sandbox" | "stripe";
  /** Where a typed card becomes a token; a provider whose script asks for cards: the script. */
  url: string;
  /** What names us to the provider's script. */
  key?: string | null;
  /** Ways to pay that the script must not offer. */
  excluded?: string[];
}

export interface WatchBoot extends Boot {
  payment: CardFormData;
}

export interface StudioBoot extends Boot {
  video: { live: string | null; replay: string | null; status: string | null };
  ingest_url: string;
  figures_url: string;
  report_url: string;
  actions: {
    rehearse: string;
    stop_rehearsing?: string;
    go_live: string;
    end: string;
    pin: string;
    unpin: string;
    stock_rule: string;
    deal: string;
    end_deal: string;
    agreed: string;
    ask: string;
  };
}

export function readBoot<T extends Boot>(page: Document = document): T {
  const text = page.getElementById("boot")?.textContent;
  if (!text) throw new Error("This page holds no boot data.");
  return JSON.parse(text) as T;
}

/** Ask for this page again and take only its data: after a show went live or ended. */
export async function fetchBoot<T extends Boot>(): Promise<T> {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(`The page answered ${answer.status}.`);
  return readBoot<T>(new DOMParser().parseFromString(await answer.text(), "text/html"));
}
