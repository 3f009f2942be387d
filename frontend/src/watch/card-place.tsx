import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text";
import { cardForm } from "./card-form";
import { sandboxForm } from "./card-sandbox";
import { formState, stripeForm } from "./card-stripe";
import { purchase } from "./checkout";
import { page } from "./page";

/** Where the provider's form stands while a card can be entered. */
export function CardPlace() {
  const place = useRef<HTMLDivElement>(null);
  const stripe = page.value.payment.provider === "stripe";
  const state = stripe ? formState.value : "ready";
  const put = () => {
    if (!place.current) return;
    const form = stripe ? stripeForm(purchase) : sandboxForm();
    form.mount(place.current);
    cardForm.value = form;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: put once, and taken away with the step
  useEffect(() => {
    put();
    return () => {
      cardForm.value?.destroy();
      cardForm.value = null;
    };
  }, []);
  useSignalEffect(() => {
    if (formState.value === "away") cardForm.peek()?.destroy();
  });
  return (
    <div class={`card-place is-${state}`} aria-busy={state === "loading"}>
      {state === "loading" && <p class="quiet small">{t("The card form is coming…")}</p>}
      {state === "away" && (
        <p class="row" role="alert">
          <span>{t("The card form cannot be loaded just now. Your basket is kept.")}</span>
          <button type="button" class="button-quiet small" onClick={put}>
            {t("Try again")}
          </button>
        </p>
      )}
      <div ref={place} />
    </div>
  );
}
