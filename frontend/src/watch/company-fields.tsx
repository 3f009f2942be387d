import { useEffect } from "preact/hooks";
import { basket } from "../room/basket";
import { t } from "../text";
import { buysFor, company, found, looking, lookUp, vatId, wrong } from "./company";
import { Field } from "./field";

/** Name and VAT id of a company, for who buys for one; what comes of the id is said below it. */
export function CompanyFields({ country }: { country: string }) {
  useEffect(() => lookUp(country, 0), [country]);
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={buysFor.value}
          onChange={(event) => {
            buysFor.value = event.currentTarget.checked;
            lookUp(country, 0);
          }}
        />
        {t("I buy for a company")}
      </label>
      {buysFor.value && (
        <div class="company">
          <Field
            id="company"
            label={t("Company")}
            autocomplete="organization"
            maxLength={120}
            value={company.value}
            change={(value) => {
              company.value = value;
            }}
          />
          <Field
            id="vat_id"
            label={t("VAT id (may stay empty)")}
            autocomplete="off"
            maxLength={32}
            optional
            value={vatId.value}
            change={(value) => {
              vatId.value = value;
              lookUp(country);
            }}
          />
          <Outcome />
        </div>
      )}
    </>
  );
}

function Outcome() {
  const told = found.value;
  if (wrong.value) {
    return (
      <p class="error" role="alert">
        {wrong.value}
      </p>
    );
  }
  return (
    <div class="company-outcome small" role="status">
      {looking.value && !told && <p class="quiet">{t("We are looking the id up…")}</p>}
      {told && (
        <p class={told.state}>
          {told.message}
          {told.name && <strong> {told.name}</strong>}
        </p>
      )}
      {told && basket.value?.vat_note && <p class="quiet">{basket.value.vat_note}</p>}
    </div>
  );
}
