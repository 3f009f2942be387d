import { CalendarPlus, Share } from "lucide";
import { Icon } from "../parts/icon";
import { clock } from "../room/store";
import { day, duration, t } from "../text";
import { desktop, page, view } from "./page";
import { PriceWord, Thumb } from "./pinned";
import { share } from "./rail";

const DAY_S = 86_400;

/** Before the show: what it will be, when by the server's clock, what it will show. */
export function Upcoming() {
  const { show, urls, run_sheet } = page.value;
  const left = Math.max(0, (show.starts_at - clock.value) / 1000);
  const days = Math.floor(left / DAY_S);
  return (
    <section class="upcoming">
      {!desktop.value && <h1>{show.title}</h1>}
      <p class="upcoming-when">
        <time dateTime={new Date(show.starts_at).toISOString()}>{day(show.starts_at)}</time>
      </p>
      {left > 0 ? (
        <p class="countdown number" role="timer" aria-live="off">
          {days > 0 && <span>{t("%(count)s d", { count: days })} </span>}
          {duration(left % DAY_S)}
        </p>
      ) : (
        <p class="countdown-over">
          {t("%(host)s will be here in a moment.", { host: show.host.name })}
        </p>
      )}
      <div class="upcoming-actions">
        {urls.calendar && (
          <a class="button-quiet" href={urls.calendar}>
            <Icon node={CalendarPlus} size={20} />
            {t("Put it in my calendar")}
          </a>
        )}
        <button type="button" class="button-quiet" onClick={() => void share()}>
          <Icon node={Share} size={20} />
          {t("Share")}
        </button>
      </div>
      {!desktop.value && run_sheet.length > 0 && (
        <ul class="preview" aria-label={t("Products of this live")}>
          {run_sheet.map((product) => (
            <li key={product.product}>
              <button
                type="button"
                class="preview-card"
                onClick={() => {
                  view.value = { at: "product", product: product.product };
                }}
              >
                <Thumb product={product} />
                <span class="pinned-title">{product.title}</span>
                <PriceWord product={product} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function Cancelled() {
  const { market } = page.value;
  return (
    <section class="upcoming">
      <h1>{t("This live will not take place")}</h1>
      <p>{t("Nothing was charged. There may be another one for you.")}</p>
      <a class="button" href={`/${market.code.toLowerCase()}/`}>
        {t("See the other lives")}
      </a>
    </section>
  );
}
