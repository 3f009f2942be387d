import { useSignal } from "@preact/signals";
import { Bell, Check, type IconNode, Plus } from "lucide";
import type { Product, Variant } from "../boot";
import { Icon } from "../parts/icon";
import { add, basket, moving } from "../room/basket";
import { isFull } from "../room/most";
import { say, spoken, stockOf, variantStock } from "../room/store";
import { isUnheld } from "../room/unheld";
import { join, leave, type Place, placeOf, places, spokenPosition } from "../room/waiting";
import { t } from "../text";
import { type View, view } from "./page";

const TOLD_MS = 1_400;

interface Props {
  product: Product;
  /** The variant chosen; without one, a product with several opens its page. */
  variant?: string | null;
  wide?: boolean;
}

/** What the button says and does. */
interface Deed {
  icon?: IconNode;
  word: string;
  /** The word in full, where there is no room to show it. */
  full?: string;
  buys?: boolean;
  act: () => unknown;
}

/** Holds one of it for the viewer; where it is sold out, a place in the line for it. */
export function AddButton({ product, variant = null, wide = false }: Props) {
  const done = useSignal(false);
  const chosen =
    product.variants.find((one) => one.id === variant) ??
    // Nobody should book a time that they have not read.
    (product.variants.length === 1 && product.kind !== "service" ? product.variants[0] : undefined);
  const left = chosen ? variantStock(chosen) : stockOf(product);
  const place = chosen && left === 0 ? placeOf(places.value, chosen.id) : undefined;
  const busy = chosen !== undefined && moving.value.has(chosen.id);

  const press = async () => {
    if (!chosen) return show({ at: "product", product: product.product });
    if (!(await add(chosen.id))) return;
    done.value = true;
    setTimeout(() => {
      done.value = false;
    }, TOLD_MS);
  };

  const full = chosen !== undefined && isFull(basket.value?.lines ?? [], chosen.id);
  const deed: Deed = done.value
    ? { icon: Check, word: t("Added"), buys: true, act: press }
    : full
      ? { icon: Check, word: t("In your basket"), act: () => show({ at: "basket" }) }
      : left > 0
        ? { icon: Plus, word: t("Add"), buys: true, act: press }
        : soldOut(product, chosen, place, wide);
  return (
    <>
      {wide && place?.state === "waiting" && <p class="line-word small">{standing(place)}</p>}
      <button
        type="button"
        class={`${deed.buys ? "button-buy" : "button-quiet"} add ${wide ? "wide" : ""}`}
        aria-busy={busy}
        aria-label={deed.full && `${deed.full}: ${product.title}`}
        onClick={() => void deed.act()}
      >
        {deed.icon && <Icon node={deed.icon} size={20} />}
        <span>{deed.word}</span>
        <span class="aside-only"> {product.title}</span>
      </button>
    </>
  );
}

/** Nothing is left of it: it is in one's basket, or one waits, or one may. */
function soldOut(
  product: Product,
  chosen: Variant | undefined,
  place: Place | undefined,
  wide: boolean,
): Deed {
  const tell = t("Tell me when one is free");
  const asks = wide ? { icon: Bell, word: tell } : { icon: Bell, word: t("Tell me"), full: tell };
  if (!chosen) return { ...asks, act: () => show({ at: "product", product: product.product }) };
  if (inBasket(chosen.id)) {
    return { icon: Check, word: t("In your basket"), act: () => show({ at: "basket" }) };
  }
  if (place?.state !== "waiting") return { ...asks, act: () => enter(product, chosen) };
  const full = t("Leave the line");
  const act = () => quit(product, chosen);
  if (wide) return { word: full, act };
  return { word: t("Number %(position)s – leave", { position: spokenPosition(place) }), act };
}

/** And set aside: what others have paid for can be waited for. */
function inBasket(variant: string): boolean {
  return basket.value?.lines.some((line) => line.variant === variant && !isUnheld(line)) ?? false;
}

function show(what: View): void {
  view.value = what;
}

/** "You are number 3 in line." */
function standing(place: Place): string {
  return t("You are number %(position)s in line. It comes into your basket when it is your turn.", {
    position: spokenPosition(place),
  });
}

async function enter(product: Product, { id }: Variant): Promise<void> {
  if (!(await join(id))) return;
  const place = placeOf(places.value, id);
  if (place?.state === "waiting") spoken.value = `${product.title}: ${standing(place)}`;
  else if (!inBasket(id)) say(t("You are paying for one just now. After that you can wait again."));
}

async function quit(product: Product, { id }: Variant): Promise<void> {
  if (!(await leave(id))) return;
  spoken.value = t("You no longer wait for %(title)s.", { title: product.title });
}
