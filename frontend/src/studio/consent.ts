/** How far sellers let hosts go with their prices, and what they answer when they are asked. */
import { signal } from "@preact/signals";
import { call } from "../web";
import type { Agreed, Draft, Question } from "./agreed";
import { desk } from "./desk";

interface Consent {
  agreed: Agreed[];
  requests: Question[];
}

const ASK_MS = 3_000;

export const consent = signal<Consent>({ agreed: [], requests: [] });

export async function loadConsent(): Promise<void> {
  consent.value = await call<Consent>("GET", desk.value.actions.agreed);
}

/** Look for the answer for as long as somebody is asked and the form is open. */
export function awaitAnswer(): () => void {
  const timer = setInterval(() => {
    const waits = consent.value.requests.some((one) => one.state === "asked");
    if (waits && !document.hidden) void loadConsent().catch(() => undefined);
  }, ASK_MS);
  return () => clearInterval(timer);
}

export async function askSeller(product: string, draft: Draft): Promise<void> {
  const { prices, units } = draft;
  await call("POST", desk.value.actions.ask, { product, prices, units });
  await loadConsent();
}
