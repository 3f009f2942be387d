/** Answers over HTTP, in place of a server. */

import { basket, held, places, put } from "./basket";
import { asked, eur, now, runSheet } from "./scene";

const minute = Array.from({ length: 60 }, (_, i) => ({
  at: now - (60 - i) * 10_000,
  viewers: Math.round(180 + 60 * Math.sin(i / 9) + i),
  revenue: Math.max(0, Math.round(9000 * Math.sin(i / 5))),
}));
let paid = 0;

function answer(url: string, method: string, body: Record<string, unknown>): [number, unknown] {
  if (url.includes("/deals/agreed")) return [200, { agreed: [], requests: [] }];
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
