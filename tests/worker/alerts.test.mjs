// The service's own alerts: what it sees on the chain is told to whoever follows the token, the feed or the channel, once
// and in one shape, and only from the thresholds on that its operator sets.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bins, create, curveSwap, liquidity, mint, pool, solPrice, swap, trader } from "./chain.mjs";
import { range, SECRET, startService, stopServices, until } from "./service.mjs";

const HELIUS_AUTH = "helius-secret-71c2-of-24-bytes";
const SECRETS = { WEBHOOK_SECRET: SECRET, HELIUS_AUTH };
const SOL = 1_000_000_000n;
const TOKEN = 1_000_000n;

let service;
before(async () => {
  service = await startService({ secrets: SECRETS });
});
after(stopServices);

const now = () => Math.floor(Date.now() / 1000);

const place = pool();

/** Sends transactions as Helius does. */
function send(body, to) {
  const headers = { "content-type": "application/json", authorization: HELIUS_AUTH };
  return to.request("/webhook/helius", { method: "POST", headers, body: JSON.stringify(body) });
}

async function webhook(body, to = service) {
  assert.equal((await send(body, to)).status, 200);
}

/** What a token's subscriber has heard of alerts so far. */
class Watcher {
  alerts = [];
  #marks = 0;

  static async of(token, to = service, options = {}) {
    const watcher = new Watcher();
    Object.assign(watcher, { token, service: to, subscriber: await to.subscribe(token, options) });
    return watcher;
  }

