import { t } from "../text";
import { busy, desk, setRule } from "./desk";

/** Before the live: whether the basket holds stock, or who pays first gets it. */
export function Rule() {
  const chosen = desk.value.show.stock_rule;
  const rules = [
    {
      rule: "hold",
      word: t("It holds stock"),
      why: t("What a viewer adds is theirs for some minutes. Best for most shows."),
    },
    {
      rule: "first_paid",
      word: t("First paid, first served"),
      why: t(
        "Nothing is set aside: who pays first gets it. Nobody can block a rare piece; who pays too late gets the money back at once.",
      ),
    },
  ] as const;
  return (
    <fieldset class="rule" disabled={busy.value !== null}>
      <legend>{t("What the basket does")}</legend>
      {rules.map(({ rule, word, why }) => (
        <label key={rule} class="rule-choice">
          <input
            type="radio"
            name="stock_rule"
            checked={chosen === rule}
            onChange={() => void setRule(rule)}
          />
          <span>
            <strong>{word}</strong>
            <span class="quiet small">{why}</span>
          </span>
        </label>
      ))}
      <p class="hint">{t("You can change this until the show is on air.")}</p>
    </fieldset>
  );
}

/** On air: what can no longer be changed. */
export function RuleWord() {
  if (desk.value.show.stock_rule !== "first_paid") return null;
  return (
    <p class="hint">
      <strong>{t("First paid, first served")}</strong>{" "}
      {t("Baskets set nothing aside in this live.")}
    </p>
  );
}
