/** A room without a server, for working on looks: `/dev/watch.html?scene=live&person=1`. Never shipped. */

const asked = new URLSearchParams(location.search);
const scene = asked.get("scene") ?? "live";
const FILES = "http://127.0.0.1:5392";
const eur = (minor: number) => ({ minor, currency: "EUR" });
const now = Date.now();

const wares = [
  ["Linen shirt “Belle-Île”", 4900, 12, ["S", "M", "L"]],
  ["Leather bag, made in Lyon", 12900, 3, ["Terracotta"]],
  ["Stoneware bowl, set of two", 2490, 40, [""]],
  ["Merino scarf", 5900, 0, ["Ink"]],
  ["Soap of Marseille, 300 g", 690, 120, [""]],
  ["Candle “Fig leaf”", 2200, 4, ["Small", "Large"]],
] as const;

const runSheet = wares.map(([title, minor, stock, kinds], index) => ({
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

const state =
  scene === "scheduled" || scene === "cancelled" || scene === "ended" || scene === "rehearsing"
    ? scene
    : "live";
const kind = asked.has("wide") ? "wide" : "tall";
const picture = asked.has("lost") ? null : `${FILES}/${kind}/index.m3u8`;

const boot = {
  market: {
    code: "FR",
    currency: "EUR",
    language: "fr",
    languages: ["fr", "en", "de"],
    name: "France",
    countries: ["FR", "BE", "DE"],
  },
  language: asked.get("language") ?? "en",
  now,
  show: {
    id: "show",
    slug: "linen",
    title: "Linen and leather for the autumn",
    host: { name: "Claire Morin" },
    state,
    starts_at: now + (asked.has("far") ? 200_000_000 : 1_234_000),
    live_at: now - 600_000,
    ended_at: null,
    poster: `${FILES}/${kind}.jpg`,
    share_url: "/fr/live/linen",
  },
  video: {
    live: state === "live" || state === "rehearsing" ? picture : null,
    replay: state === "ended" ? picture : null,
    status: "/fr/api/status.json",
  },
  run_sheet: runSheet,
  chapters: [
    { product: "p0", at: 4, title: "Linen shirt" },
    { product: "p1", at: 14, title: "Leather bag" },
    { product: "p2", at: 26, title: "Bowls" },
  ],
  person: asked.has("person")
    ? {
        name: "Anna Schmidt",
        email: "anna@example.org",
        roles: ["shopper"],
        saved: { address: null, card: null },
      }
    : null,
  urls: {
    ticket: "/fr/api/shows/show/ticket",
    basket: "/fr/api/basket",
    waiting: "/fr/api/waiting",
    checkout: "/fr/api/checkout",
    saved: "/fr/api/checkout/saved",
    sign_in: "/fr/sign-in",
    card_token: "/fr/sandbox/tokens",
    calendar: "/fr/live/linen.ics",
  },
  shipping: { s1: eur(490), s2: eur(0) },
  hold_seconds: 480,
  hold_extension_seconds: 240,
  messages: {},
  ingest_url: "/fr/api/ingest",
  figures_url: "/fr/api/figures",
  report_url: "/fr/reports/linen",
  actions: {
    rehearse: "/fr/api/shows/show/rehearse",
    go_live: "/fr/api/shows/show/go-live",
    end: "/fr/api/shows/show/end",
    pin: "/fr/api/shows/show/pin",
    unpin: "/fr/api/shows/show/unpin",
    deal: "/fr/api/shows/show/deals",
    end_deal: "/fr/api/shows/show/deals/end",
  },
};

/* The basket */
interface Hold {
  quantity: number;
  expires_at: number;
  extended?: boolean;
  offered?: boolean;
}

const held = new Map<string, Hold>();
if (asked.has("held"))
  held.set("v10", { quantity: 1, expires_at: now + 320_000 }).set("v20", {
    quantity: 2,
    expires_at: now + 55_000,
  });

function basket() {
  const lines = [...held].map(([id, hold]) => {
    const ware = runSheet.find((one) => one.variants.some((variant) => variant.id === id));
    const variant = ware?.variants.find((one) => one.id === id);
    return {
      variant: id,
      product: ware?.product,
      title: ware?.title,
      variant_title: variant?.title,
      image: ware?.image,
      seller: ware?.seller,
      quantity: hold.quantity,
      unit: variant?.price,
      list: eur((variant?.price.minor ?? 0) * hold.quantity),
      total: eur((variant?.price.minor ?? 0) * hold.quantity),
      expires_at: hold.expires_at,
      extended: hold.extended ?? false,
      offered: hold.offered ?? false,
    };
  });
  const goods = lines.reduce((sum, line) => sum + line.total.minor, 0);
  const shipping = lines.some((line) => line.seller?.id === "s1") ? 490 : 0;
  return {
    lines,
    goods: eur(goods),
    shipping: eur(shipping),
    vouchers: [],
    list: eur(goods),
    total: eur(goods + shipping),
    vat: eur(Math.round((goods + shipping) / 6)),
    currency: "EUR",
    now: Date.now(),
  };
}

function put(variant: string, by: number) {
  const line = held.get(variant) ?? { quantity: 0, expires_at: Date.now() + 480_000 };
  line.quantity += by;
  if (line.quantity > 0) held.set(variant, line);
  else held.delete(variant);
  return { ok: { variant, quantity: line.quantity, expires_at: line.expires_at } };
}

/** Somebody is ahead for six seconds; after twelve the unit is the viewer’s. */
const line = new Map<string, number>();

function places() {
  return [...line].map(([variant, since]) => {
    const waited = Date.now() - since;
    const offer = held.get(variant);
    if (waited > 12_000 && !offer)
      held.set(variant, { quantity: 1, expires_at: Date.now() + 120_000, offered: true });
    return {
      variant,
      quantity: 1,
      state: waited > 12_000 ? "offered" : "waiting",
      position: waited > 12_000 ? 0 : waited > 6_000 ? 1 : 2,
      offer_until: held.get(variant)?.expires_at ?? null,
    };
  });
}

function extend() {
  for (const hold of held.values()) {
    if (hold.extended || hold.offered) continue;
    hold.expires_at += 240_000;
    hold.extended = true;
  }
}

const minute = Array.from({ length: 60 }, (_, i) => ({
  at: now - (60 - i) * 10_000,
  viewers: Math.round(180 + 60 * Math.sin(i / 9) + i),
  revenue: Math.max(0, Math.round(9000 * Math.sin(i / 5))),
}));
let paid = 0;

function answer(url: string, method: string, body: Record<string, unknown>): [number, unknown] {
  if (url.includes("ticket")) return [200, { ticket: "t", url: "ws://fake/" }];
  if (url.includes("/api/basket")) {
    if (method === "POST") put(String(body.variant), Number(body.quantity));
    if (method === "DELETE") put(url.split("/").pop()?.split("?")[0] ?? "", -1);
    return [200, basket()];
  }
  if (url.includes("/api/waiting")) return [200, places()];
  if (url.includes("tokens")) return [200, { token: `tok_${body.number}`, last4: "4242" }];
  if (url.includes("/api/checkout/saved")) {
    return [
      200,
      {
        address: {
          line1: "8 rue de la Roquette",
          line2: "",
          postcode: "75011",
          city: "Paris",
          country: "FR",
        },
        card: { brand: "Visa", last4: "4242" },
      },
    ];
  }
  if (url.includes("/api/checkout/")) {
    paid += 1;
    return [200, { checkout: "c", state: paid > 2 ? "paid" : "action", order_url: "/fr/order/x" }];
  }
  if (url.includes("/api/checkout")) {
    const token = JSON.stringify(body.card);
    if (token.includes("0002"))
      return [
        402,
        {
          error: {
            code: "card_declined",
            message: "Your bank said no to this card. Nothing was taken and your basket is kept.",
          },
        },
      ];
    if (token.includes("3220"))
      return [200, { checkout: "c", state: "action", action_url: "/dev/bank.html" }];
    held.clear();
    if (token.includes("0259"))
      return [200, { checkout: "c", state: "pending", order_url: "/fr/order/x" }];
    return [200, { checkout: "c", state: "paid", order_url: "/fr/order/x" }];
  }
  if (url.includes("figures"))
    return [
      200,
      {
        viewers: 238,
        viewers_peak: 301,
        visitors: 1204,
        orders: 41,
        units: 57,
        revenue: eur(187_240),
        conversion: 0.034,
        hearts: 2130,
        messages: 311,
        products: runSheet.map((ware, i) => ({
          product: ware.product,
          sold: 12 - i,
          revenue: eur(9000),
          stock: ware.variants.reduce((sum, variant) => sum + variant.stock, 0),
        })),
        minute,
      },
    ];
  if (url.includes("ingest"))
    return [
      200,
      { server: "rtmp://127.0.0.1:1935/live", key: "sk_9f27c1e0a4b84c1d", keyframe_seconds: 2 },
    ];
  if (url.includes("status"))
    return [
      200,
      {
        bitrate_kbps: 3450,
        dropped: 2,
        reconnects: 1,
        state: asked.get("status") ?? "live",
        delay_s: 1.42,
        fps: 30,
        codecs: "avc1,mp4a.40.2",
      },
    ];
  return [200, {}];
}

const realFetch = window.fetch.bind(window);
window.fetch = async (input, init) => {
  const url = String(input instanceof Request ? input.url : input);
  if (!url.startsWith("/fr/")) return realFetch(input, init);
  await new Promise((done) => setTimeout(done, 120));
  const body = init?.body ? JSON.parse(String(init.body)) : {};
  const [status, json] = answer(url, init?.method ?? "GET", body);
  return new Response(JSON.stringify(json), { status });
};

/* The room */
const said: [string, string, boolean][] = [
  ["Jean", "Bonsoir from Nantes", false],
  ["Mireille", "Is the linen heavy?", false],
  ["Claire Morin", "It is 160 g, light enough for September.", true],
  ["Anna S.", "The colour is lovely in this light", false],
  ["Tom", "Does the bag fit a 13 inch laptop, or only a book and the usual small things?", false],
  ["Léa", "Got one", false],
];

class FakeSocket {
  static OPEN = 1;
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  seq = 20;

  constructor() {
    setTimeout(() => (asked.has("offline") ? this.onclose?.() : this.onopen?.()), 50);
  }

  tell(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  fact(kind: string, body: object) {
    this.seq += 1;
    this.tell({ t: "tick", now: Date.now(), facts: [[this.seq, kind, Date.now(), body]] });
  }

  send(text: string) {
    const { do: what, id, args } = JSON.parse(text);
    setTimeout(() => {
      if (what === "join") this.join(id);
      else if (what === "hold") this.tell({ t: "re", id, ...put(args.variant, args.quantity) });
      else if (what === "drop") this.tell({ t: "re", id, ...put(args.variant, -args.quantity) });
      else if (what === "wait") {
        line.set(args.variant, Date.now());
        this.tell({ t: "re", id, ok: places() });
      } else if (what === "unwait") {
        line.delete(args.variant);
        this.tell({ t: "re", id, ok: places() });
      } else if (what === "places") this.tell({ t: "re", id, ok: places() });
      else if (what === "extend") {
        extend();
        this.tell({ t: "re", id, ok: [] });
      } else if (what === "say") {
        this.fact("chat", { name: "You", text: args.text, author: "me", staff: false });
        this.tell({ t: "re", id, ok: {} });
      } else if (what === "heart") {
        this.tell({ t: "tick", now: Date.now(), pulse: { hearts: args.n } });
      } else this.tell({ t: "re", id, ok: {} });
    }, 80);
  }

  join(id: number) {
    const chat = said.map(([name, words, staff], at) => [
      at + 1,
      "chat",
      now,
      { name, text: words, author: name, staff },
    ]);
    this.tell({
      t: "welcome",
      re: id,
      seq: 20,
      now: Date.now(),
      you: { name: "Anna S.", author: "me", staff: false },
      state: {
        stage: state,
        pin: asked.get("pin") ?? "p1",
        pinned_at: now,
        sold_out: [],
        picture: "on",
        stock: {},
        viewers: 238,
        chat,
      },
    });
    setTimeout(() => this.fact("purchase", { name: "Léa", product: "p1", quantity: 1 }), 300);
    this.tell({ t: "tick", now: Date.now(), pulse: { hearts: 2130 } });
  }

  close() {
    this.readyState = 3;
  }
}
Object.assign(window, { WebSocket: FakeSocket });

const data = document.createElement("script");
data.type = "application/json";
data.id = "boot";
data.textContent = JSON.stringify(boot);
document.head.append(data);
if (!asked.has("first")) localStorage.setItem("panier.first-time", "1");
else localStorage.removeItem("panier.first-time");
