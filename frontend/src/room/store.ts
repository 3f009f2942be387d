/** What the page knows of the room, as signals, and the socket that feeds them. */
import { batch, computed, signal } from "@preact/signals";
import type { Boot, Product, Slot } from "../boot";
import { speak } from "../text";
import * as held from "./basket";
import { beat, emptyRoom, fold, fromSnapshot, type Room } from "./fold";
import { type Link, RoomSocket, type You } from "./socket";
import * as waiting from "./waiting";

export interface Toast {
  id: number;
  text: string;
  kind: "good" | "bad";
}

const TOAST_MS = 5_000;
const TOASTS_MAX = 3;
const HEART_MS = 500;
const HEARTS_MAX = 20;

export const room = signal<Room>(emptyRoom("scheduled"));
export const you = signal<You | null>(null);
export const link = signal<Link>("joining");
export const toasts = signal<Toast[]>([]);
/** Spoken to screen readers, never seen. */
export const spoken = signal("");
/** Server time minus this machine's, milliseconds. */
const skew = signal(0);
/** Server time, renewed each second. */
export const clock = signal(Date.now());

let socket: RoomSocket | null = null;
let toastId = 0;
let hearts = 0;
let heartTimer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, kind: "good" | "bad" = "bad", ms = TOAST_MS): void {
  toastId += 1;
  const toast = { id: toastId, text, kind };
  toasts.value = [...toasts.value.filter((other) => other.text !== text), toast].slice(-TOASTS_MAX);
  setTimeout(() => {
    toasts.value = toasts.value.filter((other) => other.id !== toast.id);
  }, ms);
}

export function serverNow(): number {
  return Date.now() + skew.value;
}

/** A stamp is old by the way it came: of several, the latest clock is the truest. */
function heardTime(now: number, fresh = false): void {
  const offset = now - Date.now();
  if (fresh || offset > skew.value) skew.value = offset;
}

export function stockOf(product: Product): number {
  return product.variants.reduce((sum, variant) => sum + variantStock(variant), 0);
}

export function variantStock(variant: { id: string; stock: number; slot?: Slot | null }): number {
  if (isClosed(variant.slot)) return 0;
  return room.value.stock[variant.id] ?? variant.stock;
}

/** Whether it is too late to book this. */
export function isClosed(slot: Slot | null | undefined): boolean {
  return slot ? slot.closes_at <= clock.value : false;
}

export const isLive = computed(() => room.value.stage === "live");

/** Batched: a hundred taps in half a second are one frame. */
export function heart(): void {
  hearts = Math.min(HEARTS_MAX, hearts + 1);
  if (heartTimer !== undefined) return;
  heartTimer = setTimeout(() => {
    heartTimer = undefined;
    socket?.tell("heart", { n: hearts });
    hearts = 0;
  }, HEART_MS);
}

export function ask<T>(what: string, args: Record<string, unknown>): Promise<T> {
  if (!socket) return Promise.reject(new Error("The room is not open."));
  return socket.ask<T>(what, args);
}

export function openRoom(boot: Boot): void {
  speak(boot.language, boot.messages);
  heardTime(boot.now, true);
  clock.value = serverNow();
  room.value = emptyRoom(boot.show.state === "cancelled" ? "ended" : boot.show.state);
  setInterval(() => {
    clock.value = serverNow();
    watchHolds();
    waiting.watch(clock.value);
  }, 1_000);
  held.useMeans({
    url: boot.urls.basket,
    waitingUrl: boot.urls.waiting,
    show: boot.show.id,
    socket: () => (link.value === "on" ? socket : null),
    say,
    heardTime,
    heardStock: (variant, left) => {
      room.value = beat(room.value, { stock: { [variant]: left } });
    },
  });
  held.refresh().catch(() => undefined);
  waiting.resume();
  if (boot.show.state === "cancelled") return;
  socket = new RoomSocket(boot.urls.ticket, {
    after: () => (room.value.seq > 0 ? room.value.seq : null),
    link: (state) => {
      link.value = state;
    },
    refused: (error) => say(error.message),
    tick: (now, facts, pulse) =>
      batch(() => {
        heardTime(now);
        let next = facts.reduce(fold, room.value);
        if (pulse) next = beat(next, pulse);
        room.value = next;
      }),
    offered: (offer) => void waiting.offered(offer).catch(() => undefined),
    welcome: (frame) =>
      batch(() => {
        heardTime(frame.now, true);
        you.value = frame.you;
        let next = frame.state
          ? fromSnapshot(frame.seq, frame.state)
          : (frame.facts ?? []).reduce(fold, room.value);
        if (frame.pulse) next = beat(next, frame.pulse);
        room.value = { ...next, seq: Math.max(next.seq, frame.seq) };
        // What was told to this viewer alone while the line was down is not told again.
        if (waiting.places.value.length > 0) waiting.refresh().catch(() => undefined);
      }),
  });
  void socket.open();
}

const ASK_AGAIN_MS = 5_000;
let asked = 0;

/** When a hold has run out the server has freed it: ask what is left. */
function watchHolds(): void {
  const first = held.earliest.value;
  const now = clock.value;
  if (first === null || now < first + 500 || now < asked + ASK_AGAIN_MS) return;
  asked = now;
  held.refresh().catch(() => undefined);
  if (waiting.places.value.length > 0) waiting.refresh().catch(() => undefined);
}
