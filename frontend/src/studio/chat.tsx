import { useSignal } from "@preact/signals";
import { EyeOff, SendHorizontal, UserX } from "lucide";
import { Icon } from "../parts/icon";
import { reason } from "../room/basket";
import type { Line } from "../room/fold";
import { ask, link, room, say, you } from "../room/store";
import { TalkList } from "../room/talk-list";
import { hour, t } from "../text";
import { desk, state } from "./desk";

const TEXT_MAX = 300;

/** What people say, with the means to keep it kind one tap away. */
export function Chat() {
  const { lines } = room.value;
  return (
    <section class="studio-chat" aria-label={t("Chat")}>
      <h2>{t("Chat")}</h2>
      <TalkList className="talk">
        {lines.length === 0 && (
          <li class="talk-empty quiet">{t("What viewers say appears here.")}</li>
        )}
        {lines.map((line) => (
          <TalkLine key={line.seq} line={line} />
        ))}
      </TalkList>
      {state.value !== "ended" && state.value !== "cancelled" && <Say />}
    </section>
  );
}

function TalkLine({ line }: { line: Line }) {
  if (line.kind === "purchase") {
    const product =
      desk.value.run_sheet.find((one) => one.product === line.product)?.title ?? t("something");
    return (
      <li class="talk-line bought">
        <p>
          {line.name
            ? t("%(name)s bought %(product)s", { name: line.name, product })
            : t("Somebody bought %(product)s", { product })}
        </p>
      </li>
    );
  }
  const own = line.staff || line.author === you.value?.author;
  return (
    <li class={`talk-line ${line.staff ? "staff" : ""}`}>
      <p>
        <strong>{line.name}</strong> <time class="quiet small">{hour(line.at)}</time>
        <br />
        {line.text}
      </p>
      <span class="talk-tools">
        <button
          type="button"
          class="round"
          aria-label={t("Hide this message of %(name)s", { name: line.name })}
          title={t("Hide")}
          onClick={() => void moderate("hide", { seq: line.seq }, t("Hidden for everyone."))}
        >
          <Icon node={EyeOff} size={18} />
        </button>
        {!own && (
          <button
            type="button"
            class="round"
            aria-label={t("Mute %(name)s", { name: line.name })}
            title={t("Mute")}
            onClick={() =>
              void moderate(
                "mute",
                { author: line.author },
                t("%(name)s is muted for this show.", { name: line.name }),
              )
            }
          >
            <Icon node={UserX} size={18} />
          </button>
        )}
      </span>
    </li>
  );
}

async function moderate(
  what: "hide" | "mute",
  args: Record<string, unknown>,
  done: string,
): Promise<void> {
  try {
    await ask(what, args);
    say(done, "good");
  } catch (error) {
    say(reason(error));
  }
}

function Say() {
  const text = useSignal("");
  const busy = useSignal(false);
  const send = async (event: Event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (!words || busy.value) return;
    busy.value = true;
    try {
      await ask("say", { text: words });
      text.value = "";
    } catch (error) {
      say(reason(error));
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="talk-input" onSubmit={(event) => void send(event)}>
      <label class="aside-only" for="say-text">
        {t("Answer as the host")}
      </label>
      <input
        id="say-text"
        value={text}
        maxLength={TEXT_MAX}
        autocomplete="off"
        placeholder={t("Answer as the host")}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <button
        type="submit"
        class="round"
        aria-label={t("Send")}
        disabled={busy.value || link.value !== "on" || text.value.trim() === ""}
      >
        <Icon node={SendHorizontal} size={20} />
      </button>
    </form>
  );
}
