import type { Address } from "../boot";
import { basket, refresh, sends } from "../room/basket";
import { choices, sentTo } from "../room/going";
import { countryName, t } from "../text";
import { address, email, name, trouble } from "./checkout";
import { CompanyFields } from "./company-fields";
import { Field } from "./field";
import { page, view } from "./page";

function put(part: Partial<Address>): void {
  address.value = { ...address.value, ...part };
}

/** Why the basket cannot go there; null: it can, or nobody has asked yet. */
function wrongPlace(to: Address): string | null {
  const now = basket.value;
  return now && now.country !== to.country ? now.refused : null;
}

/** Who it is for and where it goes. */
export function AddressStep() {
  const { market } = page.value;
  const now = address.value;
  const open = basket.value?.countries ?? market.countries ?? [market.code];
  const countries = choices(open, now.country);
  const refused = trouble.value?.field === "country" ? trouble.value.message : wrongPlace(now);
  return (
    <form
      class="sheet-form"
      onSubmit={(event) => {
        event.preventDefault();
        trouble.value = null;
        sentTo.value = address.value;
        refresh().catch(() => undefined);
        view.value = { at: "payment" };
      }}
    >
      <div class="sheet-body form">
        <Field
          id="email"
          label={t("E-mail")}
          type="email"
          autocomplete="email"
          value={email.value}
          change={(value) => {
            email.value = value;
          }}
        />
        <Field
          id="name"
          label={t("Name")}
          autocomplete="name"
          maxLength={120}
          value={name.value}
          change={(value) => {
            name.value = value;
          }}
        />
        <Field
          id="line1"
          label={t("Street and number")}
          autocomplete="address-line1"
          maxLength={120}
          value={now.line1}
          change={(line1) => put({ line1 })}
        />
        <Field
          id="line2"
          label={t("Flat, floor, company (may stay empty)")}
          autocomplete="address-line2"
          maxLength={120}
          optional
          value={now.line2}
          change={(line2) => put({ line2 })}
        />
        <div class="field-row postcode-row">
          <Field
            id="postcode"
            label={t("Postcode")}
            autocomplete="postal-code"
            maxLength={12}
            value={now.postcode}
            change={(postcode) => put({ postcode })}
          />
          <Field
            id="city"
            label={t("Town")}
            autocomplete="address-level2"
            maxLength={80}
            value={now.city}
            change={(city) => put({ city })}
          />
        </div>
        {countries.length === 1 ? (
          <p class="hint">
            {sends.value
              ? t("Here we deliver to %(country)s.", { country: countryName(now.country) })
              : countryName(now.country)}
          </p>
        ) : (
          <div class="field">
            <label for="pay-country">{t("Country")}</label>
            <select
              id="pay-country"
              autocomplete="country"
              value={now.country}
              onChange={(event) => put({ country: event.currentTarget.value })}
            >
              {countries.map((code) => (
                <option key={code} value={code}>
                  {countryName(code)}
                </option>
              ))}
            </select>
          </div>
        )}
        {refused && (
          <p class="error" role="alert">
            {refused}
          </p>
        )}
        <CompanyFields country={now.country} />
      </div>
      <div class="sheet-end">
        <button type="submit" class="button-buy wide">
          {t("Go on to payment")}
        </button>
      </div>
    </form>
  );
}
