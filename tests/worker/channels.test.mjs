// The channel dialect, as clients of the server that it comes from speak it: their own example runs unchanged, and every
// message of that server's documentation arrives in its shape, whatever names the publisher uses.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

const on = (channel, params) => ({ type: "subscribe", channel, ...(params && { params }) });
const data = (channel, ...items) => `{"type":"data","channel":"${channel}","data":{"${channel}":[${items}]}}`;
const post = (topic, text) => service.post(`/broadcast/${topic}`, text);

/** A socket that has subscribed to a channel; `answers` is how many topics that is. */
async function subscribed(channel, params, answers = 1) {
  const subscriber = await service.many();
  subscriber.say(on(channel, params));
  subscriber.answers = [];
  while (subscriber.answers.length < answers) subscriber.answers.push(await subscriber.next());
  return subscriber;
}

/** What a publisher of this service says, and how the channel's clients are told it. */
const PRICE =
  '{"type":"PRICE_UPDATE","price":0.00250,"priceChange24h":15.5,"volume24h":1250000,"liquidity":500000,"timestamp":1234567890}';
const price = (token) =>
  `{"tokenAddress":"${token}","price":0.00250,"priceChange24h":15.5,"volume24h":1250000,"liquidity":500000,"timestamp":1234567890}`;
const TRADE =
  '{"type":"TRADE","side":"buy","signature":"SIGN","trader":"0xabc...","symbol":"MEME","amount":"10000","quoteAmount":"2.5","price":0.00025,"slot":123456,"timestamp":1234567890,"dex":"ShadowSwap"}';
const trade = (signature, token) =>
  `{"txHash":"${signature}","tokenAddress":"${token}","tokenSymbol":"MEME","trader":"0xabc...","type":"buy","amountToken":"10000","amountCore":"2.5","price":0.00025,"timestamp":1234567890,"blockNumber":123456,"dex":"ShadowSwap"}`;
const ALERT =
  '{"type":"ALERT","alertType":"KIND","id":"alert_123","symbol":"MEME","title":"Whale Alert: MEME","message":"Whale buy: $2.5M of MEME","severity":"warning","data":{"walletAddress":"0xabc...","action":"buy","amount":10000000,"value":2500000},"timestamp":1234567890}';
const alert = (kind, token) =>
  `{"id":"alert_123","type":"${kind}","tokenAddress":"${token}","tokenSymbol":"MEME","title":"Whale Alert: MEME","message":"Whale buy: $2.5M of MEME","severity":"warning","data":{"walletAddress":"0xabc...","action":"buy","amount":10000000,"value":2500000},"timestamp":1234567890}`;
const TOKEN =
  '{"type":"NEW_TOKEN","name":"Meme Token","symbol":"MEME","totalSupply":"1000000000","creator":"0xabc...","pairAddress":"0xdef...","initialLiquidity":"10000","timestamp":1234567890,"slot":123456,"signature":"SIGN"}';
const token = (address, signature) =>
  `{"address":"${address}","name":"Meme Token","symbol":"MEME","totalSupply":"1000000000","creator":"0xabc...","pairAddress":"0xdef...","initialLiquidity":"10000","timestamp":1234567890,"blockNumber":123456,"txHash":"${signature}"}`;

test("the documentation's own client runs as it is, at another address", async () => {
  const lines = [];
  const example = clientExample().replace(
    "ws://localhost:3003",
    `${service.origin.replace("http", "ws")}/ws`,
  );
  const log = (...words) => lines.push(words);
  let socket;
  class Socket extends WebSocket {
    constructor(url) {
      super(url);
      socket = this;
    }
  }
  new Function("WebSocket", "console", example)(Socket, { log, error: log });
  const last = (words) => until(words, () => lines.find(([first]) => first === words));
  await last("Connected to WebSocket server");
  assert.match((await last("Client ID:"))[1], /^[0-9a-f-]{36}$/);
  await until("it has the price", async () => {
    return JSON.parse(await (await post("0x123...", PRICE)).text()).connections === 1;
  });
  const [, prices] = await last("Price update:");
  assert.deepEqual(prices, [JSON.parse(price("0x123..."))]);
  socket.send("this is no message");
  assert.deepEqual(await last("Error:"), ["Error:", "the frame is not JSON"]);
  socket.terminate();
});

/** The client of the documentation. */
function clientExample() {
  return readFileSync(new URL("fixtures/channel-client.txt", import.meta.url), "utf8");
}

