// A socket to one topic that comes back where it left off: full-jitter backoff, pings, and close codes that say not to.
// It owns no part of the page.

import { readFrame, type ServerFrame } from "./frame.ts";

/** The first and the longest upper bound of a wait, in milliseconds. */
const SHORTEST_BACKOFF = 500;
const LONGEST_BACKOFF = 20_000;

/** How long the service may ask to wait, in milliseconds. */
const LONGEST_ASKED = 3_600_000;

/** How long a connection has to last after its greeting for the next wait to be a short one again, in milliseconds. */
const LASTING = 10_000;

/** How long a connection may take until its greeting, in milliseconds. */
const GREETING_WITHIN = 10_000;

/** After how long without frames a ping is sent, and how long its answer may take, in milliseconds. */
const PING_AFTER = 25_000;
const PONG_WITHIN = 5_000;

/** How a subscription is. */
export type State =
  | { name: "connecting" }
  | { name: "live" }
  | { name: "waiting"; seconds: number }
  | { name: "refused"; reason: string };

export interface Listener {
  state(state: State): void;
  /** A frame's text, and what it is. */
  frame(text: string, frame: ServerFrame): void;
}

/** A place in the order of a topic's publications, which means something within its epoch. */
export interface Place {
  seq: number;
  epoch: string;
}

/** How a subscription to what is no topic is. */
export const NO_TOPIC = { name: "refused", reason: "this is not a topic" } as const;

/** What the close codes that say "don't come back" mean. */
const REFUSALS: Record<number, string> = {
  4501: "this topic is private",
  4504: NO_TOPIC.reason,
  4505: "the service does not know where this page left off",
};

/** A wait before attempt `attempt` (0 for the first): anything from nothing to a bound that doubles each time. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * longestWait(attempt);
}

function longestWait(attempt: number): number {
  return Math.min(LONGEST_BACKOFF, SHORTEST_BACKOFF * 2 ** Math.min(attempt, 16));
}

/** Within how long the service asks to come back, in milliseconds; 0 where it does not. */
function askedWait(code: number, reason: string): number {
  if (code !== 4000 && code !== 4029) return 0;
  const milliseconds = 1000 * Number(reason);
  return milliseconds > 0 ? Math.min(LONGEST_ASKED, milliseconds) : 0;
}

export class Subscription {
  #socket: WebSocket | undefined;
  #attempt = 0;
  /** What happens next unless a frame comes, and what happens instead when the network or the reader comes back. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onWake: (() => void) | undefined;
  /** The last message that arrived. */
  #place: Place | undefined;
  /** The epoch of the greeting. A place is of it once something has come after the greeting. */
  #greeted = "";
  /** When the connection was greeted; none before that. */
  #greetedAt: number | undefined;

  /** Subscribes to what came after `place`, and without one to what comes from now on. */
  constructor(
    readonly url: string,
    readonly listener: Listener,
    place?: Place,
  ) {
    this.#place = place;
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.#connect();
  }

  end(): void {
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#drop();
  }

  #connect = (): void => {
    this.listener.state({ name: "connecting" });
    const { seq, epoch } = this.#place ?? {};
    const query = seq === undefined ? "" : `?since=${seq}&epoch=${epoch}`;
    this.#socket = new WebSocket(this.url + query);
    this.#socket.onmessage = ({ data }) => this.#hear(String(data));
    this.#socket.onclose = ({ code, reason }) => this.#comeBack(code, reason);
    this.#wait(GREETING_WITHIN, this.#abandon);
  };

  #hear(text: string): void {
    const frame = readFrame(text);
    if (frame.kind === "greeting") {
      this.#greetedAt = Date.now();
      this.listener.state({ name: "live" });
    }
    if (this.#greetedAt === undefined) return;
    this.#wait(PING_AFTER, this.#probe, this.#probe);
    this.#keepPlace(frame);
    this.listener.frame(text, frame);
  }

  #keepPlace(frame: ServerFrame): void {
    if (frame.kind === "other") return;
    if (frame.kind === "greeting") {
      this.#greeted = frame.epoch;
      // What was missed comes after the greeting: only a newcomer is where the greeting says.
      if (this.#place) return;
    }
    this.#place = { seq: frame.seq, epoch: this.#greeted };
  }

  #comeBack(code: number, reason: string): void {
    this.#drop();
    if (code >= 4500 && code < 5000) {
      this.listener.state({ name: "refused", reason: REFUSALS[code] ?? (reason || `code ${code}`) });
      return;
    }
    // A service that greets and drops at once is not to be asked the more often for it.
    if (this.#greetedAt !== undefined && Date.now() - this.#greetedAt >= LASTING) this.#attempt = 0;
    this.#greetedAt = undefined;
    const asked = askedWait(code, reason);
    const wait = Math.random() * Math.max(asked, longestWait(this.#attempt++));
    this.listener.state({ name: "waiting", seconds: Math.ceil(wait / 1000) });
    this.#wait(wait, this.#connect, asked ? undefined : this.#connect);
  }

  /** Asks whether the connection is alive: when nothing comes, it is not. */
  #probe = (): void => {
    this.#socket?.send('{"type":"ping"}');
    this.#wait(PONG_WITHIN, this.#abandon);
  };

  #abandon = (): void => this.#comeBack(1006, "");

  /** Leaves a connection without waiting for a close that may never come. */
  #drop(): void {
    clearTimeout(this.#timer);
    this.#onWake = undefined;
    if (!this.#socket) return;
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(1000);
    this.#socket = undefined;
  }

  #wait(milliseconds: number, then: () => void, onWake?: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, milliseconds);
    this.#onWake = onWake;
  }

  #wake = (): void => {
    if (document.visibilityState === "visible") this.#onWake?.();
  };
}
