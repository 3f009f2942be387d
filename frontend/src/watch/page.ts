/** The page's data, and what is open on it. */
import { computed, signal } from "@preact/signals";
import { fetchBoot, type Product, readBoot, type WatchBoot } from "../boot";
import type { PlayerState } from "../parts/player";
import { costs, type Shown } from "../room/deal";
import { room } from "../room/store";

export type View =
  | { at: "shop" }
  | { at: "product"; product: string }
  | { at: "basket" }
  | { at: "address" }
  | { at: "payment" }
  | { at: "bank"; url: string | null; secret: string | null }
  | { at: "done"; order: string | null; pending: boolean }
  | { at: "market" };

export const page = signal<WatchBoot>(readBoot<WatchBoot>());
/** What the sheet shows; null when it is closed. */
export const view = signal<View | null>(null);
export const muted = signal(true);
export const picture = signal<PlayerState>("starting");
/** Seconds into the replay. */
export const position = signal(0);
export const desktop = signal(matchMedia("(min-width: 1000px)").matches);

matchMedia("(min-width: 1000px)").addEventListener("change", (event) => {
  desktop.value = event.matches;
});

export const products = computed(
  () => new Map(page.value.run_sheet.map((product) => [product.product, product])),
);

export type Scene = "upcoming" | "live" | "replay" | "cancelled";

export const scene = computed<Scene>(() => {
  if (page.value.show.state === "cancelled") return "cancelled";
  if (room.value.stage === "live") return "live";
  return room.value.stage === "ended" ? "replay" : "upcoming";
});

/** On the picture now: the host's pin, or in a replay the product of the passage that plays. */
export const shown = computed<Product | null>(() => {
  if (scene.value === "live") return products.value.get(room.value.pin ?? "") ?? null;
  if (scene.value !== "replay") return null;
  const passed = page.value.chapters.filter((chapter) => chapter.at <= position.value + 0.5);
  return products.value.get(passed.at(-1)?.product ?? "") ?? null;
});

const RENEW_MS = [0, 2_000, 4_000, 8_000, 15_000, 30_000];

/** Ask for the page's data until `ready` finds in it what it waits for. */
export async function renew(ready: (boot: WatchBoot) => boolean): Promise<void> {
  for (const wait of RENEW_MS) {
    await new Promise((done) => setTimeout(done, wait + Math.random() * wait));
    try {
      const next = await fetchBoot<WatchBoot>();
      const known = page.peek().person;
      // What the shop remembers of the buyer was asked for apart and is not in this answer.
      page.value =
        next.person && known ? { ...next, person: { ...next.person, saved: known.saved } } : next;
      if (ready(next)) return;
    } catch {
      // The next try comes by itself.
    }
  }
}

/** The least a variant costs, what that one is reduced from, and whether they differ. */
export function priceOf(product: Product): (Shown & { differs: boolean }) | null {
  const prices = product.variants.map((variant) => costs(product, variant));
  const [first] = prices;
  if (!first) return null;
  const least = prices.reduce((low, one) => (one.price.minor < low.price.minor ? one : low), first);
  return { ...least, differs: prices.some((one) => one.price.minor !== least.price.minor) };
}
