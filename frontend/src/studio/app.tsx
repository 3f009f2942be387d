import { useEffect } from "preact/hooks";
import { Toasts } from "../parts/toasts";
import { link, room, spoken } from "../room/store";
import { t } from "../text";
import { Backstage } from "./backstage";
import { Chat } from "./chat";
import { canPin, desk, pin, state, unpin, watchDesk } from "./desk";
import { FiguresRow } from "./figures";
import { Header } from "./header";
import { Monitor } from "./monitor";
import { RunSheet } from "./run-sheet";

/** Everything a host needs at arm's length, on one screen. */
export function App() {
  useEffect(watchDesk, []);
  useEffect(listenToKeys, []);
  const over = state.value === "ended" || state.value === "cancelled";
  return (
    <div class={`studio is-${state.value}`}>
      <Header />
      {link.value === "lost" && (
        <p class="studio-word" role="status">
          {t("Reconnecting to the room. The live itself goes on.")}
        </p>
      )}
      <div class="studio-side">
        <Monitor />
        {!over && <Backstage />}
      </div>
      <div class="studio-middle">
        <FiguresRow />
        <RunSheet />
      </div>
      <Chat />
      <Toasts />
      <p class="aside-only" role="status" aria-live="polite">
        {spoken.value}
      </p>
    </div>
  );
}

/** 1 to 9 pin, 0 takes off; never while something is being typed. */
function listenToKeys(): () => void {
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.target;
    if (target instanceof HTMLElement && target.closest("input, textarea, select")) return;
    if (!canPin()) return;
    if (event.key === "0") void unpin();
    if (!/^[1-9]$/.test(event.key)) return;
    const product = desk.value.run_sheet[Number(event.key) - 1]?.product;
    if (product && product !== room.value.pin) void pin(product);
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}
