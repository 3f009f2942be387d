/** The line for what is sold out: getting in and out of it, and hearing that it is one's turn. */
import { signal } from "@preact/signals";
import { second, t } from "../text";
import { call, Problem } from "../web";
import * as held from "./basket";
import { Refused } from "./socket";

export interface Place {
  variant: string;
  quantity: number;
  state: "waiting" | "offered";
  /** 1 is the next; 0 with an offer. */
  position: number;
  /** Server time, milliseconds. */
  offer_until: number | null;
}

export const places = signal<Place[]>([]);

const ASK_MS = { near: 5_000, far: 20_000 };
/** So many places from the front an offer may come at any moment. */
const NEAR = 20;
/** News are heard by all who wait at once; they ask spread over this time. */
const HURRY_MS = 1_500;
const OFFER_TOLD_MS = 12_000;
const REMEMBERED = "panier.waiting";

/** How long one who waits does without asking, milliseconds; null for one who does not wait. */
export function pause(line: readonly Place[]): number | null {
  const ahead = line.filter((place) => place.state === "waiting").map((place) => place.position);
  if (ahead.length === 0) return null;
  return Math.min(...ahead) <= NEAR ? ASK_MS.near : ASK_MS.far;
}

/** The offers among `after` that were not there before. */
export function fresh(before: readonly Place[], after: readonly Place[]): Place[] {
  const known = new Set(before.filter((one) => one.state === "offered").map((one) => one.variant));
  return after.filter((one) => one.state === "offered" && !known.has(one.variant));
}

export function placeOf(line: readonly Place[], variant: string): Place | undefined {
  return line.find((place) => place.variant === variant);
}

let asked = 0;
let due: number | null = null;
/** Rises with each answer that is taken: an older one must not overwrite it. */
let turn = 0;

/** Ask when it is time to; given the server's time each second. */
export function watch(now: number): void {
  const wait = pause(places.value);
  if (wait === null) return;
  if (now < (due ?? asked + wait)) return;
  asked = now;
  due = null;
  refresh().catch(() => undefined);
}

/** Something moved that one waits for: ask soon. */
export function hurry(now: number): void {
  due ??= Math.max(now, asked + HURRY_MS) + Math.random() * HURRY_MS;
}

export async function refresh(): Promise<void> {
  const mine = turn;
  const line = await held.eitherWay<Place[]>(
    (socket) => socket.ask("places"),
    () => call("GET", held.tools().waitingUrl),
  );
  if (mine === turn) await take(line);
}

/** Ask at the start, in a browser that waited before: a crowd that never did need not ask. */
export function resume(): void {
  try {
    if (localStorage.getItem(REMEMBERED) === null) return;
  } catch {
    // A browser that keeps nothing cannot tell.
  }
  refresh().catch(() => undefined);
}

function remember(waits: boolean): void {
  try {
    if (waits) localStorage.setItem(REMEMBERED, "1");
    else localStorage.removeItem(REMEMBERED);
  } catch {
    // A browser that keeps nothing asks at each start.
  }
}

async function take(line: Place[]): Promise<void> {
  turn += 1;
  const offers = fresh(places.value, line);
  // First the basket: should it not come, the next answer tells of the offer again.
  if (offers.length > 0) await held.refresh();
  places.value = line;
  remember(line.length > 0);
  for (const offer of offers) {
    const got = held.basket.value?.lines.find((one) => one.variant === offer.variant);
    if (!got || offer.offer_until === null) continue;
    held.landed.value += 1;
    const words = { title: got.title, time: second(offer.offer_until) };
    held
      .tools()
      .say(t("%(title)s is in your basket. Yours until %(time)s", words), "good", OFFER_TOLD_MS);
  }
}

/** Get in line for one of it. */
export function join(variant: string): Promise<boolean> {
  const { waitingUrl, show, heardStock } = held.tools();
  return held.change(variant, async () => {
    try {
      await take(
        await held.eitherWay<Place[]>(
          (socket) => socket.ask("wait", { variant }),
          () => call("PUT", `${waitingUrl}/${variant}`, { show }),
        ),
      );
    } catch (error) {
      // It is not sold out: then the button has to say so, too.
      const left = available(error);
      if (left > 0) heardStock(variant, left);
      throw error;
    }
  });
}

export function leave(variant: string): Promise<boolean> {
  return held.change(variant, async () => {
    await take(
      await held.eitherWay<Place[]>(
        (socket) => socket.ask("unwait", { variant }),
        () => call("DELETE", `${held.tools().waitingUrl}/${variant}`),
      ),
    );
  });
}

/** What a refusal says is left; 0 where it says nothing of it. */
export function available(error: unknown): number {
  if (error instanceof Refused) return Number(error.refusal.details?.available ?? 0);
  return error instanceof Problem ? Number(error.details.available ?? 0) : 0;
}
