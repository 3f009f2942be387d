import type { Product, Slot, Variant } from "../boot";
import { isClosed, variantStock } from "../room/store";
import { dateIn, hoursIn, t } from "../text";
import { page } from "./page";

interface Props {
  product: Product;
  chosen: string | null;
  choose: (variant: string) => void;
}

/** When a service takes place: a day each, its hours under it, with the places left. */
export function Slots({ product, chosen, choose }: Props) {
  const open = product.variants.filter((variant) => !isClosed(variant.slot));
  if (open.length === 0) {
    return <p class="quiet">{t("There is no date to book at the moment.")}</p>;
  }
  return (
    <div class="slots">
      {[...byDay(open)].map(([day, variants]) => (
        <fieldset key={day} class="slot-day">
          <legend>{day}</legend>
          {variants.map(([variant, slot]) => (
            <Hours
              key={variant.id}
              variant={variant}
              slot={slot}
              chosen={chosen === variant.id}
              choose={() => choose(variant.id)}
            />
          ))}
        </fieldset>
      ))}
    </div>
  );
}

function byDay(variants: Variant[]): Map<string, [Variant, Slot][]> {
  const days = new Map<string, [Variant, Slot][]>();
  for (const variant of variants) {
    if (!variant.slot) continue;
    const day = dateIn(variant.slot.starts_at, page.value.market.time_zone);
    const known = days.get(day) ?? [];
    known.push([variant, variant.slot]);
    days.set(day, known);
  }
  return days;
}

interface HoursProps {
  variant: Variant;
  slot: Slot;
  chosen: boolean;
  choose: () => void;
}

function Hours({ variant, slot, chosen, choose }: HoursProps) {
  const left = variantStock(variant);
  return (
    <label class={`variant slot ${left === 0 ? "out" : ""}`}>
      <input type="radio" name="slot" checked={chosen} onChange={choose} />
      <span class="number">
        {hoursIn(slot.starts_at, slot.ends_at, page.value.market.time_zone)}
      </span>
      <span class="quiet small number">
        {left === 0 ? t("Sold out") : t("%(count)s left", { count: left })}
      </span>
      <span class="quiet small slot-place">{slot.place || t("Online")}</span>
    </label>
  );
}