test("prices come for the tokens that were named, the last known ones first", async () => {
  await post("CH-PRICE-1", PRICE);
  const subscriber = await subscribed("prices", { tokens: ["CH-PRICE-1", "CH-PRICE-2"] }, 3);
  const frames = [...subscriber.answers, ...(await subscriber.soFar())];
  assert.ok(frames.includes(data("prices", price("CH-PRICE-1"))));
  assert.equal(frames.length, 3);
  await post("CH-PRICE-2", PRICE);
  await post("CH-PRICE-2", TRADE.replace("SIGN", "no-price"));
  await post("CH-PRICE-3", PRICE);
  assert.deepEqual(await subscriber.soFar(), [data("prices", price("CH-PRICE-2"))]);
});

test("prices that come together share a frame, each with the digits that were posted", async () => {
  const subscriber = await subscribed("prices", { tokens: ["CH-DIGITS"] });
  const posted = ["1.0", "0.10e-9", "12345678901234567890.123456789012345678901"];
  const messages = posted.map(
    (digits) => `{"token":"CH-DIGITS","payload":{"type":"PRICE_UPDATE","price":${digits},"note":"é☀"}}`,
  );
  await service.post("/broadcast", `{"messages":[${messages}]}`);
  const items = posted.map((digits) => `{"tokenAddress":"CH-DIGITS","price":${digits},"note":"é☀"}`);
  assert.deepEqual(await subscriber.soFar(), [data("prices", ...items)]);
});

test("new tokens come as they are launched, and with includeRecent those before them", async () => {
  const publishToken = (n) => post(`CH-TOKEN-${n}`, TOKEN.replace("SIGN", `launch-${n}`));
  const launched = (n) => token(`CH-TOKEN-${n}`, `launch-${n}`);
  await publishToken(1);
  await publishToken(2);
  const recent = await subscribed("tokens", { includeRecent: true });
  const fresh = await subscribed("tokens", { includeRecent: false });
  const plain = await subscribed("tokens");
  assert.deepEqual(await recent.soFar(), [data("tokens", launched(1), launched(2))]);
  await publishToken(3);
  for (const subscriber of [recent, fresh, plain]) {
    assert.deepEqual(await subscriber.soFar(), [data("tokens", launched(3))]);
  }
});

test("trades come for the tokens that were named, or for all, each once", async () => {
  const one = await subscribed("trades", { tokens: ["CH-TRADE-1"] });
  const both = await subscribed("trades", { tokens: ["CH-TRADE-1", "*"] }, 2);
  const all = await subscribed("trades", { tokens: ["*"] });
  assert.deepEqual(
    all.answers.map((frame) => JSON.parse(frame)).map(({ channel, token }) => [channel, token]),
    [["trades", "*"]],
  );
  for (const [signature, topic] of [
    ["5xy", "CH-TRADE-1"],
    ["5xz", "CH-TRADE-2"],
  ]) {
    await post(topic, TRADE.replace("SIGN", signature));
  }
  await post("CH-TRADE-1", PRICE);
  const [first, second] = [
    data("trades", trade("5xy", "CH-TRADE-1")),
    data("trades", trade("5xz", "CH-TRADE-2")),
  ];
  assert.deepEqual(await one.soFar(), [first]);
  assert.deepEqual(await all.soFar(), [first, second]);
  assert.deepEqual(await both.soFar(), [first, second]);
  const newcomer = await subscribed("trades", { tokens: ["CH-TRADE-1"] });
  assert.deepEqual(await newcomer.soFar(), [], "a trade of before is no live trade");
});

test("alerts come by their type, or all of them", async () => {
  const some = await subscribed("alerts", { types: ["price", "whale"] });
  const rugs = await subscribed("alerts", { types: ["rug"] });
  const all = await subscribed("alerts", { types: ["price", "whale", "rug", "*"] });
  for (const kind of ["whale", "rug", "volume", "price", "aliens"]) {
    await post("CH-ALERT", ALERT.replace("KIND", kind));
  }
  const told = (kinds) => kinds.map((kind) => data("alerts", alert(kind, "CH-ALERT")));
  assert.deepEqual(await some.soFar(), told(["whale", "price"]));
  assert.deepEqual(await rugs.soFar(), told(["rug"]));
  assert.deepEqual(await all.soFar(), told(["whale", "rug", "volume", "price", "aliens"]));

  rugs.say(on("alerts", { types: ["volume"] }));
  await rugs.soFar();
  await service.evictRelaysOf("feed:alerts");
  for (const kind of ["rug", "volume", "price"]) await post("CH-ALERT", ALERT.replace("KIND", kind));
  assert.deepEqual(
    await rugs.soFar(),
    told(["rug", "volume"]),
    "types add up, and outlive the relay's memory",
  );
});

