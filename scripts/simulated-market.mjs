// A market that never was: prices that wander, trades of both sides, bursts, whales, new tokens, and some that are rugs.
// The same seed and the same times give the same market. It knows no network and no clock.

/** How long a step of the market is, in milliseconds. */
export const STEP = 250;

/** The past before the market opens: its minutes, the trades of a share in each, and as how many later ones each counts. */
const PAST_MINUTES = 60;
const PAST_TRADES = 0.6;
const PAST_MOVES = 16;

/**
 * The tokens that are always there: what one costs at first, how far each trade moves that, what a usual trade is worth in
 * dollars, and the token's share of all trades.
 */
const TOKENS = [
  { token: "SOL", name: "Solana (simulated)", price: 123.45, volatility: 0.0006, worth: 180, share: 5 },
  { token: "BONK", name: "Bonk (simulated)", price: 0.0000245, volatility: 0.0012, worth: 60, share: 2 },
  { token: "WIF", name: "dogwifhat (simulated)", price: 0.873, volatility: 0.001, worth: 90, share: 2 },
];

/** What a new token is like: each trade takes it higher. */
const NEW_TOKEN = { price: 0.0000042, volatility: 0.02, rise: 0.03, worth: 25, share: 2 };
const FIRST_NAMES = ["Moon", "Turbo", "Lazy", "Golden", "Tiny", "Cosmic"];
const LAST_NAMES = ["Cat", "Frog", "Goose", "Otter", "Toast", "Yeti"];

/** How many new tokens there are at once, how many steps lie between two, and how many one lives at the least. */
const MOST_NEW = 2;
const NEW_EVERY = 100;
const SHORTEST_LIFE = 80;

/** What a rug leaves of a price. */
const RUGGED = 0.04;

/** One step in so many brings a whale, and one in so many a burst. */
const WHALE_EVERY = 80;
const BURST_EVERY = 120;

/** What a burst does: how many steps it lasts, how many times as much is traded, and how far each trade takes the price. */
const BURST = { steps: 12, times: 4, rise: 0.0008 };

/** How much of the way back to where it began a price goes with a trade: it wanders, but not away. */
const REVERSION = 0.0005;

