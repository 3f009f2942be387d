import { ChevronDown } from "lucide";
import { Icon } from "../parts/icon";
import { basket } from "../room/basket";
import { countryName, money, t } from "../text";
import { CardName, Sums } from "./basket-view";
import {
  address,
  busy,
  card,
  type NameOnAir,
  name,
  nameOnAir,
  pay,
  remember,
  savedCard,
  trouble,
  useSaved,
} from "./checkout";
import { asExpiry, inFours } from "./digits";
import { Field } from "./field";
import { page, view } from "./page";

/** The sandbox provider's cards, each with what it does. */
const TEST_CARDS = [
  { number: "4242 4242 4242 4242", does: () => t("Pays") },
  { number: "4000 0000 0000 0002", does: () => t("Is declined") },
  { number: "4000 0000 0000 9995", does: () => t("Not enough money") },
  { number: "4000 0000 0000 3220", does: () => t("Asks for 3-D Secure") },
  { number: "4000 0000 0000 0259", does: () => t("Settles later") },
];
const CARD_FIELDS = ["number", "expiry", "cvc"];

function put(part: Partial<typeof card.value>): void {
  card.value = { ...card.value, ...part };
}

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
        {!(saved && useSaved.value) && <CardFields />}
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

function CardFields() {
  const now = card.value;
  return (
    <>
      <Field
        id="number"
        label={t("Card number")}
        autocomplete="cc-number"
        inputmode="numeric"
        placeholder="4242 4242 4242 4242"
        pattern="[0-9 ]{14,23}"
        value={now.number}
        change={(value) => put({ number: inFours(value) })}
      />
      <div class="field-row">
        <Field
          id="expiry"
          label={t("Valid until (month/year)")}
          autocomplete="cc-exp"
          inputmode="numeric"
          placeholder="12/30"
          pattern="(0[1-9]|1[0-2])/[0-9]{2}"
          value={now.expiry}
          change={(value) => put({ expiry: asExpiry(value) })}
        />
        <Field
          id="cvc"
          label={t("Security code")}
          autocomplete="cc-csc"
          inputmode="numeric"
          placeholder="123"
          pattern="[0-9]{3,4}"
          maxLength={4}
          value={now.cvc}
          change={(value) => put({ cvc: value.replace(/\D/g, "") })}
        />
      </div>
      <details class="test-cards">
        <summary>
          {t("Sandbox: no real money moves. Fill in a test card")}
          <Icon node={ChevronDown} size={20} />
        </summary>
        <ul>
          {TEST_CARDS.map((test) => (
            <li key={test.number}>
              <button
                type="button"
                class="button-quiet small"
                onClick={() => {
                  const year = (new Date().getFullYear() + 3) % 100;
                  card.value = { number: test.number, expiry: `12/${year}`, cvc: "123" };
                }}
              >
                <span>{test.does()}</span> <span class="quiet number">{test.number.slice(-4)}</span>
              </button>
            </li>
          ))}
        </ul>
      </details>
    </>
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
