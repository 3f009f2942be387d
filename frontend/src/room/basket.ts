/** The basket: held over the socket, over HTTP when the socket is down. */
import { computed, signal } from "@preact/signals";
import type { Price, Seller } from "../boot";
import { money, t } from "../text";
import { call, newKey, Problem } from "../web";
import { asked, going, type Parcel, sentTo } from "./going";
import { Refused, type RoomSocket, Unheard } from "./socket";
import { isUnheld } from "./unheld";

export interface Line {
  variant: string;
  product: string;
  title: string;
  variant_title: string;
  image: string | null;
  seller: Seller;
  quantity: number;
  unit: Price;
  /** At the regular price. */
  list: Price;
  /** What is paid. */
  total: Price;
  /** When what is held of it ends first, server time, milliseconds. */
  expires_at: number;
  /** That was kept longer once, which is all there is. */
  extended: boolean;
  /** That is an offer to somebody who waited, and cannot be kept longer. */
  offered: boolean;
  /** Units that are not set aside: who pays first gets them. */
  unheld: number;
  /** What is left to sell where that is less than `unheld`; null: enough. */
  left: number | null;
  /** Units that one buyer may have, with what they bought; none: no such limit. */
  most?: number | null;
  /** Of these, what may still be added. */
  more?: number | null;
  /** Why it stays bought; empty: the buyer may withdraw. */
  exemption?: string;
  /** It goes in a parcel; else it takes place. */
  sent?: boolean;
  /** Where it takes place; empty: online. */
  place?: string | null;
}

export interface Voucher {
  code: string;
  /** It takes the delivery off, not a part of the goods' price. */
  shipping: boolean;
  off: Price;
  /** Why it takes nothing off. */
  problem: string | null;
}

export interface Basket {
  lines: Line[];
  vouchers: Voucher[];
  parcels: Parcel[];
  /** Where it goes, for these amounts. */
  country: string;
  /** Where all of it may go, the market's own country first. */
  countries: string[];
  /** Why it cannot go where it was asked to. */
  refused: string | null;
  /** The goods at their regular prices. */
  list: Price;
  goods: Price;
  shipping: Price;
  total: Price;
  vat: Price;
  currency: string;
  /** A company in another country accounts for the VAT: the amounts are without it. */
  reverse_charge: boolean;
  /** What a company that gave its VAT id is told of the VAT. */
  vat_note: string | null;
  now: number;
}

interface Means {
  url: string;
  /** Where one waits for what is sold out. */
  waitingUrl: string;
  show: string;
  socket(): RoomSocket | null;
  say(text: string, kind?: "good" | "bad", ms?: number): void;
  heardTime(now: number): void;
  heardStock(variant: string, left: number): void;
}

export const basket = signal<Basket | null>(null);
/** Variants with a change on its way. */
export const moving = signal<ReadonlySet<string>>(new Set());
/** Rises by one each time something lands in the basket. */
export const landed = signal(0);

export const units = computed(() =>
  (basket.value?.lines ?? []).reduce((sum, line) => sum + line.quantity, 0),
);
/** Whether a parcel is sent for it; else all of it takes place. */
export const sends = computed(
  () => basket.value?.lines.some((line) => line.sent !== false) ?? true,
);
/** When what is set aside ends first. */
export const earliest = computed(() =>
  (basket.value?.lines ?? [])
    .filter((line) => !isUnheld(line))
    .reduce<number | null>(
      (first, line) => (first === null ? line.expires_at : Math.min(first, line.expires_at)),
      null,
    ),
);

/** After this the same wish goes over HTTP: a buyer should not wait for a dead line. */
const HOLD_MS_MAX = 2_500;

let means: Means | null = null;

export function useMeans(given: Means): void {
  means = given;
}

export function tools(): Means {
  if (!means) throw new Error("The basket has no way to the server yet.");
  return means;
}

let turn = 0;
let taken = 0;

