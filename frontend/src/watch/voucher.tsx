import { signal } from "@preact/signals";
import { X } from "lucide";
import { Icon } from "../parts/icon";
import { basket, dropCode, enterCode, reason } from "../room/basket";
import { t } from "../text";

const open = signal(false);
const busy = signal(false);
const wrong = signal<string | null>(null);

/** The codes in the basket, and the way to enter another. */
export function VoucherField() {
  const codes = basket.value?.vouchers ?? [];
  return (
    <div class="vouchers">
      {codes.map((voucher) => (
        <p class="voucher small" key={voucher.code}>
          <span>
            <strong>{voucher.code}</strong>
            {voucher.problem !== null && <span class="quiet"> · {voucher.problem}</span>}
          </span>
          <button
            type="button"
            class="button-link"
            aria-label={t("Take voucher %(code)s out", { code: voucher.code })}
            onClick={() => void dropCode(voucher.code)}
          >
            <Icon node={X} size={18} />
          </button>
        </p>
      ))}
      {open.value ? (
        <CodeForm />
      ) : (
        <button
          type="button"
          class="button-link small"
          onClick={() => {
            open.value = true;
          }}
        >
          {t("Enter a voucher code")}
        </button>
      )}
    </div>
  );
}

function CodeForm() {
  return (
    <form class="voucher-form" onSubmit={send} noValidate>
      <div class="field">
        <label for="voucher-code">{t("Voucher code")}</label>
        <input
          id="voucher-code"
          name="code"
          maxLength={60}
          autoComplete="off"
          autoCapitalize="characters"
          spellcheck={false}
          aria-invalid={wrong.value !== null}
          aria-describedby={wrong.value === null ? undefined : "voucher-wrong"}
        />
      </div>
      <button type="submit" class="button-quiet" disabled={busy.value} aria-busy={busy.value}>
        {t("Use it")}
      </button>
      {wrong.value !== null && (
        <p
          class="error small"
          id="voucher-wrong"
          role="alert"
          ref={(shown) => shown?.scrollIntoView({ block: "nearest" })}
        >
          {wrong.value}
        </p>
      )}
    </form>
  );
}

async function send(event: Event): Promise<void> {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const code = String(new FormData(form).get("code") ?? "").trim();
  if (code === "" || busy.value) return;
  busy.value = true;
  wrong.value = null;
  try {
    await enterCode(code);
    open.value = false;
  } catch (error) {
    wrong.value = reason(error);
  } finally {
    busy.value = false;
  }
}
