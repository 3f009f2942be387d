import { ChevronLeft, ExternalLink } from "lucide";
import { Icon } from "../parts/icon";
import { clock } from "../room/store";
import { day, duration, inDays, t } from "../text";
import { desk, liveAt, state } from "./desk";

/** What this is, where it stands, for how long. */
export function Header() {
  const { market, show } = desk.value;
  const home = `/${market.code.toLowerCase()}/`;
  return (
    <header class="studio-head">
      <a class="round" href={`${home}studio/`} aria-label={t("All my shows")}>
        <Icon node={ChevronLeft} />
      </a>
      <div class="studio-title">
        <h1>{show.title}</h1>
        <p class="quiet small">{day(show.starts_at)}</p>
      </div>
      <Standing />
      <a
        class="button-quiet small"
        href={`${home}live/${show.slug}`}
        target="_blank"
        rel="noopener"
      >
        {t("As viewers see it")}
        <Icon node={ExternalLink} size={16} />
      </a>
    </header>
  );
}

function Standing() {
  const { show } = desk.value;
  const now = clock.value;
  switch (state.value) {
    case "live":
      return (
        <p class="standing live">
          <span class="live-word">{t("live")}</span>
          <span class="number">{duration((now - (liveAt.value ?? now)) / 1000)}</span>
        </p>
      );
    case "rehearsing":
      return (
        <p class="standing">
          <span class="badge-warn">{t("Rehearsal")}</span>
          <span class="quiet small">{t("Viewers do not see this")}</span>
        </p>
      );
    case "scheduled": {
      const left = (show.starts_at - now) / 1000;
      return (
        <p class="standing">
          <span class="badge">{t("Scheduled")}</span>
          <span class="number">
            {left <= 0
              ? t("%(time)s late", { time: duration(-left) })
              : left < 86_400
                ? t("in %(time)s", { time: duration(left) })
                : inDays(Math.floor(left / 86_400))}
          </span>
        </p>
      );
    }
    case "ended":
      return (
        <p class="standing">
          <span class="badge">{t("Ended")}</span>
          <a class="button small" href={desk.value.report_url}>
            {t("Read the report")}
          </a>
        </p>
      );
    case "cancelled":
      return (
        <p class="standing">
          <span class="badge">{t("Called off")}</span>
        </p>
      );
  }
}
