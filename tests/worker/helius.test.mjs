// POST /webhook/helius: from transactions to trades, prices, feeds and candles, each once, whatever else is in the body.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { plain } from "./candles.mjs";
import { bins, create, mint, pool, signature, solPrice, swap, trader } from "./chain.mjs";
import { range, SECRET, startService, stopServices, until } from "./service.mjs";

const HELIUS_AUTH = "helius-secret-71c2-of-24-bytes";

let service;
before(async () => {
  service = await startService({ secrets: { WEBHOOK_SECRET: SECRET, HELIUS_AUTH } });
});
after(stopServices);

/** Sends transactions as Helius does. */
async function webhook(body, headers = { authorization: HELIUS_AUTH }, to = service) {
  const response = await to.request("/webhook/helius", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, ...(await response.json()) };
}

const counted = (transactions, trades, duplicates = 0, skipped = 0, unexplained = 0) => ({
  status: 200,
  success: true,
  transactions,
  trades,
  duplicates,
  skipped,
  unexplained,
});

/** What a transaction of the project's own is, as of now and of another token. */
function payload(name, { from, to }) {
  const path = join(import.meta.dirname, "..", "fixtures", "helius", `${name}.json`);
  const body = JSON.parse(readFileSync(path, "utf8").replaceAll(from, to));
  return body.map((transaction) => ({ ...transaction, timestamp: Math.floor(Date.now() / 1000) }));
}

/** The frames of a subscriber so far, as objects. */
const heard = async (subscriber) => (await subscriber.soFar()).map((frame) => JSON.parse(frame));

const ofType = (frames, type) => frames.filter((frame) => frame.type === type);

/** The candles of a token as the service tells them. */
async function chart(token, query = "range=1h", from = service) {
  const response = await from.request(`/tokens/${token}/prices?${query}`);
  assert.equal(response.status, 200);
  return response.json();
}

test("a swap becomes a trade and a price, on its token and in the feed", async () => {
  const [of, by, place] = [mint(), trader(), pool()];
  const token = await service.subscribe(of);
  const feed = await service.many();
  await feed.have(["feed:trades"]);
  const bought = swap({ token: 33_970_733_092n, sol: 1_881_912_085n, of, by, with: place });
  assert.deepEqual(await webhook([bought]), counted(1, 1));

  const [trade, price] = (await token.take(2)).map((frame) => JSON.parse(frame));
  assert.deepEqual(
    { ...trade, price: undefined, seq: undefined },
    {
      type: "TRADE",
      side: "buy",
      amount: "33970.733092",
      quoteAmount: "1.881912085",
      price: undefined,
      quote: "SOL",
      trader: by,
      pool: place,
      dex: "PumpSwap",
      source: "amm",
      timestamp: bought.timestamp,
      slot: bought.slot,
      signature: bought.signature,
      token: of,
      seq: undefined,
    },
  );
  assert.equal(price.type, "PRICE_UPDATE");
  assert.equal(price.source, "amm");
  assert.deepEqual([trade.seq, price.seq], [1, 2]);
  assert.ok(Math.abs(price.price / 0.000055398041599614 - 1) < 1e-12);
  const [inFeed] = (await heard(feed)).filter(({ token }) => token === of);
  assert.equal(inFeed.signature, bought.signature);
});

test("of a hundred transactions one garbage, one failed and two repeats cost nobody the others", async () => {
  const of = mint();
  const token = await service.subscribe(of);
  const good = range(1, 96).map((n) => swap({ token: BigInt(n) * 1_000_000n, sol: 50_000_000n, of }));
  const failed = {
    ...swap({ token: 1_000_000n, sol: 1n, of }),
    transactionError: { InstructionError: [3, "x"] },
  };
  const body = [...good.slice(0, 50), "garbage", failed, ...good.slice(50), good[3], good[95]];
  assert.equal(body.length, 100);
  assert.deepEqual(await webhook(body), counted(100, 96, 2, 2));

  const trades = ofType(await heard(token), "TRADE");
  assert.deepEqual(
    trades.map(({ slot }) => slot),
    good.map(({ slot }) => slot),
    "in the order of the slots",
  );
  const { candles } = await chart(of);
  assert.equal(
    candles.reduce((sum, candle) => sum + candle.trades, 0),
    96,
  );
  assert.equal(
    candles.reduce((sum, candle) => sum + candle.volume, 0),
    (96 * 97) / 2,
  );
});

