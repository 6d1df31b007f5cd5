// A list of the last things that were told, the newest first. It knows nothing of what they are.

export class LatestList {
  readonly #list: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #longest: number;

  /** `empty` is what is shown instead while there is nothing to list. */
  constructor(list: HTMLElement, empty: HTMLElement, longest: number) {
    this.#list = list;
    this.#empty = empty;
    this.#longest = longest;
  }

  add(...content: HTMLElement[]): void {
    this.#empty.hidden = true;
    const item = document.createElement("li");
    item.append(...content);
    this.#list.prepend(item);
    while (this.#list.children.length > this.#longest) this.#list.lastElementChild?.remove();
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#empty.hidden = false;
  }
}
