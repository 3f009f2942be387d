/** The sandbox's own form: test cards, turned into tokens by the shop itself. */
import { signal } from "@preact/signals";
import { ChevronDown } from "lucide";
import { render } from "preact";
import { Icon } from "../parts/icon";
import { t } from "../text";
import { call } from "../web";
import type { CardForm } from "./card-form";
import { asExpiry, inFours } from "./digits";
import { Field } from "./field";
import { page } from "./page";

/** The sandbox provider's cards, each with what it does. */
const TEST_CARDS = [
  { number: "4242 4242 4242 4242", does: () => t("Pays") },
  { number: "4000 0000 0000 0002", does: () => t("Is declined") },
  { number: "4000 0000 0000 9995", does: () => t("Not enough money") },
  { number: "4000 0000 0000 3220", does: () => t("Asks for 3-D Secure") },
  { number: "4000 0000 0000 0259", does: () => t("Settles later") },
];
const EMPTY = { number: "", expiry: "", cvc: "" };

const card = signal(EMPTY);

function put(part: Partial<typeof EMPTY>): void {
  card.value = { ...card.value, ...part };
}

export function sandboxForm(): CardForm {
  let place: HTMLElement | null = null;
  return {
    mount(where) {
      place = where;
      render(<CardFields />, where);
    },
    async token() {
      const { number, expiry, cvc } = card.value;
      const typed = { number: number.replaceAll(" ", ""), expiry, cvc };
      return (await call<{ token: string }>("POST", page.value.payment.url, typed)).token;
    },
    destroy() {
      if (place) render(null, place);
      place = null;
      card.value = EMPTY;
    },
  };
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
