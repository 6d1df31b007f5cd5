// What the service's REST knows of a token. It knows no socket and no page.

import type { Candle, Past } from "./candles.ts";
import type { Place } from "./subscription.ts";
import { candleOf } from "./told.ts";

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** The charts there are: how far back each goes, and how long its steps are, in seconds. */
export const RANGES = {
  "1h": { seconds: HOUR, step: 60, name: "hour" },
  "1d": { seconds: DAY, step: 15 * 60, name: "day" },
  "7d": { seconds: 7 * DAY, step: 2 * HOUR, name: "week" },
  "14d": { seconds: 14 * DAY, step: 4 * HOUR, name: "two weeks" },
} as const;

export type Range = keyof typeof RANGES;

/** What was told until a place. */
export interface History extends Place {
  past: Past;
}

interface Answer extends Place {
  quote: string;
  candles: Candle[];
}

/** What can't be had now, and may be later. */
export class NotNow extends Error {}

/**
 * The past of a token; none when the service has none. Of a long range it reads the last day in minutes, and before that
 * the hours: minutes can be continued exactly, also by what is told late.
 */
export async function readHistory(
  token: string,
  range: Range,
  signal: AbortSignal,
): Promise<History | undefined> {
  const isLong = RANGES[range].seconds > DAY;
  const minutes = await readCandles(token, isLong ? "1d" : range, "1m", signal);
  if (!minutes) return undefined;
  const { seq, epoch, quote, candles } = minutes;
  if (!isLong) {
    const since = candles[0]?.timestamp ?? Number.NEGATIVE_INFINITY;
    return { seq, epoch, past: { quote, minutes: candles, since, older: [] } };
  }
  // Read second, so that no hour lacks what the minutes have. What it has besides is told once more by the socket.
  const hours = await readCandles(token, range, "1h", signal);
  if (hours?.epoch !== epoch || hours.quote !== quote) throw new NotNow("the order began anew in between");
  // Half a day is room enough for a clock that is wrong.
  const since = Math.floor((Date.now() / 1000 - DAY / 2) / HOUR) * HOUR;
  const past = {
    quote,
    minutes: candles.filter(({ timestamp }) => timestamp >= since),
    since,
    older: hours.candles.filter(({ timestamp }) => timestamp < since),
  };
  return { seq, epoch, past };
}

async function readCandles(
  token: string,
  range: Range,
  interval: string,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const answer = await read(
    `/tokens/${encodeURIComponent(token)}/prices?range=${range}&interval=${interval}`,
    signal,
  );
  if (!answer) return undefined;
  const { seq, epoch, quote, candles } = answer;
  if (typeof seq !== "number" || typeof epoch !== "string" || !Array.isArray(candles))
    throw new NotNow("this is no answer of the service's");
  return {
    seq,
    epoch,
    quote: typeof quote === "string" ? quote : "",
    candles: candles.flatMap((candle) => candleOf(candle) ?? []),
  };
}

/** What is known of a token: what publishers say, to be believed as little as a frame; none when it is not known. */
export function readToken(token: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
  return read(`/tokens/${encodeURIComponent(token)}`, signal);
}

/** A resource; none where there is none. */
async function read(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
  const response = await fetch(path, { signal, cache: "no-store" });
  if (response.ok) return response.json();
  if (response.status < 500 && response.status !== 429) return undefined;
  throw new NotNow(`status ${response.status}`);
}