  /** Takes in everything up to a publication that is posted now: an alert goes out with the batch after its cause. */
  async listen() {
    this.#marks += 1;
    await this.service.publish(this.token, { mark: this.#marks });
    for (;;) {
      const { type, seq, mark, ...alert } = await this.subscriber.hear();
      if (mark === this.#marks) return this.alerts;
      if (type === "ALERT") this.alerts.push(alert);
    }
  }

  /** The alerts, once there are so many, and if there are no more. */
  async heard(count) {
    await until(`${count} alerts`, async () => (await this.listen()).length >= count);
    await this.listen();
    assert.equal(this.alerts.length, count);
    return this.alerts;
  }

  kinds() {
    return this.alerts.map(({ alertType }) => alertType);
  }
}

/** A trade at a price in SOL, of so many tokens. */
const at = (price, of, { tokens = 1n, ...rest } = {}) =>
  swap({
    token: tokens * TOKEN,
    sol: (BigInt(Math.round(price * 1e6)) * tokens * SOL) / 1_000_000n,
    of,
    ...rest,
  });

/** A token's name in a sentence, where nobody has said its symbol. */
const short = (token) => `${token.slice(0, 4)}…${token.slice(-4)}`;

test("a whale's trade is told on its token, in the feed and on the channel, each in its shape", async () => {
  const [of, by] = [mint(), trader()];
  const token = await Watcher.of(of);
  const feed = await service.many();
  await feed.have(["feed:alerts"]);
  const channel = async (types) => {
    const subscriber = await service.many();
    subscriber.say({ type: "subscribe", channel: "alerts", params: { types } });
    assert.equal((await subscriber.hear()).type, "subscribed");
    return subscriber;
  };
  const [whales, all, rugs] = [await channel(["whale"]), await channel(["*"]), await channel(["rug"])];
  const bought = swap({ token: 4_000_000n * TOKEN, sol: 20n * SOL, of, by });
  await webhook([solPrice(150), bought]);

  const [alert] = await token.heard(1);
  const id = `whale-${of}-${bought.timestamp}-1`;
  const told = {
    title: `Whale Alert: ${short(of)}`,
    message: `Whale buy: $3K of ${short(of)}`,
    severity: "info",
    data: { walletAddress: by, action: "buy", amount: 4_000_000, value: 3_000 },
    timestamp: bought.timestamp,
  };
  assert.deepEqual(alert, { alertType: "whale", id, ...told, token: of });
  const { seq, tokenSeq, ...inFeed } = await feed.hear();
  assert.deepEqual(inFeed, {
    type: "ALERT",
    alertType: "whale",
    id,
    ...told,
    token: of,
    feed: "feed:alerts",
  });
  assert.equal(tokenSeq, 3, "after the trade and its price");
  const data = { alerts: [{ id, type: "whale", tokenAddress: of, ...told }] };
  for (const subscriber of [whales, all])
    assert.deepEqual(await subscriber.hear(), { type: "data", channel: "alerts", data });
  assert.deepEqual(await rugs.soFar(), []);
});

test("what a token is called stands in its alerts", async () => {
  const of = mint();
  const { DATABASE } = await service.harness.getWorker().getEnv();
  await DATABASE.prepare("INSERT INTO tokens (mint, symbol, created_at, updated_at) VALUES (?, 'DROP', 1, 1)")
    .bind(of)
    .run();
  const token = await Watcher.of(of);
  await webhook([solPrice(150), at(1, of)]);
  await until("the room knows the token", async () => {
    await service.evict(of);
    await webhook([solPrice(150), at(1, of)]);
    return true;
  });
  await webhook([solPrice(150), at(1, of, { tokens: 100n })]);
  const [{ symbol, title }] = await token.heard(1);
  assert.deepEqual([symbol, title], ["DROP", "Whale Alert: DROP"]);
});

test("there is one alert of a kind within the cooldown, also when the room was evicted, and none of a repeat", async () => {
  const of = mint();
  const token = await Watcher.of(of);
  const whales = range(1, 3).map(() => at(1, of, { tokens: 100n }));
  await webhook([solPrice(150), ...whales.slice(0, 2)]);
  await token.heard(1);
  await service.evict(of);
  await webhook([solPrice(150), ...whales]);
  await webhook([solPrice(150), ...whales]);
  await service.evict(of);
  await webhook([solPrice(150), at(1, of, { tokens: 1_000n })]);
  await token.heard(1);
});

test("a price that moves a fifth within five minutes is an alert, graver the further it goes", async () => {
  for (const [prices, moved, severity] of [
    [[1, 1.19], undefined],
    [[1, 1.1, 1.2], [1, 1.2, 20], "info"],
    [[1, 0.8], [1, 0.8, -20], "info"],
    [[1, 1.5], [1, 1.5, 50], "warning"],
    [[1, 0.5], [1, 0.5, -50], "critical"],
    [[1, 2], [1, 2, 100], "critical"],
  ]) {
    const of = mint();
    const token = await Watcher.of(of);
    for (const price of prices) await webhook([at(price, of)]);
    const [alert] = await token.heard(moved ? 1 : 0);
    if (!moved) continue;
    const [from, to, percent] = moved;
    assert.deepEqual([alert.alertType, alert.severity], ["price", severity], `${prices}`);
    assert.deepEqual(alert.data, { quote: "SOL", from, to, percent, windowSeconds: 300 });
    const way = percent > 0 ? "up" : "down";
    assert.equal(alert.message, `Price of ${short(of)} ${way} ${Math.abs(percent)}% within 5 minutes`);
  }
});

test("a price that was longer ago than five minutes is no move, and neither is a trade told late", async () => {
  const of = mint();
  const token = await Watcher.of(of);
  await webhook([at(1, of, { timestamp: now() - 301 })]);
  await webhook([at(2, of)]);
  await webhook([at(1, of, { timestamp: now() - 400 })]);
  await token.heard(0);
});

test("a minute in which five times the usual is traded is an alert", async () => {
  const of = mint();
  const token = await Watcher.of(of);
  const minute = now() - (now() % 60);
  const before = range(1, 10).map((ago) => at(0.001, of, { tokens: 10n, timestamp: minute - ago * 60 }));
  await webhook(before.reverse());
  // Told as of the minute that has begun, so that it is one minute whenever the test runs.
  await webhook([at(0.001, of, { tokens: 49n, timestamp: minute })]);
  await token.heard(0);
  await webhook([at(0.001, of, { tokens: 1n, timestamp: minute })]);
  const [alert] = await token.heard(1);
  assert.deepEqual([alert.alertType, alert.severity], ["volume", "info"]);
  assert.deepEqual(alert.data, { volume: 50, average: 10, times: 5 });
  assert.equal(alert.message, `Volume of ${short(of)}: 50 in a minute, 5 times the average`);
});

test("liquidity withdrawn from a pool that was seen from its seed on is a rug", async () => {
  const [of, by, place] = [mint(), trader(), pool()];
  const token = await Watcher.of(of);
  await webhook([liquidity({ token: 1_000n * TOKEN, sol: 90n * SOL, of, by, with: place })]);
  await webhook([at(1, of, { tokens: 10n, with: place })]);
  await webhook([liquidity({ token: -290n * TOKEN, sol: -29n * SOL, of, by, with: place })]);
  await token.heard(0);
  const withdrawn = liquidity({ token: -700n * TOKEN, sol: -71n * SOL, of, by, with: place });
  await service.evict(of);
  await webhook([withdrawn]);
  const [alert] = await token.heard(1);
  assert.deepEqual(
    { ...alert, id: undefined },
    {
      alertType: "rug",
      id: undefined,
      title: `Rug Alert: ${short(of)}`,
      message: `100% of a pool withdrawn: 71 SOL of ${short(of)}`,
      severity: "critical",
      data: {
        walletAddress: by,
        action: "withdraw",
        pool: place,
        quote: "SOL",
        amount: 71,
        reserve: 71,
        percent: 100,
      },
      timestamp: withdrawn.timestamp,
      token: of,
    },
  );
});

test("who withdraws from a pool that was there before is no rug: nobody knows how much of it that is", async () => {
  const [of, place] = [mint(), pool()];
  const token = await Watcher.of(of);
  await webhook([at(1, of, { with: place })]);
  await webhook([liquidity({ token: -700n * TOKEN, sol: -71n * SOL, of, with: place })]);
  await token.heard(0);
});

test("a holder who sells a fifth of a curve's supply is a rug", async () => {
  const [of, by, curve] = [mint(), trader(), pool()];
  const token = await Watcher.of(of);
  const sell = (millions) =>
    curveSwap({ token: -millions * 1_000_000n * TOKEN, sol: SOL, of, by, with: curve });
  await webhook([curveSwap({ token: 250_000_000n * TOKEN, sol: SOL, of, by, with: curve })]);
  await token.heard(0);
  const sold = sell(250n);
  await webhook([sold]);
  const [alert] = await token.heard(1);
  assert.deepEqual([alert.alertType, alert.severity], ["rug", "warning"]);
  assert.deepEqual(alert.data, {
    walletAddress: by,
    action: "sell",
    amount: 250_000_000,
    supply: 1_000_000_000,
    percent: 25,
  });
  assert.equal(alert.message, `25% of the supply sold at once: 250M ${short(of)}`);
});

test("a holder who sells a fifth of a token that was made a moment ago is a rug, whatever its supply is", async () => {
  const [of, by, curve] = [mint(), trader(), pool()];
  const token = await Watcher.of(of);
  const traded = (thousands) =>
    curveSwap({ token: thousands * 1_000n * TOKEN, sol: SOL, of, by, with: curve });
  await webhook([create({ of, by, with: curve, supply: 2_000_000n * TOKEN }), traded(600n)]);
  await token.heard(0);
  await webhook([traded(-100n)]);
  await token.heard(0);
  await webhook([traded(-500n)]);
  const [{ alertType, severity, title, data }] = await token.heard(1);
  assert.deepEqual([alertType, severity, title], ["rug", "warning", "Rug Alert: DROP"]);
  assert.deepEqual(data, {
    walletAddress: by,
    action: "sell",
    amount: 500_000,
    supply: 2_000_000,
    percent: 25,
  });
});

test("what is ten minutes behind the newest of its token is charted, and no alert", async () => {
  const [of, place] = [mint(), pool()];
  const token = await Watcher.of(of);
  const newest = now();
  const whale = (ago) => at(1, of, { tokens: 100n, timestamp: newest - ago });
  await webhook([
    solPrice(150),
    liquidity({ token: TOKEN, sol: 90n * SOL, of, with: place, timestamp: newest - 700 }),
    at(1, of, { timestamp: newest }),
  ]);
  await webhook([
    solPrice(150),
    whale(601),
    liquidity({ token: -TOKEN, sol: -90n * SOL, of, with: place, timestamp: newest - 601 }),
  ]);
  await token.heard(0);
  const { candles } = await (await service.request(`/tokens/${of}/prices?range=1h`)).json();
  assert.equal(
    candles.reduce((sum, { volume }) => sum + volume, 0),
    101,
  );
  await webhook([solPrice(150), whale(600)]);
  await token.heard(1);
  assert.deepEqual(token.kinds(), ["whale"]);
});

test("who withdraws nine tenths of a pool's SOL and none of its tokens is a rug", async () => {
  const [of, by, place, vaults] = [mint(), trader(), pool(), [pool(), pool()]];
  const token = await Watcher.of(of);
  const moved = (kind, amounts) => bins(kind, { ...amounts, of, by, with: place, vaults });
  await webhook([moved("add", { token: 1_000n * TOKEN, sol: 90n * SOL })]);
  await webhook([moved("swap", { token: -100n * TOKEN, sol: 10n * SOL })]);
  await webhook([moved("remove", { token: -800n * TOKEN })]);
  await token.heard(0);
  await webhook([moved("remove", { sol: -90n * SOL })]);
  const [{ alertType, severity, data }] = await token.heard(1);
  assert.deepEqual([alertType, severity], ["rug", "critical"]);
  assert.deepEqual(data, {
    walletAddress: by,
    action: "withdraw",
    pool: place,
    quote: "SOL",
    amount: 90,
    reserve: 100,
    percent: 90,
  });
});

test("a publisher's own trades and prices are no alerts: what they say they warn of themselves", async () => {
  const token = await Watcher.of("OWN-TRADES");
  const own = (n, more) => ({
    type: "TRADE",
    side: "sell",
    price: n,
    amount: "1e9",
    signature: `own-${n}`,
    ...more,
  });
  await service.publish("OWN-TRADES", own(1, { valueUsd: 1e9, quote: "USDC", source: "bonding" }));
  await service.publish("OWN-TRADES", own(3, { valueUsd: 1e9, quote: "USDC" }));
  await service.publish("OWN-TRADES", { type: "PRICE_UPDATE", price: 1, quote: "USDC" });
  await service.publish("OWN-TRADES", {
    type: "LIQUIDITY",
    action: "added",
    pool: "p",
    quote: "SOL",
    quoteAmount: "9",
  });
  await service.publish("OWN-TRADES", {
    type: "LIQUIDITY",
    action: "removed",
    pool: "p",
    quote: "SOL",
    quoteAmount: "9",
  });
  await token.heard(0);
});

test("the thresholds are the operator's", async () => {
  const own = await startService({
    secrets: SECRETS,
    vars: {
      ALERT_WHALE_USD: "1e6",
      ALERT_PRICE_PERCENT: "50",
      ALERT_VOLUME_TIMES: "2",
      ALERT_LIQUIDITY_PERCENT: "5",
      ALERT_SUPPLY_PERCENT: "1",
      ALERT_COOLDOWN: "1s",
    },
  });
  const minute = now() - (now() % 60);
  const curve = pool();
  const usual = (of) => range(1, 10).map((ago) => at(1, of, { tokens: 10n, timestamp: minute - ago * 60 }));
  const cases = {
    whale: [(of) => [solPrice(150), at(1, of, { tokens: 6_666n })], (of) => [at(1, of, { tokens: 6_667n })]],
    price: [(of) => [at(1, of), at(1.4, of)], (of) => [at(1.5, of)]],
    volume: [
      (of) => [...usual(of).reverse(), at(1, of, { tokens: 19n, timestamp: minute })],
      (of) => [at(1, of, { timestamp: minute })],
    ],
    rug: [
      (of) => [
        liquidity({ token: TOKEN, sol: 100n * SOL, of, with: place }),
        liquidity({ token: -TOKEN, sol: -4n * SOL, of, with: place }),
        curveSwap({ token: -9_999_999n * TOKEN, sol: SOL, of, with: curve }),
      ],
      (of) => [curveSwap({ token: -10_000_000n * TOKEN, sol: SOL, of, with: curve })],
    ],
  };
  for (const [kind, [tooLittle, enough]] of Object.entries(cases)) {
    const of = mint();
    const token = await Watcher.of(of, own);
    await webhook(tooLittle(of), own);
    await token.heard(0);
    await webhook([...(kind === "whale" ? [solPrice(150)] : []), ...enough(of)], own);
    await token.heard(1);
    assert.deepEqual(token.kinds(), [kind]);
    if (kind !== "whale") continue;
    await until("the cooldown is over", async () => {
      await webhook([solPrice(150), ...enough(of)], own);
      return (await token.listen()).length > 1;
    });
    assert.deepEqual(token.kinds(), [kind, kind]);
  }
});

test("what was decided before a crash is told after it, once, when the webhook comes again", async () => {
  const crashing = await startService({ build: "faulty", secrets: SECRETS });
  for (const cause of [
    (of) => [solPrice(150), at(1, of, { tokens: 100n })],
    (of) => [
      liquidity({ token: TOKEN, sol: SOL, of, with: place }),
      liquidity({ token: -TOKEN, sol: -SOL, of, with: place }),
    ],
  ]) {
    const of = mint("FAULTbeforeA1ert");
    const body = cause(of);
    const statuses = [];
    await until("the webhook is taken", async () => {
      statuses.push((await send(body, crashing)).status);
      return statuses.at(-1) === 200;
    });
    assert.deepEqual(statuses, [503, 503, 200]);
    // The crash was before anybody could have heard of it, so this one has all of it in its past.
    const { epoch } = await crashing.standing(of);
    const token = await Watcher.of(of, crashing, { query: { since: 0, epoch } });
    await token.heard(1);
    await crashing.evict(of);
    await send(body, crashing);
    await token.heard(1);
  }
});

test("what was decided before a crash is told by the room itself where nobody comes again", async () => {
  const crashing = await startService({ build: "faulty", secrets: SECRETS });
  const of = mint("FAULTbeforeA1ert");
  await send([liquidity({ token: TOKEN, sol: SOL, of, with: place })], crashing);
  assert.equal(
    (await send([liquidity({ token: -TOKEN, sol: -SOL, of, with: place })], crashing)).status,
    503,
  );
  const alerts = async () => (await crashing.standing(of)).seq;
  await until("the alert has its place", async () => (await alerts()) === 3, 100);
});
