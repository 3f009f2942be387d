import { useSignal } from "@preact/signals";
import { SendHorizontal } from "lucide";
import { Icon } from "../parts/icon";
import { t } from "../text";
import { reason } from "./basket";
import { ask, link, say } from "./store";

const TEXT_MAX = 300;

/** One line to say something in the room; what could not be sent stays in it. */
export function TalkInput(props: {
  id: string;
  label: string;
  placeholder: string;
  className: string;
  button: string;
}) {
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
    <form class={props.className} onSubmit={(event) => void send(event)}>
      <label class="aside-only" for={props.id}>
        {props.label}
      </label>
      <input
        id={props.id}
        value={text}
        maxLength={TEXT_MAX}
        autocomplete="off"
        enterkeyhint="send"
        placeholder={props.placeholder}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <button
        type="submit"
        class={props.button}
        aria-label={t("Send")}
        disabled={busy.value || text.value.trim() === ""}
      >
        <Icon node={SendHorizontal} size={20} />
      </button>
    </form>
  );
}