test("the same webhook twice at once, and again later, is one trade each on sockets and in candles", async () => {
  const of = mint();
  const token = await service.subscribe(of);
  const body = range(1, 20).map((n) => swap({ token: 5_000_000n, sol: BigInt(n) * 10_000_000n, of }));
  const answers = await Promise.all([webhook(body), webhook(body)]);
  assert.equal(answers[0].trades + answers[1].trades, 20);
  assert.equal(answers[0].duplicates + answers[1].duplicates, 20);
  await service.evict(of);
  assert.deepEqual(await webhook(body), counted(20, 0, 20));
  const trades = ofType(await heard(token), "TRADE");
  assert.equal(trades.length, 20);
  assert.equal(new Set(trades.map((trade) => trade.signature)).size, 20);
  const { candles } = await chart(of);
  assert.equal(
    candles.reduce((sum, candle) => sum + candle.trades, 0),
    20,
  );
});

test("a repeat is known when hundreds of trades came in between", async () => {
  const of = mint();
  const first = swap({ token: 5_000_000n, sol: 10_000_000n, of });
  await webhook([first]);
  for (const _ of range(1, 4)) {
    const more = range(1, 90).map(() => swap({ token: 5_000_000n, sol: 10_000_000n, of }));
    assert.deepEqual(await webhook(more), counted(90, 90));
  }
  assert.ok((await service.standing(of)).history.messages <= 256, "the first left the history");
  assert.deepEqual(await webhook([first]), counted(1, 0, 1));
});

test("an older slot is a trade and in its candle, but not the price", async () => {
  const of = mint();
  const token = await service.subscribe(of);
  const [older, newer] = [
    swap({ token: 1_000_000n, sol: 2_000_000_000n, of }),
    swap({ token: 1_000_000n, sol: 3_000_000_000n, of }),
  ];
  await webhook([newer]);
  await webhook([older]);
  const frames = await heard(token);
  assert.deepEqual(
    ofType(frames, "TRADE").map(({ slot }) => slot),
    [newer.slot, older.slot],
  );
  assert.deepEqual(
    ofType(frames, "PRICE_UPDATE").map(({ price }) => price),
    [3],
  );
  const response = await service.request(`/tokens/${of}/price`);
  assert.equal((await response.json()).price, 3);
  const { candles } = await chart(of);
  const [first, last] = [candles[0], candles.at(-1)];
  assert.deepEqual([first.open, last.close, Math.min(first.low, last.low)], [2, 3, 2]);
});

test("a jump of more than five times waits for somebody else's trade before it is the price", async () => {
  const of = mint();
  const token = await service.subscribe(of);
  const by = trader();
  const at = (price, who) => swap({ token: 1_000_000n, sol: BigInt(price) * 1_000_000_000n, of, by: who });
  await webhook([at(1, by)]);
  await webhook([at(10, by)]);
  await webhook([at(10, by)]);
  await webhook([at(11, trader())]);
  const frames = await heard(token);
  assert.equal(ofType(frames, "TRADE").length, 4);
  assert.deepEqual(
    ofType(frames, "PRICE_UPDATE").map(({ price }) => price),
    [1, 11],
  );
});

test("what SOL costs in stable coins prices tokens in dollars, and dust is a trade but no price", async () => {
  const of = mint();
  const reference = await service.subscribe("market:SOL-USD");
  assert.deepEqual(await webhook([solPrice(150)]), counted(1, 0));
  assert.equal(JSON.parse((await reference.take(1)).at(-1)).price, 150);
  const token = await service.subscribe(of);
  const [dear, dust] = [
    swap({ token: 1_000_000n, sol: 2_000_000_000n, of }),
    swap({ token: 1_000n, sol: 1_000_000n, of }),
  ];
  await webhook([solPrice(150), dear, dust]);
  const frames = await heard(token);
  const [trade, small] = ofType(frames, "TRADE");
  assert.deepEqual([trade.priceUsd, trade.valueUsd], [300, 300]);
  assert.equal(small.valueUsd, 0.15);
  assert.deepEqual(
    ofType(frames, "PRICE_UPDATE").map(({ price, priceUsd }) => [price, priceUsd]),
    [[2, 300]],
  );
});

