// The action dialect, one token's price or one wallet's balance at a time, and a socket on which all three dialects are
// spoken.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bearer, SECRETS, signIn } from "./identity.mjs";
import { startService, stopServices } from "./service.mjs";
import { Wallet } from "./wallet.mjs";

let service;
before(async () => {
  service = await startService({ secrets: SECRETS });
});
after(stopServices);

const DROP = '{"type":"PRICE_UPDATE","token":"DROP","price":0.00007345,"timestamp":1724101800}';
const post = (topic, text) => service.post(`/broadcast/${topic}`, text);
const BALANCE = '{"type":"BALANCE_UPDATE","balance":1.50,"timestamp":1724101800}';
const balance = (wallet, seq) => `${BALANCE.slice(0, -1)},"token":"wallet:${wallet.address}","seq":${seq}}`;

test("the price of a token is subscribed to, arrives as it was posted, and is given up", async () => {
  const subscriber = await service.many();
  subscriber.say({ action: "subscribePrice", token: "DROP" });
  const { epoch, ...answer } = await subscriber.hear();
  assert.deepEqual(answer, { type: "subscribed", action: "subscribePrice", token: "DROP", seq: 0 });
  assert.match(epoch, /^0/);
  assert.equal((await (await post("DROP", DROP)).json()).connections, 1);
  const update = await subscriber.next();
  assert.equal(update, `${DROP.slice(0, -1)},"seq":1}`);
  const { type, token, price, timestamp } = JSON.parse(update);
  assert.deepEqual(
    { type, token, price, timestamp },
    { type: "PRICE_UPDATE", token: "DROP", price: 0.00007345, timestamp: 1724101800 },
  );

  await post("DROP", '{"type":"TRADE","side":"buy"}');
  await post("DROP", '{"note":"no price either"}');
  assert.deepEqual(await subscriber.soFar(), [], "only prices");
  await service.evictRelaysOf("DROP");
  await post("DROP", DROP);
  assert.deepEqual(await subscriber.soFar(), [`${DROP.slice(0, -1)},"seq":4}`]);
  subscriber.say({ action: "unsubscribePrice", token: "DROP" });
  assert.deepEqual(await subscriber.hear(), {
    type: "unsubscribed",
    action: "unsubscribePrice",
    token: "DROP",
  });
  assert.equal((await (await post("DROP", DROP)).json()).connections, 0);
  assert.deepEqual(await subscriber.soFar(), []);
});

test("who comes later is shown the last price at once", async () => {
  await post("DROP-LATER", '{"type":"PRICE_UPDATE","price":0.10e-9}');
  const subscriber = await service.many();
  subscriber.say({ action: "subscribePrice", token: "DROP-LATER" });
  assert.equal((await subscriber.hear()).seq, 1);
  assert.deepEqual(await subscriber.soFar(), [
    '{"type":"PRICE_UPDATE","price":0.10e-9,"token":"DROP-LATER","seq":1,"snapshot":true}',
  ]);
});

test("a balance takes the wallet's own sign-in", async () => {
  const [ana, ben] = [new Wallet(), new Wallet()];
  const [token, other] = [await signIn(service, ana), await signIn(service, ben)];
  const ask = { action: "subscribeBalance", wallet: ana.address };
  const nobody = await service.many();
  nobody.say(ask);
  const { message, ...refusal } = await nobody.hear();
  const topic = `wallet:${ana.address}`;
  assert.deepEqual(refusal, { type: "error", code: "unauthorized", topic });
  assert.match(message, /sign in first/);
  const stranger = await service.many({ headers: bearer(other) });
  stranger.say(ask);
  assert.equal((await stranger.hear()).code, "forbidden");

  const owner = await service.many({ headers: bearer(token) });
  owner.say(ask);
  const { epoch, ...answer } = await owner.hear();
  assert.deepEqual(answer, { type: "subscribed", action: "subscribeBalance", wallet: ana.address, seq: 0 });
  assert.equal((await (await post(topic, BALANCE)).json()).connections, 1);
  assert.deepEqual(await owner.soFar(), [balance(ana, 1)]);
  await post(topic, '{"type":"PRICE_UPDATE","price":1}');
  assert.deepEqual(await owner.soFar(), [], "only balances");

  nobody.say({ type: "authenticate", token });
  assert.equal((await nobody.hear()).subject, ana.address);
  nobody.say(ask);
  assert.equal((await nobody.hear()).type, "subscribed");
  await post(topic, BALANCE);
  for (const subscriber of [owner, nobody]) assert.deepEqual(await subscriber.soFar(), [balance(ana, 3)]);
  assert.deepEqual(await stranger.soFar(), []);

  owner.say({ action: "unsubscribeBalance", wallet: ana.address });
  assert.deepEqual(await owner.hear(), {
    type: "unsubscribed",
    action: "unsubscribeBalance",
    wallet: ana.address,
  });
  assert.equal((await (await post(topic, BALANCE)).json()).connections, 1);
});

