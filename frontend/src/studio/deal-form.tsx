import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Product } from "../boot";
import { serverNow } from "../room/store";
import { money, t } from "../text";
import { type Draft, isAsked, mayStart } from "./agreed";
import { askSeller, awaitAnswer, loadConsent } from "./consent";
import { agreedFor, askedFor, ConsentNote } from "./deal-consent";
import { desk } from "./desk";

/** What the form says now; the fields keep their own text. */
const draft = signal<Draft>({ prices: {}, units: 0, ends: 0 });

interface Props {
  chosen: string | null;
  onChoose: (product: string) => void;
  onCancel: () => void;
  sending: boolean;
  wrong: string | null;
  /** Do something that may fail, and say why when it does; the form closes if `closes`. */
  send: (doing: () => Promise<unknown>, closes: boolean) => Promise<void>;
  start: (body: object) => Promise<unknown>;
  fail: (text: string) => void;
}

export function DealForm(props: Props) {
  const sheet = desk.value.run_sheet;
  const product = sheet.find((one) => one.product === props.chosen) ?? sheet[0];
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    document.getElementById("deal-product")?.focus();
    void loadConsent().catch(() => undefined);
    return awaitAnswer();
  }, []);
  useEffect(() => {
    if (form.current && product) draft.value = read(form.current, product);
  }, [product]);
  if (!product) return null;
  const priced = Object.keys(draft.value.prices).length > 0;
  const asked = askedFor(product.product);
  const beyond = priced && !mayStart(agreedFor(product.product), asked, draft.value);
  const waits = beyond && isAsked(asked, draft.value);
  return (
    <form
      class="deal-form"
      ref={form}
      onInput={(event) => {
        draft.value = read(event.currentTarget, product);
      }}
      onSubmit={(event) => submit(event, product, props)}
      noValidate
    >
      <div class="field wide">
        <label for="deal-product">{t("Product")}</label>
        <select
          id="deal-product"
          value={product.product}
          onChange={(event) => props.onChoose(event.currentTarget.value)}
        >
          {sheet.map((one) => (
            <option key={one.product} value={one.product}>
              {one.title}
            </option>
          ))}
        </select>
      </div>
      {product.variants.map((variant) => (
        <NumberField
          key={variant.id}
          name={`price-${variant.id}`}
          label={`${variant.title || t("Price")} · ${money(variant.price)} →`}
          step="0.01"
        />
      ))}
      <NumberField name="countdown" label={t("Countdown, seconds")} value={30} />
      <NumberField name="seconds" label={t("Length, seconds")} value={120} />
      <NumberField name="units" label={t("Units")} value={20} />
      <NumberField name="buyer_max" label={t("A buyer")} value={1} />
      <ConsentNote product={product} beyond={beyond} />
      {props.wrong !== null && (
        <p class="error wide" role="alert">
          {props.wrong}
        </p>
      )}
      <div class="deal-buttons wide">
        <button type="submit" class="button" disabled={props.sending || waits}>
          {beyond ? t("Ask the seller") : t("Announce the deal")}
        </button>
        <button type="button" class="button-quiet" onClick={props.onCancel}>
          {t("Cancel")}
        </button>
      </div>
    </form>
  );
}

interface NumberProps {
  name: string;
  label: string;
  value?: number;
  step?: string;
}

function NumberField({ name, label, value, step = "1" }: NumberProps) {
  return (
    <div class="field">
      <label for={`deal-${name}`}>{label}</label>
      <input
        id={`deal-${name}`}
        name={name}
        type="number"
        inputMode="decimal"
        min="0"
        step={step}
        defaultValue={value === undefined ? undefined : String(value)}
      />
    </div>
  );
}

function whole(given: FormData, name: string): number {
  return Number(given.get(name) ?? 0);
}

function read(form: HTMLFormElement, product: Product): Draft {
  const given = new FormData(form);
  const { currency } = desk.value.market;
  const style = { style: "currency", currency } as const;
  const digits = new Intl.NumberFormat("en", style).resolvedOptions().maximumFractionDigits ?? 2;
  const prices: Record<string, number> = {};
  for (const variant of product.variants) {
    const text = String(given.get(`price-${variant.id}`) ?? "");
    if (text !== "") prices[variant.id] = Math.round(Number(text) * 10 ** digits);
  }
  const lasts = whole(given, "countdown") + whole(given, "seconds");
  return { prices, units: whole(given, "units"), ends: serverNow() + lasts * 1_000 };
}

function submit(event: Event, product: Product, props: Props): void {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const wanted = read(form, product);
  draft.value = wanted;
  if (Object.keys(wanted.prices).length === 0) {
    props.fail(t("Please enter the price of the deal."));
    return;
  }
  const key = product.product;
  if (!mayStart(agreedFor(key), askedFor(key), wanted)) {
    void props.send(() => askSeller(key, wanted), false);
    return;
  }
  const given = new FormData(form);
  const body = {
    product: key,
    prices: wanted.prices,
    countdown: whole(given, "countdown"),
    seconds: whole(given, "seconds"),
    units: wanted.units,
    buyer_max: whole(given, "buyer_max"),
  };
  void props.send(() => props.start(body), true);
}
