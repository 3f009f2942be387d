import { languageName, t } from "../text";
import { page } from "./page";

/** Which market this is, the languages it speaks, and the way to the others. */
export function MarketView() {
  const { market, language, person, urls } = page.value;
  const home = `/${market.code.toLowerCase()}/`;
  return (
    <div class="sheet-body form">
      <p>
        {t("You are in the market %(market)s. Prices are in %(currency)s.", {
          market: market.name,
          currency: market.currency,
        })}
      </p>
      <form class="languages" method="post" action={`${home}language`}>
        <input type="hidden" name="back" value={location.pathname} />
        {market.languages.map((code) => (
          <button
            key={code}
            type="submit"
            name="language"
            value={code}
            lang={code}
            class={code === language ? "button" : "button-quiet"}
            aria-pressed={code === language}
          >
            {languageName(code)}
          </button>
        ))}
      </form>
      <ul class="links">
        <li>
          <a href={home}>{t("All lives in %(market)s", { market: market.name })}</a>
        </li>
        <li>
          <a href="/?choose">{t("Another market")}</a>
        </li>
        {!person && (
          <li>
            <a href={urls.sign_in}>{t("Sign in")}</a>
          </li>
        )}
      </ul>
    </div>
  );
}
