// A socket to one topic that comes back where it left off: full-jitter backoff, pings, and close codes that say not to.
// It owns no part of the page.

/** The first and the longest upper bound of a wait, in milliseconds. */
const SHORTEST_BACKOFF = 500;
const LONGEST_BACKOFF = 20_000;

/** How often a ping is sent, and how long its answer may take, in milliseconds. */
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;

/** How a subscription is. */
export type State =
  | { name: "connecting" }
  | { name: "live" }
  | { name: "waiting"; seconds: number }
  | { name: "refused"; reason: string };

/** A frame: a publication, or the service's own word. */
export interface Frame {
  type?: unknown;
  seq?: number;
  [field: string]: unknown;
}

export interface Listener {
  state(state: State): void;
  /** A frame's text, and what it says. */
  frame(text: string, frame: Frame): void;
}

/** A place in the order of a topic's publications, which means something within its epoch. */
export interface Place {
  seq: number;
  epoch: string;
}

/** What the close codes that say "don't come back" mean. */
const REFUSALS: Record<number, string> = {
  4501: "this topic is private",
  4504: "this is not a topic",
  4505: "the service does not know where this page left off",
};

/** A wait before attempt `attempt` (0 for the first): anything from nothing to a bound that doubles each time. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_BACKOFF, SHORTEST_BACKOFF * 2 ** Math.min(attempt, 16));
}

export class Subscription {
  #socket: WebSocket | undefined;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pinging: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  /** The last message that arrived. */
  #place: Place | undefined;
  /** The epoch of the greeting. A place is of it once something has come after the greeting. */
  #greeted = "";

  /** Subscribes to what came after `place`, and without one to what comes from now on. */
  constructor(
    readonly url: string,
    readonly listener: Listener,
    place?: Place,
  ) {
    this.#place = place;
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  end(): void {
    this.#ended = true;
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    clearTimeout(this.#timer);
    clearTimeout(this.#pinging);
    this.#socket?.close(1000);
  }

  #connect(): void {
    this.#timer = undefined;
    this.listener.state({ name: "connecting" });
    const { seq, epoch } = this.#place ?? {};
    const query = seq === undefined ? "" : `?since=${seq}&epoch=${epoch}`;
    const socket = new WebSocket(this.url + query);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket || this.#ended) return;
      this.#expectSilence();
      this.#attempt = 0;
      this.listener.state({ name: "live" });
      const frame: Frame = JSON.parse(String(data));
      this.#keepPlace(frame);
      this.listener.frame(String(data), frame);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket && !this.#ended) this.#comeBack(code, reason);
    };
  }

  #keepPlace(frame: Frame): void {
    if (frame.type === "connected") {
      this.#greeted = String(frame.epoch);
      // What was missed comes after the greeting: only a newcomer is where the greeting says.
      if (!this.#place) this.#be(frame.seq);
    } else {
      this.#be(frame.type === "gap" ? Number(frame.to) : frame.seq);
    }
  }

  #be(seq: number | undefined): void {
    if (seq === undefined) return;
    this.#place = { seq, epoch: this.#greeted };
  }

  #comeBack(code: number, reason: string): void {
    clearTimeout(this.#pinging);
    this.#socket = undefined;
    if (code >= 4500 && code < 5000) {
      this.listener.state({ name: "refused", reason: REFUSALS[code] ?? (reason || `code ${code}`) });
      return;
    }
    const told = code === 4029 ? Number(reason) * 1000 || 0 : 0;
    const wait = told + backoff(this.#attempt++);
    this.listener.state({ name: "waiting", seconds: Math.ceil(wait / 1000) });
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  /** Comes back at once when the network or the reader does. */
  #hurry = (): void => {
    if (document.visibilityState === "hidden" || this.#socket || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#connect();
  };

  /** After a while without frames a ping is sent; when nothing answers it, the connection is dead. */
  #expectSilence(): void {
    clearTimeout(this.#pinging);
    this.#pinging = setTimeout(() => {
      this.#socket?.send('{"type":"ping"}');
      this.#pinging = setTimeout(() => this.#abandon(), PONG_WITHIN);
    }, PING_EVERY);
  }

  /** Gives up a connection without waiting for a close that may never come. */
  #abandon(): void {
    const dead = this.#socket;
    this.#comeBack(1006, "");
    dead?.close();
  }
}
