import { CircleCheck, Hourglass } from "lucide";
import { Icon } from "../parts/icon";
import { t } from "../text";
import { email } from "./checkout";
import { view } from "./page";

/** Whoever comes back after a reload has typed no address into this page. */
function told(pending: boolean): string {
  const to = { email: email.value };
  if (pending)
    return to.email
      ? t("You need not do anything. We write to %(email)s when it is settled.", to)
      : t("You need not do anything. We write to you when it is settled.");
  return to.email
    ? t("The receipt is on its way to %(email)s.", to)
    : t("The receipt is on its way to you.");
}

/** Paid, or waiting for the bank: said plainly, with the way to the order. */
export function Done({ order, pending }: { order: string | null; pending: boolean }) {
  return (
    <>
      <div class="sheet-body done" role="status">
        <span class={pending ? "done-mark waiting" : "done-mark"}>
          <Icon node={pending ? Hourglass : CircleCheck} size={44} />
        </span>
        <h3>{pending ? t("Your bank is still working on it") : t("Paid. Thank you")}</h3>
        <p class="quiet">{told(pending)}</p>
      </div>
      <div class="sheet-end two">
        {order && (
          <a class="button-quiet" href={order} target="_blank" rel="noopener">
            {t("See the order")}
          </a>
        )}
        <button
          type="button"
          class="button"
          onClick={() => {
            view.value = null;
          }}
        >
          {t("Keep watching")}
        </button>
      </div>
    </>
  );
}
