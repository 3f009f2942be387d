import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text";
import { room } from "./store";

/** Pixels above the end from which somebody is taken to read what was said before. */
const READING_PX = 50;

/** The room's lines, newest at the bottom; follows them unless somebody has scrolled up to read. */
export function TalkList({
  className,
  children,
}: {
  className: string;
  children: ComponentChildren;
}) {
  const list = useRef<HTMLOListElement>(null);
  const reading = useRef(false);
  const { lines } = room.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line moves the list down
  useEffect(() => {
    const element = list.current;
    if (element && !reading.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  return (
    <ol
      ref={list}
      class={className}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling list must be reachable by keyboard
      tabIndex={0}
      aria-label={t("Messages")}
      onScroll={(event) => {
        const element = event.currentTarget;
        const below = element.scrollHeight - element.scrollTop - element.clientHeight;
        reading.current = below > READING_PX;
      }}
    >
      {children}
    </ol>
  );
}
