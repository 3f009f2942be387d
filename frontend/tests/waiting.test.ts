import { describe, expect, test } from "vitest";
import type { Line } from "../src/room/basket";
import { ending } from "../src/room/keep";
import { Refused } from "../src/room/socket";
import { isUnheld, short } from "../src/room/unheld";
import { available, fresh, type Place, pause, placeOf, spokenPosition } from "../src/room/waiting";
import { Problem } from "../src/web";

const waits = (variant: string, position: number): Place => ({
  variant,
  quantity: 1,
  state: "waiting",
  position,
  offer_until: null,
});
const offered = (variant: string): Place => ({
  variant,
  quantity: 1,
  state: "offered",
  position: 0,
  offer_until: 120_000,
});

describe("a place in the line", () => {
  test("is asked for seldom where offers are told, and never with nothing to wait for", () => {
    expect(pause([waits("a", 1)], true)).toBe(30_000);
    expect(pause([offered("a")], true)).toBeNull();
    expect(pause([], true)).toBeNull();
  });

  test("without the socket is asked for often near the front, seldom far behind", () => {
    expect(pause([waits("a", 20)], false)).toBe(5_000);
    expect(pause([waits("a", 21)], false)).toBe(20_000);
    expect(pause([waits("a", 900), waits("b", 3)], false)).toBe(5_000);
    expect(pause([], false)).toBeNull();
  });

  test("is not counted beyond five hundred", () => {
    expect(spokenPosition(waits("a", 500))).toBe("500");
    expect(spokenPosition(waits("a", 501))).toBe("500+");
  });

  test("tells of an offer once", () => {
    expect(fresh([waits("a", 1)], [offered("a")])).toEqual([offered("a")]);
    expect(fresh([offered("a")], [offered("a"), waits("b", 1)])).toEqual([]);
    expect(fresh([], [offered("a")])).toEqual([offered("a")]);
  });

  test("is found by what one waits for", () => {
    expect(placeOf([waits("a", 1), waits("b", 7)], "b")?.position).toBe(7);
    expect(placeOf([waits("a", 1)], "c")).toBeUndefined();
  });

  test("hears from a refusal, over either way, what is left after all", () => {
    const refusal = { code: "still_there", message: "", details: { available: 3 } };
    expect(available(new Refused(refusal))).toBe(3);
    expect(available(new Problem("still_there", "", 409, { available: 2 }))).toBe(2);
    expect(available(new Problem("line_full", "", 409))).toBe(0);
    expect(available(new Error("lost"))).toBe(0);
  });
});

describe("the last minute", () => {
  const line = (variant: string, expires_at: number, more: Partial<Line> = {}): Line =>
    ({
      variant,
      expires_at,
      extended: false,
      offered: false,
      quantity: 1,
      unheld: 0,
      ...more,
    }) as Line;

  test("begins sixty seconds before the end and is over with it", () => {
    expect(ending([line("a", 160_001)], 100_000)).toBeNull();
    expect(ending([line("a", 160_000)], 100_000)?.variant).toBe("a");
    expect(ending([line("a", 100_000)], 100_000)).toBeNull();
  });

  test("tells of what ends first", () => {
    expect(ending([line("a", 150_000), line("b", 130_000)], 100_000)?.variant).toBe("b");
  });

  test("is not told of what is not set aside", () => {
    expect(ending([line("a", 120_000, { unheld: 1 })], 100_000)).toBeNull();
    expect(ending([line("a", 120_000, { quantity: 2, unheld: 1 })], 100_000)?.variant).toBe("a");
  });

  test("is not told of what was kept longer already or is an offer", () => {
    const lines = [line("a", 120_000, { extended: true }), line("b", 120_000, { offered: true })];
    expect(ending(lines, 100_000)).toBeNull();
  });
});

describe("what is not set aside", () => {
  const line = (unheld: number, left: number | null, quantity = unheld): Line =>
    ({ quantity, unheld, left }) as Line;

  test("is short when others paid first, as the room tells it, else as the basket knew", () => {
    expect(short(line(2, null), 2)).toBeNull();
    expect(short(line(2, null), 1)).toBe(1);
    expect(short(line(1, null), 0)).toBe(0);
    expect(short(line(1, 0), 3)).toBeNull();
    expect(short(line(1, 0), undefined)).toBe(0);
    expect(short(line(1, null), undefined)).toBeNull();
    expect(short(line(0, null, 2), 0)).toBeNull();
  });

  test("has no time that runs out", () => {
    expect(isUnheld(line(2, null))).toBe(true);
    expect(isUnheld(line(1, null, 2))).toBe(false);
  });
});
