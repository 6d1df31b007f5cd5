// What is written down of a token's prices, over REST: the latest, and charts of each range in each interval.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HOUR, hourRow, writeRows } from "./candle-rows.mjs";
import { range, startService, stopServices } from "./service.mjs";

const PAGE = "https://app.glow.trade";
const SECONDS = { "1m": 60, "5m": 300, "1h": HOUR, "1d": 86_400 };
const RANGES = { "1h": HOUR, "1d": 86_400, "7d": 7 * 86_400, "14d": 14 * 86_400 };
/** A chart has at most so many steps. */
const MOST_STEPS = 1_500;
const USUAL = { "1h": "1m", "1d": "5m", "7d": "1h", "14d": "1h" };

let service;
let database;
before(async () => {
  service = await startService();
  ({ DATABASE: database } = await service.harness.getWorker().getEnv());
});
after(stopServices);

const now = () => Math.floor(Date.now() / 1000);
const get = (path, headers = {}) => service.request(path, { headers });

async function chart(token, query = "") {
  const response = await get(`/tokens/${token}/prices?${query}`);
  assert.equal(response.status, 200, query);
  return response.json();
}

async function problem(response) {
  assert.match(response.headers.get("content-type"), /^application\/problem\+json/);
  const { code, detail } = await response.json();
  return [response.status, code, detail];
}

/** The candles of minutes `[start, prices]`, worked out here by themselves, from the first whole step of a range on. */
function expected(minutes, shown, interval, at) {
  const step = (seconds) => seconds - (seconds % SECONDS[interval]);
  const begins = step(at - RANGES[shown]);
  const steps = new Map();
  for (const [start, prices] of minutes) {
    steps.set(step(start), [...(steps.get(step(start)) ?? []), ...prices]);
  }
  const candles = [...steps].filter(([start]) => start >= begins).sort(([one], [other]) => one - other);
  return candles.map(([timestamp, prices]) => ({
    timestamp,
    open: prices[0],
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: prices.at(-1),
    volume: prices.length,
    trades: prices.length,
  }));
}

test("every range in every interval is what its minutes add up to", async () => {
  const thisHour = now() - (now() % HOUR);
  const minutes = [];
  const rows = [];
  // 15 days and an hour, some minutes of each; what lies before a range is not shown.
  for (const hour of range(0, 15 * 24).map((back) => thisHour - (15 * 24 - back) * HOUR)) {
    const of = [3, 4, 27, 59].filter((minute) => hour + minute * 60 <= now());
    if (of.length === 0) continue;
    const traded = of.map((minute) => ({
      minute,
      prices: [1, 2, 3].map((n) => ((hour / HOUR) * 7 + minute * n) % 101 || 1),
    }));
    rows.push(hourRow("EVERY", "SOL", hour, traded));
    minutes.push(...traded.map(({ minute, prices }) => [hour + minute * 60, prices]));
  }
  await writeRows(database, rows);
  for (const shown of Object.keys(RANGES)) {
    for (const interval of Object.keys(SECONDS)) {
      if (RANGES[shown] / SECONDS[interval] > MOST_STEPS) continue;
      // Where a minute begins between the two, the clock is looked at again.
      const at = now();
      const { points, candles, ...rest } = await chart("EVERY", `range=${shown}&interval=${interval}`);
      const either = [at, now()].map((time) => expected(minutes, shown, interval, time));
      assert.ok(
        either.some((candidates) => JSON.stringify(candidates) === JSON.stringify(candles)),
        `${shown} ${interval}: ${JSON.stringify(candles.slice(0, 3))}`,
      );
      assert.deepEqual(
        points,
        candles.map(({ timestamp, close }) => ({ timestamp, price: close })),
      );
      const { seq, epoch, ...said } = rest;
      assert.deepEqual(said, { token: "EVERY", quote: "SOL", range: shown, interval });
      assert.equal(seq, 0);
      assert.match(epoch, /^[0-9a-z]+$/);
    }
    assert.equal((await chart("EVERY", `range=${shown}`)).interval, USUAL[shown]);
  }
  const { range: shown, interval } = await chart("EVERY");
  assert.deepEqual([shown, interval], ["1d", "5m"]);
});

