/** The numbered facts of a room folded into what one sees. Pure: the same facts give the same room. */

export type Stage = "scheduled" | "rehearsing" | "live" | "ended";

export interface ChatBody {
  name: string;
  text: string;
  author: string;
  staff: boolean;
}

export interface PurchaseBody {
  name: string | null;
  product: string;
  quantity: number;
}

/** Prices for a while, by variant, each with the lowest price of the 30 days before. */
export interface Deal {
  deal: string;
  product: string;
  currency: string;
  prices: Record<string, { minor: number; was: number }>;
  /** Server time, milliseconds. */
  opens_at: number;
  closes_at: number;
  units: number;
  buyer_max: number;
}

type Numbered<Kind extends string, Body> = [seq: number, kind: Kind, at: number, body: Body];

export type Fact =
  | Numbered<"live" | "ended", object>
  | Numbered<"pin" | "unpin", { product: string }>
  | Numbered<"chat", ChatBody>
  | Numbered<"chat_hidden", { seq: number }>
  | Numbered<"sold_out" | "back_in_stock", { variant: string }>
  | Numbered<"purchase", PurchaseBody>
  | Numbered<"picture", { state: "on" | "lost" }>
  | Numbered<"deal", Deal>
  | Numbered<"deal_closed", { deal: string }>;

export interface Snapshot {
  stage: Stage;
  pin: string | null;
  pinned_at: number | null;
  sold_out: string[];
  stock: Record<string, number>;
  viewers: number;
  chat: Numbered<"chat", ChatBody>[];
  picture: "on" | "lost";
  deal?: Deal | null;
}

export interface Pulse {
  viewers?: number;
  hearts?: number;
  stock?: Record<string, number>;
}

export type Line =
  | ({ kind: "chat"; seq: number; at: number } & ChatBody)
  | ({ kind: "purchase"; seq: number; at: number } & PurchaseBody);

export interface Room {
  /** The last fact seen; 0 before the first. */
  seq: number;
  stage: Stage;
  pin: string | null;
  pinnedAt: number | null;
  /** What can still be held of a variant, where the room has told it. */
  stock: Record<string, number>;
  viewers: number;
  hearts: number;
  lines: Line[];
  picture: "on" | "lost";
  /** Announced or open: its times tell which. */
  deal: Deal | null;
}

export const LINES_MAX = 200;

export function emptyRoom(stage: Stage): Room {
  return {
    seq: 0,
    stage,
    pin: null,
    pinnedAt: null,
    stock: {},
    viewers: 0,
    hearts: 0,
    lines: [],
    picture: "on",
    deal: null,
  };
}

export function fromSnapshot(seq: number, shot: Snapshot): Room {
  const stock = { ...shot.stock };
  for (const variant of shot.sold_out) stock[variant] = 0;
  return {
    ...emptyRoom(shot.stage),
    seq,
    pin: shot.pin,
    pinnedAt: shot.pinned_at,
    stock,
    viewers: shot.viewers,
    picture: shot.picture,
    deal: shot.deal ?? null,
    lines: shot.chat.map(([at, , when, body]) => ({ kind: "chat", seq: at, at: when, ...body })),
  };
}

/** A fact that was already seen changes nothing, so that a resume may overlap. */
export function fold(room: Room, fact: Fact): Room {
  if (fact[0] <= room.seq) return room;
  return { ...apply(room, fact), seq: fact[0] };
}

function apply(room: Room, fact: Fact): Room {
  const [seq, kind, at, body] = fact;
  switch (kind) {
    case "live":
      return { ...room, stage: "live", picture: "on" };
    case "ended":
      return { ...room, stage: "ended", pin: null, pinnedAt: null, deal: null };
    case "pin":
      return { ...room, pin: body.product, pinnedAt: at };
    case "unpin":
      return room.pin === body.product ? { ...room, pin: null, pinnedAt: null } : room;
    case "chat":
      return withLine(room, { kind: "chat", seq, at, ...body });
    case "purchase":
      return withLine(room, { kind: "purchase", seq, at, ...body });
    case "chat_hidden":
      return { ...room, lines: room.lines.filter((line) => line.seq !== body.seq) };
    case "sold_out":
      return { ...room, stock: { ...room.stock, [body.variant]: 0 } };
    case "back_in_stock":
      return { ...room, stock: without(room.stock, body.variant) };
    case "picture":
      return { ...room, picture: body.state };
    case "deal":
      return { ...room, deal: body };
    case "deal_closed":
      return room.deal?.deal === body.deal ? { ...room, deal: null } : room;
    default:
      // A newer server may tell of things this page does not know yet.
      return room;
  }
}

function withLine(room: Room, line: Line): Room {
  return { ...room, lines: [...room.lines, line].slice(-LINES_MAX) };
}

function without(stock: Record<string, number>, variant: string): Record<string, number> {
  const { [variant]: _gone, ...rest } = stock;
  return rest;
}

export function beat(room: Room, pulse: Pulse): Room {
  return {
    ...room,
    viewers: pulse.viewers ?? room.viewers,
    hearts: room.hearts + (pulse.hearts ?? 0),
    stock: pulse.stock ? { ...room.stock, ...pulse.stock } : room.stock,
  };
}
