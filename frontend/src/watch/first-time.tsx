import { computed, signal } from "@preact/signals";
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

const unread = signal(!seen());
/** While it is read, the chat makes room for it. */
export const firstTime = computed(
  () => unread.value && (scene.value === "live" || scene.value === "replay"),
);

/** One calm card for those who come for the first time. */
export function FirstTime() {
  if (!firstTime.value) return null;
  return (
    <section class="first-time" aria-label={t("How it works")}>
      <ul>
        <li>
          <Icon node={ShoppingBasket} />
          <span>{t("You can buy what you see. It is held for you for a few minutes.")}</span>
        </li>
        <li>
          <Icon node={LockKeyhole} />
          <span>{t("You pay here. Neither host nor seller sees your card number.")}</span>
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
          unread.value = false;
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
