import { Sparkline } from "../parts/sparkline";
import { room } from "../room/store";
import { count, percent, t, wholeMoney } from "../text";
import { desk, figures, state } from "./desk";

const SAMPLE_S = 10;

/** Four numbers to be read at arm's length, each with what it came from. */
export function FiguresRow() {
  const now = figures.value;
  const minute = now?.minute ?? [];
  const minutes = Math.round((minute.length * SAMPLE_S) / 60);
  const nothing = { minor: 0, currency: desk.value.market.currency };
  const viewers = state.value === "ended" ? (now?.viewers_peak ?? 0) : room.value.viewers;
  return (
    <section class="studio-figures" aria-label={t("Figures")}>
      <div class="big">
        <span class="big-label">
          {state.value === "ended" ? t("Peak viewers") : t("Viewers")}
          {minutes > 0 && (
            <span class="big-span">{t("last %(count)s min", { count: minutes })}</span>
          )}
        </span>
        <span class="big-value number">{count(viewers)}</span>
        <span class="big-note number">
          {state.value !== "ended" &&
            t("peak: %(count)s", { count: count(now?.viewers_peak ?? 0) })}
        </span>
        <Sparkline values={minute.map((sample) => sample.viewers)} kind="viewers" />
      </div>
      <div class="big">
        <span class="big-label">{t("Sales")}</span>
        <span class="big-value number">{wholeMoney(now?.revenue ?? nothing)}</span>
        <span class="big-note number">
          {t("units: %(count)s", { count: count(now?.units ?? 0) })}
        </span>
        <Sparkline values={minute.map((sample) => sample.revenue)} kind="sales" />
      </div>
      <div class="big">
        <span class="big-label">{t("Orders")}</span>
        <span class="big-value number">{count(now?.orders ?? 0)}</span>
        <span class="big-note number">
          {t("messages: %(count)s", { count: count(now?.messages ?? 0) })}
        </span>
      </div>
      <div class="big">
        <span class="big-label">{t("Conversion")}</span>
        <span class="big-value number">{percent(now?.conversion ?? 0)}</span>
        <span class="big-note number">
          {t("visitors: %(count)s", { count: count(now?.visitors ?? 0) })}
        </span>
      </div>
    </section>
  );
}
