import { Zap } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { basket, type Line } from "../room/basket";
import { say, spoken, variantStock } from "../room/store";
import { short } from "../room/unheld";
import { t } from "../text";
import { desktop, page, products, view } from "./page";

const TOLD_MS = 10_000;

export function isFirstPaid(): boolean {
  return page.value.show.stock_rule === "first_paid";
}

/** Where one decides, in a live whose basket sets nothing aside. */
export function FirstPaidWord() {
  if (!isFirstPaid()) return null;
  return (
    <p class="first-paid small">
      <Icon node={Zap} size={18} />
      {t("First paid, first served: the basket sets nothing aside.")}
    </p>
  );
}

/** What of a line others have paid for first, as the room tells it. */
export function shortOf(line: Line): number | null {
  const variant = products.value.get(line.product)?.variants.find((one) => one.id === line.variant);
  return short(line, variant && variantStock(variant));
}

/** "Not set aside: who pays first gets it", or that others were first. */
export function unheldWord(line: Line): string {
  const left = shortOf(line);
  if (left === 0) return t("Sold out: others paid first");
  if (left !== null) return t("Only %(count)s left: others paid first", { count: left });
  if (line.unheld === line.quantity) return t("Not set aside: who pays first gets it");
  return t("Not set aside: %(count)s. Who pays first gets it", { count: line.unheld });
}

/** Tells once that others paid first for what lies in the basket: aloud, on a phone also seen. */
export function PaidFirst() {
  const told = useRef(new Set<string>());
  const gone = (basket.value?.lines ?? []).filter((line) => shortOf(line) === 0);
  const key = gone.map((line) => line.variant).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each that goes
  useEffect(() => {
    for (const line of gone) {
      if (told.current.has(line.variant)) continue;
      const words = t("%(title)s is sold out: others paid first.", { title: line.title });
      if (desktop.value || view.value?.at === "basket") spoken.value = words;
      else say(words, "bad", TOLD_MS);
    }
    told.current = new Set(gone.map((line) => line.variant));
  }, [key]);
  return null;
}