test("who buys in one pool and sells in another of the same owner leaves no wick in the chart", async () => {
  const of = mint();
  const token = await service.subscribe(of);
  const body = payload("arbitrage-of-one-authority", {
    from: "GRZt4B38Dxj3FWE79FeTNudcZZoaMkEUNw4na9KrRcWa",
    to: of,
  });
  assert.deepEqual(await webhook(body), counted(1, 2));
  const frames = await heard(token);
  assert.deepEqual(
    ofType(frames, "TRADE").map(({ side, price }) => [side, price]),
    [
      ["buy", 0.1],
      ["sell", 0.101],
    ],
  );
  assert.equal(ofType(frames, "LIQUIDITY").length, 0);
  const { candles } = await chart(of);
  assert.deepEqual(candles.map(plain), [
    {
      timestamp: candles[0].timestamp,
      open: 0.1,
      high: 0.101,
      low: 0.1,
      close: 0.101,
      volume: 19.9,
      trades: 2,
    },
  ]);
});

test("a swap that moved both of its vaults one way is no trade: it is counted, and logged by its reason", async () => {
  const of = mint();
  const odd = bins("swap", { token: 5_000_000n, sol: 1n, of, with: pool(), vaults: [pool(), pool()] });
  const body = [odd, swap({ token: 5_000_000n, sol: 10_000_000n, of })];
  assert.deepEqual(await webhook(body), counted(2, 1, 0, 0, 1));
  const lines = service.logLines().filter(({ event }) => event === "swaps_unexplained");
  assert.deepEqual(lines, [
    { level: "warn", event: "swaps_unexplained", transactions: 2, reasons: { one_way: 1 } },
  ]);
});

test("a token that is made is told with its supply, and the table has it where nobody has said another", async () => {
  const [of, said, by] = [mint(), mint(), trader()];
  const token = await service.subscribe(of);
  const put = await service.request(`/tokens/${said}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${SECRET}` },
    body: '{"supply":"7","symbol":"OWN"}',
  });
  assert.equal(put.status, 201);
  const supply = 1_234_567_890_123_456n;
  await webhook([create({ of, by, supply }), create({ of: said, supply })]);
  const told = await token.hear();
  assert.deepEqual(
    [told.type, told.symbol, told.totalSupply, told.creator],
    ["NEW_TOKEN", "DROP", "1234567890.123456", by],
  );
  const rest = async (token) => {
    const response = await service.request(`/tokens/${token}`);
    return response.ok && response.json();
  };
  const written = await until("the token is in the table", () => rest(of));
  assert.deepEqual([written.symbol, written.supply], ["DROP", 1234567890.123456]);
  const own = await until("the other one too", async () => {
    const known = await rest(said);
    return known.name && known;
  });
  assert.deepEqual([own.name, own.symbol, own.supply], ["Drop", "OWN", 7]);
});

test("what a token's maker calls it is the same on sockets and over REST, and fit to be shown", async () => {
  const long = "x".repeat(9_990);
  for (const [made, expected] of [
    [
      { name: "a\0b\u202ecd", symbol: "\u200bS\u0007", uri: "javascript:alert(1)" },
      { name: "abcd", symbol: "S", uri: null },
    ],
    [
      { name: `12345 7890${long}`, symbol: "T", uri: "https://example.com/\0a" },
      { name: `12345 7890${long}`.slice(0, 128), symbol: "T", uri: "https://example.com/a" },
    ],
    [
      { name: "\u202e", symbol: long.slice(0, 50), uri: `https://example.com/${long.slice(0, 500)}` },
      { name: null, symbol: long.slice(0, 32), uri: null },
    ],
    [
      { name: "<b>", symbol: "€".repeat(40), uri: "HTTPS://example.com" },
      { name: "<b>", symbol: "€".repeat(21), uri: null },
    ],
  ]) {
    const of = mint();
    const token = await service.subscribe(of);
    assert.deepEqual(await webhook([create({ of, ...made })]), counted(1, 0));
    const texts = ({ name = null, symbol = null, uri = null }) => ({ name, symbol, uri });
    assert.deepEqual(texts(await token.hear()), expected);
    const written = await until("the token is in the table", async () => {
      const response = await service.request(`/tokens/${of}`);
      return response.ok && response.json();
    });
    assert.deepEqual(texts(written), expected);
  }
});

