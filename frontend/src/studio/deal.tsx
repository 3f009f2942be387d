import { signal } from "@preact/signals";
import { reason } from "../room/basket";
import { running } from "../room/deal";
import { room } from "../room/store";
import { duration, t } from "../text";
import { call, Problem } from "../web";
import { loadConsent } from "./consent";
import { DealForm } from "./deal-form";
import { desk, state } from "./desk";

const open = signal(false);
const sending = signal(false);
const wrong = signal<string | null>(null);
const chosen = signal<string | null>(null);

/** A flash price: announced, opened and closed for everybody at once. */
export function DealPanel() {
  if (state.value !== "live" || desk.value.run_sheet.length === 0) return null;
  return (
    <section class="deal-panel" aria-label={t("Deal")}>
      {running.value ? (
        <Now />
      ) : open.value ? (
        <DealForm
          chosen={chosen.value}
          onChoose={(product) => {
            chosen.value = product;
          }}
          onCancel={() => {
            open.value = false;
          }}
          sending={sending.value}
          wrong={wrong.value}
          send={send}
          start={(body) => call("POST", desk.value.actions.deal, body)}
          fail={(text) => {
            wrong.value = text;
          }}
        />
      ) : (
        <button
          type="button"
          class="button-quiet"
          onClick={() => {
            chosen.value = room.value.pin;
            wrong.value = null;
            open.value = true;
          }}
        >
          {t("Prepare a deal")}
        </button>
      )}
    </section>
  );
}

function Now() {
  const now = running.value;
  if (!now) return null;
  const product = desk.value.run_sheet.find((one) => one.product === now.deal.product);
  return (
    <div class="deal-now">
      <p>
        <strong>{product?.title ?? t("Deal")}</strong>{" "}
        <span class="number" role="timer">
          {now.open
            ? t("%(time)s left", { time: duration(now.seconds) })
            : t("opens in %(time)s", { time: duration(now.seconds) })}
        </span>
      </p>
      <button
        type="button"
        class="button-quiet"
        disabled={sending.value}
        onClick={() => void send(() => call("POST", desk.value.actions.end_deal, {}), true)}
      >
        {t("End the deal")}
      </button>
      {wrong.value !== null && (
        <p class="error wide" role="alert">
          {wrong.value}
        </p>
      )}
    </div>
  );
}

async function send(doing: () => Promise<unknown>, closes: boolean): Promise<void> {
  if (sending.value) return;
  sending.value = true;
  wrong.value = null;
  try {
    await doing();
    if (closes) open.value = false;
  } catch (error) {
    wrong.value = reason(error);
    // What was agreed has changed since: the form asks from now on.
    if (error instanceof Problem && error.code === "deal_not_agreed") {
      await loadConsent().catch(() => undefined);
    }
  } finally {
    sending.value = false;
  }
}
