import { basket } from "../room/basket";
import { countryName, money, t } from "../text";
import { CardName, Sums } from "./basket-view";
import { CardPlace } from "./card-place";
import {
  address,
  busy,
  forgetCard,
  type NameOnAir,
  name,
  nameOnAir,
  pay,
  remember,
  savedCard,
  trouble,
  useSaved,
} from "./checkout";
import { page, view } from "./page";

/** Shown where the sandbox's form asks for them. */
const CARD_FIELDS = ["number", "expiry", "cvc"];

/** The card, the name on air, the exact amount. */
export function PaymentStep() {
  const held = basket.value;
  const saved = savedCard.value;
  const wrong = trouble.value;
  const general = wrong && !CARD_FIELDS.includes(wrong.field ?? "") ? wrong.message : null;
  return (
    <form
      class="sheet-form"
      onSubmit={(event) => {
        event.preventDefault();
        void pay();
      }}
    >
      <div class="sheet-body form">
        <p class="express small">
          <span>
            {name.value}, {address.value.line1}, {address.value.postcode} {address.value.city},{" "}
            {countryName(address.value.country)}
          </span>
          <button
            type="button"
            class="button-link"
            onClick={() => {
              view.value = { at: "address" };
            }}
          >
            {t("Change")}
          </button>
        </p>
        {saved && (
          <fieldset class="choices">
            <legend>{t("Pay with")}</legend>
            <div class="saved-card">
              <label class="check">
                <input
                  type="radio"
                  name="card"
                  checked={useSaved.value}
                  onChange={() => {
                    useSaved.value = true;
                  }}
                />
                <CardName card={saved} />
              </label>
              <button type="button" class="button-link small" onClick={() => void forgetCard()}>
                {t("Forget this card")}
              </button>
            </div>
            <label class="check">
              <input
                type="radio"
                name="card"
                checked={!useSaved.value}
                onChange={() => {
                  useSaved.value = false;
                }}
              />
              {t("Another card")}
            </label>
          </fieldset>
        )}
        {!(saved && useSaved.value) && <CardPlace />}
        <OnAir />
        {page.value.person && (
          <label class="check">
            <input
              type="checkbox"
              checked={remember.value}
              onChange={(event) => {
                remember.value = event.currentTarget.checked;
              }}
            />
            {t("Remember this address and card for next time")}
          </label>
        )}
        <Sums />
      </div>
      <div class="sheet-end">
        {general && (
          <p class="error" role="alert">
            {general}
          </p>
        )}
        <button
          type="submit"
          class="button-buy wide"
          aria-busy={busy.value}
          disabled={busy.value || !held || held.lines.length === 0}
        >
          {busy.value || !held ? t("Paying…") : t("Pay %(amount)s", { amount: money(held.total) })}
        </button>
      </div>
    </form>
  );
}

function OnAir() {
  const first = name.value.trim().split(/\s+/)[0] ?? "";
  const initials = name.value
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `${word.charAt(0).toLocaleUpperCase()}.`)
    .join(" ");
  const choices: [NameOnAir, string][] = [
    ["none", t("Do not say my name")],
    ["initials", initials || t("My initials")],
    ["first_name", first || t("My first name")],
  ];
  return (
    <fieldset class="choices">
      <legend>{t("When the live says that somebody bought this")}</legend>
      <div class="chips">
        {choices.map(([value, label]) => (
          <label key={value} class="chip">
            <input
              type="radio"
              name="name_on_air"
              checked={nameOnAir.value === value}
              onChange={() => {
                nameOnAir.value = value;
              }}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