test("nobody but Helius is listened to, and its wrong word is refused once and for all", async () => {
  for (const authorization of [
    "",
    "wrong",
    `Bearer ${HELIUS_AUTH}`,
    HELIUS_AUTH.toUpperCase(),
    `${HELIUS_AUTH}x`,
  ]) {
    const answer = await webhook([], { authorization });
    assert.deepEqual([answer.status, answer.code], [403, "forbidden"], authorization);
  }
  const answer = await webhook([], {});
  assert.deepEqual([answer.status, answer.code], [403, "forbidden"]);
  assert.deepEqual(await webhook([]), counted(0, 0));
});

test("a body that is no array is refused, and what is not understood in one is counted", async () => {
  for (const [body, code] of [
    ["", "invalid_json"],
    ["[{]", "invalid_json"],
    ["{}", "invalid_payload"],
    ["7", "invalid_payload"],
  ]) {
    const answer = await webhook(body);
    assert.deepEqual([answer.status, answer.code], [400, code], body);
  }
  const raw = { blockTime: 1, indexWithinBlock: 2, meta: {}, slot: 3, transaction: {}, version: 0 };
  const odd = [null, 7, "x", [], {}, raw, { signature: 7 }, { signature: signature(), accountData: "x" }];
  const answer = await webhook(odd);
  assert.deepEqual([answer.status, answer.transactions, answer.trades], [200, odd.length, 0]);
  assert.ok(answer.skipped >= 6, `${answer.skipped} skipped`);
});

test("without a secret nobody can be Helius", async () => {
  const bare = await startService();
  const response = await bare.request("/webhook/helius", { method: "POST", body: "[]" });
  assert.equal(response.status, 503);
  assert.equal((await response.json()).code, "not_configured");
});

test("the reference's own webhook body is broadcast to the token that its header names", async () => {
  const subscriber = await service.subscribe("TEST_TOKEN");
  const body = {
    type: "PRICE_UPDATE",
    accounts: [
      { address: "vault_sol", nativeBalanceChange: 1_000_000_000 },
      { address: "user", nativeBalanceChange: -1_000_000 },
    ],
    txSignature: "test123",
    slot: 123_456,
    timestamp: 1_234_567_890,
  };
  const send = (payload, headers = {}) => service.post("/webhook/price", payload, headers);
  assert.equal((await send(body)).status, 400, "no token is named");
  const response = await send(body, { "x-token": "TEST_TOKEN" });
  assert.equal(response.status, 200);
  const { success, connections } = await response.json();
  assert.deepEqual([success, connections], [true, 1]);
  const frame = JSON.parse(await subscriber.next());
  assert.deepEqual([frame.type, frame.token, frame.txSignature], ["PRICE_UPDATE", "TEST_TOKEN", "test123"]);
  assert.deepEqual(frame.accounts, body.accounts);
  assert.equal((await (await send(body, { "x-token": "TEST_TOKEN" })).json()).duplicate, true);
  const refused = await service.request("/webhook/price", {
    method: "POST",
    headers: { "x-token": "TEST_TOKEN", authorization: "Bearer wrong" },
    body: JSON.stringify(body),
  });
  assert.equal(refused.status, 403);
});

