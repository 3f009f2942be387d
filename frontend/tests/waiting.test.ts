import { describe, expect, test } from "vitest";
import type { Line } from "../src/room/basket";
import { ending } from "../src/room/keep";
import { Refused } from "../src/room/socket";
import { available, fresh, type Place, pause, placeOf } from "../src/room/waiting";
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
  test("is asked for often near the front, seldom far behind, never with nothing to wait for", () => {
    expect(pause([waits("a", 20)])).toBe(5_000);
    expect(pause([waits("a", 21)])).toBe(20_000);
    expect(pause([waits("a", 900), waits("b", 3)])).toBe(5_000);
    expect(pause([offered("a")])).toBeNull();
    expect(pause([])).toBeNull();
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
    ({ variant, expires_at, extended: false, offered: false, ...more }) as Line;

  test("begins sixty seconds before the end and is over with it", () => {
    expect(ending([line("a", 160_001)], 100_000)).toBeNull();
    expect(ending([line("a", 160_000)], 100_000)?.variant).toBe("a");
    expect(ending([line("a", 100_000)], 100_000)).toBeNull();
  });

  test("tells of what ends first", () => {
    expect(ending([line("a", 150_000), line("b", 130_000)], 100_000)?.variant).toBe("b");
  });

  test("is not told of what was kept longer already or is an offer", () => {
    const lines = [line("a", 120_000, { extended: true }), line("b", 120_000, { offered: true })];
    expect(ending(lines, 100_000)).toBeNull();
  });
});
