/** Limits per buyer: how many of a variant one may have, with what one bought before. */
import { t } from "../text";
import type { Line } from "./basket";

/** "At most 2 each" */
export function mostWord(most: number): string {
  return t("At most %(count)s each", { count: most });
}

/** Whether the basket holds all that its buyer may have of a variant. */
export function isFull(lines: readonly Line[], variant: string): boolean {
  return lines.some((line) => line.variant === variant && line.more === 0);
}
