import { expect, test } from "vitest";
import type { Line } from "../src/room/basket";
import { isFull } from "../src/room/most";

const line = (variant: string, more: number | null): Line => ({ variant, more }) as Line;

test("a variant is full when its buyer may add none, and only then", () => {
  const lines = [line("candle", 0), line("mug", 1), line("lamp", null)];
  expect(isFull(lines, "candle")).toBe(true);
  expect(isFull(lines, "mug")).toBe(false);
  expect(isFull(lines, "lamp")).toBe(false);
  expect(isFull(lines, "scarf")).toBe(false);
  expect(isFull([], "candle")).toBe(false);
});
