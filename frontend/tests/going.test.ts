import { describe, expect, test } from "vitest";
import { asked, choices, type Parcel, word } from "../src/room/going";

const berlin = {
  line1: "Torstraße 1",
  line2: "",
  postcode: "10115",
  city: "Berlin",
  country: "DE",
};
const place = { line1: "Torstraße 1", line2: "", postcode: "10115", city: "Berlin" };

const eur = (minor: number) => ({ minor, currency: "EUR" });
const parcel = (changes: Partial<Parcel>): Parcel => ({
  seller: { id: "s1", name: "Lumen" },
  shipping: eur(490),
  free_from: null,
  missing: null,
  joins: null,
  ...changes,
});

describe("where a basket goes", () => {
  test("is the market's own country until somebody says otherwise", () => {
    expect(asked(null, null)).toBeNull();
    expect(asked({ country: "DE" }, null)).toEqual({ country: "DE" });
  });

  test("names the address once it is filled in, with the company", () => {
    expect(asked(null, berlin)).toEqual({ country: "DE", address: place });
    expect(asked({ country: "DE", vat_id: "DE136695976" }, berlin)).toEqual({
      country: "DE",
      vat_id: "DE136695976",
      address: place,
    });
  });

  test("forgets the address when another country is chosen", () => {
    expect(asked({ country: "IT" }, berlin)).toEqual({ country: "IT" });
  });

  test("keeps a country that is refused among the choices", () => {
    expect(choices(["FR", "DE"], "DE")).toEqual(["FR", "DE"]);
    expect(choices(["FR", "DE"], "IT")).toEqual(["FR", "DE", "IT"]);
  });
});

describe("a parcel", () => {
  test("says nothing where there is nothing to win", () => {
    expect(word(parcel({}), false)).toBeNull();
    expect(word(parcel({ free_from: eur(6000), shipping: eur(0) }), true)).toBeNull();
  });

  test("says what is missing until it is free, and whose it is among several", () => {
    const near = parcel({ free_from: eur(6000), missing: eur(1010) });
    expect(word(near, false)).toBe("€10.10 more until delivery is free.");
    expect(word(near, true)).toBe("Lumen: €10.10 more until delivery is free.");
  });

  test("says which order it goes with", () => {
    const joined = parcel({ joins: "FR-2026-000001", shipping: eur(0) });
    expect(word(joined, false)).toBe("Goes in one parcel with your order FR-2026-000001.");
    expect(word(joined, true)).toBe("Lumen: goes in one parcel with your order FR-2026-000001.");
  });
});
