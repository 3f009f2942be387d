import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backOff, type Ears, Refused, RoomSocket, Unheard } from "../src/room/socket";

class Line {
  static OPEN = 1;
  static last: Line;
  readyState = 1;
  sent: Record<string, unknown>[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: () => void;

  constructor(readonly url: string) {
    Line.last = this;
  }

  send(text: string) {
    this.sent.push(JSON.parse(text));
  }

  hear(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  close() {
    this.readyState = 3;
  }
}

let seen: string[];
let after: number | null;

function ears(): Ears {
  return {
    after: () => after,
    link: (state) => seen.push(state),
    offered: (offer) => seen.push(`offered ${offer.variant}`),
    refused: (error) => seen.push(error.code),
    tick: (_now, facts) => seen.push(`facts ${facts.length}`),
    welcome: (frame) => seen.push(`welcome ${frame.seq}`),
  };
}

async function joined(): Promise<RoomSocket> {
  const socket = new RoomSocket("/ticket", ears());
  await socket.open();
  Line.last.onopen?.();
  Line.last.hear({ t: "welcome", re: 1, seq: 5, now: 0, you: {}, state: {} });
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
  seen = [];
  after = null;
  vi.stubGlobal("WebSocket", Line);
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("document", { addEventListener: () => undefined, visibilityState: "visible" });
  vi.stubGlobal("fetch", async () => Response.json({ ticket: "secret", url: "ws://room/" }));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the socket", () => {
  test("puts the ticket into the first frame, never into the address", async () => {
    await joined();
    expect(Line.last.url).toBe("ws://room/");
    expect(Line.last.sent).toEqual([{ do: "join", id: 1, ticket: "secret", after: null }]);
    expect(seen).toEqual(["joining", "welcome 5", "on"]);
  });

  test("gives each question its own answer", async () => {
    const socket = await joined();
    const yes = socket.ask("say", { text: "hello" });
    const no = socket.ask("hold", { variant: "v" });
    Line.last.hear({ t: "re", id: 3, error: { code: "sold_out", message: "Gone." } });
    Line.last.hear({ t: "re", id: 2, ok: { seq: 6 } });
    await expect(yes).resolves.toEqual({ seq: 6 });
    await expect(no).rejects.toThrow(Refused);
  });

  test("hears what is told to this viewer alone, and not what it does not know", async () => {
    await joined();
    const body = { variant: "v", quantity: 1, until: 120_000 };
    Line.last.hear({ t: "own", now: 0, what: "offer", body });
    Line.last.hear({ t: "own", now: 0, what: "something new", body: {} });
    expect(seen.slice(3)).toEqual(["offered v"]);
  });

  test("does not wait for ever", async () => {
    const socket = await joined();
    const answer = expect(socket.ask("say", {})).rejects.toThrow(Unheard);
    await vi.advanceTimersByTimeAsync(6_000);
    await answer;
  });

  test("comes back after the last fact when the line breaks", async () => {
    const socket = await joined();
    const first = Line.last;
    const lost = expect(socket.ask("hold", {})).rejects.toThrow(Unheard);
    after = 9;
    first.onclose?.();
    await lost;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Line.last).not.toBe(first);
    Line.last.onopen?.();
    expect(Line.last.sent.at(-1)).toMatchObject({ do: "join", after: 9 });
    expect(seen).toContain("lost");
  });

  test("stays away when the room is over", async () => {
    await joined();
    const first = Line.last;
    first.hear({ t: "bye", reason: "ended" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(Line.last).toBe(first);
    expect(seen.at(-1)).toBe("over");
  });
});

test("waits longer each time, with jitter, and never beyond fifteen seconds", () => {
  expect(backOff(0, () => 0)).toBe(200);
  expect(backOff(0, () => 1)).toBe(400);
  expect(backOff(3, () => 1)).toBe(3_200);
  expect(backOff(20, () => 1)).toBe(15_000);
  expect(backOff(20, () => 0)).toBe(7_500);
});
