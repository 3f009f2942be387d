import { useSignal } from "@preact/signals";
import { t } from "../text";
import { askBank } from "./checkout";

/** The bank's question: its own page inside the sheet, or the provider's window over ours. */
export function Bank({ url, secret }: { url: string | null; secret: string | null }) {
  const asking = useSignal(false);
  return (
    <div class="sheet-body bank">
      <p class="quiet small">
        {t("Your bank asks whether it is you. Nothing is taken before you say yes.")}
      </p>
      {secret ? (
        <button
          type="button"
          class="button-quiet"
          aria-busy={asking.value}
          disabled={asking.value}
          onClick={() => {
            asking.value = true;
            void askBank(secret).finally(() => {
              asking.value = false;
            });
          }}
        >
          {t("Show the question again")}
        </button>
      ) : (
        <iframe src={url ?? ""} title={t("Your bank")} />
      )}
    </div>
  );
}
