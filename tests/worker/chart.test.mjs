// A chart without a hole: read once, continued by the socket, whatever happens to the socket, the room and the table in
// between. What it shows is what was posted, each trade once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { add, candlesOf, plain } from "./candles.mjs";
import { range, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  // The build that writes minutes down at once, and not when they are over.
  service = await startService({ build: "faulty" });
});
after(stopServices);

/** Numbers that look random and are the same each time. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
}

const now = () => Math.floor(Date.now() / 1000);

/** Trade `n`, at a time and for a price that `draw` chooses; some are told late. */
function trade(n, draw, back = 180) {
  return {
    type: "TRADE",
    side: draw(2) ? "buy" : "sell",
    price: (1 + draw(999)) / 1000,
    amount: String(1 + draw(5000)),
    timestamp: now() - draw(back),
    slot: 1_000_000 + draw(50),
    signature: `t${n}`,
  };
}

async function prices(token, query = "range=1h&interval=1m") {
  const response = await service.request(`/tokens/${token}/prices?${query}`);
  assert.equal(response.status, 200);
  return response.json();
}

/** A chart as a client keeps it: read over REST, then continued. */
class Chart {
  constructor(token) {
    this.token = token;
  }

  async read() {
    const { candles, seq, epoch } = await prices(this.token);
    this.candles = new Map(candles.map((candle) => [candle.timestamp, candle]));
    Object.assign(this, { seq, epoch });
    await this.connect();
  }

  async connect() {
    const query = { since: this.seq, epoch: this.epoch };
    this.subscriber = await service.subscribe(this.token, { query });
  }

  /** Takes in what came. A late tick of a candle that is in the table already has the chart read anew. */
  async catchUp() {
    let isBehind = false;
    for (const frame of await this.subscriber.soFar()) {
      const tick = JSON.parse(frame);
      assert.notEqual(tick.type, "gap", "nothing is missing");
      assert.equal(tick.seq, this.seq + 1, "in order");
      this.seq = tick.seq;
      const candle = this.candles.get(tick.timestamp - (tick.timestamp % 60));
      if (candle && !candle.last) isBehind = true;
      else add(this.candles, tick);
    }
    if (isBehind) await this.read();
  }

  drawn() {
    return [...this.candles.values()].sort((one, other) => one.timestamp - other.timestamp).map(plain);
  }
}

test("a chart is read, continued, cut and evicted in the middle of a minute, and shows every trade once", async () => {
  const draw = random(7);
  const posted = [];
  const post = async (count) => {
    for (const _ of range(1, count)) {
      posted.push(trade(posted.length, draw));
      assert.equal((await service.publish("CHART-A", posted.at(-1))).status, 200);
    }
  };
  await post(20);
  const chart = new Chart("CHART-A");
  await chart.read();
  await post(10);
  await chart.catchUp();
  assert.deepEqual(chart.drawn(), candlesOf(posted).map(plain));

  chart.subscriber.cut();
  await service.evict("CHART-A", "close");
  await post(15);
  await chart.connect();
  await service.evict("CHART-A");
  await post(5);
  await chart.catchUp();
  assert.deepEqual(chart.drawn(), candlesOf(posted).map(plain));
  assert.deepEqual((await prices("CHART-A")).candles.map(plain), candlesOf(posted).map(plain));
});

test("candles are the same before and after they are in the table, and a repeat is in neither twice", async () => {
  const draw = random(11);
  const posted = range(1, 60).map((n) => trade(n, draw, 600));
  const body = { messages: posted.map((payload) => ({ token: "CHART-B", payload })) };
  await service.post("/broadcast", body);
  const before = await prices("CHART-B");
  assert.deepEqual(before.candles.map(plain), candlesOf(posted).map(plain));
  const { DATABASE } = await service.harness.getWorker().getEnv();
  const count = () =>
    DATABASE.prepare("SELECT SUM(trades) AS trades FROM prices WHERE mint = 'CHART-B'").first();
  await until("the candles are in the table", async () => (await count()).trades === 60);
  await service.evict("CHART-B");
  await service.post("/broadcast", body);
  const later = await prices("CHART-B");
  assert.deepEqual(later.candles.map(plain), candlesOf(posted).map(plain));
  assert.equal(later.seq, before.seq);
});

