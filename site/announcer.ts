// What is read out to those who don't see the page: the newest, and no more often than one can listen to.

/** How often something is read out at the most, in milliseconds. */
const EVERY = 10_000;

export class Announcer {
  readonly #region: HTMLElement;
  #last = Number.NEGATIVE_INFINITY;

  constructor(region: HTMLElement) {
    this.#region = region;
  }

  say(text: string): void {
    const now = performance.now();
    if (now - this.#last < EVERY) return;
    this.#last = now;
    this.#region.textContent = text;
  }
}
