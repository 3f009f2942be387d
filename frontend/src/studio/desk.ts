/** The host's desk: what the room, the encoder and the till tell, and what the host can do. */
import { computed, signal } from "@preact/signals";
import { type Price, readBoot, type ShowState, type StockRule, type StudioBoot } from "../boot";
import { reason } from "../room/basket";
import { room, say } from "../room/store";
import { call } from "../web";

export interface Status {
  state: "waiting" | "starting" | "live" | "lost" | "ended";
  bitrate_kbps: number;
  fps: number;
  dropped: number;
  reconnects: number;
  delay_s: number;
  keyframe_s?: number | null;
  codecs?: string | string[] | null;
  warnings?: string[];
}

export interface Sample {
  at: number;
  viewers: number;
  revenue: number;
}

export interface Figures {
  viewers: number;
  viewers_peak: number;
  visitors: number;
  orders: number;
  units: number;
  revenue: Price;
  conversion: number;
  hearts: number;
  messages: number;
  products: { product: string; sold: number; revenue: Price; stock: number }[];
  minute: Sample[];
}

export interface Ingest {
  server: string;
  key: string;
  keyframe_seconds: number;
  advice?: string[];
}

const STATUS_MS = 2_000;
const FIGURES_MS = 5_000;

export const desk = signal<StudioBoot>(readBoot<StudioBoot>());
/** As the last button press left it; the room tells only of going live and ending. */
const told = signal<ShowState>(desk.peek().show.state);
export const status = signal<Status | null>(null);
export const figures = signal<Figures | null>(null);
export const ingest = signal<Ingest | null>(null);
/** The button that is being carried out. */
export const busy = signal<string | null>(null);
export const liveAt = signal<number | null>(desk.peek().show.live_at);

export const state = computed<ShowState>(() => {
  if (told.value === "cancelled") return "cancelled";
  if (room.value.stage === "ended" || told.value === "ended") return "ended";
  if (room.value.stage === "live" || told.value === "live") return "live";
  return told.value;
});

export function canPin(): boolean {
  return state.value === "live" || state.value === "rehearsing";
}

export type Step = "rehearse" | "stop_rehearsing" | "go_live" | "end";

export async function step(which: Step): Promise<boolean> {
  const url = desk.value.actions[which];
  if (!url) return false;
  return act(which, async () => {
    const show = await call<{ state: ShowState; live_at: number | null }>("POST", url, {});
    told.value = show.state;
    liveAt.value = show.live_at;
  });
}

/** Choose what the basket does; a refusal leaves it as it was. */
export function setRule(rule: StockRule): Promise<boolean> {
  const { actions } = desk.value;
  return act("rule", async () => {
    try {
      await call("PUT", actions.stock_rule, { stock_rule: rule });
      desk.value = { ...desk.value, show: { ...desk.value.show, stock_rule: rule } };
    } catch (error) {
      // The browser has moved the dot already: draw it again where it was.
      desk.value = { ...desk.value };
      throw error;
    }
  });
}

/** Put a product on the picture, or take it off when it is there. */
export function pin(product: string): Promise<boolean> {
  const { actions } = desk.value;
  const off = room.value.pin === product;
  return act(`pin ${product}`, async () => {
    await (off ? call("POST", actions.unpin, {}) : call("POST", actions.pin, { product }));
    room.value = { ...room.value, pin: off ? null : product };
  });
}

export function unpin(): Promise<boolean> {
  if (room.value.pin === null) return Promise.resolve(false);
  return pin(room.value.pin);
}

async function act(what: string, doing: () => Promise<void>): Promise<boolean> {
  if (busy.value !== null) return false;
  busy.value = what;
  try {
    await doing();
    return true;
  } catch (error) {
    say(reason(error));
    return false;
  } finally {
    busy.value = null;
  }
}

/** Ask for health and figures for as long as the page is open and the show goes on. */
export function watchDesk(): () => void {
  let gone = false;
  const loop = async (pause: number, ask: () => Promise<void>) => {
    while (!gone) {
      if (!document.hidden) await ask().catch(() => undefined);
      if (state.value === "ended" || state.value === "cancelled") return;
      await new Promise((done) => setTimeout(done, pause));
    }
  };
  const { video, figures_url, ingest_url } = desk.value;
  void loop(STATUS_MS, async () => {
    if (!video.status) return;
    try {
      // Another origin, so without our cookies; its answer is public.
      const answer = await fetch(video.status, { credentials: "omit" });
      status.value = answer.ok ? ((await answer.json()) as Status) : null;
    } catch {
      status.value = null;
    }
  });
  void loop(FIGURES_MS, async () => {
    figures.value = await call<Figures>("GET", figures_url);
  });
  call<Ingest>("GET", ingest_url).then(
    (answer) => {
      ingest.value = answer;
    },
    (error) => say(reason(error)),
  );
  return () => {
    gone = true;
  };
}
