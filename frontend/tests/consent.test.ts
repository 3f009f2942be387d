import { describe, expect, test } from "vitest";
import { type Agreed, type Draft, isAsked, mayStart, type Question } from "../src/studio/agreed";

const agreed: Agreed = {
  product: "lamp",
  seller: "Lumen",
  own: false,
  lowest: { large: 1494, small: 600 },
  units: 20,
  until: 100_000,
};
const draft: Draft = { prices: { large: 1494 }, units: 20, ends: 100_000 };
const asked: Question = {
  request: "r",
  product: "lamp",
  prices: { large: 990 },
  units: 8,
  state: "agreed",
  expires_at: 0,
};

describe("a deal may start at once", () => {
  test("within what the seller agreed to, to the cent, the unit and the second", () => {
    expect(mayStart(agreed, undefined, draft)).toBe(true);
    expect(mayStart(agreed, undefined, { ...draft, prices: { large: 1493 } })).toBe(false);
    expect(mayStart(agreed, undefined, { ...draft, units: 21 })).toBe(false);
    expect(mayStart(agreed, undefined, { ...draft, ends: 100_001 })).toBe(false);
    expect(mayStart({ ...agreed, until: null }, undefined, { ...draft, ends: 1e15 })).toBe(true);
  });

  test("for the seller's own staff, whatever it is", () => {
    const own = { ...agreed, own: true, lowest: {}, units: 0 };
    expect(mayStart(own, undefined, { ...draft, prices: { large: 1 } })).toBe(true);
  });

  test("as the seller answered, and no further", () => {
    const none = { ...agreed, lowest: {}, units: 0 };
    const wanted = { prices: { large: 990 }, units: 8, ends: 0 };
    expect(mayStart(none, asked, wanted)).toBe(true);
    expect(mayStart(none, { ...asked, state: "asked" }, wanted)).toBe(false);
    expect(mayStart(none, asked, { ...wanted, units: 9 })).toBe(false);
    expect(mayStart(none, asked, { ...wanted, prices: { large: 990, small: 500 } })).toBe(false);
  });

  test("is waited for once it is asked, until it is changed", () => {
    const waiting: Question = { ...asked, state: "asked" };
    const wanted = { prices: { large: 990 }, units: 8, ends: 0 };
    expect(isAsked(waiting, wanted)).toBe(true);
    expect(isAsked(waiting, { ...wanted, units: 7 })).toBe(false);
    expect(isAsked(waiting, { ...wanted, prices: { large: 991 } })).toBe(false);
    expect(isAsked(waiting, { ...wanted, prices: { large: 990, small: 1 } })).toBe(false);
    expect(isAsked(asked, wanted)).toBe(false);
  });

  test("where nothing is known the server decides", () => {
    expect(mayStart(undefined, undefined, draft)).toBe(true);
  });
});
