// Users' own alerts: a rule comes true once, its owner is told once, and nobody else is, whatever happens in between.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { rows, User } from "./api.mjs";
import { mint, solPrice, swap } from "./chain.mjs";
import { bearer, SECRETS } from "./identity.mjs";
import { range, startService, stopServices, until } from "./service.mjs";
import { Wallet } from "./wallet.mjs";

const HELIUS_AUTH = "helius-secret-71c2-of-24-bytes";

let service;
before(async () => {
  service = await startService({ secrets: { ...SECRETS, HELIUS_AUTH } });
});
after(stopServices);

/** Somebody who has signed in and follows what is told to them alone. */
class Owner {
  static async of(to = service) {
    const owner = new Owner();
    owner.service = to;
    owner.user = await User.signedIn(to);
    owner.topic = `user:${owner.user.address}`;
    owner.socket = await to.many({ headers: bearer(owner.user.token) });
    await owner.socket.have([owner.topic]);
    return owner;
  }

  /** Has a rule wait, and returns its name. */
  async wants(token, condition, threshold, quote) {
    const answer = await this.user.post(`${this.user.path}/alerts`, { token, condition, threshold, quote });
    assert.equal(answer.status, 201, answer.text);
    return answer.body.id;
  }

  async rule(id) {
    const { alerts } = (await this.user.get(`${this.user.path}/alerts`)).body;
    return alerts.find((alert) => alert.id === id);
  }

  /** The alert, once it is here and the table says so. */
  async told(id) {
    const alert = await this.socket.hear();
    assert.deepEqual([alert.type, alert.ruleId, alert.token], ["ALERT", id, this.topic]);
    await until("it has fired", async () => (await this.rule(id)).firedAt !== null);
    return alert;
  }

  /** Nothing has been told to this topic but so much. */
  async heardNoMoreThan(places) {
    assert.deepEqual(await this.socket.soFar(), []);
    assert.equal((await this.service.standing(this.topic)).seq, places);
  }
}

const price = (token, number, more = {}) =>
  service.post("/broadcast", {
    messages: [{ token, payload: { type: "PRICE_UPDATE", price: number, ...more } }],
  });

async function webhook(body, to = service) {
  const headers = { "content-type": "application/json", authorization: HELIUS_AUTH };
  return to.request("/webhook/helius", { method: "POST", headers, body: JSON.stringify(body) });
}

/** A trade for so much SOL a token. */
const trade = (of, sol, tokens = 1n) =>
  swap({ token: tokens * 1_000_000n, sol: BigInt(Math.round(sol * 1e6)) * tokens * 1000n, of });

test("a price that a publisher posts makes a rule true, for its owner alone, once", async () => {
  const [ana, ben] = [await Owner.of(), await Owner.of()];
  const id = await ana.wants("OWN-A", "price_above", "2.5");
  await price("OWN-A", 2.4, { quote: "USD" });
  await price("OWN-A", 2.6, { quote: "USD", timestamp: 1_700_000_000_000 });
  await ana.heardNoMoreThan(0);
  const at = Math.floor(Date.now() / 1000);
  const token = await service.subscribe("OWN-A");
  const feed = await service.many();
  await feed.have(["feed:alerts"]);
  await price("OWN-A", 2.5, { quote: "USD", timestamp: at });
  const { seq, ...alert } = await ana.told(id);
  assert.deepEqual(alert, {
    type: "ALERT",
    alertType: "price",
    id: `rule-${id}`,
    ruleId: id,
    tokenAddress: "OWN-A",
    title: "Price Alert: OWN-A",
    message: "Price of OWN-A is 2.5 USD, above 2.5",
    severity: "info",
    data: { condition: "above", threshold: 2.5, value: 2.5, quote: "USD" },
    timestamp: at,
    token: ana.topic,
  });
  await price("OWN-A", 3, { quote: "USD" });
  await service.evict("OWN-A");
  await price("OWN-A", 4, { quote: "USD" });
  await ana.heardNoMoreThan(1);
  await ben.heardNoMoreThan(0);
  const types = [...(await token.soFar()), ...(await feed.soFar())].map((frame) => JSON.parse(frame).type);
  assert.ok(!types.includes("ALERT"), `${types}`);
});

