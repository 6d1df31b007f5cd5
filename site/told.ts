// What frames tell of a market: trades, prices, alerts, the phase. Whoever published them wrote them, so nothing in them
// is taken for granted. It knows no page.

import type { Candle, Moment, Tick } from "./candles.ts";
import type { Frame } from "./frame.ts";

/** A token trades on its bonding curve at first, and later in pools, for good. */
export type Phase = "bonding" | "amm";

export interface Trade {
  side: "buy" | "sell" | undefined;
  amount: number | undefined;
  quoteAmount: number | undefined;
  quote: string;
  valueUsd: number | undefined;
  trader: string;
  dex: string;
  /** Unix seconds. */
  timestamp: number | undefined;
}

export interface Alert {
  severity: "info" | "warning" | "critical";
  title: string;
  message: string;
  /** Unix seconds. */
  timestamp: number | undefined;
}

/** Prices and amounts outside of these are no token's. */
const SMALLEST_PRICE = 1e-30;
const LARGEST = 1e30;

/** Timestamps above this are milliseconds: in seconds it is the year 5138. */
const MILLISECONDS = 1e11;

/** How far the service's clock may be from what is known of it here, in seconds. */
const CLOCK_ERROR = 2;

/** What a price may be in; anything else is nothing. */
const QUOTE = /^[A-Za-z0-9]{1,44}$/;

/** What a text is cut to: nobody reads more in a list. */
const LONGEST_TEXT = 300;

/** A number, also one that was written as a text; none for anything else. */
export function numberOf(value: unknown): number | undefined {
  const isText = typeof value === "string" && value.trim() !== "";
  if (typeof value !== "number" && !isText) return undefined;
  return Number.isFinite(Number(value)) ? Number(value) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, LONGEST_TEXT) : "";
}

/** When something happened, in whole Unix seconds, as far as it says so. */
export function timestampOf({ timestamp }: Frame): number | undefined {
  const number = naturalOf(timestamp) ?? Number.NaN;
  const seconds = number > MILLISECONDS ? Math.floor(number / 1000) : number;
  return seconds <= MILLISECONDS ? seconds : undefined;
}

/** The price or trade in a frame that came at `now` by the service's clock, in Unix seconds. */
export function tickOf(frame: Frame, now: number): Tick | undefined {
  const isTrade = frame.type === "TRADE";
  const price = numberOf(frame.price);
  if ((!isTrade && frame.type !== "PRICE_UPDATE") || price === undefined) return undefined;
  if (price < SMALLEST_PRICE || price > LARGEST) return undefined;
  const timestamp = timestampOf(frame);
  // As the service has it: nothing happens in a minute that has not begun.
  const isFuture = timestamp !== undefined && minuteOf(timestamp) > minuteOf(now + CLOCK_ERROR);
  const at: Moment = [timestamp === undefined || isFuture ? now : timestamp, naturalOf(frame.slot) ?? 0];
  const quote = typeof frame.quote === "string" && QUOTE.test(frame.quote) ? frame.quote : "";
  if (!isTrade) return { at, price, quote };
  const amount = positiveOf(frame.amount) ?? 0;
  return amount > LARGEST ? undefined : { at, price, quote, amount };
}

/** The nearest whole number. */
function naturalOf(value: unknown): number | undefined {
  const number = Math.round(numberOf(value) ?? -1);
  return number < 0 ? undefined : number;
}

function positiveOf(value: unknown): number | undefined {
  const number = numberOf(value);
  return number !== undefined && number > 0 ? number : undefined;
}

function minuteOf(seconds: number): number {
  return Math.floor(seconds / 60);
}

export function tradeOf(frame: Frame): Trade | undefined {
  if (frame.type !== "TRADE") return undefined;
  return {
    side: frame.side === "buy" || frame.side === "sell" ? frame.side : undefined,
    amount: numberOf(frame.amount),
    quoteAmount: numberOf(frame.quoteAmount),
    quote: textOf(frame.quote),
    valueUsd: numberOf(frame.valueUsd),
    trader: textOf(frame.trader),
    dex: textOf(frame.dex),
    timestamp: timestampOf(frame),
  };
}

export function alertOf(frame: Frame): Alert | undefined {
  if (frame.type !== "ALERT") return undefined;
  const { severity } = frame;
  return {
    severity: severity === "warning" || severity === "critical" ? severity : "info",
    title: textOf(frame.title) || "Alert",
    message: textOf(frame.message),
    timestamp: timestampOf(frame),
  };
}

/** The phase that a frame, or what REST knows of a token, tells of. */
export function phaseOf({ phase, source }: Record<string, unknown>): Phase | undefined {
  return [phase, source].find((name) => name === "bonding" || name === "amm") as Phase | undefined;
}

const CANDLE_NUMBERS = ["timestamp", "open", "high", "low", "close", "volume", "trades"] as const;

/** A candle as REST writes it; none where a number is missing. */
export function candleOf(value: Record<string, unknown>): Candle | undefined {
  const numbers = CANDLE_NUMBERS.map((name) => [name, numberOf(value[name])] as const);
  if (numbers.some(([, number]) => number === undefined)) return undefined;
  const candle = Object.fromEntries(numbers) as Record<(typeof CANDLE_NUMBERS)[number], number>;
  const [first, last] = [momentOf(value.first), momentOf(value.last)];
  return first && last ? { ...candle, first, last } : candle;
}

function momentOf(value: unknown): Moment | undefined {
  if (!Array.isArray(value)) return undefined;
  const [seconds, slot] = value.map(numberOf);
  return seconds === undefined || slot === undefined ? undefined : [seconds, slot];
}
