/** A small curve of the last samples; the words beside it say the same. */
export function Sparkline({ values, kind }: { values: number[]; kind: "viewers" | "sales" }) {
  const line = sparkline(values, WIDTH, HEIGHT);
  if (!line) return <span class="sparkline" />;
  return (
    <svg
      class={`sparkline ${kind}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="sparkline-area" d={`${line} L${WIDTH} ${HEIGHT} L0 ${HEIGHT} Z`} />
      <path class="sparkline-line" d={line} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

const WIDTH = 120;
const HEIGHT = 32;
/** Room for the stroke at the top and the foot. */
const MARGIN = 2;

/** The path through `values`, the least at the foot (never above zero), the most at the top. */
export function sparkline(values: number[], width: number, height: number): string {
  if (values.length < 2) return "";
  const least = Math.min(0, ...values);
  const span = Math.max(...values) - least || 1;
  const step = width / (values.length - 1);
  const high = height - 2 * MARGIN;
  return values
    .map((value, index) => {
      const y = MARGIN + high * (1 - (value - least) / span);
      return `${index === 0 ? "M" : "L"}${round(index * step)} ${round(y)}`;
    })
    .join(" ");
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
