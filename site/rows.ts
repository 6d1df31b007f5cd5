// How a trade, an alert and a message are shown in their lists.

import { dateOf, textElement, timeElement } from "./element.ts";
import { formatAmount, formatDollars } from "./price.ts";
import type { Alert, Trade } from "./told.ts";

const SIDES = { buy: "▲ Buy", sell: "▼ Sell" } as const;

/** A name longer than this is shortened in the middle. */
const LONG_NAME = 12;

export function tradeRow(trade: Trade): HTMLElement[] {
  const side = textElement("span", trade.side ? SIDES[trade.side] : "Trade", "side");
  side.dataset.side = trade.side ?? "none";
  const amount = textElement("span", trade.amount === undefined ? "–" : formatAmount(trade.amount), "amount");
  const trader = textElement("span", shorten(trade.trader) || "unknown", "trader");
  trader.title = trade.trader;
  const dex = textElement("span", trade.dex, "dex");
  return [
    side,
    amount,
    textElement("span", worth(trade), "worth"),
    trader,
    dex,
    timeElement(dateOf(trade.timestamp)),
  ];
}

/** What a trade was worth: in dollars where that is known, otherwise in what was paid. */
export function worth({ valueUsd, quoteAmount, quote }: Trade): string {
  if (valueUsd !== undefined) return formatDollars(valueUsd);
  if (quoteAmount === undefined) return "–";
  return `${formatAmount(quoteAmount)} ${shorten(quote)}`.trim();
}

export function alertRow(alert: Alert): HTMLElement[] {
  const severity = textElement("span", alert.severity, "severity");
  severity.dataset.severity = alert.severity;
  const title = textElement("strong", alert.title, "title");
  return [severity, title, timeElement(dateOf(alert.timestamp)), textElement("p", alert.message)];
}

export function messageRow(text: string, timestamp: number | undefined): HTMLElement[] {
  return [timeElement(dateOf(timestamp)), textElement("code", text)];
}

function shorten(name: string): string {
  const letters = [...name];
  if (letters.length <= LONG_NAME) return name;
  return `${letters.slice(0, 4).join("")}…${letters.slice(-4).join("")}`;
}