test("a publisher that uses the documentation's own names is carried as it is", async () => {
  const subscriber = await subscribed("trades", { tokens: ["CH-NAMES"] });
  await post(
    "CH-NAMES",
    '{"type":"TRADE","txHash":"0x...","side":"sell","amountToken":"1e4","amountCore":2.50}',
  );
  assert.deepEqual(await subscriber.soFar(), [
    data(
      "trades",
      '{"txHash":"0x...","tokenAddress":"CH-NAMES","type":"sell","amountToken":"1e4","amountCore":2.50}',
    ),
  ]);
});

test("a channel is given up as a whole, or by token", async () => {
  const subscriber = await subscribed("prices", { tokens: ["CH-LEFT-1", "CH-LEFT-2", "CH-LEFT-3"] }, 3);
  subscriber.say(on("trades", { tokens: ["CH-LEFT-2"] }));
  await subscriber.hear();
  for (const channel of ["prices", "trades", "tokens", "alerts"]) {
    const fresh = await service.many();
    fresh.say({ type: "unsubscribe", channel });
    assert.deepEqual(await fresh.soFar(), [`{"type":"unsubscribed","channel":"${channel}"}`], "of nothing");
  }
  subscriber.say({ type: "unsubscribe", channel: "prices", params: { tokens: ["CH-LEFT-1"] } });
  assert.deepEqual(await subscriber.soFar(), [
    '{"type":"unsubscribed","channel":"prices","token":"CH-LEFT-1"}',
  ]);
  await post("CH-LEFT-1", PRICE);
  await post("CH-LEFT-2", PRICE);
  assert.deepEqual(await subscriber.soFar(), [data("prices", price("CH-LEFT-2"))]);

  subscriber.say({ type: "unsubscribe", channel: "prices" });
  assert.deepEqual((await subscriber.soFar()).toSorted(), [
    '{"type":"unsubscribed","channel":"prices","token":"CH-LEFT-2"}',
    '{"type":"unsubscribed","channel":"prices","token":"CH-LEFT-3"}',
  ]);
  await post("CH-LEFT-2", PRICE);
  await post("CH-LEFT-3", PRICE);
  await post("CH-LEFT-2", TRADE.replace("SIGN", "left"));
  assert.deepEqual(await subscriber.soFar(), [data("trades", trade("left", "CH-LEFT-2"))]);
});

test("tokens and alerts are given up too", async () => {
  const subscriber = await subscribed("tokens");
  subscriber.say(on("alerts"));
  await subscriber.hear();
  for (const channel of ["tokens", "alerts"]) {
    subscriber.say({ type: "unsubscribe", channel });
    assert.deepEqual(await subscriber.hear(), { type: "unsubscribed", channel });
  }
  await post("CH-OVER", TOKEN.replace("SIGN", "over"));
  await post("CH-OVER", ALERT.replace("KIND", "whale"));
  assert.deepEqual(await subscriber.soFar(), []);
});

test("connected says who one is, a ping says what time it is, an error has a message", async () => {
  const subscriber = await service.many();
  const { type, clientId } = JSON.parse(subscriber.greeting);
  assert.deepEqual([type, typeof clientId], ["connected", "string"]);
  subscriber.send('{"type":"ping"}');
  const pong = await subscriber.hear();
  assert.deepEqual(Object.keys(pong), ["type", "timestamp"]);
  assert.ok(Math.abs(pong.timestamp - Date.now() / 1000) < 5, "in Unix seconds");

  const cases = [
    [on("price", { tokens: ["A"] }), "invalid_payload", /`channel` is one of/],
    [on("prices"), "invalid_payload", /`params.tokens`/],
    [on("prices", { tokens: "A" }), "invalid_payload", /`params.tokens`/],
    [on("prices", { tokens: ["*"] }), "invalid_topic", /token by token/],
    [on("prices", { tokens: ["wallet:x"] }), "invalid_topic", /no colon/],
    [on("trades", { token: "A" }), "invalid_payload", /`params.tokens`/],
    [on("tokens", { includeRecent: 1 }), "invalid_payload", /`includeRecent`/],
    [on("alerts", { types: ["wale"] }), "invalid_payload", /type of alert/],
    [{ type: "unsubscribe", channel: "all" }, "invalid_payload", /`channel` is one of/],
  ];
  for (const [frame, code, message] of cases) {
    subscriber.say(frame);
    const error = await subscriber.hear();
    assert.deepEqual([error.type, error.code], ["error", code], JSON.stringify(frame));
    assert.match(error.message, message);
  }
});
