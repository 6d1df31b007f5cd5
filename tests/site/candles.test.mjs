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

test("a trade of next to no worth has its volume at the price that stands", () => {
  const dust = (seconds, price) => ({ ...tick(seconds, price), valueUsd: 0.5 });
  const candles = chart(dust(0, 7), tick(5, 3), dust(6, 2.9), dust(4, 9), tick(7, 4), dust(70, 1));
  assert.deepEqual(numbers(candles.steps(MINUTE)), [
    [3, 4, 3, 4, 3, 3],
    [4, 4, 4, 4, 1, 1],
  ]);
});

test("whether somebody else has paid a price that is far from the others, only the service knows", () => {
  const candles = chart(tick(5, 3));
  assert.equal(candles.add(tick(6, 15.1)), false);
  assert.equal(candles.add(tick(6, 0.5)), false);
  assert.equal(candles.add(tick(6, 15)), true);
  assert.equal(candles.add(tick(4, 90)), true, "of a trade that is told late, nobody asks");
  assert.equal(candles.add(tick(6, 3)), true, "and it is not the price");
  assert.equal(candles.add(tick(7, 99, { amount: null })), true, "a publisher's word for a price is enough");
});

test("what the service alone can tell is asked for", () => {
  const [stored] = computed([tick(60, 3)], MINUTE);
  const { first, last, ...minute } = stored;
  const past = { quote: "SOL", minutes: [minute], since: NOON + 60, older: [] };
  const candles = new Candles(HOUR, past);
  assert.equal(candles.add(tick(70, 4)), false, "it may close its minute, or not");
  assert.equal(candles.add(tick(50, 4)), false, "before the chart begins");
  assert.equal(candles.add(tick(120, 4)), true, "nothing was told of this minute before");
  const quiet = new Candles(HOUR, { quote: "SOL", minutes: [], since: NOON, older: [] });
  assert.equal(quiet.add(tick(60, 4)), false, "it may be far from a price before the chart begins");
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
      return tick(seconds, 3 + upTo(8), { amount, slot: upTo(2) });
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

test("also where the service does not take every trade for a price", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = generator(seed);
    const upTo = (most) => Math.floor(random() * (most + 1));
    const ticks = Array.from({ length: 1 + upTo(60) }, (_, n) => ({
      ...tick(n * 20, 10 ** upTo(2), { amount: random() < 0.1 ? null : upTo(9), slot: n + 1 }),
      trader: upTo(2),
      ...(random() < 0.3 && { valueUsd: upTo(2) }),
    }));
    const past = (told) => {
      const minutes = computed(charted(ticks.slice(0, told)), MINUTE);
      return { quote: "SOL", minutes, since: minutes[0]?.timestamp ?? Number.NEGATIVE_INFINITY, older: [] };
    };
    let candles = new Candles(HOUR);
    for (let told = 0; told < ticks.length; told += 1) {
      const isRead = !candles.add(ticks[told]) || random() < 0.05;
      if (isRead && past(told + 1).minutes.length > 0) candles = new Candles(HOUR, past(told + 1));
    }
    const expected = computed(charted(ticks), MINUTE);
    assert.deepEqual(numbers(candles.steps(MINUTE)), numbers(expected), `seed ${seed}`);
  }
});

/** Ticks in the order of the chain, at the prices at which the service has them on the chart. */
function charted(ticks) {
  let standing;
  let pending;
  const isNear = (one, other) => one <= 5 * other && other <= 5 * one;
  return ticks.flatMap((told) => {
    const atStanding = standing === undefined ? [] : [{ ...told, price: standing }];
    if (told.valueUsd < 1 && told.amount !== undefined) return atStanding;
    const isJump = told.amount !== undefined && standing !== undefined && !isNear(told.price, standing);
    const isSeconded = pending && isNear(pending.price, told.price) && pending.trader !== told.trader;
    if (isJump && !isSeconded) {
      if (!pending || !isNear(pending.price, told.price)) pending = told;
      return atStanding;
    }
    standing = told.price;
    pending = undefined;
    return [told];
  });
}

/** Random numbers from 0 to below 1, the same for the same seed. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