test("longer steps are made of the same trades", async () => {
  const draw = random(13);
  const posted = range(1, 80).map((n) => trade(n, draw, 3 * 3600));
  await service.post("/broadcast", { messages: posted.map((payload) => ({ token: "CHART-C", payload })) });
  for (const [interval, seconds] of Object.entries({ "1m": 60, "5m": 300, "1h": 3600, "1d": 86_400 })) {
    const { candles, points } = await prices("CHART-C", `range=1d&interval=${interval}`);
    const sum = (of, field) => Number(of.reduce((total, one) => total + Number(one[field]), 0).toFixed(6));
    assert.equal(sum(candles, "trades"), 80, interval);
    assert.equal(sum(candles, "volume"), sum(posted, "amount"), interval);
    assert.ok(candles.every(({ timestamp }) => timestamp % seconds === 0));
    const inOrder = posted.toSorted((one, other) => one.timestamp - other.timestamp || one.slot - other.slot);
    assert.equal(Math.max(...candles.map(({ high }) => high)), Math.max(...posted.map(({ price }) => price)));
    assert.equal(candles[0].open, inOrder[0].price, interval);
    assert.deepEqual(
      points,
      candles.map(({ timestamp, close }) => ({ timestamp, price: close })),
    );
  }
});

test("a crash between a batch and the table loses nothing that was acknowledged", async () => {
  const crashing = await startService({ build: "faulty" });
  const draw = random(17);
  const posted = [];
  for (const n of range(1, 30)) {
    const payload = trade(n, draw);
    const answer = await crashing.publish("CHART-D", payload);
    assert.equal(answer.status, 200);
    posted.push(payload);
    if (n % 10 === 0) assert.equal((await crashing.publish("CHART-D", { fault: "panic" })).status, 503);
  }
  const response = await crashing.request("/tokens/CHART-D/prices?range=1h&interval=1m");
  assert.deepEqual((await response.json()).candles.map(plain), candlesOf(posted).map(plain));
});

test("prices alone draw a chart too", async () => {
  const at = now() - 100;
  for (const [n, price] of [3, 1, 2].entries())
    await service.publish("CHART-E", { type: "PRICE_UPDATE", price, timestamp: at - (at % 60) + n });
  const { candles, points } = await prices("CHART-E");
  assert.deepEqual(candles.map(plain), [
    { timestamp: at - (at % 60), open: 3, high: 3, low: 1, close: 2, volume: 0, trades: 0 },
  ]);
  assert.deepEqual(points, [{ timestamp: at - (at % 60), price: 2 }]);
});

test("a token of dust alone has a chart and no price, before and after its minutes are in the table", async () => {
  const at = now() - 100;
  const timestamp = at - (at % 60);
  const dust = (price, amount) => ({
    type: "TRADE",
    side: "buy",
    price,
    amount,
    quote: "USDC",
    source: "amm",
    timestamp,
  });
  await service.publish("CHART-F", dust(0.25, "1"));
  await service.publish("CHART-F", dust(0.5, "1.5"));
  const shown = async () => {
    const { quote, candles } = await prices("CHART-F");
    assert.equal(quote, "USDC");
    assert.deepEqual(candles.map(plain), [
      { timestamp, open: 0.25, high: 0.5, low: 0.25, close: 0.5, volume: 2.5, trades: 2 },
    ]);
    assert.deepEqual((await prices("CHART-F", "range=1d&quote=SOL")).candles, [], "none in SOL");
    assert.equal((await prices("CHART-F", "range=1d&interval=1d")).candles[0].trades, 2);
    const latest = await service.request("/tokens/CHART-F/price");
    assert.deepEqual([latest.status, (await latest.json()).code], [404, "not_found"]);
    const token = await (await service.request("/tokens/CHART-F")).json();
    assert.deepEqual([token.price, token.quote, token.phase], [null, null, "amm"]);
  };
  await shown();
  const { DATABASE } = await service.harness.getWorker().getEnv();
  const written = () =>
    DATABASE.prepare("SELECT SUM(trades) AS trades FROM prices WHERE mint = 'CHART-F'").first();
  await until("the candles are in the table", async () => (await written()).trades === 2);
  await service.evict("CHART-F");
  await shown();
  const { tokens } = await (await service.request("/tokens?phase=amm")).json();
  assert.ok(tokens.some(({ token }) => token === "CHART-F"));
});
