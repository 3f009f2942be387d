/** The way from the basket to paid. One key an attempt, so that a repeated try pays once. */
import { computed, signal } from "@preact/signals";
import type { Address, Saved } from "../boot";
import * as held from "../room/basket";
import { going, sentTo } from "../room/going";
import { Refused, Unheard } from "../room/socket";
import { ask, link, say } from "../room/store";
import { t } from "../text";
import { call, newKey, Problem } from "../web";
import { cardForm, type Purchase } from "./card-form";
import { confirmAtStripe } from "./card-stripe";
import { companyWish, keptCompany } from "./company";
import { page, view } from "./page";

export type NameOnAir = "none" | "initials" | "first_name";

const known = page.peek().person;
const market = page.peek().market;

export const email = signal(known?.email ?? "");
export const name = signal(known?.name ?? "");
export const address = signal<Address>({
  line1: "",
  line2: "",
  postcode: "",
  city: "",
  country: market.countries?.[0] ?? market.code,
});
export const savedCard = computed(() => page.value.person?.saved.card ?? null);
export const useSaved = signal(false);
export const remember = signal(false);
export const nameOnAir = signal<NameOnAir>("none");
export const busy = signal(false);
/** Why the last try failed; null when there is nothing to say. */
export const trouble = signal<{ message: string; field: string | null } | null>(null);

export const addressReady = computed(() => {
  const { line1, postcode, city, country } = address.value;
  return [email.value, name.value, line1, postcode, city, country].every((part) => part.trim());
});

/** What a card form must know of the purchase. */
export const purchase = computed<Purchase>(() => ({
  amount: held.basket.value?.total ?? { minor: 1, currency: market.currency },
  keep: known !== null && remember.value,
  name: name.value.trim(),
  email: email.value.trim(),
  country: address.value.country,
  postcode: address.value.postcode,
}));

interface Outcome {
  checkout: string;
  state: "paid" | "action" | "pending" | "declined" | "refused";
  action_url?: string | null;
  /** With this the provider's script asks the buyer's bank. */
  action_secret?: string | null;
  order_url?: string;
  error?: { message: string };
}

const ADDRESS_FIELDS = [
  ...["email", "name", "line1", "line2", "postcode", "city", "country"],
  ...["company", "vat_id"],
];

/** Refusals that do not say whether the wish was done. */
const UNSURE = ["unavailable", "unexpected"];
const POLL_MS = 1_500;
/** A provider that tells the page itself when the bank has answered is asked less often. */
const POLL_ASKED_MS = 5_000;
/** Banks give a few minutes for a confirmation. */
const POLLS_MAX = 240;

const IN_MIND = "panier.checkout";
const RECALL_MS = [0, 1_000, 2_000, 4_000, 8_000];

let key: string | null = null;
let watched = 0;
let wake: (() => void) | null = null;

/** Where the way goes on from the basket. */
export function proceed(): void {
  trouble.value = null;
  view.value = { at: addressReady.value ? "payment" : "address" };
}

/** Pay with what is filled in; leaves the basket as it is when it fails. */
export async function pay(): Promise<void> {
  if (busy.value) return;
  busy.value = true;
  trouble.value = null;
  key ??= newKey();
  try {
    const token = useSaved.value && savedCard.value ? { saved: true } : { token: await tokenOf() };
    const outcome = await send({
      key,
      email: email.value.trim(),
      name: name.value.trim(),
      address: address.value,
      card: token,
      remember: known !== null && remember.value,
      name_on_air: nameOnAir.value,
      ...companyWish(),
      // What the button said: should it cost otherwise by now, nothing is taken.
      total: held.basket.value?.total,
    });
    key = null;
    settle(outcome);
  } catch (error) {
    failed(error);
  } finally {
    busy.value = false;
  }
}

/** Pay over the room's socket; over the web where the room is closed or does not answer. */
async function send(wish: Record<string, unknown>): Promise<Outcome> {
  try {
    if (link.value === "on") return await ask<Outcome>("buy", wish);
  } catch (error) {
    if (!(error instanceof Unheard)) throw error;
  }
  return call<Outcome>("POST", page.value.urls.checkout, { ...wish, show: page.value.show.id });
}

async function tokenOf(): Promise<string> {
  const form = cardForm.value;
  if (!form) throw new Problem("card_form", t("Please enter your card."), 422);
  return form.token();
}

/** What an error says of the wish: whether it was a clear no, and about which field. */
function refusalIn(error: unknown): { sure: boolean; details: Record<string, unknown> } {
  if (error instanceof Refused) {
    const { code, details } = error.refusal;
    return { sure: !UNSURE.includes(code), details: details ?? {} };
  }
  if (error instanceof Problem) {
    return { sure: error.status > 0 && error.status < 500, details: error.details };
  }
  return { sure: false, details: {} };
}

function failed(error: unknown): void {
  const { sure, details } = refusalIn(error);
  // Not knowing whether it was heard, the same key must be said again; a clear no ends the attempt.
  if (sure) key = null;
  if (sure) void stillKept();
  const field = String(details.field ?? "");
  const last = field.split(".").at(-1) ?? "";
  trouble.value = { message: held.reason(error), field: last || null };
  if (ADDRESS_FIELDS.includes(last)) {
    view.value = { at: "address" };
  }
  // Priced anew for just what the wish said: else a total that was refused would stay.
  sentTo.value = address.value;
  const vat_id = companyWish().company?.vat_id;
  const { country } = address.value;
  going.value = vat_id ? { country, vat_id } : { country };
  held.refresh().catch(() => undefined);
}

