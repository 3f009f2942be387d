/** Words, money and times in the reader's language. Call `t` with literal strings only: they are extracted. */
import type { Price } from "./boot";

type Values = Record<string, string | number>;

let messages: Record<string, string> = {};
let language = "en";

export function speak(lang: string, catalogue: Record<string, string>): void {
  language = lang;
  messages = catalogue;
}

export function t(msgid: string, values: Values = {}): string {
  return fill(messages[msgid] || msgid, values);
}

/** Put values in the place of `%(name)s`; `%%` is a per cent sign. */
export function fill(text: string, values: Values): string {
  return text.replace(/%(?:\((\w+)\)s|%)/g, (whole, name: string | undefined) => {
    if (name === undefined) return "%";
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

export function money(price: Price): string {
  const format = new Intl.NumberFormat(language, { style: "currency", currency: price.currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(price.minor / 10 ** digits);
}

/** Without the cents: for figures read from afar. */
export function wholeMoney(price: Price): string {
  const style = { style: "currency", currency: price.currency } as const;
  const digits = new Intl.NumberFormat(language, style).resolvedOptions().maximumFractionDigits;
  return new Intl.NumberFormat(language, { ...style, maximumFractionDigits: 0 }).format(
    price.minor / 10 ** (digits ?? 2),
  );
}

export function count(n: number): string {
  const style = n < 10_000 ? {} : { notation: "compact" as const, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language, style).format(n);
}

export function percent(share: number): string {
  const style = { style: "percent" as const, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language, style).format(share);
}

export function decimal(n: number, digits = 1): string {
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, style).format(n);
}

/** "in 3 days", in the form that the number takes. */
export function inDays(days: number): string {
  return new Intl.RelativeTimeFormat(language).format(days, "day");
}

export function day(at: number): string {
  const style = { weekday: "long", day: "numeric", month: "long" } as const;
  return new Intl.DateTimeFormat(language, { ...style, hour: "2-digit", minute: "2-digit" }).format(
    at,
  );
}

/** English as it is written in Europe: the day before the month, 24 hours. */
function european(): string {
  return language === "en" ? "en-150" : language;
}

/** "Tuesday 24 November", as calendars in `zone` show it. */
export function dateIn(at: number, zone?: string): string {
  const style = { weekday: "long", day: "numeric", month: "long" } as const;
  return new Intl.DateTimeFormat(european(), { ...style, timeZone: zone }).format(at);
}

/** "18:00–18:30", as clocks in `zone` show it. */
export function hoursIn(from: number, until: number, zone?: string): string {
  const style = { hour: "2-digit", minute: "2-digit" } as const;
  const format = new Intl.DateTimeFormat(european(), { ...style, timeZone: zone });
  return `${format.format(from)}–${format.format(until)}`;
}

export function hour(at: number): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(at);
}

/** "12:04:30": a moment of today, to the second. */
export function second(at: number): string {
  const style = { timeStyle: "medium", hourCycle: "h23" } as const;
  return new Intl.DateTimeFormat(language, style).format(at);
}

/** "4 minutes", "90 seconds". */
export function inWords(seconds: number): string {
  const whole = seconds % 60 === 0;
  const style = { style: "unit", unit: whole ? "minute" : "second", unitDisplay: "long" } as const;
  return new Intl.NumberFormat(language, style).format(whole ? seconds / 60 : seconds);
}

export function languageName(code: string): string {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

export function countryName(code: string): string {
  return new Intl.DisplayNames([language], { type: "region" }).of(code) ?? code;
}

/** 75 → "1:15", 3675 → "1:01:15". Seconds. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0
    ? `${hours}:${pad(minutes)}:${pad(whole % 60)}`
    : `${minutes}:${pad(whole % 60)}`;
}