export async function refresh(): Promise<void> {
  const { url, heardTime } = tools();
  turn += 1;
  const mine = turn;
  const where = going.value;
  const to = sentTo.value;
  const question = asked(where, to);
  const next = question
    ? await call<Basket>("POST", `${url}/priced`, question)
    : await call<Basket>("GET", url);
  // What was asked for meanwhile costs otherwise; its own answer follows.
  if (where !== going.value || to !== sentTo.value || mine < taken) return;
  taken = mine;
  take(next);
  heardTime(next.now);
}

function take(next: Basket): void {
  const gone = (basket.value?.lines ?? []).filter(
    (line) =>
      !isUnheld(line) &&
      line.expires_at <= next.now &&
      !next.lines.some((other) => other.variant === line.variant),
  );
  basket.value = next;
  for (const line of gone) {
    tools().say(
      t("%(title)s is no longer held for you. You can add it again.", { title: line.title }),
    );
  }
}

export async function add(variant: string, quantity = 1): Promise<boolean> {
  const { url, show } = tools();
  // One key for both ways: an answer lost on the socket must not hold a second unit.
  const wish = { variant, quantity, key: newKey() };
  const done = await change(variant, async () => {
    await eitherWay(
      (socket) => socket.ask("hold", wish, HOLD_MS_MAX),
      () => call("POST", url, { ...wish, show }),
    );
    await reread();
  });
  if (done) landed.value += 1;
  return done;
}

export function remove(variant: string, quantity = 1): Promise<boolean> {
  const { url } = tools();
  return change(variant, async () => {
    await eitherWay(
      (socket) => socket.ask("drop", { variant, quantity }, HOLD_MS_MAX),
      () => call("DELETE", `${url}/${variant}?quantity=${quantity}`),
    );
    await reread();
  });
}

/** What was changed is changed, whether or not it can be read again at once. */
async function reread(): Promise<void> {
  await refresh().catch(() => undefined);
}

/** Put a voucher's code into the basket; what is wrong with it is thrown. */
export async function enterCode(code: string): Promise<void> {
  const { url } = tools();
  const next = await call<Basket>("POST", `${url}/voucher${country()}`, { code });
  await priced(next);
}

export async function dropCode(code: string): Promise<void> {
  const { url, say } = tools();
  try {
    const path = `${url}/voucher/${encodeURIComponent(code)}${country()}`;
    await priced(await call<Basket>("DELETE", path));
  } catch (error) {
    say(reason(error), "bad");
  }
}

function country(): string {
  const question = asked();
  return question ? `?country=${question.country}` : "";
}

/** Take a basket that was priced for a country; for an address or a company it is asked again. */
async function priced(next: Basket): Promise<void> {
  const question = asked();
  if (question?.address || question?.vat_id) await refresh();
  else take(next);
}

/** One change of a variant at a time; what is wrong with it is said. */
export async function change(variant: string, act: () => Promise<void>): Promise<boolean> {
  if (moving.value.has(variant)) return false;
  moving.value = new Set([...moving.value, variant]);
  try {
    await act();
    return true;
  } catch (error) {
    tools().say(reason(error), "bad");
    return false;
  } finally {
    moving.value = new Set([...moving.value].filter((other) => other !== variant));
  }
}

/** Over the socket; where that is down or silent, over HTTP. What is wrong with it is thrown. */
export async function eitherWay<T>(
  overSocket: (socket: RoomSocket) => Promise<T>,
  overWeb: () => Promise<T>,
): Promise<T> {
  const line = tools().socket();
  if (!line) return overWeb();
  try {
    return await overSocket(line);
  } catch (error) {
    if (!(error instanceof Unheard)) throw error;
    return overWeb();
  }
}

export function reason(error: unknown): string {
  if (error instanceof Refused) return error.refusal.message;
  if (error instanceof Problem) return error.message;
  return t("Something went wrong on our side. Nothing was lost; please try again.");
}

/** "€24.90 in the basket", for screen readers. */
export function spoken(): string {
  const held = basket.value;
  if (!held || held.lines.length === 0) return t("Your basket is empty");
  return t("Basket: %(count)s, %(total)s", { count: units.value, total: money(held.total) });
}
