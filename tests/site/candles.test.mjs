// The page's candles come to the same as the service's, wherever the past ends and the socket begins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Candles, MINUTE } from "../../site/candles.ts";

const HOUR = 3_600;
const NOON = 1_724_155_200;

/** A trade so many seconds after noon, or with an `amount` of none a price. */
function tick(seconds, price, { amount = 1, slot = 0, quote = "SOL" } = {}) {
  const told = { at: [NOON + seconds, slot], price, quote };
  return amount === null ? told : { ...told, amount };
}

function chart(...ticks) {
  const candles = new Candles(HOUR);
  for (const told of ticks) assert.ok(candles.add(told));
  return candles;
}

/** Open, high, low, close, volume and trades of each candle. */
function numbers(candles) {
  return candles.map(({ open, high, low, close, volume, trades }) => [
    open,
    high,
    low,
    close,
    volume,
    trades,
  ]);
}

/** By the rule's words: every candle of all ticks, in steps of so many seconds. */
function computed(ticks, step) {
  const told = ticks.map((one, order) => ({ ...one, order }));
  const starts = [...new Set(told.map(({ at }) => at[0] - (at[0] % step)))].sort((a, b) => a - b);
  return starts.map((timestamp) => {
    const within = told.filter(({ at }) => at[0] >= timestamp && at[0] < timestamp + step);
    const inOrder = within.toSorted((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1] || a.order - b.order);
    const prices = within.map(({ price }) => price);
    const traded = within.filter(({ amount }) => amount !== undefined);
    return {
      timestamp,
      open: inOrder[0].price,
      high: Math.max(...prices),
      low: Math.min(...prices),
      close: inOrder.at(-1).price,
      volume: traded.reduce((sum, { amount }) => sum + amount, 0),
      trades: traded.length,
      first: inOrder[0].at,
      last: inOrder.at(-1).at,
    };
  });
}

test("a trade is told in the candle of its own minute, however late it comes", () => {
  const candles = chart(tick(5, 3), tick(70, 9), tick(30, 1));
  assert.deepEqual(numbers(candles.steps(MINUTE)), [
    [3, 3, 1, 1, 2, 2],
    [9, 9, 9, 9, 1, 1],
  ]);
});

test("of what happened at once, the first told opens and the last told closes", () => {
  const candles = chart(tick(5, 3, { slot: 7 }), tick(5, 9, { slot: 7 }), tick(5, 1, { slot: 6 }));
  assert.deepEqual(numbers(candles.steps(MINUTE)), [[1, 9, 1, 9, 3, 3]]);
  const atOnce = chart(tick(5, 3), tick(5, 9), tick(5, 4));
  assert.deepEqual(numbers(atOnce.steps(MINUTE)), [[3, 9, 3, 4, 3, 3]]);
});

test("a price without a trade is no volume", () => {
  const candles = chart(tick(5, 3, { amount: 10 }), tick(6, 4, { amount: null }));
  assert.deepEqual(numbers(candles.steps(MINUTE)), [[3, 4, 3, 4, 10, 1]]);
});

test("what is priced in something else is not on the chart", () => {
  const candles = chart(tick(5, 3), tick(6, 400, { quote: "USDC" }), tick(7, 500, { quote: "" }));
  assert.equal(candles.quote, "SOL");
  assert.deepEqual(numbers(candles.steps(MINUTE)), [[3, 3, 3, 3, 1, 1]]);
  assert.deepEqual(numbers(chart(tick(5, 3, { quote: "" }), tick(6, 4)).steps(MINUTE)), [[3, 3, 3, 3, 1, 1]]);
});

test("a chart shows as much of the past as its range, and minutes in larger steps", () => {
  const candles = chart(tick(0, 1), tick(60, 2), tick(3_599, 5), tick(3_600, 4));
  assert.deepEqual(
    candles.steps(MINUTE).map(({ timestamp }) => timestamp - NOON),
    [60, 3_540, 3_600],
  );
  assert.equal(candles.add(tick(0, 9)), true, "it is not on the chart, so nobody has to be asked");
  const day = candles.over(24 * HOUR);
  assert.deepEqual(numbers(day.steps(HOUR)), [
    [1, 5, 1, 5, 3, 3],
    [4, 4, 4, 4, 1, 1],
  ]);
});

test("what the service alone can tell is asked for", () => {
  const [stored] = computed([tick(60, 3)], MINUTE);
  const { first, last, ...minute } = stored;
  const past = { quote: "SOL", minutes: [minute], since: NOON + 60, older: [] };
  const candles = new Candles(HOUR, past);
  assert.equal(candles.add(tick(70, 4)), false, "it may close its minute, or not");
  assert.equal(candles.add(tick(50, 4)), false, "before the chart begins");
  assert.equal(candles.add(tick(120, 4)), true, "nothing was told of this minute before");
  assert.deepEqual(numbers(candles.steps(MINUTE)), [
    [3, 3, 3, 3, 1, 1],
    [4, 4, 4, 4, 1, 1],
  ]);
});

test("the past at any place, continued by what is told after it, is the chart of everything", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = generator(seed);
    const upTo = (most) => Math.floor(random() * (most + 1));
    const ticks = Array.from({ length: 1 + upTo(60) }, (_, n) => {
      const seconds = Math.max(0, 4 * HOUR + n * 20 - (random() < 0.3 ? 20 * upTo(500) : 0));
      const amount = random() < 0.3 ? null : upTo(9);
      return tick(seconds, 1 + upTo(8), { amount, slot: upTo(2) });
    });
    // The first tick is the earliest, so that every range reaches back to it.
    ticks.unshift(tick(0, 5));
    const isLong = random() < 0.5;
    /** What REST says once so many ticks were told, some minutes of which are in the table already. */
    const past = (told) => {
      const minutes = computed(ticks.slice(0, told), MINUTE).map(({ first, last, ...minute }) =>
        random() < 0.2 ? minute : { ...minute, first, last },
      );
      const hours = computed(ticks.slice(0, told), HOUR).map(({ first, last, ...hour }) => hour);
      const since = isLong ? NOON + 2 * HOUR : (minutes[0]?.timestamp ?? Number.NEGATIVE_INFINITY);
      return {
        quote: "SOL",
        minutes: minutes.filter(({ timestamp }) => timestamp >= since),
        since,
        older: isLong ? hours.filter(({ timestamp }) => timestamp < since) : [],
      };
    };
    const start = upTo(ticks.length);
    let candles = new Candles(24 * HOUR, start > 0 ? past(start) : undefined);
    let asked = 0;
    for (let told = start; told < ticks.length; told += 1) {
      if (candles.add(ticks[told])) continue;
      asked += 1;
      candles = new Candles(24 * HOUR, past(told + 1));
    }
    const step = isLong ? HOUR : MINUTE;
    const expected = computed(ticks, step);
    assert.deepEqual(numbers(candles.steps(step)), numbers(expected), `seed ${seed}, asked ${asked} times`);
    assert.deepEqual(
      candles.steps(step).map(({ timestamp }) => timestamp),
      expected.map(({ timestamp }) => timestamp),
    );
  }
});

/** Random numbers from 0 to below 1, the same for the same seed. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
