// The market of `npm run demo`: the same from the same seed, and one that the service takes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedMarket, STEP } from "../../scripts/simulated-market.mjs";

const START = 1_800_000_000;

/** A market's past and its first so many seconds. */
function play({ seed = 7, start = START, rate = 6, known, seconds = 60 } = {}) {
  const market = new SimulatedMarket({ seed, start, rate });
  const past = market.past(known);
  const steps = Array.from({ length: (seconds * 1000) / STEP }, (_, index) =>
    market.next(start + Math.floor((index * STEP) / 1000)),
  );
  return { past, steps, messages: steps.flatMap(({ messages }) => messages) };
}

const of = (messages, type) => messages.filter(({ payload }) => payload.type === type);

test("the same seed gives the same market, and another one another", () => {
  assert.deepEqual(play(), play());
  assert.notDeepEqual(play().messages, play({ seed: 8 }).messages);
});

test("within a second there are a price, a trade and an alert of the page's own token", () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const { messages } = play({ seed, seconds: 1 });
    const types = new Set(messages.filter(({ token }) => token === "SOL").map(({ payload }) => payload.type));
    for (const type of ["PRICE_UPDATE", "TRADE", "ALERT"]) assert.ok(types.has(type), `${seed}: ${type}`);
  }
});

test("an hour has both sides, bursts, whales, new tokens, rugs and pools, and no price runs away", () => {
  for (const seed of [0, 7, 2 ** 32 - 1]) {
    const { past, steps, messages } = play({ seed, seconds: 3_600 });
    const alerts = new Set(of(messages, "ALERT").map(({ payload }) => payload.alertType));
    assert.deepEqual([...alerts].sort(), ["rug", "volume", "whale"]);
    assert.ok(steps.flatMap(({ tokens }) => tokens).length > 20);
    assert.ok(of(messages, "PHASE").length > 5 && of(messages, "LIQUIDITY").length > 5);
    const sol = of([...past, ...messages], "TRADE").filter(({ token }) => token === "SOL");
    const buys = sol.filter(({ payload }) => payload.side === "buy").length;
    assert.ok(buys > sol.length / 3 && buys < (2 * sol.length) / 3, `${buys} of ${sol.length}`);
    const prices = sol.map(({ payload }) => payload.price);
    assert.ok(Math.min(...prices) > 40 && Math.max(...prices) < 400, `seed ${seed}`);
  }
});

test("as many trades come as are asked for", () => {
  for (const rate of [1, 20]) {
    const trades = of(play({ rate, seconds: 600 }).messages, "TRADE").length / 600;
    assert.ok(trades > rate * 0.7 && trades < rate * 2, `${trades} a second, asked for ${rate}`);
  }
});

test("all of it is marked as simulated, and is what the service takes", () => {
  const { past, steps, messages } = play({ seconds: 600 });
  const keys = new Set();
  for (const { token, payload } of [...past, ...messages]) {
    assert.equal(payload.simulated, true);
    assert.match(token, /^[A-Za-z0-9._-]{1,128}$/);
    assert.ok(["seq", "epoch", "snapshot"].every((field) => !(field in payload)));
    if (payload.type === "TRADE") {
      assert.ok(payload.price > 0 && Number(payload.amount) > 0, JSON.stringify(payload));
      assert.match(payload.amount, /^\d+(\.\d+)?$/);
      assert.ok(!keys.has(payload.signature), "a repeat would not be published");
      keys.add(payload.signature);
    }
  }
  for (const { description } of steps.flatMap(({ tokens }) => tokens))
    assert.match(description.name, /\(simulated\)$/);
  const other = play({ start: START + 1 }).past;
  assert.ok(
    !other.some(({ payload }) => keys.has(payload.signature)),
    "nor is a second market a repeat of the first",
  );
});

test("the past is an hour of trades in order, up to the start", () => {
  const sol = play().past.filter(({ token }) => token === "SOL");
  const times = sol.map(({ payload }) => payload.timestamp);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok(times[0] >= START - 3_600 && times.at(-1) < START);
  assert.equal(new Set(times.map((time) => Math.floor((time - START) / 60))).size, 60);
});

test("a token that has candles keeps them, and its price goes through the last one", () => {
  const last = { timestamp: START - 600, close: 99 };
  const known = new Map([["SOL", [{ timestamp: START - 660, close: 98 }, last]]]);
  const { past, messages } = play({ known });
  const sol = past.filter(({ token }) => token === "SOL").map(({ payload }) => payload);
  const minutes = new Set(sol.map(({ timestamp }) => timestamp - (timestamp % 60)));
  assert.ok(!minutes.has(START - 600) && !minutes.has(START - 660));
  const before = sol.findLast(({ timestamp }) => timestamp < START - 660);
  const after = sol.find(({ timestamp }) => timestamp >= START - 540);
  for (const { price } of [before, after]) assert.ok(Math.abs(price / 99 - 1) < 0.05, String(price));
  const first = of(messages, "TRADE").find(({ token }) => token === "SOL").payload;
  assert.ok(Math.abs(first.price / sol.at(-1).price - 1) < 0.02);
});