test("a chart of more steps than it may have is refused, and names the finest that there are", async () => {
  const tooFine = [];
  for (const [shown, seconds] of Object.entries(RANGES))
    for (const [interval, step] of Object.entries(SECONDS))
      if (seconds / step > MOST_STEPS) tooFine.push([shown, interval]);
  assert.deepEqual(tooFine.flat(), ["7d", "1m", "7d", "5m", "14d", "1m", "14d", "5m"]);
  for (const [shown, interval] of tooFine) {
    const [status, code, detail] = await problem(
      await get(`/tokens/EVERY/prices?range=${shown}&interval=${interval}`),
    );
    assert.deepEqual([status, code], [400, "invalid_query"]);
    assert.match(detail, /at most 1500 steps.*interval=1h/);
  }
});

test("a price has all its digits, however many those are", async () => {
  const hour = now() - (now() % HOUR) - HOUR;
  const [open, high, low, close] = [
    "0.000055398041599614002231",
    "123456789012345678901234567890.5",
    "0.00000000000000000000000000000001",
    "0.00007345",
  ];
  const minute = [0, hour / 60, open, high, low, close, "33970.733092", 3, hour, 1, hour, 1];
  const row = ["DIGITS", "SOL", hour, open, high, low, close, "33970.733092", 3, 1, JSON.stringify([minute])];
  await writeRows(database, [row]);
  for (const query of ["interval=1m", "interval=1h"]) {
    const text = await (await get(`/tokens/DIGITS/prices?${query}`)).text();
    const candle = `"open":${open},"high":${high},"low":${low},"close":${close},"volume":33970.733092,"trades":3`;
    assert.ok(text.includes(candle), text);
    assert.ok(text.includes(`"price":${close}`));
  }
  const text = await (await get("/tokens/DIGITS/price")).text();
  assert.ok(text.includes(`"price":${close},"quote":"SOL"`), text);
});

test("the latest price is told with the place after which it is true", async () => {
  const hour = now() - (now() % HOUR);
  await writeRows(database, [hourRow("LATEST", "SOL", hour, [{ minute: 0, prices: [5] }])]);
  await database.prepare("UPDATE tokens SET phase = 'amm' WHERE mint = 'LATEST'").run();
  const response = await get("/tokens/LATEST/price");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const { seq, epoch, ...price } = await response.json();
  assert.deepEqual(price, { token: "LATEST", price: 5, quote: "SOL", source: "amm", timestamp: hour });
  await service.publish("LATEST", { n: 1 });
  const next = await (await get("/tokens/LATEST/price")).json();
  assert.deepEqual([seq, next.seq], [0, 1]);
  const { epoch: told } = JSON.parse((await service.subscribe("LATEST")).greeting);
  assert.equal(next.epoch, told);
  assert.ok(epoch.startsWith("0"), "there was no publication yet");
  assert.equal((await chart("LATEST")).seq, 1);
});

test("prices in different things are different charts, and the first is what nobody has to name", async () => {
  const hour = now() - (now() % HOUR);
  const of = (quote, price) => hourRow("QUOTED", quote, hour, [{ minute: 0, prices: [price] }]);
  await writeRows(database, [of("USDC", 200), of("", 3), of("SOL", 1)]);
  const told = async (query) => {
    const { quote, points } = await chart("QUOTED", query);
    return [quote, ...points.map(({ price }) => price)];
  };
  assert.deepEqual(await told(""), ["SOL", 1]);
  assert.deepEqual(await told("quote=USDC"), ["USDC", 200]);
  assert.deepEqual(await told("quote="), [null, 3]);
  assert.deepEqual(await told("quote=USDT"), ["USDT"]);
});

test("a token that never had a price has none, whether it is known or not", async () => {
  await database.prepare("INSERT INTO tokens (mint, created_at, updated_at) VALUES ('BARE', 1, 1)").run();
  for (const token of ["NOBODY", "BARE"]) {
    for (const part of ["price", "prices", "prices?quote=SOL", "prices?range=14d"]) {
      const [status, code] = await problem(await get(`/tokens/${token}/${part}`));
      assert.deepEqual([status, code], [404, "not_found"], `${token} ${part}`);
    }
  }
});

