/** What the fake show is about: who looks at which scene, and what is sold in it. */

export const asked = new URLSearchParams(location.search);
const scene = asked.get("scene") ?? "live";
export const FILES = "http://127.0.0.1:5392";
export const eur = (minor: number) => ({ minor, currency: "EUR" });
export const now = Date.now();

const wares = [
  ["Linen shirt “Belle-Île”", 4900, 12, ["S", "M", "L"]],
  ["Leather bag, made in Lyon", 12900, 3, ["Terracotta"]],
  ["Stoneware bowl, set of two", 2490, 40, [""]],
  ["Merino scarf", 5900, 0, ["Ink"]],
  ["Soap of Marseille, 300 g", 690, 120, [""]],
  ["Candle “Fig leaf”", 2200, 4, ["Small", "Large"]],
] as const;

export const runSheet = wares.map(([title, minor, stock, kinds], index) => ({
  product: `p${index}`,
  title,
  description:
    "Woven in Brittany from French linen, washed once so that it is soft on the first day.\n\nMachine wash at 30 °C.",
  image: `${FILES}/p${index}.jpg`,
  image_alt: title,
  seller: { id: index < 3 ? "s1" : "s2", name: index < 3 ? "Atelier Morin" : "Maison Sud" },
  variants: kinds.map((kind, at) => ({
    id: `v${index}${at}`,
    title: kind,
    sku: `SKU-${index}${at}`,
    price: eur(minor + at * 300),
    was: null,
    stock: at === 2 ? 0 : stock,
  })),
}));

export const state =
  scene === "scheduled" || scene === "cancelled" || scene === "ended" || scene === "rehearsing"
    ? scene
    : "live";
export const kind = asked.has("wide") ? "wide" : "tall";
export const picture = asked.has("lost") ? null : `${FILES}/${kind}/index.m3u8`;
