import type { Product } from "../boot";
import { count, hour, money, t } from "../text";
import type { Agreed, Question } from "./agreed";
import { consent } from "./consent";
import { desk } from "./desk";

interface Props {
  product: Product;
  /** The deal in the form goes further than the seller agreed to. */
  beyond: boolean;
}

/** What the seller lets the host do, said before anything starts. */
export function ConsentNote({ product, beyond }: Props) {
  const agreed = agreedFor(product.product);
  const asked = askedFor(product.product);
  if (!agreed || agreed.own) {
    return (
      <p class="quiet small wide">
        {t("The price must be below the lowest of the last 30 days; the seller bears it.")}
      </p>
    );
  }
  return (
    <div class="wide deal-consent" role="status">
      <p class="small">{describe(product, agreed)}</p>
      {asked && <p class="small">{answered(agreed, asked)}</p>}
      {beyond && asked?.state !== "asked" && (
        <p class="deal-beyond">
          {t("This goes further than %(seller)s agreed to. Ask them, or change it.", {
            seller: agreed.seller,
          })}
        </p>
      )}
    </div>
  );
}

export function agreedFor(product: string): Agreed | undefined {
  return consent.value.agreed.find((one) => one.product === product);
}

export function askedFor(product: string): Question | undefined {
  return consent.value.requests.find((one) => one.product === product);
}

function describe(product: Product, agreed: Agreed): string {
  const { seller } = agreed;
  if (Object.keys(agreed.lowest).length === 0 || agreed.units === 0) {
    return t("%(seller)s has agreed to no deal of this: you have to ask.", { seller });
  }
  const prices = named(product, agreed.lowest);
  return t("%(seller)s agreed to prices from %(prices)s, %(units)s units in all.", {
    seller,
    prices,
    units: count(agreed.units),
  });
}

function answered(agreed: Agreed, asked: Question): string {
  const values = { seller: agreed.seller, time: hour(asked.expires_at) };
  if (asked.state === "asked") {
    return t("%(seller)s is asked and can answer until %(time)s.", values);
  }
  if (asked.state === "agreed") {
    return t("%(seller)s agreed to what you asked: you can announce it now.", values);
  }
  return asked.state === "refused"
    ? t("%(seller)s refused what you asked.", values)
    : t("%(seller)s did not answer in time.", values);
}

function named(product: Product, prices: Record<string, number>): string {
  const { currency } = desk.value.market;
  return product.variants
    .filter((variant) => prices[variant.id] !== undefined)
    .map((variant) => {
      const price = money({ minor: prices[variant.id] ?? 0, currency });
      return variant.title && product.variants.length > 1 ? `${price} (${variant.title})` : price;
    })
    .join(", ");
}
