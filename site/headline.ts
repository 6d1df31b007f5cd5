// What a token costs, in large, and how that has changed. It knows no chart.

import { textElement } from "./element.ts";
import { compactPrice, formatChange, formatPrice } from "./price.ts";

/** A price of more characters than this is shown a little smaller, to stay on one line of a phone. */
const LONG_PRICE = 10;

export interface Quotation {
  price: number;
  /** What it was before. */
  first: number;
  /** What it is in; nothing where nobody says. */
  quote: string;
  /** How long ago that was, such as `hour`. */
  period: string;
}

export class Headline {
  readonly #price: HTMLElement;
  readonly #change: HTMLElement;

  constructor(price: HTMLElement, change: HTMLElement) {
    this.#price = price;
    this.#change = change;
  }

  show(quotation: Quotation | undefined): void {
    if (!quotation) {
      this.#price.textContent = "–";
      this.#change.textContent = "No price yet";
      this.#change.dataset.direction = "none";
      return;
    }
    const { price, first, quote, period } = quotation;
    this.#write(formatPrice(price), compactPrice(price));
    const [arrow, direction] = price > first ? ["▲ ", "up"] : price < first ? ["▼ ", "down"] : ["", "none"];
    const unit = quote ? `in ${quote}, ` : "";
    this.#change.dataset.direction = direction;
    this.#change.textContent = `${unit}${arrow}${formatChange(first, price)} in the last ${period}`;
  }

  /** What is easy on the eye is not always what can be read out. */
  #write(exact: string, compact: string): void {
    this.#price.classList.toggle("long", compact.length > LONG_PRICE);
    if (exact === compact) {
      this.#price.textContent = exact;
      return;
    }
    const seen = textElement("span", compact);
    seen.ariaHidden = "true";
    this.#price.replaceChildren(seen, textElement("span", exact, "visually-hidden"));
  }
}
