import { EyeOff, UserX } from "lucide";
import { Icon } from "../parts/icon";
import { reason } from "../room/basket";
import type { Line } from "../room/fold";
import { ask, room, say, you } from "../room/store";
import { TalkInput } from "../room/talk-input";
import { TalkList } from "../room/talk-list";
import { hour, t } from "../text";
import { desk, state } from "./desk";

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
  const label = t("Answer as the host");
  return (
    <TalkInput
      id="say-text"
      label={label}
      placeholder={label}
      className="talk-input"
      button="round"
    />
  );
}
