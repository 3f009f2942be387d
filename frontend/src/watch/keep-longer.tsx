import { Timer } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { basket, type Line, moving } from "../room/basket";
import { ending, keep } from "../room/keep";
import { clock, say, spoken } from "../room/store";
import { inWords, t } from "../text";
import { desktop, page, view } from "./page";

const TOLD_MS = 10_000;

/** In the last minute of what is held: that it ends, and keeping it longer, once. */
export function KeepLonger() {
  const place = useRef<HTMLDivElement>(null);
  const line = ending(basket.value?.lines ?? [], clock.value);
  // The place stays when its button has gone: the keyboard goes on from there.
  return (
    <div ref={place} class="keep-place" tabIndex={-1}>
      {line && <Strip line={line} kept={() => place.current?.focus()} />}
    </div>
  );
}

function Strip({ line, kept }: { line: Line; kept: () => void }) {
  const time = inWords(page.value.hold_extension_seconds);
  const press = async () => {
    if (!(await keep(line.variant))) return;
    say(t("Your basket is kept %(time)s longer.", { time }), "good");
    kept();
  };
  return (
    <div class="keep">
      <p class="small">
        <Icon node={Timer} size={18} />
        {t("Less than a minute left")}
      </p>
      <button
        type="button"
        class="button-quiet small"
        aria-busy={moving.value.has(line.variant)}
        onClick={() => void press()}
      >
        {t("Keep it %(time)s longer", { time })}
      </button>
    </div>
  );
}

/** Tells of the last minute once: aloud, and on a phone also to those who do not see the basket. */
export function LastMinute() {
  const line = ending(basket.value?.lines ?? [], clock.value);
  const key = line && `${line.variant} ${line.expires_at}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each end that comes near
  useEffect(() => {
    if (!line) return;
    const words = t("%(title)s is held for you for less than a minute. You can keep it longer.", {
      title: line.title,
    });
    if (desktop.value || view.value?.at === "basket") spoken.value = words;
    else say(words, "good", TOLD_MS);
  }, [key]);
  return null;
}
