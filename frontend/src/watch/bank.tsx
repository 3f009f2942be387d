import { t } from "../text";

/** The bank's own page, inside the sheet; the answer comes by asking the shop. */
export function Bank({ url }: { url: string }) {
  return (
    <div class="sheet-body bank">
      <p class="quiet small">
        {t("Your bank asks whether it is you. Nothing is taken before you say yes.")}
      </p>
      <iframe src={url} title={t("Your bank")} />
    </div>
  );
}
