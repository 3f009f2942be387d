/** What the server would have written into the page. */

import { asked, eur, FILES, kind, now, picture, runSheet, state } from "./scene";

export const boot = {
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
    stock_rule: asked.has("first_paid") ? "first_paid" : "hold",
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
    calendar: "/fr/live/linen.ics",
  },
  payment: { provider: "sandbox", url: "/fr/sandbox/tokens" },
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
    stock_rule: "/fr/api/shows/show/stock-rule",
    deal: "/fr/api/shows/show/deals",
    end_deal: "/fr/api/shows/show/deals/end",
    agreed: "/fr/api/shows/show/deals/agreed",
    ask: "/fr/api/shows/show/deals/ask",
  },
};
