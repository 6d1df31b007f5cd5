// What is read out to those who don't see the page: the newest, and no more often than one can listen to.

export class Announcer {
  readonly #region: HTMLElement;
  readonly #every: number;
  #last = Number.NEGATIVE_INFINITY;

  /** Something is read out every so many milliseconds at the most. */
  constructor(region: HTMLElement, every: number) {
    this.#region = region;
    this.#every = every;
  }

  say(text: string): void {
    const now = performance.now();
    if (now - this.#last < this.#every) return;
    this.#last = now;
    this.#region.textContent = text;
  }
}
