// What the page makes of what publishers posted, and how it writes numbers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compactPrice, formatAmount, formatChange, formatDollars, formatPrice } from "../../site/price.ts";
import { alertOf, candleOf, phaseOf, tickOf, tradeOf } from "../../site/told.ts";

const NOW = 1_724_155_230;

test("a trade counts with its amount, and a price without", () => {
  const told = { price: 5.5e-8, quote: "SOL", timestamp: NOW, slot: 9 };
  const price = { at: [NOW, 9], price: 5.5e-8, quote: "SOL" };
  assert.deepEqual(tickOf({ ...told, type: "PRICE_UPDATE" }, NOW), price);
  assert.deepEqual(tickOf({ ...told, type: "TRADE", amount: "1250.5" }, NOW), { ...price, amount: 1250.5 });
});

test("what a trade leaves out is nothing", () => {
  for (const amount of [undefined, "x", -1]) {
    const { quote, ...trade } = tickOf({ type: "TRADE", price: 2, amount, quote: "SOL/USD" }, NOW);
    assert.deepEqual([quote, trade.amount], ["", 0]);
  }
});

test("a time is in seconds, whether it was posted so or not, and nothing has happened in the future", () => {
  const at = (timestamp) => tickOf({ type: "PRICE_UPDATE", price: 1, timestamp }, NOW).at[0];
  assert.equal(at(NOW - 5), NOW - 5);
  assert.equal(at((NOW - 5) * 1000 + 999), NOW - 5);
  assert.equal(at(`${NOW - 5}.4`), NOW - 5);
  for (const none of [undefined, -1, "x", 1e300]) assert.equal(at(none), NOW, String(none));
  assert.equal(at(NOW + 20), NOW + 20, "within the minute clocks may differ");
  assert.equal(at(NOW + 60), NOW);
});

test("what can't be a price or a trade is none", () => {
  for (const price of [undefined, null, "", "x", "NaN", 0, -1, 1e31, [], {}, true])
    assert.equal(tickOf({ type: "PRICE_UPDATE", price, timestamp: NOW }, NOW), undefined, String(price));
  assert.equal(tickOf({ type: "TRADE", price: 1, amount: 1e31 }, NOW), undefined);
  assert.equal(tickOf({ type: "LIQUIDITY", price: 1 }, NOW), undefined);
});

test("a frame of anything at all is listed without a fault", () => {
  for (const value of [undefined, null, 5, "", "x".repeat(10_000), [], { toString: 1 }]) {
    const names = ["side", "trader", "dex", "quote", "valueUsd", "severity", "title", "message", "timestamp"];
    const frame = Object.fromEntries(names.map((name) => [name, value]));
    const trade = tradeOf({ ...frame, type: "TRADE" });
    const alert = alertOf({ ...frame, type: "ALERT" });
    assert.ok([trade.trader, trade.dex, alert.title, alert.message].every((text) => text.length <= 300));
    assert.deepEqual([trade.side, alert.severity], [undefined, "info"]);
    assert.equal(phaseOf({ phase: value, source: value }), undefined);
  }
  assert.equal(phaseOf({ source: "amm" }), "amm");
});

test("a candle of REST may be numbers or their digits, and says when it opened and closed or not", () => {
  const candle = { timestamp: 60, open: 1, high: 3, low: 0.5, close: 2, volume: "12.5", trades: 4 };
  assert.deepEqual(candleOf(candle), { ...candle, volume: 12.5 });
  const timed = { first: [61, 7], last: [119, 8] };
  assert.deepEqual(candleOf({ ...candle, ...timed }), { ...candle, ...timed, volume: 12.5 });
  assert.equal(candleOf({ ...candle, low: null }), undefined);
});

test("a price of many zeros says how many", () => {
  assert.equal(formatPrice(5.5e-8), "0.000000055");
  assert.equal(compactPrice(5.5e-8), "0.0₇55");
  assert.equal(compactPrice(1.23456789e-13, 6), "0.0₁₂123457");
  assert.equal(compactPrice(0.00001), "0.00001");
  assert.equal(compactPrice(0.0000999999999, 4), "0.0001");
  assert.equal(compactPrice(123.456, 4), "123.5");
  assert.equal(compactPrice(0), "0");
});

test("amounts, worths and changes are short", () => {
  assert.deepEqual([1_250_000, 0.5, 1e-9].map(formatAmount), ["1.25M", "0.5", "1.00e-9"]);
  assert.deepEqual([2500, 0.004].map(formatDollars), ["$2,500.00", "$0.00"]);
  assert.deepEqual(
    [formatChange(4, 5), formatChange(5, 4), formatChange(0, 4)],
    ["+25.00 %", "−20.00 %", ""],
  );
});
