import { useSignal } from "@preact/signals";
import { SendHorizontal } from "lucide";
import { Icon } from "../parts/icon";
import { reason } from "../room/basket";
import type { Line } from "../room/fold";
import { ask, link, room, say } from "../room/store";
import { TalkList } from "../room/talk-list";
import { t } from "../text";
import { desktop, products, scene } from "./page";

const TEXT_MAX = 300;

/** What people say, newest at the bottom; on a phone it fades upward over the picture. */
export function Chat() {
  const { lines } = room.value;
  return (
    <section class="chat" aria-label={t("Chat")}>
      {desktop.value && <h2 class="side-title">{t("Chat")}</h2>}
      <TalkList className="chat-lines">
        {lines.length === 0 && desktop.value && <li class="chat-empty">{t("No messages yet.")}</li>}
        {lines.map((line) => (
          <ChatLine key={line.seq} line={line} />
        ))}
      </TalkList>
      {(scene.value === "live" || scene.value === "upcoming") && <ChatInput />}
    </section>
  );
}

function ChatLine({ line }: { line: Line }) {
  if (line.kind === "purchase") {
    const product = products.value.get(line.product)?.title ?? t("something");
    return (
      <li class="chat-line bought">
        {line.name
          ? t("%(name)s bought %(product)s", { name: line.name, product })
          : t("Somebody bought %(product)s", { product })}
      </li>
    );
  }
  return (
    <li class={`chat-line ${line.staff ? "staff" : ""}`}>
      <strong>{line.name}</strong>
      {line.staff && <span class="chat-staff">{t("host")}</span>} {line.text}
    </li>
  );
}

function ChatInput() {
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
      say(
        link.value === "on"
          ? reason(error)
          : t(
              "Your message was not sent: the connection is down. It is still there to send again.",
            ),
      );
    } finally {
      busy.value = false;
    }
  };

  return (
    <form class="chat-input" onSubmit={(event) => void send(event)}>
      <label class="aside-only" for="chat-text">
        {t("Your message")}
      </label>
      <input
        id="chat-text"
        value={text}
        maxLength={TEXT_MAX}
        autocomplete="off"
        enterkeyhint="send"
        placeholder={t("Say something kind")}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <button
        type="submit"
        class="chat-send"
        aria-label={t("Send")}
        disabled={busy.value || text.value.trim() === ""}
      >
        <Icon node={SendHorizontal} size={20} />
      </button>
    </form>
  );
}