test("a trade by webhook makes rules of price and of volume true, in SOL and in dollars", async () => {
  const of = mint();
  const owner = await Owner.of();
  await webhook([solPrice(150), trade(of, 2)]);
  const below = await owner.wants(of, "price_below", 1, "SOL");
  const above = await owner.wants(of, "price_above", 450);
  const much = await owner.wants(of, "volume_above", 1_000);
  await webhook([solPrice(150), trade(of, 2.9, 100n)]);
  await owner.heardNoMoreThan(0);
  await webhook([solPrice(150), trade(of, 3)]);
  const dear = await owner.told(above);
  assert.deepEqual(dear.data, { condition: "above", threshold: 450, value: 450, quote: "USD" });
  await webhook([trade(of, 2, 1_000n)]);
  const traded = await owner.told(much);
  assert.deepEqual([traded.alertType, traded.data.threshold], ["volume", 1_000]);
  await webhook([trade(of, 1)]);
  const cheap = await owner.told(below);
  assert.deepEqual(cheap.data, { condition: "below", threshold: 1, value: 1, quote: "SOL" });
  await owner.heardNoMoreThan(3);
});

test("a rule that is true already when it is stored is told at once", async () => {
  const owner = await Owner.of();
  await price("OWN-B", 5);
  for (const evicted of [false, true]) {
    if (evicted) await service.evict("OWN-B");
    const id = await owner.wants("OWN-B", "price_above", evicted ? 3 : 4);
    await owner.told(id);
  }
  await owner.heardNoMoreThan(2);
});

test("a rule that was taken away is not told, also where its room knew it", async () => {
  const owner = await Owner.of();
  await price("OWN-C", 1);
  const [gone, stays] = [
    await owner.wants("OWN-C", "price_above", 2),
    await owner.wants("OWN-C", "price_above", 3),
  ];
  assert.equal((await owner.user.ask("DELETE", `${owner.user.path}/alerts/${gone}`)).status, 204);
  await price("OWN-C", 9);
  await owner.told(stays);
  await owner.heardNoMoreThan(1);
  const unheard = await owner.wants("OWN-C", "price_above", 10);
  await rows(service, "DELETE FROM alert_rules WHERE id = ?", unheard);
  await price("OWN-C", 11);
  const last = await owner.wants("OWN-C", "price_above", 11);
  await owner.told(last);
  await owner.heardNoMoreThan(2);
});

test("a room that was evicted knows its rules again, and what was over before it did counts too", async () => {
  const of = mint();
  const owner = await Owner.of();
  await webhook([trade(of, 2)]);
  const spike = await owner.wants(of, "price_above", 3, "SOL");
  const burst = await owner.wants(of, "volume_above", 500);
  await service.evict(of);
  // The price is back before anybody can have read the rules, and nobody trades any more.
  await webhook([trade(of, 3.5), trade(of, 2, 500n)]);
  const told = [await owner.socket.hear(), await owner.socket.hear()].map(({ ruleId }) => ruleId);
  assert.deepEqual(new Set(told), new Set([spike, burst]));
  await owner.heardNoMoreThan(2);
});

test("many rules of many users come true at once, and each user has theirs", async () => {
  const owners = await Promise.all(range(1, 8).map(() => Owner.of()));
  await price("OWN-D", 1);
  const ids = await Promise.all(
    owners.map((owner) => Promise.all(range(2, 11).map((n) => owner.wants("OWN-D", "price_above", n)))),
  );
  await price("OWN-D", 20);
  for (const [index, owner] of owners.entries()) {
    const told = (await owner.socket.take(10)).map((frame) => JSON.parse(frame).ruleId);
    assert.deepEqual(told.toSorted(), ids[index].toSorted());
    await owner.heardNoMoreThan(10);
  }
  const left = () => rows(service, "SELECT id FROM alert_rules WHERE mint = 'OWN-D' AND fired_at IS NULL");
  await until("none waits", async () => (await left()).length === 0);
});

