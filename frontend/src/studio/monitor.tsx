import { useSignal } from "@preact/signals";
import { Volume2, VolumeX } from "lucide";
import { useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { Picture } from "../parts/picture";
import type { Player, PlayerState } from "../parts/player";
import { clock } from "../room/store";
import { count, decimal, t } from "../text";
import { desk, state, status } from "./desk";

/** The host's own picture as viewers get it, and how healthy it is. */
export function Monitor() {
  const muted = useSignal(true);
  const picture = useSignal<PlayerState>("starting");
  const player = useRef<Player | null>(null);
  const { video, show } = desk.value;
  const health = status.value;
  const ended = state.value === "ended";
  const sending = health?.state === "live" || health?.state === "lost";
  const url = ended ? video.replay : sending ? video.live : null;
  // The clock is read so that the delay is asked for each second.
  const delay = clock.value > 0 && health?.state === "live" ? player.current?.delay() : null;
  return (
    <section class="monitor" aria-label={t("Your picture")}>
      <div class={`monitor-frame ${url ? "on" : ""}`}>
        <Picture
          url={url}
          live={!ended}
          poster={url ? null : show.poster}
          muted={muted}
          state={picture}
          onReady={(_video, ready) => {
            player.current = ready;
          }}
        />
        <p class={`monitor-word ${health?.state ?? "unknown"}`} role="status">
          {word(health?.state)}
        </p>
        {url && (
          <button
            type="button"
            class="round monitor-sound"
            aria-pressed={!muted.value}
            aria-label={t("Hear your picture")}
            onClick={() => {
              muted.value = !muted.value;
            }}
          >
            <Icon node={muted.value ? VolumeX : Volume2} size={20} />
          </button>
        )}
      </div>
      {!ended && (
        <dl class="health number">
          <Measure label={t("Delay")} value={seconds(delay)} />
          <Measure
            label={t("Bit rate")}
            value={sending && health ? `${count(health.bitrate_kbps)} kbit/s` : "–"}
          />
          <Measure
            label={t("Pictures/s")}
            value={sending && health ? String(Math.round(health.fps)) : "–"}
          />
          <Measure
            label={t("Dropped")}
            value={health ? count(health.dropped) : "–"}
            bad={(health?.dropped ?? 0) > 30}
          />
          <Measure
            label={t("Reconnects")}
            value={health ? count(health.reconnects) : "–"}
            bad={(health?.reconnects ?? 0) > 2}
          />
        </dl>
      )}
      {!ended && <Warnings codes={health?.warnings ?? []} />}
    </section>
  );
}

function Measure({ label, value, bad = false }: { label: string; value: string; bad?: boolean }) {
  return (
    <div class={bad ? "bad" : ""}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function seconds(delay: number | null | undefined): string {
  return typeof delay === "number" ? t("%(count)s s", { count: decimal(delay) }) : "–";
}

function word(now: string | undefined): string {
  if (state.value === "ended") return t("The live is over");
  switch (now) {
    case "live":
      return t("Your picture arrives");
    case "starting":
      return t("Your encoder is there, the picture is coming");
    case "lost":
      return t("Your picture is lost: look at your encoder");
    case "waiting":
      return t("Waiting for your encoder");
    default:
      return t("No news of your picture");
  }
}

function Warnings({ codes }: { codes: string[] }) {
  if (codes.length === 0) return null;
  return (
    <ul class="warnings" role="status">
      {codes.includes("keyframe_interval") && (
        <li>{t("Key frames come too seldom: set the interval to 2 seconds.")}</li>
      )}
      {codes.includes("late") && (
        <li>{t("Your line is too slow for this bit rate: lower it in the encoder.")}</li>
      )}
      {codes.includes("no_sound") && <li>{t("There is no sound in what you send.")}</li>}
    </ul>
  );
}
