import { useSignal } from "@preact/signals";
import { Check, Plus } from "lucide";
import type { Product } from "../boot";
import { Icon } from "../parts/icon";
import { add, moving } from "../room/basket";
import { stockOf, variantStock } from "../room/store";
import { t } from "../text";
import { view } from "./page";

const TOLD_MS = 1_400;

interface Props {
  product: Product;
  /** The variant chosen; without one, a product with several opens its page. */
  variant?: string | null;
  wide?: boolean;
}

/** Holds one of it for the viewer. */
export function AddButton({ product, variant = null, wide = false }: Props) {
  const done = useSignal(false);
  const chosen =
    product.variants.find((one) => one.id === variant) ??
    (product.variants.length === 1 ? product.variants[0] : undefined);
  const left = chosen ? variantStock(chosen) : stockOf(product);
  const busy = chosen !== undefined && moving.value.has(chosen.id);

  const press = async () => {
    if (!chosen) {
      view.value = { at: "product", product: product.product };
      return;
    }
    if (!(await add(chosen.id))) return;
    done.value = true;
    setTimeout(() => {
      done.value = false;
    }, TOLD_MS);
  };

  return (
    <button
      type="button"
      class={`button-buy add ${wide ? "wide" : ""}`}
      disabled={left === 0}
      aria-busy={busy}
      onClick={() => void press()}
    >
      {left > 0 && <Icon node={done.value ? Check : Plus} size={20} />}
      <span>{left === 0 ? t("Sold out") : done.value ? t("Added") : t("Add")}</span>
      <span class="aside-only"> {product.title}</span>
    </button>
  );
}
