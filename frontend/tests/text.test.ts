import { describe, expect, test } from "vitest";
import { sparkline } from "../src/parts/sparkline";
import { duration, fill, money, percent, speak, t, wholeMoney } from "../src/text";
import { asExpiry, inFours } from "../src/watch/digits";

describe("words", () => {
  test("come from the catalogue, or stay as they are", () => {
    speak("fr", { "Pay %(amount)s": "Payer %(amount)s", Empty: "" });
    expect(t("Pay %(amount)s", { amount: "3 €" })).toBe("Payer 3 €");
    expect(t("Empty")).toBe("Empty");
    expect(t("Unknown")).toBe("Unknown");
  });

  test("keep what has no value, and write a per cent sign", () => {
    expect(fill("%(a)s of %(b)s, 5 %%", { a: 1 })).toBe("1 of %(b)s, 5 %");
  });
});

describe("money", () => {
  test("is written from minor units, whatever a currency's decimals", () => {
    speak("en", {});
    expect(money({ minor: 2490, currency: "EUR" })).toBe("€24.90");
    expect(money({ minor: 500, currency: "JPY" })).toBe("¥500");
    expect(wholeMoney({ minor: 187_240, currency: "EUR" })).toBe("€1,872");
  });

  test("follows the language", () => {
    speak("fr", {});
    expect(money({ minor: 2490, currency: "EUR" })).toBe("24,90\u00a0€");
    speak("en", {});
    expect(percent(0.034)).toBe("3.4%");
  });
});

test("a duration has hours only when it needs them", () => {
  expect(duration(75)).toBe("1:15");
  expect(duration(3675)).toBe("1:01:15");
  expect(duration(-3)).toBe("0:00");
});

test("card numbers come in fours, dates with their stroke", () => {
  expect(inFours("42424242424")).toBe("4242 4242 424");
  expect(inFours("4242")).toBe("4242");
  expect(asExpiry("1230")).toBe("12/30");
  expect(asExpiry("12")).toBe("12");
  expect(asExpiry("12/3")).toBe("12/3");
});

describe("a sparkline", () => {
  test("runs from the foot to the top", () => {
    expect(sparkline([0, 10], 100, 24)).toBe("M0 22 L100 2");
  });

  test("is level when nothing happens, and nothing without two samples", () => {
    expect(sparkline([0, 0, 0], 100, 24)).toBe("M0 22 L50 22 L100 22");
    expect(sparkline([4], 100, 24)).toBe("");
  });
});
