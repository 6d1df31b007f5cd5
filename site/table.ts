// The candles as a table, for those who don't see the chart or want the numbers. It is only kept up while it is open.

import type { Candle } from "./candles.ts";
import { dateOf, textElement } from "./element.ts";
import { compactPrice, formatAmount } from "./price.ts";

/** Significant digits of a price; the number itself has them all. */
const DIGITS = 6;

export class CandleTable {
  readonly #details: HTMLDetailsElement;
  readonly #body: HTMLElement;
  #candles: Candle[] = [];

  /** `body` is the table's, somewhere within `details`. */
  constructor(details: HTMLDetailsElement, body: HTMLElement) {
    this.#details = details;
    this.#body = body;
    details.addEventListener("toggle", () => this.draw(this.#candles));
  }

  draw(candles: Candle[]): void {
    this.#candles = candles;
    if (this.#details.open) this.#body.replaceChildren(...candles.map(row).reverse());
  }
}

function row({ timestamp, open, high, low, close, volume, trades }: Candle): HTMLElement {
  const made = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  const date = dateOf(timestamp);
  const time = textElement("time", date.toLocaleString([], { dateStyle: "short", timeStyle: "short" }));
  time.dateTime = date.toISOString();
  head.append(time);
  made.append(
    head,
    ...[open, high, low, close].map((price) => cell(price, compactPrice(price, DIGITS))),
    cell(volume, formatAmount(volume)),
    cell(trades, String(trades)),
  );
  return made;
}

/** A number as people read it, with the number itself. */
function cell(value: number, text: string): HTMLElement {
  const made = document.createElement("td");
  const data = textElement("data", text);
  data.value = String(value);
  made.append(data);
  return made;
}
