/** One socket to the room: joins, resumes after the last fact, asks and waits, and comes back by itself. */
import type { Fact, Pulse, Snapshot } from "./fold";

export interface You {
  name: string;
  author: string;
  staff: boolean;
}

export interface Refusal {
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

/** A unit is held for one who waited for it. */
export interface Offered {
  variant: string;
  quantity: number;
  /** Server time, milliseconds. */
  until: number;
}

interface Welcome {
  t: "welcome";
  re: number;
  seq: number;
  now: number;
  you: You;
  state?: Snapshot;
  facts?: Fact[];
  pulse?: Pulse;
}

type Frame =
  | Welcome
  | { t: "tick"; now: number; facts?: Fact[]; pulse?: Pulse }
  | { t: "own"; now: number; what: "offer"; body: Offered }
  | { t: "re"; id: number; ok?: unknown; error?: Refusal }
  | { t: "error"; error: Refusal }
  | { t: "resync" }
  | { t: "bye"; reason: "ended" | "ticket" | "shutdown" };

export type Link = "joining" | "on" | "lost" | "over";

export interface Ears {
  welcome(frame: Welcome): void;
  tick(now: number, facts: Fact[], pulse: Pulse | undefined): void;
  /** Told to this viewer alone. */
  offered(offer: Offered): void;
  refused(error: Refusal): void;
  link(state: Link): void;
  /** The last fact seen, or null to ask for the whole state. */
  after(): number | null;
}

/** What could not be said or was not answered in time; the caller may try another way. */
export class Unheard extends Error {}

/** The server said no. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

interface Waiting {
  resolve(ok: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

const ANSWER_MS_MAX = 6_000;
const BACKOFF_MS = { first: 400, most: 15_000 };
const WAITING_MAX = 32;
/** After this silence the line is tried with a question; no answer means that it is dead. */
const SILENCE_MS_MAX = 25_000;

/** Full jitter, so that a thousand phones do not come back in the same moment. */
export function backOff(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** attempt);
  return Math.round(most / 2 + (random() * most) / 2);
}

export class RoomSocket {
  #socket: WebSocket | null = null;
  #waiting = new Map<number, Waiting>();
  #id = 0;
  #attempt = 0;
  #joined = false;
  #over = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly ticketUrl: string,
    readonly ears: Ears,
  ) {
    addEventListener("online", () => this.#again(0));
    addEventListener("offline", () => this.#lost());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && !this.#socket) this.#again(0);
    });
  }

  async open(): Promise<void> {
    if (this.#socket || this.#over) return;
    this.ears.link(this.#attempt === 0 ? "joining" : "lost");
    try {
      const answer = await fetch(this.ticketUrl, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Unheard(`ticket ${answer.status}`);
      const { ticket, url } = (await answer.json()) as { ticket: string; url: string };
      if (!this.#socket) this.#connect(url, ticket);
    } catch {
      this.#lost();
    }
  }

  /** Ask and wait for the answer; rejects with Refused or Unheard. */
  ask<T>(what: string, args: Record<string, unknown> = {}, wait = ANSWER_MS_MAX): Promise<T> {
    if (!this.#joined || this.#waiting.size >= WAITING_MAX) {
      return Promise.reject(new Unheard(what));
    }
    const id = ++this.#id;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Unheard(what));
      }, wait);
      this.#waiting.set(id, { resolve: resolve as (ok: unknown) => void, reject, timer });
      this.#send({ do: what, id, args });
    });
  }

  /** Say without waiting; dropped while the line is down. */
  tell(what: string, args: Record<string, unknown>): void {
    if (this.#joined) this.#send({ do: what, args });
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #connect(url: string, ticket: string): void {
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#id += 1;
      this.#send({ do: "join", id: this.#id, ticket, after: this.ears.after() });
    };
    socket.onmessage = (event) => {
      this.#heard(socket);
      this.#take(JSON.parse(String(event.data)) as Frame);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
    this.#heard(socket);
  }

  #heard(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.ask("basket").catch((error) => {
        if (error instanceof Unheard && this.#socket === socket) this.#lost();
      });
    }, SILENCE_MS_MAX);
  }

  #take(frame: Frame): void {
    if (frame.t === "welcome") {
      this.#attempt = 0;
      this.#joined = true;
      this.ears.welcome(frame);
      this.ears.link("on");
    } else if (frame.t === "tick") {
      this.ears.tick(frame.now, frame.facts ?? [], frame.pulse);
    } else if (frame.t === "own") {
      // A newer server may tell of more than offers.
      if (frame.what === "offer") this.ears.offered(frame.body);
    } else if (frame.t === "re") {
      this.#answer(frame.id, frame.ok, frame.error);
    } else if (frame.t === "error") {
      this.ears.refused(frame.error);
    } else if (frame.t === "resync") {
      // The ticket may have been spent: a fresh socket with a fresh one is the same path as a lost line.
      this.#drop();
      this.#again(0);
    } else if (frame.t === "bye") {
      this.#over = frame.reason === "ended";
      this.#drop();
      if (this.#over) this.ears.link("over");
      else this.#again(frame.reason === "shutdown" ? backOff(1) : 0);
    }
  }

  #answer(id: number, ok: unknown, error: Refusal | undefined): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error) waiting.reject(new Refused(error));
    else waiting.resolve(ok);
  }

  #drop(): void {
    clearTimeout(this.#silence);
    this.#joined = false;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) {
      clearTimeout(one.timer);
      one.reject(new Unheard("lost"));
    }
  }

  #lost(): void {
    this.#drop();
    if (this.#over) return;
    this.ears.link("lost");
    this.#attempt += 1;
    this.#again(backOff(this.#attempt));
  }

  #again(wait: number): void {
    clearTimeout(this.#retry);
    if (!this.#over && !this.#socket) this.#retry = setTimeout(() => void this.open(), wait);
  }
}
