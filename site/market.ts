// What happens on a token's market: its past as REST tells it, continued by the socket from that place on, so that nothing
// is missing and nothing counts twice. Where the socket alone can't tell what became of a candle, REST is read again. It
// owns no part of the page.

import { Candles, type Tick } from "./candles.ts";
import type { Frame, ServerFrame } from "./frame.ts";
import { type History, RANGES, type Range, readHistory } from "./rest.ts";
import { backoff, NO_TOPIC, type Place, type State, Subscription } from "./subscription.ts";
import { tickOf, timestampOf } from "./told.ts";
import { isTopic } from "./topic.ts";

/** How many publications before the place of the past are asked for, to have something to list at once. */
const REPLAYED = 50;

/** How many of the last ticks are kept: what was told since a reading of the past began is counted in again. */
const KEPT_TICKS = 2_000;

/** How often the past is read at the most, and how far apart everybody does who is told the same, in milliseconds. */
const READ_EVERY = 5_000;
const READ_WITHIN = 2_000;

/** How the past is. */
export type PastState = "reading" | "known" | "unknown" | "failed";

export interface MarketListener {
  /** The connection. */
  state(state: State): void;
  /** A publication's text, what it says, and whether it was told only now. */
  frame(text: string, frame: Frame, isNew: boolean): void;
  /** There may be others. */
  candles(): void;
  past(state: PastState): void;
  /** The order began anew: what was listed is of another one. */
  restart(): void;
}

export class Market {
  #candles: Candles;
  /** Everything up to here is part of the candles. */
  #counted = 0;
  #range: Range;
  #subscription: Subscription | undefined;
  #isPlaced = false;
  #epoch = "";
  /** The place at the last greeting: what is told up to it has happened before. */
  #greeted = 0;
  /** The service's clock less this one's, in seconds. */
  #clockError = 0;
  #ticks: { seq: number; tick: Tick }[] = [];
  /** Ticks up to here may be missing above. */
  #lost = 0;
  #reading: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #ended = false;

  constructor(
    readonly token: string,
    range: Range,
    readonly listener: MarketListener,
  ) {
    this.#range = range;
    this.#candles = new Candles(RANGES[range].seconds);
    this.#read();
  }

  /** What is known of the range that was last asked for; until then, of the one before. */
  get candles(): Candles {
    return this.#candles;
  }

  show(range: Range): void {
    this.#range = range;
    this.#read();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#reading?.abort();
    this.#subscription?.end();
  }

  async #read(): Promise<void> {
    // Asked for what is no topic, the service would not even know that it is asked for one: there is nothing to wait for.
    if (!isTopic(this.token)) {
      this.listener.past("unknown");
      this.listener.state(NO_TOPIC);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#readAt = performance.now();
    this.listener.past("reading");
    const range = this.#range;
    let history: History | undefined | Error;
    try {
      history = await readHistory(this.token, range, reading.signal);
    } catch (error) {
      history = error as Error;
    }
    if (reading.signal.aborted) return;
    this.#reading = undefined;
    if (history instanceof Error) this.#fail();
    else if (history) this.#take(history, range);
    else this.#goWithout(range);
  }

  /** The past can't be had now. What comes is drawn all the same. */
  #fail(): void {
    this.listener.past("failed");
    if (!this.#subscription) this.#subscribe();
    this.#readIn(READ_EVERY + backoff(this.#failures++));
  }

  #goWithout(range: Range): void {
    this.#failures = 0;
    this.#candles = this.#candles.over(RANGES[range].seconds);
    this.listener.past("unknown");
    this.listener.candles();
    if (!this.#subscription) this.#subscribe();
  }

  #take({ seq, epoch, past }: History, range: Range): void {
    const isOtherOrder = this.#subscription !== undefined && epoch !== this.#epoch;
    if (!isOtherOrder && seq < this.#lost) {
      this.#fail();
      return;
    }
    this.#failures = 0;
    this.#candles = new Candles(RANGES[range].seconds, past);
    this.#counted = seq;
    this.listener.past("known");
    if (isOtherOrder) this.listener.restart();
    if (isOtherOrder || !this.#subscription) this.#subscribe({ seq: Math.max(0, seq - REPLAYED), epoch });
    for (const told of this.#ticks) this.#count(told);
    this.listener.candles();
  }

  #subscribe(place?: Place): void {
    this.#subscription?.end();
    this.#isPlaced = place !== undefined;
    this.#ticks = [];
    this.#lost = place?.seq ?? 0;
    const url = `${location.origin.replace(/^http/, "ws")}/ws/${encodeURIComponent(this.token)}`;
    const listener = {
      state: (state: State) => this.listener.state(state),
      frame: (text: string, frame: ServerFrame) => this.#hear(text, frame),
    };
    this.#subscription = new Subscription(url, listener, place);
  }

  #hear(text: string, told: ServerFrame): void {
    switch (told.kind) {
      case "other":
        break;
      case "greeting":
        this.#greet(told.seq, told.epoch, told.frame);
        break;
      case "gap":
        // Of another order, no place compares with those of before.
        if (told.isOtherOrder) this.#counted = -1;
        this.#lose(told.seq);
        break;
      case "publication":
        this.#listen(told.seq, told.frame);
        this.listener.frame(text, told.frame, told.seq > this.#greeted);
    }
  }

  #greet(seq: number, epoch: string, greeting: Frame): void {
    this.#epoch = epoch;
    this.#greeted = seq;
    this.#clockError = (timestampOf(greeting) ?? 0) - Math.floor(Date.now() / 1000);
    if (!this.#isPlaced) this.#lose(this.#greeted);
    this.#isPlaced = true;
  }

  /** What was told up to this place may never have come here. */
  #lose(seq: number): void {
    this.#lost = seq;
    this.#ticks = [];
    if (seq > this.#counted) this.#readSoon();
  }

  #listen(seq: number, frame: Frame): void {
    // On a feed, everything is some token's.
    if (frame.token !== this.token) return;
    // Nobody but the service knows when it was told what says no time and has happened before.
    if (seq <= this.#greeted && seq > this.#counted && timestampOf(frame) === undefined) this.#lose(seq);
    const tick = tickOf(frame, Math.floor(Date.now() / 1000) + this.#clockError);
    if (!tick) return;
    this.#ticks.push({ seq, tick });
    if (this.#ticks.length > KEPT_TICKS) this.#lost = this.#ticks.shift()?.seq ?? this.#lost;
    if (this.#count({ seq, tick })) this.listener.candles();
  }

  /** Counts a tick in, unless it is; whether it was. */
  #count({ seq, tick }: { seq: number; tick: Tick }): boolean {
    if (seq <= this.#counted) return false;
    if (this.#candles.add(tick)) return true;
    this.#readSoon();
    return false;
  }

  #readSoon(): void {
    if (this.#reading) return;
    const due = this.#readAt + READ_EVERY - performance.now();
    this.#readIn(Math.max(0, due) + Math.random() * READ_WITHIN);
  }

  #readIn(milliseconds: number): void {
    if (this.#ended) return;
    this.#timer ??= setTimeout(() => this.#read(), milliseconds);
  }
}
