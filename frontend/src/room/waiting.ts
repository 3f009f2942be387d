/** The line for what is sold out: getting in and out of it, and hearing that it is one's turn. */
import { signal } from "@preact/signals";
import { second, t } from "../text";
import { call, Problem } from "../web";
import * as held from "./basket";
import { type Offered, Refused } from "./socket";

export interface Place {
  variant: string;
  quantity: number;
  state: "waiting" | "offered";
  /** 1 is the next; 0 with an offer; 501 stands for any beyond. */
  position: number;
  /** Server time, milliseconds. */
  offer_until: number | null;
}

export const places = signal<Place[]>([]);

/** An offer is told over the socket: asking is for one's place, and in case that was not heard. */
const ASK_MS = { told: 30_000, near: 5_000, far: 20_000 };
/** So many places from the front an offer may come at any moment. */
const NEAR = 20;
/** Beyond, places are not counted. */
const COUNTED = 500;
const OFFER_TOLD_MS = 12_000;
const REMEMBERED = "panier.waiting";

/** How long one who waits does without asking, milliseconds; null for one who does not wait. */
export function pause(line: readonly Place[], told: boolean): number | null {
  const ahead = line.filter((place) => place.state === "waiting").map((place) => place.position);
  if (ahead.length === 0) return null;
  if (told) return ASK_MS.told;
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

/** "3", or "500+". */
export function spokenPosition({ position }: Place): string {
  return position > COUNTED ? `${COUNTED}+` : String(position);
}

let asked = 0;
/** Rises with each answer that is taken: an older one must not overwrite it. */
let turn = 0;

/** Ask when it is time to; given the server's time each second. */
export function watch(now: number): void {
  const wait = pause(places.value, held.tools().socket() !== null);
  if (wait === null || now < asked + wait) return;
  asked = now;
  refresh().catch(() => undefined);
}

/** It is one's turn: told over the socket as the offer was made. */
export function offered({ variant, quantity, until }: Offered): Promise<void> {
  const others = places.value.filter((place) => place.variant !== variant);
  return take([
    ...others,
    { variant, quantity, state: "offered", position: 0, offer_until: until },
  ]);
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
    // What was only wanted is what one waits for now.
    if (held.basket.value?.lines.some((line) => line.variant === variant)) await held.refresh();
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