const TRADERS = 40;
const BASE58 = [..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"];

export class SimulatedMarket {
  #random;
  #start;
  #rate;
  #run;
  #traders;
  #tokens;
  #steps = 0;
  #trades = 0;

  /**
   * @param {{seed: number, start: number, rate: number}} options a whole number, when the market opens in Unix seconds,
   *   and about how many trades there are in a second.
   */
  constructor({ seed, start, rate }) {
    this.#random = new Random(seed);
    this.#start = start;
    this.#rate = rate;
    this.#run = `simulated-${seed}-${start}`;
    this.#traders = Array.from({ length: TRADERS }, () => this.#random.address());
    this.#tokens = TOKENS.map((token) => ({ ...token, home: token.price, source: "amm", dex: "raydium" }));
  }

  /** The tokens that are always there. */
  get tokens() {
    return TOKENS.map(({ token, name }) => ({ token, description: { name, symbol: token } }));
  }

  /**
   * The trades of the hour before the market opens, in order. Where some of a token's candles are known, its price goes
   * through the close of the last one, and their minutes are left as they are.
   * @param {Map<string, {timestamp: number, close: number}[]>} known candles of a minute each, in order, by token.
   * @returns {{token: string, payload: object}[]}
   */
  past(known = new Map()) {
    return this.#tokens.flatMap((token) => this.#pastOf(token, known.get(token.token) ?? []));
  }

  /**
   * What happens in the next step, `timestamp` being its time in Unix seconds.
   * @returns {{tokens: {token: string, description: object}[], messages: {token: string, payload: object}[]}} tokens that
   *   are new, and then what is published.
   */
  next(timestamp) {
    this.#steps += 1;
    const tokens = this.#maybeNew();
    const messages = this.#tokens.flatMap((token) =>
      this.#happenings(token, timestamp).map((payload) => ({ token: token.token, payload })),
    );
    this.#tokens = this.#tokens.filter(({ isOver }) => !isOver);
    return { tokens, messages };
  }

  #pastOf(token, candles) {
    const each = Math.ceil(token.share * PAST_TRADES);
    const trades = [];
    for (let n = PAST_MINUTES * each; n > 0; n -= 1) {
      this.#move(token, PAST_MOVES);
      trades.push(this.#trade(token, this.#start - Math.ceil((60 * n) / each), PAST_MOVES));
    }
    const last = candles.at(-1);
    if (last) {
      const there = trades.findLast(({ timestamp }) => timestamp < last.timestamp + 60) ?? trades[0];
      const times = last.close / there.price;
      token.price = token.home = digits(token.price * times);
      for (const trade of trades) trade.price = digits(trade.price * times);
    }
    const minutes = new Set(candles.map(({ timestamp }) => minuteOf(timestamp)));
    return trades
      .filter(({ timestamp }) => !minutes.has(minuteOf(timestamp)))
      .map((payload) => ({ token: token.token, payload }));
  }

  /** What happens to a token in a step. */
  #happenings(token, timestamp) {
    const told = [...this.#age(token, timestamp), ...this.#burst(token, timestamp)];
    for (let n = this.#random.poisson(this.#expected(token)); n > 0; n -= 1) {
      this.#move(token);
      told.push(this.#trade(token, timestamp));
    }
    // The first step has one, for whoever waits to see something.
    const isMain = token.token === TOKENS[0].token;
    if (isMain && (this.#steps === 1 || this.#random.chance(WHALE_EVERY)))
      told.push(...this.#whale(token, timestamp));
    if (told.length === 0) return told;
    const price = { type: "PRICE_UPDATE", price: token.price, source: token.source, timestamp };
    return [...told, { ...price, simulated: true }];
  }

  /** How many trades a step of a token has on average. */
  #expected({ share, burst = 0 }) {
    const shares = this.#tokens.reduce((sum, token) => sum + token.share, 0);
    return ((this.#rate * STEP) / 1000) * (share / shares) * (burst > 0 ? BURST.times : 1);
  }

  /** Moves a price by what so many trades would. */
  #move(token, trades = 1) {
    const back = REVERSION * Math.log(token.home / token.price);
    const rise = token.burst > 0 ? token.burstRise : (token.rise ?? 0);
    const by = token.volatility * Math.sqrt(trades) * this.#random.normal() + trades * (back + rise);
    token.side = by < 0 ? "sell" : "buy";
    token.price = digits(token.price * Math.exp(by));
  }

  #trade(token, timestamp, times = 1, worth = times * token.worth * Math.exp(0.9 * this.#random.normal())) {
    this.#trades += 1;
    return {
      type: "TRADE",
      side: token.side,
      amount: String(digits(worth / token.price)),
      price: token.price,
      valueUsd: Number(worth.toFixed(2)),
      trader: this.#random.pick(this.#traders),
      dex: token.dex,
      source: token.source,
      timestamp,
      signature: `${this.#run}-${this.#trades}`,
      simulated: true,
    };
  }

  #alert(token, timestamp, alert) {
    this.#trades += 1;
    const id = `${this.#run}-${this.#trades}`;
    return { type: "ALERT", id, token: token.token, ...alert, data: {}, timestamp, simulated: true };
  }

  #whale(token, timestamp) {
    const worth = 5_000 + 45_000 * this.#random.next() ** 2;
    token.side = this.#random.chance(2) ? "buy" : "sell";
    token.price = digits(token.price * (token.side === "buy" ? 1.004 : 0.996));
    const trade = this.#trade(token, timestamp, 1, worth);
    const alert = this.#alert(token, timestamp, {
      alertType: "whale",
      title: `A whale ${token.side === "buy" ? "buys" : "sells"} ${token.token}`,
      message: `${dollars(worth)} in one trade`,
      severity: worth > 20_000 ? "warning" : "info",
    });
    return [trade, alert];
  }

  /** Counts a burst down, or has one begin. */
  #burst(token, timestamp) {
    if (token.burst > 0) token.burst -= 1;
    if (token.burst > 0 || !this.#random.chance(BURST_EVERY)) return [];
    token.burst = BURST.steps;
    token.burstRise = this.#random.chance(2) ? BURST.rise : -BURST.rise;
    const alert = {
      alertType: "volume",
      title: `${token.token} is traded a lot`,
      message: `${BURST.times} times as much as a moment ago`,
      severity: "info",
    };
    return [this.#alert(token, timestamp, alert)];
  }

  /** A new token, now and then; the first one soon. */
  #maybeNew() {
    const isTime = this.#steps % NEW_EVERY === 8;
    const isFull = this.#tokens.length >= TOKENS.length + MOST_NEW;
    if (!isTime || isFull) return [];
    const names = [this.#random.pick(FIRST_NAMES), this.#random.pick(LAST_NAMES)];
    const symbol = names.join("").toUpperCase();
    const token = `${symbol}-${this.#random.address().slice(0, 6)}`;
    const life = SHORTEST_LIFE + Math.floor(SHORTEST_LIFE * this.#random.next());
    this.#tokens.push({
      ...NEW_TOKEN,
      token,
      home: NEW_TOKEN.price,
      source: "bonding",
      dex: "pumpfun",
      life,
    });
    return [{ token, description: { name: `${names.join(" ")} (simulated)`, symbol } }];
  }

  /** Brings a new token nearer to what becomes of it: one in two is a rug, the others get a pool. */
  #age(token, timestamp) {
    if (token.life === undefined) return [];
    token.life -= 1;
    if (token.life > 0) return [];
    if (token.source === "amm" || this.#random.chance(2)) return this.#rug(token, timestamp);
    Object.assign(token, { source: "amm", dex: "raydium", life: SHORTEST_LIFE });
    return [{ type: "PHASE", phase: "amm", timestamp, simulated: true }];
  }

  #rug(token, timestamp) {
    const worth = 2_000 + 4_000 * this.#random.next();
    token.side = "sell";
    token.price = digits(token.price * RUGGED);
    token.isOver = true;
    const liquidity = { type: "LIQUIDITY", action: "removed", valueUsd: Math.round(worth), dex: token.dex };
    const alert = this.#alert(token, timestamp, {
      alertType: "rug",
      title: `${token.token} is a rug`,
      message: `${dollars(worth)} of liquidity was taken out`,
      severity: "critical",
    });
    return [
      { ...liquidity, timestamp, simulated: true },
      this.#trade(token, timestamp, 1, worth / 10),
      alert,
    ];
  }
}

/** Random numbers that a seed decides: mulberry32. */
class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to less than 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whether something happens that does once in so many times. */
  chance(every) {
    return this.next() * every < 1;
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  /** Of the standard normal distribution: Box and Muller. */
  normal() {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** How often something happens that does so often on average: Knuth. */
  poisson(mean) {
    let count = 0;
    for (let product = this.next(); product > Math.exp(-mean); product *= this.next()) count += 1;
    return count;
  }

  /** What looks like an address of Solana. */
  address() {
    return Array.from({ length: 44 }, () => this.pick(BASE58)).join("");
  }
}

/** A number with the six digits that people look at. */
function digits(number) {
  return Number(number.toPrecision(6));
}

function dollars(worth) {
  return `$${Math.round(worth).toLocaleString("en-US")}`;
}

function minuteOf(timestamp) {
  return Math.floor(timestamp / 60);
}
