// Says what is being built or fetched, what remains, and for how long already: a first build takes minutes.

import { say } from "./shell.mjs";

const SECONDS_BETWEEN_LINES = 15;

export class Progress {
  #started = performance.now();
  #remaining = new Set();
  #timer = setInterval(() => this.#report(), SECONDS_BETWEEN_LINES * 1000).unref();

  /** Counts what `promise` does as remaining until it has done it. */
  async of(name, promise) {
    this.#remaining.add(name);
    const result = await promise;
    this.#remaining.delete(name);
    return result;
  }

  end() {
    clearInterval(this.#timer);
  }

  /** Such as `after 30 s: still at packages, the Worker (release)`. What is done within seconds is not worth a line. */
  #report() {
    const seconds = Math.round((performance.now() - this.#started) / 1000);
    if (this.#remaining.size > 0) say(`after ${seconds} s: still at ${[...this.#remaining].join(", ")}`);
  }
}
