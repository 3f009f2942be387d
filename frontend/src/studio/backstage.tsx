import { useSignal } from "@preact/signals";
import { Check, Circle, Copy, Eye, EyeOff } from "lucide";
import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "../parts/icon";
import { room, say, stockOf } from "../room/store";
import { count, t } from "../text";
import { busy, desk, ingest, state, status, step } from "./desk";
import { Rule, RuleWord } from "./rule";

/** Before the live: encoder, checklist, rehearsal, going on air. During it: the way to end it. */
export function Backstage() {
  if (state.value === "live") {
    return (
      <section class="backstage" aria-label={t("End the live")}>
        <RuleWord />
        <End />
        <details class="encoder-again">
          <summary>{t("Encoder settings")}</summary>
          <Encoder />
        </details>
      </section>
    );
  }
  return (
    <section class="backstage" aria-label={t("Before going live")}>
      <Checklist />
      <div class="backstage-steps">
        {state.value === "scheduled" && (
          <button
            type="button"
            class="button-quiet wide"
            disabled={busy.value !== null}
            onClick={() => void step("rehearse")}
          >
            {t("Start the rehearsal")}
          </button>
        )}
        {state.value === "rehearsing" && desk.value.actions.stop_rehearsing && (
          <button
            type="button"
            class="button-quiet wide"
            disabled={busy.value !== null}
            onClick={() => void step("stop_rehearsing")}
          >
            {t("End the rehearsal")}
          </button>
        )}
        <button
          type="button"
          class="button wide go-live"
          disabled={busy.value !== null || status.value?.state !== "live"}
          onClick={() => void step("go_live")}
        >
          {busy.value === "go_live" ? t("One moment…") : t("Go live")}
        </button>
        {status.value?.state !== "live" && (
          <p class="hint">{t("You can go live as soon as your picture arrives.")}</p>
        )}
      </div>
      <Rule />
      <h2>{t("Your encoder")}</h2>
      <Encoder />
    </section>
  );
}

function Checklist() {
  const sheet = desk.value.run_sheet;
  const health = status.value;
  const on = health?.state === "live";
  const codecs = [health?.codecs ?? []].flat().join(",");
  const sound = on && !(health.warnings ?? []).includes("no_sound");
  const out = sheet.filter((product) => stockOf(product) === 0).length;
  const unpriced = sheet.filter(
    (product) =>
      product.variants.length === 0 || product.variants.some((one) => one.price.minor <= 0),
  ).length;
  const items: [boolean, string, string][] = [
    [
      on,
      t("Picture"),
      on ? `${count(health.bitrate_kbps)} kbit/s` : t("start your encoder with the settings below"),
    ],
    [
      sound,
      t("Sound"),
      sound ? (codecs.includes("mp4a") ? "AAC" : t("heard")) : t("not heard yet"),
    ],
    [
      sheet.length > 0 && out === 0,
      t("Stock"),
      sheet.length === 0
        ? t("the run sheet is empty")
        : out === 0
          ? t("all of %(count)s can be sold", { count: sheet.length })
          : t("sold out: %(count)s", { count: out }),
    ],
    [
      sheet.length > 0 && unpriced === 0,
      t("Prices"),
      unpriced === 0 ? t("all set") : t("without a price: %(count)s", { count: unpriced }),
    ],
    [
      state.value === "rehearsing",
      t("Rehearsal"),
      state.value === "rehearsing"
        ? t("running; viewers do not see it")
        : t("try picture, sound and pins unseen"),
    ],
  ];
  return (
    <>
      <h2>{t("Before going live")}</h2>
      <ul class="checklist">
        {items.map(([ready, label, note]) => (
          <li key={label} class={ready ? "ready" : ""}>
            <Icon node={ready ? Check : Circle} size={20} />
            <span>
              <strong>{label}</strong> <span class="quiet">{note}</span>
              <span class="aside-only">{ready ? t("ready") : t("to do")}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Encoder() {
  const shown = useSignal(false);
  const given = ingest.value;
  if (!given) return <p class="quiet">{t("One moment…")}</p>;
  return (
    <div class="encoder">
      <Secret label={t("Server")} value={given.server} />
      <Secret label={t("Stream key")} value={given.key} hidden={!shown.value}>
        <button
          type="button"
          class="round"
          aria-pressed={shown.value}
          aria-label={t("Show the stream key")}
          onClick={() => {
            shown.value = !shown.value;
          }}
        >
          <Icon node={shown.value ? EyeOff : Eye} size={20} />
        </button>
      </Secret>
      <ul class="advice">
        {(
          given.advice ?? [t("Key frame interval: %(count)s s", { count: given.keyframe_seconds })]
        ).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}

interface SecretProps {
  label: string;
  value: string;
  hidden?: boolean;
  children?: ComponentChildren;
}

function Secret({ label, value, hidden = false, children }: SecretProps) {
  const id = useId();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      say(t("Copied."), "good");
    } catch {
      say(t("Your browser does not let us copy; select the text instead."));
    }
  };
  return (
    <div class="secret">
      <label class="secret-label" for={id}>
        {label}
      </label>
      <input
        readOnly
        {...({ type: hidden ? "password" : "text" } as InputHTMLAttributes)}
        value={value}
        id={id}
        autocomplete="off"
        spellcheck={false}
        onFocus={(event) => event.currentTarget.select()}
      />
      {children}
      <button
        type="button"
        class="round"
        aria-label={t("Copy: %(label)s", { label })}
        onClick={() => void copy()}
      >
        <Icon node={Copy} size={20} />
      </button>
    </div>
  );
}

function End() {
  const sure = useSignal(false);
  if (!sure.value) {
    return (
      <button
        type="button"
        class="button-quiet wide"
        onClick={() => {
          sure.value = true;
        }}
      >
        {t("End the live")}
      </button>
    );
  }
  return (
    <div class="end-sure" role="alertdialog" aria-label={t("End the live")}>
      <p>
        {t(
          "The picture stops for everyone who watches: %(count)s. Baskets stay; replay and report follow.",
          {
            count: room.value.viewers,
          },
        )}
      </p>
      <div class="end-buttons">
        <button
          type="button"
          class="button-danger"
          disabled={busy.value !== null}
          onClick={() => void step("end")}
        >
          {busy.value === "end" ? t("One moment…") : t("End it now")}
        </button>
        <button
          type="button"
          class="button-quiet"
          // biome-ignore lint/a11y/noAutofocus: the harmless answer is the one at hand
          autoFocus
          onClick={() => {
            sure.value = false;
          }}
        >
          {t("Go on")}
        </button>
      </div>
    </div>
  );
}
