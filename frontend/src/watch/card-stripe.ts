/** Stripe's Payment Element: it asks for the card in a frame of Stripe's, we see a token only. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { t } from "../text";
import { Problem } from "../web";
import type { CardForm, Purchase } from "./card-form";
import { page } from "./page";

// The part of Stripe.js that is used here, as its reference has it.
interface Failure {
  code?: string;
  message?: string;
}
interface Element {
  mount(place: HTMLElement): void;
  on(event: "ready" | "loaderror", hear: () => void): void;
  destroy(): void;
}
interface Elements {
  create(kind: "payment", options: Record<string, unknown>): Element;
  update(options: Record<string, unknown>): void;
  submit(): Promise<{ error?: Failure }>;
}
interface StripeJs {
  elements(options: Record<string, unknown>): Elements;
  createConfirmationToken(options: {
    elements: Elements;
    params: Record<string, unknown>;
  }): Promise<{ confirmationToken?: { id: string }; error?: Failure }>;
  handleNextAction(options: { clientSecret: string }): Promise<{ error?: Failure }>;
}
type MakeStripe = (key: string, options: { locale: string }) => StripeJs;

export const formState = signal<"loading" | "ready" | "away">("loading");

let loading: Promise<StripeJs> | null = null;

/** Load Stripe.js once, from Stripe: the page's policy lets it come from nowhere else. */
function load(): Promise<StripeJs> {
  loading ??= new Promise<StripeJs>((done, fail) => {
    const script = document.createElement("script");
    script.src = page.value.payment.url;
    script.onload = () => {
      const make = (window as unknown as { Stripe?: MakeStripe }).Stripe;
      const { key } = page.value.payment;
      if (make && key) done(make(key, { locale: page.value.language }));
      else fail(new Error("This is no Stripe.js."));
    };
    script.onerror = () => {
      script.remove();
      fail(new Error("Stripe.js cannot be loaded."));
    };
    document.head.append(script);
  }).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

function problem(error: Failure): Problem {
  const words = error.message ?? t("The card form cannot be loaded just now. Your basket is kept.");
  return new Problem(error.code ?? "card_form", words, 422);
}

/** What differs between two moments of a purchase, in Stripe's words. */
function terms({ amount, keep }: Purchase): Record<string, unknown> {
  return { amount: amount.minor, setupFutureUsage: keep ? "on_session" : null };
}

/** The form in the colours of the sheet; its frame cannot see our style sheet. */
function look(place: HTMLElement): Record<string, unknown> {
  const style = getComputedStyle(place);
  const raw = (name: string) => style.getPropertyValue(name).trim();
  return {
    theme: "night",
    labels: "above",
    variables: {
      colorPrimary: raw("--blue-bright"),
      colorBackground: raw("--sand-900"),
      colorText: raw("--paper"),
      colorTextSecondary: raw("--sand-400"),
      colorTextPlaceholder: raw("--sand-500"),
      colorDanger: raw("--red-soft"),
      fontFamily: "system-ui, -apple-system, 'Segoe UI', sans-serif",
      fontSizeBase: "16px",
      borderRadius: raw("--radius-s"),
      spacingUnit: raw("--s1"),
    },
    rules: {
      ".Input": { border: `1px solid ${raw("--sand-500")}`, boxShadow: "none" },
    },
  };
}

export function stripeForm(purchase: ReadonlySignal<Purchase>): CardForm {
  let gone = false;
  let made: { stripe: StripeJs; elements: Elements; element: Element; stop: () => void } | null =
    null;
  const open = (stripe: StripeJs, place: HTMLElement) => {
    const now = purchase.peek();
    const { keep, name, email, country, postcode } = now;
    const elements = stripe.elements({
      mode: "payment",
      amount: Math.max(1, now.amount.minor),
      currency: now.amount.currency.toLowerCase(),
      ...(keep ? { setupFutureUsage: "on_session" } : {}),
      excludedPaymentMethodTypes: page.value.payment.excluded,
      appearance: look(place),
    });
    const address = { country, postal_code: postcode };
    const element = elements.create("payment", {
      layout: { type: "tabs" },
      // Asked for a moment ago; the address of a card may be another than the parcel's.
      fields: { billingDetails: { name: "never", email: "never" } },
      defaultValues: { billingDetails: { name, email, address } },
    });
    element.on("ready", () => {
      formState.value = "ready";
    });
    element.on("loaderror", () => {
      formState.value = "away";
    });
    element.mount(place);
    const stop = purchase.subscribe((next) => {
      // A basket that ran out costs nothing, and nothing is what Stripe does not take.
      if (next.amount.minor > 0) elements.update(terms(next));
    });
    made = { stripe, elements, element, stop };
  };
  return {
    mount(place) {
      formState.value = "loading";
      load().then(
        (stripe) => {
          if (!gone) open(stripe, place);
        },
        () => {
          if (!gone) formState.value = "away";
        },
      );
    },
    async token() {
      if (!made) throw problem({});
      const { stripe, elements } = made;
      const wrong = (await elements.submit()).error;
      if (wrong) throw problem(wrong);
      const { keep, name, email } = purchase.peek();
      const { confirmationToken, error } = await stripe.createConfirmationToken({
        elements,
        params: {
          payment_method_data: {
            allow_redisplay: keep ? "always" : "unspecified",
            billing_details: { name, email },
          },
        },
      });
      if (error || !confirmationToken) throw problem(error ?? {});
      return confirmationToken.id;
    },
    destroy() {
      gone = true;
      made?.stop();
      made?.element.destroy();
      made = null;
    },
  };
}

/** Let Stripe ask the buyer's bank, over the page or by leading there and back. */
export async function confirmAtStripe(secret: string): Promise<void> {
  const stripe = await load();
  const { error } = await stripe.handleNextAction({ clientSecret: secret });
  if (error) throw problem(error);
}
