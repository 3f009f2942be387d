import type { IconNode } from "lucide";
import { h } from "preact";

/** One icon of the set, 1.75 px stroke; never alone: its button or neighbour says the word. */
export function Icon({ node, size = 24 }: { node: IconNode; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {node.map(([tag, attributes]) => h(tag, attributes as Record<string, string>))}
    </svg>
  );
}
