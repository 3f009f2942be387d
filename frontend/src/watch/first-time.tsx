import { useSignal } from "@preact/signals";
import { LockKeyhole, ShoppingBasket, Undo2 } from "lucide";
import { Icon } from "../parts/icon";
import { t } from "../text";
import { scene } from "./page";

const SEEN = "panier.first-time";

function seen(): boolean {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    // Storage is forbidden: better silent than in the way at each visit.
    return true;
  }
}

/** One calm card for those who come for the first time. */
export function FirstTime() {
  const open = useSignal(!seen());
  if (!open.value || scene.value === "cancelled") return null;
  return (
    <section class="first-time" aria-label={t("How it works")}>
      <ul>
        <li>
          <Icon node={ShoppingBasket} />
          <span>
            {t("You can buy what you see. What you add is held for you for a few minutes.")}
          </span>
        </li>
        <li>
          <Icon node={LockKeyhole} />
          <span>
            {t("You pay here, once. Your card number never reaches the host or the seller.")}
          </span>
        </li>
        <li>
          <Icon node={Undo2} />
          <span>{t("Changed your mind? Your order page tells how to send it back.")}</span>
        </li>
      </ul>
      <button
        type="button"
        class="button-quiet"
        onClick={() => {
          open.value = false;
          try {
            localStorage.setItem(SEEN, "1");
          } catch {
            // It was only to be shown once; it may come again.
          }
        }}
      >
        {t("Good to know")}
      </button>
    </section>
  );
}