test("an action that is none is told what one is", async () => {
  const subscriber = await service.many();
  for (const [frame, code] of [
    [{ action: "buy", token: "DROP" }, "invalid_payload"],
    [{ action: "subscribePrice" }, "invalid_payload"],
    [{ action: "subscribePrice", token: "no token" }, "invalid_topic"],
    [{ action: "subscribePrice", token: "wallet:x" }, "invalid_topic"],
    [{ action: "subscribeBalance" }, "invalid_payload"],
    [{ action: "subscribeBalance", wallet: "DROP" }, "invalid_topic"],
  ]) {
    subscriber.say(frame);
    const answer = await subscriber.hear();
    assert.deepEqual([answer.type, answer.code], ["error", code], JSON.stringify(frame));
  }
  subscriber.say({ action: "ping", id: 7 });
  assert.match(await subscriber.next(), /^\{"type":"pong","id":7,"timestamp":\d{10}\}$/);
});

test("all three dialects share a socket and a topic: each price in each shape that was asked for, once", async () => {
  const subscriber = await service.many();
  subscriber.say({ action: "subscribePrice", token: "MIXED" });
  subscriber.say({ type: "subscribe", channel: "prices", params: { tokens: ["MIXED"] } });
  subscriber.say({ type: "subscribe", channel: "trades", params: { tokens: ["MIXED", "*"] } });
  const named = (await subscriber.take(4)).map((frame) => JSON.parse(frame));
  assert.deepEqual(named.map(({ action, channel, token }) => [action ?? channel, token]).toSorted(), [
    ["prices", "MIXED"],
    ["subscribePrice", "MIXED"],
    ["trades", "*"],
    ["trades", "MIXED"],
  ]);
  const posted = (seq) => `{"type":"PRICE_UPDATE","price":0.10e-9,"token":"MIXED","seq":${seq}}`;
  const asData =
    '{"type":"data","channel":"prices","data":{"prices":[{"tokenAddress":"MIXED","price":0.10e-9}]}}';
  const trade =
    '{"type":"data","channel":"trades","data":{"trades":[{"tokenAddress":"MIXED","type":"buy"}]}}';
  const publishBoth = async () => {
    const answer = await (await post("MIXED", '{"type":"PRICE_UPDATE","price":0.10e-9}')).json();
    assert.equal(answer.connections, 1, "one socket, however many shapes");
    await post("MIXED", '{"type":"TRADE","side":"buy"}');
  };
  await publishBoth();
  assert.deepEqual(await subscriber.soFar(), [posted(1), asData, trade]);

  // Natively it is everything as it was posted: the action's prices are among it.
  await subscriber.have(["MIXED"]);
  await service.evictRelaysOf("MIXED");
  await publishBoth();
  const tradePosted = '{"type":"TRADE","side":"buy","token":"MIXED","seq":4}';
  assert.deepEqual(await subscriber.soFar(), [posted(3), asData, tradePosted, trade]);

  subscriber.say({ type: "unsubscribe", topics: ["MIXED"] });
  await subscriber.soFar();
  await publishBoth();
  assert.deepEqual(await subscriber.soFar(), [posted(5), asData, trade], "the other shapes stay");
  subscriber.say({ type: "unsubscribe", channel: "prices" });
  subscriber.say({ type: "unsubscribe", channel: "trades" });
  await subscriber.soFar();
  await publishBoth();
  assert.deepEqual(await subscriber.soFar(), [posted(7)]);
});
