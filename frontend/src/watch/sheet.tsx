import { ChevronLeft, X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { sends, units } from "../room/basket";
import { t } from "../text";
import { AddressStep } from "./address";
import { Bank } from "./bank";
import { BasketView } from "./basket-view";
import { Done } from "./done";
import { MarketView } from "./market";
import { desktop, page, type View, view } from "./page";
import { PaymentStep } from "./payment";
import { ProductView } from "./product";
import { Shop } from "./shop";

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), iframe, [tabindex="0"]';

/** Where a step back leads; null closes the sheet. */
const BACK: Record<View["at"], View | null> = {
  shop: null,
  product: { at: "shop" },
  basket: null,
  address: { at: "basket" },
  payment: { at: "address" },
  bank: null,
  done: null,
  market: null,
};

function close(): void {
  view.value = null;
}

/** Over the lower half on a phone, beside the picture on a desktop; the picture keeps playing. */
export function Sheet() {
  const now = view.value;
  const panel = useRef<HTMLDivElement>(null);
  useTrap(panel, now?.at);
  if (!now) return null;
  const back = desktop.value && now.at === "product" ? null : BACK[now.at];
  return (
    <div class="sheet-layer">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a second way out beside the button and Esc */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: a second way out beside the button and Esc */}
      <div class="sheet-shade" onClick={close} />
      <div
        ref={panel}
        class={`sheet sheet-${now.at}`}
        role="dialog"
        aria-modal="true"
        aria-label={title(now)}
        tabIndex={-1}
      >
        <div class="sheet-head">
          {back && (
            <button
              type="button"
              class="round"
              aria-label={t("Back")}
              onClick={() => {
                view.value = back;
              }}
            >
              <Icon node={ChevronLeft} />
            </button>
          )}
          {now.at === "shop" || now.at === "basket" ? (
            <Tabs now={now.at} />
          ) : (
            <h2 class="sheet-title">{title(now)}</h2>
          )}
          <button type="button" class="round sheet-close" aria-label={t("Close")} onClick={close}>
            <Icon node={X} />
          </button>
        </div>
        <Content now={now} />
      </div>
    </div>
  );
}

function Tabs({ now }: { now: "shop" | "basket" }) {
  const tab = (at: "shop" | "basket", label: ComponentChildren) => (
    <button
      type="button"
      class="tab"
      aria-pressed={now === at}
      onClick={() => {
        view.value = { at };
      }}
    >
      {label}
    </button>
  );
  if (desktop.value)
    return <h2 class="sheet-title">{now === "shop" ? t("Products") : t("Basket")}</h2>;
  return (
    <fieldset class="tabs" aria-label={t("Products or basket")}>
      {tab(
        "shop",
        <>
          {t("Products")} <span class="tab-count number">{page.value.run_sheet.length}</span>
        </>,
      )}
      {tab(
        "basket",
        <>
          {t("Basket")} {units.value > 0 && <span class="tab-count number">{units.value}</span>}
        </>,
      )}
    </fieldset>
  );
}

function Content({ now }: { now: View }) {
  switch (now.at) {
    case "shop":
      return <Shop />;
    case "product":
      return <ProductView key={now.product} id={now.product} />;
    case "basket":
      return <BasketView />;
    case "address":
      return <AddressStep />;
    case "payment":
      return <PaymentStep />;
    case "bank":
      return <Bank url={now.url} secret={now.secret} />;
    case "done":
      return <Done order={now.order} pending={now.pending} />;
    case "market":
      return <MarketView />;
  }
}

function title(now: View): string {
  switch (now.at) {
    case "shop":
      return t("Products");
    case "product":
      return t("Product");
    case "basket":
      return t("Basket");
    case "address":
      return sends.value ? t("Where to send it") : t("Your address on the invoice");
    case "payment":
      return t("Payment");
    case "bank":
      return t("Confirm with your bank");
    case "done":
      return t("Your order");
    case "market":
      return t("Market and language");
  }
}

/** Keeps the keyboard inside while the sheet is open, and gives the focus back after. */
function useTrap(panel: { current: HTMLElement | null }, at: View["at"] | undefined): void {
  useEffect(() => {
    const before = document.activeElement;
    const keys = (event: KeyboardEvent) => {
      if (event.key === "Escape") close();
      if (event.key !== "Tab" || !panel.current) return;
      const inside = [...panel.current.querySelectorAll<HTMLElement>(FOCUSABLE)];
      const edge = event.shiftKey ? inside[0] : inside.at(-1);
      const active = document.activeElement;
      if (active === edge || active === panel.current || !panel.current.contains(active)) {
        event.preventDefault();
        (event.shiftKey ? inside.at(-1) : inside[0])?.focus();
      }
    };
    addEventListener("keydown", keys);
    return () => {
      removeEventListener("keydown", keys);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [panel]);
  // Each step starts at its top, for the eye and for the screen reader.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the step is what moves the focus
  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
    panel.current?.querySelector(".sheet-body")?.scrollTo(0, 0);
  }, [panel, at]);
}
