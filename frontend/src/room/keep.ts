/** The last minute of a hold: what ends, and keeping it longer once. */
import { call } from "../web";
import { change, eitherWay, type Line, refresh, tools } from "./basket";
import { isUnheld } from "./unheld";

export const LAST_MS = 60_000;

/** Of what ends within a minute and can still be kept longer, the first. */
export function ending(lines: readonly Line[], now: number): Line | null {
  const soon = lines.filter(
    (line) =>
      !line.extended &&
      !line.offered &&
      !isUnheld(line) &&
      now < line.expires_at &&
      line.expires_at - now <= LAST_MS,
  );
  return soon.reduce<Line | null>(
    (first, line) => (first === null || line.expires_at < first.expires_at ? line : first),
    null,
  );
}

/** Keep everything in the basket longer that was not kept before. */
export function keep(variant: string): Promise<boolean> {
  return change(variant, async () => {
    try {
      await eitherWay<unknown>(
        (socket) => socket.ask("extend"),
        () => call("POST", `${tools().url}/extend`),
      );
    } finally {
      await refresh();
    }
  });
}
