/** What lies in the basket without being set aside: who pays first gets it. */
import type { Line } from "./basket";

/** Nothing of it is set aside. */
export function isUnheld(line: Line): boolean {
  return line.unheld >= line.quantity;
}

/** Units that can still be had, where those are fewer than the line wants unheld; null: enough. */
export function short(line: Line, inRoom: number | undefined): number | null {
  if (line.unheld === 0) return null;
  // What the room tells is newer than the basket.
  const left = inRoom ?? line.left ?? line.unheld;
  return left < line.unheld ? left : null;
}
