import { describe, expect, test } from "vitest";
import {
  beat,
  emptyRoom,
  type Fact,
  fold,
  fromSnapshot,
  LINES_MAX,
  type Room,
} from "../src/room/fold";

const chat = (seq: number, text: string): Fact => [
  seq,
  "chat",
  1_000,
  { name: "Anna", text, author: "a1", staff: false },
];
const roomAfter = (...facts: Fact[]): Room => facts.reduce(fold, emptyRoom("live"));

describe("a room", () => {
  test("shows the last pin and forgets it when that one is taken off", () => {
    const pinned = roomAfter([1, "pin", 10, { product: "p1" }], [2, "pin", 20, { product: "p2" }]);
    expect(pinned.pin).toBe("p2");
    expect(pinned.pinnedAt).toBe(20);
    expect(fold(pinned, [3, "unpin", 30, { product: "p1" }]).pin).toBe("p2");
    expect(fold(pinned, [3, "unpin", 30, { product: "p2" }]).pin).toBeNull();
  });

  test("takes each fact once, however often a resume repeats it", () => {
    const once = roomAfter(chat(1, "hello"));
    expect(fold(once, chat(1, "hello"))).toBe(once);
    expect(once.lines).toHaveLength(1);
  });

  test("keeps the newest two hundred lines", () => {
    const facts = Array.from({ length: 250 }, (_, i) => chat(i + 1, `message ${i + 1}`));
    const { lines, seq } = roomAfter(...facts);
    expect(lines).toHaveLength(200);
    expect(LINES_MAX).toBe(200);
    expect(lines[0]?.seq).toBe(51);
    expect(seq).toBe(250);
  });

  test("leaves out what was hidden", () => {
    const room = roomAfter(chat(1, "kind"), chat(2, "unkind"), [3, "chat_hidden", 5, { seq: 2 }]);
    expect(room.lines.map((line) => line.seq)).toEqual([1]);
  });

  test("knows nothing left of what is sold out, until it is back", () => {
    const out = roomAfter([1, "sold_out", 5, { variant: "v1" }]);
    expect(out.stock).toEqual({ v1: 0 });
    expect(fold(out, [2, "back_in_stock", 6, { variant: "v1" }]).stock).toEqual({});
    expect(beat(out, { stock: { v1: 3 } }).stock).toEqual({ v1: 3 });
  });

  test("ends without a pin", () => {
    const room = roomAfter([1, "pin", 10, { product: "p1" }], [2, "ended", 20, {}]);
    expect(room.stage).toBe("ended");
    expect(room.pin).toBeNull();
  });

  test("shows a deal until that one closes, or the live ends", () => {
    const deal = {
      deal: "d1",
      product: "p1",
      currency: "EUR",
      prices: { v1: { minor: 1490, was: 2490 } },
      opens_at: 30_000,
      closes_at: 90_000,
      units: 5,
      buyer_max: 1,
    };
    const room = roomAfter([1, "deal", 10, deal]);
    expect(room.deal).toEqual(deal);
    expect(fold(room, [2, "deal_closed", 20, { deal: "d0" }]).deal).toEqual(deal);
    expect(fold(room, [2, "deal_closed", 20, { deal: "d1" }]).deal).toBeNull();
    expect(fold(room, [2, "ended", 20, {}]).deal).toBeNull();
  });

  test("passes over facts it does not know, and counts them as seen", () => {
    const odd = [7, "raffle", 5, {}] as unknown as Fact;
    expect(fold(emptyRoom("live"), odd)).toEqual({ ...emptyRoom("live"), seq: 7 });
  });

  test("starts from a snapshot and goes on from its number", () => {
    const room = fromSnapshot(40, {
      stage: "live",
      pin: "p1",
      pinned_at: 9,
      sold_out: ["v2"],
      picture: "lost",
      stock: { v1: 4 },
      viewers: 12,
      chat: [[38, "chat", 8, { name: "Anna", text: "hello", author: "a1", staff: false }]],
    });
    expect(room.picture).toBe("lost");
    expect(room.stock).toEqual({ v1: 4, v2: 0 });
    expect(room.lines).toEqual([
      { kind: "chat", seq: 38, at: 8, name: "Anna", text: "hello", author: "a1", staff: false },
    ]);
    expect(fold(room, chat(39, "too old")).lines).toHaveLength(1);
    expect(fold(room, chat(41, "new")).lines).toHaveLength(2);
  });

  test("adds hearts and replaces the count of viewers", () => {
    const room = beat(beat(emptyRoom("live"), { hearts: 3, viewers: 10 }), { hearts: 2 });
    expect(room.hearts).toBe(5);
    expect(room.viewers).toBe(10);
  });
});