test("what is not understood is refused, and the parameter named", async () => {
  for (const [query, name] of [
    ["range=30d", "range"],
    ["range=", "range"],
    ["range=1D", "range"],
    ["range=1d&range=1d", "range"],
    ["range=1h%20OR%201=1", "range"],
    ["interval=1s", "interval"],
    ["interval=", "interval"],
    ["interval=60", "interval"],
    ["interval=1m&interval=5m", "interval"],
    ["quote=SOL/USD", "quote"],
    ["quote=SOL%27%3B--", "quote"],
    [`quote=${"x".repeat(45)}`, "quote"],
    ["quote=SOL&quote=SOL", "quote"],
  ]) {
    const [status, code, detail] = await problem(await get(`/tokens/EVERY/prices?${query}`));
    assert.deepEqual([status, code], [400, "invalid_query"], query);
    assert.match(detail, new RegExp(name), query);
  }
  assert.equal((await get("/tokens/EVERY/prices?other=1")).status, 200, "others are none of its business");
  for (const token of ["a%20b", "wallet:x", "%00", "x".repeat(129)]) {
    for (const part of ["price", "prices"]) {
      const [status, code] = await problem(await get(`/tokens/${token}/${part}`));
      assert.deepEqual([status, code], [400, "invalid_topic"], token);
    }
  }
  const response = await service.request("/tokens/EVERY/price", { method: "POST" });
  assert.equal(response.headers.get("allow"), "GET, HEAD, OPTIONS");
  assert.deepEqual((await problem(response)).slice(0, 2), [405, "method_not_allowed"]);
});

test("a client that has a chart already is told that it is still so, until something is published", async () => {
  const first = await get("/tokens/DIGITS/prices?range=14d");
  const tag = first.headers.get("etag");
  assert.equal(first.headers.get("cache-control"), "public, max-age=0");
  // The epoch of a topic without a publication is the time at which somebody asks.
  await service.publish("DIGITS", {});
  const told = (await get("/tokens/DIGITS/prices?range=14d")).headers.get("etag");
  assert.notEqual(told, tag);
  const again = await get("/tokens/DIGITS/prices?range=14d", { "if-none-match": told });
  assert.deepEqual([again.status, await again.text()], [304, ""]);
  await service.publish("DIGITS", {});
  assert.equal((await get("/tokens/DIGITS/prices?range=14d", { "if-none-match": told })).status, 200);
});

test("HEAD is GET without the body, and pages of the operator's list may read both", async () => {
  for (const path of ["/tokens/EVERY/price", "/tokens/EVERY/prices"]) {
    for (const method of ["HEAD", "GET"]) {
      const response = await service.request(path, { method, headers: { origin: PAGE } });
      assert.equal(response.status, 200);
      assert.equal((await response.text()) === "", method === "HEAD");
      assert.equal(response.headers.get("access-control-allow-origin"), PAGE);
    }
    const other = await get(path, { origin: "https://elsewhere.example" });
    assert.equal(other.headers.get("access-control-allow-origin"), null);
  }
});

test("a row that can't be read is told to nobody but the operator", async () => {
  const hour = now() - (now() % HOUR);
  const row = hourRow("BROKEN", "SOL", hour, [{ minute: 0, prices: [5] }]);
  await writeRows(database, [[...row.slice(0, -1), "nonsense"]]);
  const [status, code] = await problem(await get("/tokens/BROKEN/prices"));
  assert.deepEqual([status, code], [503, "unavailable"]);
  assert.ok(service.rawLog().some((line) => line.includes(`the row of the hour ${hour}`)));
  assert.equal(
    (await get("/tokens/BROKEN/prices?interval=1h")).status,
    200,
    "its hour can be read all the same",
  );
});

test("14 days of many tokens: each chart is its own", async () => {
  const thisHour = now() - (now() % HOUR);
  const tokens = 20;
  const rows = range(1, tokens).flatMap((token) =>
    range(0, 14 * 24 - 1).map((back) =>
      hourRow(`MANY${token}`, "SOL", thisHour - back * HOUR, [{ minute: 0, prices: [token, token + back] }]),
    ),
  );
  await writeRows(database, rows);
  for (const token of range(1, tokens)) {
    const { candles } = await chart(`MANY${token}`, "range=14d");
    assert.equal(candles.length, 14 * 24);
    assert.ok(candles.every(({ open }) => open === token));
    assert.equal(candles[0].close, token + 14 * 24 - 1);
  }
});
