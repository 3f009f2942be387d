/** Calls to the web API: JSON in, JSON out, refusals as one kind of error. */
import { t } from "./text";

export class Problem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

const ANSWER_MS_MAX = 15_000;

export async function call<T>(method: string, url: string, body?: unknown): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  } catch {
    throw new Problem(
      "unreachable",
      t("We cannot reach the shop just now. Nothing was lost; please try again."),
      0,
    );
  }
  const text = await answer.text();
  const json = parse(text);
  if (answer.ok) return json as T;
  const error = (json as { error?: { code: string; message: string; details?: object } })?.error;
  throw new Problem(
    error?.code ?? "failed",
    error?.message ?? t("Something went wrong on our side. Nothing was lost; please try again."),
    answer.status,
    (error?.details ?? {}) as Record<string, unknown>,
  );
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** A random UUID; `crypto.randomUUID` is missing where the page came over plain HTTP from another machine. */
export function newKey(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
