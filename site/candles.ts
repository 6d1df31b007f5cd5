// The candles of a chart: those of the past as the service tells them, continued by what happens after. It follows the
// service's own rule, so that both come to the same. It knows no page and no network.

/** A time on the chain: Unix seconds, and the slot within them; 0 where nobody said. */
export type Moment = readonly [seconds: number, slot: number];

/** What a price did from `timestamp` on, in Unix seconds, for as long as a candle is. */
export interface Candle {
  timestamp: number;
  open: number;
  high: number;
  low: number;
  close: number;
  /** How much of the token was traded. */
  volume: number;
  trades: number;
  /** When the price was `open` and when it was `close`, where that is known. */
  first?: Moment;
  last?: Moment;
}

/** A candle of which it is known what else may open or close it. */
type Timed = Candle & { first: Moment; last: Moment };

/** A price, or a trade. */
export interface Tick {
  at: Moment;
  price: number;
  /** What the price is in; empty where nobody says. */
  quote: string;
  /** How much of the token was traded; none where there was no trade. */
  amount?: number;
  /** What that was worth in dollars, where that is known. */
  valueUsd?: number;
}

/** What the service tells of the past. */
export interface Past {
  quote: string;
  /** The candles of all minutes from `since` on, in order. */
  minutes: Candle[];
  since: number;
  /** Candles before that, as long as they may be, in order. */
  older: Candle[];
}

export const MINUTE = 60;

/** A trade worth less makes no price, in dollars: what the service's DUST_USD is, unless an operator has set another. */
const DUST_USD = 1;

/** How many times more or less than the price a trade may cost before somebody else has to pay that too. */
const JUMP = 5;

/** How long minutes are kept, in seconds: as long as the longest chart. */
const KEPT = 14 * 86_400;

export class Candles {
  /** How much of the past is on the chart, in seconds. */
  readonly range: number;
  #quote: string | undefined;
  /** None of them overlap, and they are in order; from `#since` on each is of a minute. */
  #candles: Candle[];
  #since: number;
  /** The price that stands, and since when. */
  #price: { price: number; at: Moment } | undefined;
  /** Whether it may have stood before the chart begins. */
  readonly #hasPast: boolean;

  constructor(range: number, past?: Past) {
    this.range = range;
    this.#hasPast = past !== undefined;
    this.#quote = past?.quote;
    this.#since = past?.since ?? Number.NEGATIVE_INFINITY;
    this.#candles = past ? [...past.older, ...past.minutes] : [];
    const last = this.#candles.at(-1);
    if (last) this.#price = { price: last.close, at: last.last ?? [last.timestamp + MINUTE - 1, 0] };
  }

  /** What the prices are in; none before there is one. */
  get quote(): string | undefined {
    return this.#quote;
  }

  /** The same candles, on a chart of another range. */
  over(range: number): Candles {
    const candles = new Candles(range);
    candles.#quote = this.#quote;
    candles.#since = this.#since;
    candles.#candles = [...this.#candles];
    candles.#price = this.#price;
    return candles;
  }

  /**
   * Counts in what was told next. False where too little is known of its candle to do so: then the service knows what the
   * candle has become.
   */
  add(tick: Tick): boolean {
    this.#quote ??= tick.quote;
    if (tick.quote !== this.#quote) return true;
    const timestamp = startOf(tick.at[0], MINUTE);
    if (timestamp <= this.#start()) return true;
    if (timestamp < this.#since) return false;
    const place = this.#candles.findLastIndex((candle) => candle.timestamp <= timestamp);
    const told = this.#candles[place];
    const before = told?.timestamp === timestamp ? told : undefined;
    if (before && !isTimed(before)) return false;
    const price = this.#judge(tick);
    if (price === "ask") return false;
    if (price === "none") return true;
    const candle = candleOf(timestamp, { ...tick, price });
    if (before) this.#candles[place] = merge(before, candle);
    else this.#candles.splice(place + 1, 0, candle);
    this.#forget();
    return true;
  }

  /**
   * The price at which a tick is on the chart. A trade of next to no worth is there with its volume, at the price that
   * stands. Whether somebody else has paid what is far from that, the service has to be asked.
   */
  #judge({ at, price, amount, valueUsd }: Tick): number | "none" | "ask" {
    const standing = this.#price;
    const isOlder = standing !== undefined && isBefore(at, standing.at);
    if (amount !== undefined) {
      if (!standing && this.#hasPast) return "ask";
      const isDust = valueUsd !== undefined && valueUsd < DUST_USD;
      if (isDust) return !standing || isOlder ? "none" : standing.price;
      if (standing && !isOlder && isFar(price, standing.price)) return "ask";
    }
    if (!isOlder) this.#price = { price, at };
    return price;
  }

  /** The candles on the chart, in steps of so many seconds. Steps without any are left out. */
  steps(seconds: number): Candle[] {
    const start = this.#start();
    const steps: Candle[] = [];
    for (const candle of this.#candles) {
      if (candle.timestamp <= start) continue;
      const step = { ...candle, timestamp: startOf(candle.timestamp, seconds) };
      const last = steps.at(-1);
      if (last?.timestamp === step.timestamp) steps[steps.length - 1] = follow(last, step);
      else steps.push(step);
    }
    return steps;
  }

  /** Whatever begins then or earlier is not on the chart. */
  #start(): number {
    return (this.#candles.at(-1)?.timestamp ?? Number.NEGATIVE_INFINITY) - this.range;
  }

  #forget(): void {
    const oldest = (this.#candles.at(-1)?.timestamp ?? 0) - KEPT;
    while (this.#candles[0] && this.#candles[0].timestamp <= oldest) this.#candles.shift();
  }
}

/** When the step begins that a time is in. */
function startOf(seconds: number, step: number): number {
  return seconds - (seconds % step);
}

function isTimed(candle: Candle): candle is Timed {
  return candle.first !== undefined && candle.last !== undefined;
}

function candleOf(timestamp: number, { at, price, amount }: Tick): Timed {
  return {
    timestamp,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: amount ?? 0,
    trades: amount === undefined ? 0 : 1,
    first: at,
    last: at,
  };
}

function compare(a: Moment, b: Moment): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** Whether something happened before something else. Within a second nobody can tell unless both slots are known. */
function isBefore(a: Moment, b: Moment): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] > 0 && b[1] > 0 && a[1] < b[1]);
}

function isFar(price: number, other: number): boolean {
  return price > JUMP * other || other > JUMP * price;
}

/** A minute's candle with what was told later, whenever that happened: of what happened at once, the first told opens. */
function merge(told: Timed, later: Timed): Timed {
  const opens = compare(later.first, told.first) < 0 ? later : told;
  const closes = compare(later.last, told.last) >= 0 ? later : told;
  return {
    ...follow(told, later),
    open: opens.open,
    close: closes.close,
    first: opens.first,
    last: closes.last,
  };
}

/** A candle with another one that lies after it in time. */
function follow(candle: Candle, next: Candle): Candle {
  const { timestamp, open } = candle;
  return {
    timestamp,
    open,
    high: Math.max(candle.high, next.high),
    low: Math.min(candle.low, next.low),
    close: next.close,
    volume: candle.volume + next.volume,
    trades: candle.trades + next.trades,
  };
}
