import { ShoppingBasket } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { earliest, landed, spoken, units } from "../room/basket";
import { clock } from "../room/store";
import { page, view } from "./page";

const ROUND = 2 * Math.PI * 32;

/** The orange basket: its count, and a ring that runs down with the hold that ends first. */
export function BasketButton() {
  const button = useRef<HTMLButtonElement>(null);
  const bumps = landed.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each landing bumps it once
  useEffect(() => {
    if (bumps === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const frames = [{ scale: "1" }, { scale: "1.16" }, { scale: "1" }];
    button.current?.animate(frames, { duration: 240, easing: "ease-out" });
  }, [bumps]);

  const first = earliest.value;
  const left = first === null ? 0 : (first - clock.value) / (page.value.hold_seconds * 1000);
  const share = Math.max(0, Math.min(1, left));
  return (
    <button
      ref={button}
      type="button"
      class="basket-button"
      aria-label={spoken()}
      onClick={() => {
        view.value = { at: "basket" };
      }}
    >
      {first !== null && (
        <svg class="ring" viewBox="0 0 68 68" aria-hidden="true">
          <circle class="ring-ground" cx="34" cy="34" r="32" />
          <circle
            class="ring-left"
            cx="34"
            cy="34"
            r="32"
            stroke-dasharray={ROUND}
            stroke-dashoffset={ROUND * (1 - share)}
          />
        </svg>
      )}
      <Icon node={ShoppingBasket} size={28} />
      {units.value > 0 && <span class="basket-count number">{units.value}</span>}
    </button>
  );
}
