/** The company for which somebody buys: its VAT id is looked up while it is typed. */
import { signal } from "@preact/signals";
import * as held from "../room/basket";
import { going } from "../room/going";
import { call, Problem } from "../web";
import { page } from "./page";

interface Found {
  vat_id: string;
  state: "valid" | "invalid" | "pending" | "unchecked";
  /** Empty where the register does not tell it. */
  name: string;
  message: string;
}

export const buysFor = signal(false);
export const company = signal("");
export const vatId = signal("");
export const found = signal<Found | null>(null);
/** Why the id cannot be looked up. */
export const wrong = signal<string | null>(null);
export const looking = signal(false);

const TYPED_MS = 600;
/** While the register is silent it is asked again by the shop; we ask the shop what came of it. */
const AGAIN_MS = 15_000;
const AGAIN_MAX = 12;
const LENGTH_MIN = 4;

let turn = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** What a wish to pay says of the company. */
export function companyWish(): { company?: { name: string; vat_id: string } } {
  if (!buysFor.value) return {};
  return { company: { name: company.value.trim(), vat_id: vatId.value.trim() } };
}

/** Take over what was kept with an address in this country. */
export function keptCompany(kept: { name: string; vat_id: string } | null, country: string): void {
  if (kept) {
    buysFor.value = true;
    company.value = kept.name;
    vatId.value = kept.vat_id;
  }
  lookUp(country, 0);
}

/** Look the id up a moment from now; whatever was under way is of no interest any more. */
export function lookUp(country: string, wait = TYPED_MS): void {
  turn += 1;
  clearTimeout(waiting);
  found.value = null;
  wrong.value = null;
  looking.value = buysFor.value && vatId.value.trim().length >= LENGTH_MIN;
  price(country);
  if (looking.value) {
    const mine = turn;
    waiting = setTimeout(() => void look(country, mine, 0), wait);
  }
}

async function look(country: string, mine: number, tries: number): Promise<void> {
  try {
    const vat_id = vatId.value.trim();
    const told = await call<Found>("POST", `${page.value.urls.checkout}/company`, {
      vat_id,
      country,
    });
    if (mine !== turn) return;
    const before = found.value?.state;
    found.value = told;
    if (told.name && company.value.trim() === "") company.value = told.name;
    if (told.state !== before) price(country, told.vat_id);
    if (told.state === "pending" && tries < AGAIN_MAX) {
      waiting = setTimeout(() => void look(country, mine, tries + 1), AGAIN_MS);
    }
  } catch (error) {
    if (mine !== turn) return;
    wrong.value = error instanceof Problem ? error.message : String(error);
    // Not looked up is not refused: the shop prices by what it knows of this id.
    if (!(error instanceof Problem) || error.code !== "vat_id_wrong") {
      price(country, vatId.value.trim());
    }
  } finally {
    if (mine === turn) looking.value = false;
  }
}

/** Have the basket priced for this country and company. */
function price(country: string, vat_id?: string): void {
  const { market } = page.peek();
  const before = going.value ?? { country: market.countries?.[0] ?? market.code };
  if (before.country === country && before.vat_id === vat_id) return;
  going.value = vat_id ? { country, vat_id } : { country };
  held.refresh().catch(() => undefined);
}
