import { ChevronLeft, Eye, Globe } from "lucide";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { room } from "../room/store";
import { count, t } from "../text";
import { page, scene, view } from "./page";

/** Who is on air, for how many, where. */
export function Top() {
  const { show, market, language } = page.value;
  const now = scene.value;
  return (
    <header class="top">
      <a
        class="round"
        href={`/${market.code.toLowerCase()}/`}
        aria-label={t("All lives in %(market)s", { market: market.name })}
      >
        <Icon node={ChevronLeft} />
      </a>
      <div class="top-host">
        <Avatar name={show.host.name} />
        <div class="top-words">
          <strong>{show.host.name}</strong>
          <span class="top-line">
            {now === "live" && <span class="live-word">{t("live")}</span>}
            {now === "replay" && <span>{t("Replay")}</span>}
            {now === "upcoming" && <span>{t("Coming up")}</span>}
            {now === "cancelled" && <span>{t("Called off")}</span>}
            {now === "live" && (
              <span class="viewers number">
                <Icon node={Eye} size={16} />
                <span class="aside-only">{t("Viewers:")}</span>
                {count(room.value.viewers)}
              </span>
            )}
          </span>
        </div>
      </div>
      <button
        type="button"
        class="round top-market"
        onClick={() => {
          view.value = { at: "market" };
        }}
        aria-label={t("Market and language: %(market)s", { market: market.name })}
      >
        <Icon node={Globe} size={20} />
        <span aria-hidden="true">{language.toUpperCase()}</span>
      </button>
    </header>
  );
}