/** Rules of wallets that cost nothing, a hundred each, straight into the table: each `[condition, from, to]` a range of prices. */
async function junk(token, count, ...kinds) {
  const wallets = range(1, count / 100).map(() => new Wallet().address);
  for (const [condition, from, to] of kinds)
    await rows(
      service,
      `WITH RECURSIVE hundred (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM hundred WHERE n < 99)
       INSERT INTO alert_rules (id, wallet, mint, condition, threshold, quote, created_at)
       SELECT lower(hex(randomblob(16))), value, ?2, ?3, printf('%.8f1', ?4 + (?5 - ?4) * (n + 1.0 * key / ?6) / 100), 'USD', unixepoch()
       FROM json_each(?1) CROSS JOIN hundred`,
      JSON.stringify(wallets.splice(0, count / kinds.length / 100)),
      token,
      condition,
      from,
      to,
      count / kinds.length / 100,
    );
}

test("honest rules come true among 100,000 that are there to be in their way", async () => {
  const owners = [await Owner.of(), await Owner.of()];
  await price("OWN-E", 1);
  // Of wallets of their own: 2,000 nearer than any honest one, and the others further away on both sides.
  await junk("OWN-E", 2_000, ["price_above", 1.5, 2]);
  await junk("OWN-E", 98_000, ["price_above", 4, 5_000], ["price_below", 0.0001, 0.4]);
  const wishes = [
    ...range(1, 15).map((n) => ["price_above", 2 + n / 50]),
    ...range(1, 5).map((n) => ["price_below", 0.5 + n / 50]),
  ];
  const wanted = await Promise.all(
    owners.map((owner) => Promise.all(wishes.map((wish) => owner.wants("OWN-E", ...wish)))),
  );
  await service.evict("OWN-E");
  // Each price is there for a moment only.
  for (const moment of [3, 1, 0.5, 1]) await price("OWN-E", moment);
  for (const [index, owner] of owners.entries()) {
    const told = (await owner.socket.take(wishes.length)).map((frame) => JSON.parse(frame).ruleId);
    assert.deepEqual(told.toSorted(), wanted[index].toSorted());
    await owner.heardNoMoreThan(wishes.length);
  }
  const [{ left }] = await rows(
    service,
    "SELECT count(*) AS left FROM alert_rules WHERE mint = 'OWN-E' AND fired_at IS NULL",
  );
  assert.equal(left, 98_000, "what the price did not come to waits");
});

test("what users want of other things than a token is priced in costs its room nothing", async () => {
  const owner = await Owner.of();
  for (const n of range(1, 5)) await owner.wants("OWN-F", "price_above", n, `Q${n}`);
  const id = await owner.wants("OWN-F", "price_above", 2, "USDT");
  await price("OWN-F", 2, { quote: "USDC" });
  await owner.told(id);
  await owner.heardNoMoreThan(1);
});

for (const fault of ["FAULTbeforeA1ert", "FAULTafterA1ert"])
  test(`a crash on the way costs nobody their alert and tells nobody twice: ${fault}`, async () => {
    const crashing = await startService({ build: "faulty", secrets: { ...SECRETS, HELIUS_AUTH } });
    const owner = await Owner.of(crashing);
    const of = mint(fault);
    await webhook([trade(of, 2)], crashing);
    const id = await owner.wants(of, "price_above", 3, "SOL");
    await webhook([trade(of, 3)], crashing);
    assert.equal((await owner.socket.hear()).ruleId, id);
    await until("it has fired", async () => {
      await webhook([trade(of, 3)], crashing);
      return (await owner.rule(id)).firedAt !== null;
    });
    await webhook([trade(of, 3)], crashing);
    await owner.heardNoMoreThan(1);
  });
