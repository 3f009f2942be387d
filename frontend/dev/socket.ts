/** The room over a socket, in place of a server. */

import { extend, line, places, put } from "./basket";
import { asked, now, state } from "./scene";

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
