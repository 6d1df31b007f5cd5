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

/** How long minutes are kept, in seconds: as long as the longest chart. */
const KEPT = 14 * 86_400;

export class Candles {
  /** How much of the past is on the chart, in seconds. */
  readonly range: number;
  #quote: string | undefined;
  /** None of them overlap, and they are in order; from `#since` on each is of a minute. */
  #candles: Candle[];
  #since: number;

  constructor(range: number, past?: Past) {
    this.range = range;
    this.#quote = past?.quote;
    this.#since = past?.since ?? Number.NEGATIVE_INFINITY;
    this.#candles = past ? [...past.older, ...past.minutes] : [];
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
    const before = this.#candles[place];
    if (before?.timestamp !== timestamp) {
      this.#candles.splice(place + 1, 0, candleOf(timestamp, tick));
      this.#forget();
      return true;
    }
    if (!isTimed(before)) return false;
    this.#candles[place] = merge(before, candleOf(timestamp, tick));
    return true;
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
