import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Product } from "../boot";
import { reason } from "../room/basket";
import { running } from "../room/deal";
import { room } from "../room/store";
import { duration, money, t } from "../text";
import { call } from "../web";
import { desk, state } from "./desk";

const open = signal(false);
const sending = signal(false);
const wrong = signal<string | null>(null);
const chosen = signal<string | null>(null);

/** A flash price: announced, opened and closed for everybody at once. */
export function DealPanel() {
  if (state.value !== "live" || desk.value.run_sheet.length === 0) return null;
  return (
    <section class="deal-panel" aria-label={t("Deal")}>
      {running.value ? (
        <Now />
      ) : open.value ? (
        <DealForm />
      ) : (
        <button
          type="button"
          class="button-quiet"
          onClick={() => {
            chosen.value = room.value.pin;
            wrong.value = null;
            open.value = true;
          }}
        >
          {t("Prepare a deal")}
        </button>
      )}
    </section>
  );
}

function Now() {
  const now = running.value;
  if (!now) return null;
  const product = find(now.deal.product);
  return (
    <div class="deal-now">
      <p>
        <strong>{product?.title ?? t("Deal")}</strong>{" "}
        <span class="number" role="timer">
          {now.open
            ? t("%(time)s left", { time: duration(now.seconds) })
            : t("opens in %(time)s", { time: duration(now.seconds) })}
        </span>
      </p>
      <button
        type="button"
        class="button-quiet"
        disabled={sending.value}
        onClick={() => void send(desk.value.actions.end_deal, {})}
      >
        {t("End the deal")}
      </button>
      <Wrong />
    </div>
  );
}

function DealForm() {
  const sheet = desk.value.run_sheet;
  const product = find(chosen.value) ?? sheet[0];
  useEffect(() => {
    document.getElementById("deal-product")?.focus();
  }, []);
  if (!product) return null;
  return (
    <form class="deal-form" onSubmit={(event) => start(event, product)} noValidate>
      <div class="field wide">
        <label for="deal-product">{t("Product")}</label>
        <select
          id="deal-product"
          value={product.product}
          onChange={(event) => {
            chosen.value = event.currentTarget.value;
          }}
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
      <p class="quiet small wide">
        {t("The price must be below the lowest of the last 30 days; the seller bears it.")}
      </p>
      <Wrong />
      <div class="deal-buttons wide">
        <button type="submit" class="button" disabled={sending.value}>
          {t("Announce the deal")}
        </button>
        <button
          type="button"
          class="button-quiet"
          onClick={() => {
            open.value = false;
          }}
        >
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

function Wrong() {
  if (wrong.value === null) return null;
  return (
    <p class="error wide" role="alert">
      {wrong.value}
    </p>
  );
}

function find(product: string | null): Product | undefined {
  return desk.value.run_sheet.find((one) => one.product === product);
}

async function start(event: Event, product: Product): Promise<void> {
  event.preventDefault();
  const given = new FormData(event.currentTarget as HTMLFormElement);
  const { currency } = desk.value.market;
  const style = { style: "currency", currency } as const;
  const digits = new Intl.NumberFormat("en", style).resolvedOptions().maximumFractionDigits ?? 2;
  const prices: Record<string, number> = {};
  for (const variant of product.variants) {
    const text = String(given.get(`price-${variant.id}`) ?? "");
    if (text !== "") prices[variant.id] = Math.round(Number(text) * 10 ** digits);
  }
  if (Object.keys(prices).length === 0) {
    wrong.value = t("Please enter the price of the deal.");
    return;
  }
  const whole = (name: string) => Number(given.get(name) ?? 0);
  await send(desk.value.actions.deal, {
    product: product.product,
    prices,
    countdown: whole("countdown"),
    seconds: whole("seconds"),
    units: whole("units"),
    buyer_max: whole("buyer_max"),
  });
}

async function send(url: string, body: object): Promise<void> {
  if (sending.value) return;
  sending.value = true;
  wrong.value = null;
  try {
    await call("POST", url, body);
    open.value = false;
  } catch (error) {
    wrong.value = reason(error);
  } finally {
    sending.value = false;
  }
}