function settle(outcome: Outcome, resumed = false): void {
  const { state, action_url: url = null, action_secret: secret = null } = outcome;
  keepInMind(state === "action" || state === "pending" ? outcome.checkout : null);
  if (state === "action" && (url || secret)) {
    view.value = { at: "bank", url, secret };
    void follow(outcome.checkout, secret ? POLL_ASKED_MS : POLL_MS);
    // Who comes back to an open question may want to leave it: they press for it themselves.
    if (secret && !resumed) void askBank(secret);
  } else if (state === "paid" || state === "pending") {
    view.value = { at: "done", order: outcome.order_url ?? null, pending: state === "pending" };
    if (state === "pending") void follow(outcome.checkout, POLL_MS);
    if (state === "paid" && remember.value) void recallSoon();
    held.refresh().catch(() => undefined);
  } else {
    declined(outcome.error?.message);
  }
}

/** Let the provider's script ask the bank, then ask the shop at once what became of it. */
export async function askBank(secret: string): Promise<void> {
  try {
    await confirmAtStripe(secret);
  } catch (error) {
    if (view.value?.at === "bank") say(held.reason(error));
  }
  wake?.();
}

/** Which payment is under way outlives the page: it may be reloaded, or be left for the bank's. */
function keepInMind(checkout: string | null): void {
  try {
    if (checkout) sessionStorage.setItem(IN_MIND, checkout);
    else sessionStorage.removeItem(IN_MIND);
  } catch {
    // A browser that keeps nothing: the mail tells how it went.
  }
}

function inMind(): string | null {
  try {
    return sessionStorage.getItem(IN_MIND);
  } catch {
    return null;
  }
}

/** Go on with a payment that was under way when the page was left. */
export async function resume(): Promise<void> {
  const here = new URL(location.href);
  const checkout = here.searchParams.get("checkout") ?? inMind();
  if (!checkout) return;
  here.searchParams.delete("checkout");
  history.replaceState(history.state, "", here);
  try {
    const url = `${page.value.urls.checkout}/${encodeURIComponent(checkout)}`;
    settle(await call<Outcome>("GET", url), true);
  } catch (error) {
    if (error instanceof Problem && error.status >= 400 && error.status < 500) keepInMind(null);
  }
}

/** Have the shop, and then the provider, forget the card. */
export async function forgetCard(): Promise<void> {
  const { person, urls } = page.value;
  if (!person) return;
  try {
    await call("DELETE", `${urls.saved}/card`);
  } catch (error) {
    say(held.reason(error));
    return;
  }
  const saved = { ...person.saved, card: null };
  page.value = { ...page.value, person: { ...person, saved } };
  useSaved.value = false;
  say(t("Your card is forgotten."), "good");
}

/** Ask what the shop remembers of a signed-in buyer, so that a purchase takes three taps. */
export async function recall(): Promise<boolean> {
  const { person, urls } = page.value;
  if (!person) return false;
  const saved = await call<Saved>("GET", urls.saved);
  page.value = { ...page.value, person: { ...person, saved } };
  if (saved.address && address.value.line1 === "") {
    address.value = saved.address;
    sentTo.value = saved.address;
    keptCompany(saved.company ?? null, saved.address.country);
    if (held.basket.value?.parcels.some((one) => one.joins)) void held.refresh();
  }
  useSaved.value = saved.card !== null;
  return useSaved.value;
}

/** What was just paid with is kept a moment later, by a worker. */
async function recallSoon(): Promise<void> {
  for (const wait of RECALL_MS) {
    await new Promise((done) => setTimeout(done, wait));
    if (await recall().catch(() => false)) return;
  }
}

function declined(message: string | undefined): void {
  keepInMind(null);
  trouble.value = {
    message:
      message ?? t("The payment was not confirmed. Nothing was taken and your basket is kept."),
    field: null,
  };
  view.value = { at: "payment" };
  void stillKept();
}

/** A kept card that can pay no more is forgotten: who used it is asked for another one. */
async function stillKept(): Promise<void> {
  if (!useSaved.value) return;
  const kept = await recall().catch(() => true);
  if (!kept && view.value) view.value = { at: "payment" };
}

/** Ask how a payment stands until it is decided. */
async function follow(checkout: string, pause: number): Promise<void> {
  watched += 1;
  const mine = watched;
  for (let poll = 0; poll < POLLS_MAX && mine === watched; poll += 1) {
    await new Promise<void>((done) => {
      wake = done;
      setTimeout(done, pause);
    });
    if (mine !== watched) return;
    let outcome: Outcome;
    try {
      outcome = await call<Outcome>("GET", `${page.value.urls.checkout}/${checkout}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 402) return declined(error.message);
      continue;
    }
    const at = view.value?.at;
    if (outcome.state === "action" && at !== "done") continue;
    if (outcome.state === "pending" && at === "done") continue;
    // A viewer who closed the sheet meanwhile is not pulled back into it, save for bad news.
    if (outcome.state === "paid" && at !== "bank" && at !== "done") {
      keepInMind(null);
      held.refresh().catch(() => undefined);
      return;
    }
    settle(outcome);
    return;
  }
}
