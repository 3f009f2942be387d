import type { Line } from "../room/fold";
import { room } from "../room/store";
import { TalkInput } from "../room/talk-input";
import { TalkList } from "../room/talk-list";
import { t } from "../text";
import { desktop, products, scene } from "./page";

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
  return (
    <TalkInput
      id="chat-text"
      label={t("Your message")}
      placeholder={t("Say something kind")}
      className="chat-input"
      button="chat-send"
    />
  );
}