test("the word that Helius has publishes nothing of people's own, to no feed, and no alert", async () => {
  const alerts = await service.subscribe("feed:alerts");
  await alerts.soFar();
  const send = async (topic, type) => {
    const response = await service.request("/webhook/price", {
      method: "POST",
      headers: { authorization: HELIUS_AUTH, "content-type": "application/json", "x-token": topic },
      body: JSON.stringify({ type, alertType: "rug", severity: "critical", txSignature: "forged" }),
    });
    return [response.status, (await response.json()).code];
  };
  for (const topic of [
    "wallet:Victim",
    "user:victim",
    "feed:alerts",
    "feed:trades",
    "market:SOL-USD",
    "system:x",
  ]) {
    assert.deepEqual(await send(topic, "TRADE"), [403, "forbidden"], topic);
  }
  assert.deepEqual(await send("WORD", "ALERT"), [403, "forbidden"]);
  assert.deepEqual(await send("WORD", "BALANCE_UPDATE"), [403, "forbidden"]);
  assert.deepEqual(await send("WORD", "PRICE_UPDATE"), [200, undefined]);
  assert.deepEqual(await alerts.soFar(), []);
  const own = await service.post("/webhook/price", { type: "ALERT" }, { "x-token": "WORD" });
  assert.equal(own.status, 200, "a publisher may");
});

test("a token's first trade in a pool moves it from its curve, and the table says so", async () => {
  const of = mint();
  await webhook([swap({ token: 1_000_000n, sol: 2_000_000_000n, of })]);
  const { phase } = await (await service.request(`/tokens/${of}`)).json();
  assert.equal(phase, "amm");
});

test("closed minutes go into the table, once", async () => {
  // The build that writes minutes down at once.
  const quick = await startService({ build: "faulty", secrets: { WEBHOOK_SECRET: SECRET, HELIUS_AUTH } });
  const of = mint();
  const then = Math.floor(Date.now() / 60_000) * 60 - 300;
  const body = range(1, 5).map((n) =>
    swap({ token: 1_000_000n, sol: BigInt(n) * 1_000_000_000n, of, timestamp: then + n }),
  );
  await webhook(body, undefined, quick);
  const { DATABASE } = await quick.harness.getWorker().getEnv();
  const rows = () =>
    DATABASE.prepare("SELECT trades, volume FROM prices WHERE mint = ?")
      .bind(of)
      .all()
      .then(({ results }) => results);
  await until("the minute is in the table", async () => (await rows()).length > 0);
  assert.deepEqual(await rows(), [{ trades: 5, volume: "5" }]);
  const { candles } = await chart(of, undefined, quick);
  assert.deepEqual(candles.map(plain), [
    { timestamp: then, open: 1, high: 5, low: 1, close: 5, volume: 5, trades: 5 },
  ]);
});

test("one trader's pool does not move what SOL costs, a second trader or a publisher does", async () => {
  const own = await startService({ build: "faulty", secrets: { WEBHOOK_SECRET: SECRET, HELIUS_AUTH } });
  const reference = await own.subscribe("market:SOL-USD");
  const of = mint();
  const prices = async () => ofType(await heard(reference), "PRICE_UPDATE").map(({ price }) => price);
  const send = (...body) => webhook(body, undefined, own);
  const eve = trader();
  await send(solPrice(150));
  await send(solPrice(9_000, { by: eve }));
  await own.evict("market:SOL-USD");
  await send(solPrice(9_000, { by: eve }), solPrice(151), solPrice(9_000, { by: eve }));
  assert.deepEqual(await prices(), [150, 151]);
  const { HOT_COPIES } = await own.harness.getWorker().getEnv();
  const copy = async () => JSON.parse((await HOT_COPIES.get("sol-usd")) ?? "null");
  // That of the first webhook: the room's own comes a minute later.
  const { price } = await until("there is a hot copy", copy);
  assert.equal(price, "150");
  const token = await own.subscribe(of);
  await send(swap({ token: 1_000_000n, sol: 1_000_000_000n, of }), solPrice(9_000, { by: eve }));
  assert.equal(
    JSON.parse(await token.next()).priceUsd,
    150,
    "also where the fake one is in the same webhook",
  );

  await send(solPrice(9_000, { by: eve }), solPrice(8_900));
  assert.deepEqual(await prices(), [8_900]);
  await own.publish("market:SOL-USD", { type: "PRICE_UPDATE", price: 152, quote: "USD" });
  await send(solPrice(153));
  assert.deepEqual(await prices(), [152, 153]);
});
