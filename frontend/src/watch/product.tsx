import { useSignal } from "@preact/signals";
import type { Price, Variant } from "../boot";
import { costs } from "../room/deal";
import { mostWord } from "../room/most";
import { variantStock } from "../room/store";
import { money, t } from "../text";
import { AddButton } from "./add-button";
import { FirstPaidWord } from "./first-paid";
import { page, products } from "./page";
import { LOW_STOCK, PriceWord, Thumb } from "./pinned";
import { Slots } from "./slots";

/** One product: what it is, whose it is, which of it. */
export function ProductView({ id }: { id: string }) {
  const product = products.value.get(id);
  const first = product?.variants.find((variant) => variantStock(variant) > 0);
  const chosen = useSignal(first?.id ?? product?.variants[0]?.id ?? null);
  if (!product) return <p class="sheet-body sheet-empty">{t("This product has left the live.")}</p>;
  const service = product.kind === "service";
  const most = product.variants.find((variant) => variant.id === chosen.value)?.most;
  const delivery = page.value.shipping[product.seller.id];
  return (
    <>
      <div class="sheet-body product">
        <div class="product-head">
          <Thumb product={product} />
          <div>
            <h3>{product.title}</h3>
            <PriceWord product={product} />
            <p class="quiet small">
              {service
                ? t("From %(seller)s", { seller: product.seller.name })
                : t("Sold and sent by %(seller)s", { seller: product.seller.name })}
              {" · "}
              <a
                href={`/${page.value.market.code.toLowerCase()}/sellers/${product.seller.id}`}
                target="_blank"
                rel="noopener"
              >
                {t("Seller details")}
              </a>
            </p>
          </div>
        </div>
        {service && (
          <Slots
            product={product}
            chosen={chosen.value}
            choose={(variant) => {
              chosen.value = variant;
            }}
          />
        )}
        {!service && product.variants.length > 1 && (
          <fieldset class="variants">
            <legend>{t("Which one")}</legend>
            {product.variants.map((variant) => (
              <Choice
                key={variant.id}
                variant={variant}
                price={costs(product, variant).price}
                chosen={chosen.value === variant.id}
                choose={() => {
                  chosen.value = variant.id;
                }}
              />
            ))}
          </fieldset>
        )}
        {product.description && <p class="product-text">{product.description}</p>}
        {product.exemption && <p class="quiet small">{product.exemption}</p>}
        {delivery && !service && (
          <p class="quiet small">
            {delivery.minor === 0
              ? t("Delivery is free.")
              : t("Delivery %(price)s, once for everything of this seller.", {
                  price: money(delivery),
                })}
          </p>
        )}
      </div>
      {product.variants.length > 0 && (
        <div class="sheet-end">
          <FirstPaidWord />
          {most && <p class="most small">{mostWord(most)}</p>}
          <AddButton product={product} variant={chosen.value} wide />
        </div>
      )}
    </>
  );
}

interface ChoiceProps {
  variant: Variant;
  price: Price;
  chosen: boolean;
  choose: () => void;
}

function Choice({ variant, price, chosen, choose }: ChoiceProps) {
  const left = variantStock(variant);
  return (
    <label class={`variant ${left === 0 ? "out" : ""}`}>
      <input type="radio" name="variant" checked={chosen} onChange={choose} />
      <span>{variant.title}</span>
      <span class="quiet small number">
        {left === 0
          ? t("Sold out")
          : left <= LOW_STOCK
            ? t("%(count)s left", { count: left })
            : money(price)}
      </span>
    </label>
  );
}
