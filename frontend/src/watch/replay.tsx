import { signal, useSignal } from "@preact/signals";
import { Pause, Play } from "lucide";
import { useEffect } from "preact/hooks";
import { Icon } from "../parts/icon";
import { duration, t } from "../text";
import { page, position } from "./page";

/** The element that plays, once it is there. */
export const video = signal<HTMLVideoElement | null>(null);

export function seek(seconds: number): void {
  const element = video.value;
  if (!element) return;
  element.currentTime = seconds;
  position.value = seconds;
  element.play().catch(() => undefined);
}

/** A moment may be linked: `#t=75`. */
function linkedMoment(): number | null {
  const found = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
  return found ? Number(found[1]) : null;
}

/** Chapters, a line to seek on, pause. */
export function Replay() {
  const paused = useSignal(false);
  const length = useSignal(0);
  const element = video.value;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another element is another picture
  useEffect(() => {
    if (!element) return;
    const news = () => {
      paused.value = element.paused;
      length.value = Number.isFinite(element.duration) ? element.duration : 0;
    };
    const first = () => {
      const at = linkedMoment();
      if (at !== null) seek(at);
      news();
    };
    element.addEventListener("play", news);
    element.addEventListener("pause", news);
    element.addEventListener("durationchange", news);
    element.addEventListener("loadedmetadata", first, { once: true });
    if (element.readyState > 0) first();
    return () => {
      element.removeEventListener("play", news);
      element.removeEventListener("pause", news);
      element.removeEventListener("durationchange", news);
      element.removeEventListener("loadedmetadata", first);
    };
  }, [element, paused, length]);

  if (!page.value.video.replay) return null;
  const { chapters } = page.value;
  const now = chapters.filter((chapter) => chapter.at <= position.value + 0.5).at(-1);
  const toggle = () => {
    if (!element) return;
    if (element.paused) element.play().catch(() => undefined);
    else element.pause();
  };
  return (
    <section class="replay" aria-label={t("Replay")}>
      {chapters.length > 0 && (
        <ol class="chapters" aria-label={t("Moments of this live")}>
          {chapters.map((chapter) => (
            <li key={`${chapter.at}-${chapter.title}`}>
              <button
                type="button"
                class="chapter"
                aria-current={chapter === now}
                onClick={() => seek(chapter.at)}
              >
                <span class="number">{duration(chapter.at)}</span> {chapter.title}
              </button>
            </li>
          ))}
        </ol>
      )}
      <div class="replay-line">
        <button
          type="button"
          class="round"
          aria-label={paused.value ? t("Play") : t("Pause")}
          onClick={toggle}
        >
          <Icon node={paused.value ? Play : Pause} />
        </button>
        <input
          type="range"
          class="replay-range"
          min={0}
          max={Math.max(1, length.value)}
          step={1}
          value={position.value}
          aria-label={t("Position in the replay")}
          aria-valuetext={duration(position.value)}
          style={{ "--done": `${(100 * position.value) / Math.max(1, length.value)}%` }}
          onInput={(event) => seek(Number(event.currentTarget.value))}
        />
        <span class="replay-time number">
          {duration(position.value)} / {duration(length.value)}
        </span>
      </div>
    </section>
  );
}
