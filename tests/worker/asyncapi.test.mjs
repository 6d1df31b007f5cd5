// site/asyncapi.json describes what is said on the service's sockets and nothing else: each frame of these conversations
// is the message that the document says, what it calls a message is understood, and all of its messages are seen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import specifications from "@asyncapi/specs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { mint, solPrice, swap } from "./chain.mjs";
import { Conversation, exampleOf, is, messagesOf, seen } from "./conversation.mjs";
import { errorCodes, load, source } from "./documents.mjs";
import { bearer, inSeconds, SECRETS, signIn, walletToken } from "./identity.mjs";
import { startService, stopServices, until } from "./service.mjs";
import { Wallet } from "./wallet.mjs";

const document = load("asyncapi.json");
/** What a member of a message is replaced by, to find out whether that is still one. */
const VALUES = [undefined, null, true, 7, "", "x", "*", [], ["x"], [""], [7], {}, { a: 1 }];

const HELIUS_AUTH = "what helius sends, for the tests";
/** The messages of what the service tells of the chain, by their types. */
const TOLD = {
  ALERT: "alert",
  LIQUIDITY: "liquidity",
  NEW_TOKEN: "newToken",
  PHASE: "phaseChange",
  PRICE_UPDATE: "priceUpdate",
  TRADE: "trade",
};

let service;
before(async () => {
  const vars = { HISTORY_SIZE: "4", CLIENT_FRAMES_PER_MINUTE: "100000" };
  service = await startService({ secrets: { ...SECRETS, HELIUS_AUTH }, vars });
});
after(stopServices);

async function onTopic(token, options) {
  const conversation = new Conversation("topic", await service.subscribe(token, options));
  return [conversation, conversation.recognise("topicConnected", conversation.subscriber.greeting)];
}

async function onTopics(options) {
  const conversation = new Conversation("topics", await service.many(options));
  return [conversation, conversation.recognise("connected", conversation.subscriber.greeting)];
}

test("the document is AsyncAPI 3.0", () => {
  // The specification's schema brings the one that it is written in itself.
  const ajv = new Ajv({ strict: false, meta: false, validateSchema: false });
  formats.default(ajv);
  const isValid = ajv.validate(specifications.schemas["3.0.0"], document);
  assert.ok(isValid, ajv.errorsText());
  assert.equal(document.info.version, JSON.parse(source("package.json")).version);
});

test("every example in it is by its own schema, and every message of a channel is sent or received", () => {
  for (const [name, { examples }] of Object.entries(document.components.messages)) {
    for (const { payload } of examples) assert.ok(is(name, payload), name);
  }
  for (const [channel, { messages }] of Object.entries(document.channels)) {
    const said = [...messagesOf(channel, "send"), ...messagesOf(channel, "receive")];
    assert.deepEqual(said.toSorted(), Object.keys(messages).toSorted(), channel);
  }
});

test("what both documents describe they describe alike", () => {
  const [one, other] = [load("openapi.json").components.schemas, document.components.schemas];
  const both = Object.keys(one).filter((name) => name in other);
  assert.ok(both.includes("Topic") && both.includes("ErrorCode"));
  for (const name of both) assert.deepEqual(one[name], other[name], name);
  assert.deepEqual(other.ErrorCode.enum, errorCodes());
});

test("a socket for one topic", async () => {
  const [one, { epoch, seq }] = await onTopic("ONE");
  assert.equal(seq, 0);
  await service.publish("ONE", { n: 1 });
  await one.hear("publication");
  const [late] = await onTopic("ONE");
  await late.hear("snapshot");
  one.say("ping");
  await one.hear("pong");
  one.say("timedPing");
  assert.equal((await one.hear("timedPong")).id, exampleOf("timedPing").id);
  for (const frame of ["hello", '{"type":"subscribe"}', Buffer.from("{}")]) {
    one.subscriber.send(frame);
    await one.hear("error");
  }
  await service.publishNumbers("ONE", 2, 6);
  const [back] = await onTopic("ONE", { query: { since: 0, epoch, batch: 1 } });
  assert.deepEqual(await back.hear("gap"), { type: "gap", token: "ONE", from: 1, to: 2 });
  assert.equal((await back.hear("batchUpdate")).updates.length, 4);
  const [stranger] = await onTopic("ONE", { query: { since: 5, epoch: "stranger" } });
  assert.equal((await stranger.hear("gap")).from, null);
  await stranger.hear("snapshot");
});

test("a socket for a feed", async () => {
  const [feed] = await onTopic("feed:trades");
  await service.publish("FED", { type: "TRADE", price: 1 });
  const { token, tokenSeq } = await feed.hear("feedPublication");
  assert.deepEqual([token, tokenSeq], ["FED", 1]);
});

test("a socket for a private topic, until the sign-in expires", async () => {
  const wallet = new Wallet();
  const headers = bearer(await walletToken(wallet, inSeconds(2)));
  const [own] = await onTopic(`wallet:${wallet.address}`, { headers });
  await service.publish(`wallet:${wallet.address}`, { type: "BALANCE_UPDATE", balance: 1.5 });
  await own.hear("balanceUpdate");
  assert.equal((await own.subscriber.closed).code, 4501);
});

test("many topics, in the service's own dialect", async () => {
  const [many] = await onTopics();
  await service.publishNumbers("MANY", 1, 6);
  const { epoch } = await service.standing("MANY");
  many.say("subscribeTopics", { topics: ["MANY"], since: {}, batch: false });
  await many.hearAll("subscribedToTopic", "snapshot");
  await service.publish("MANY", { n: 7 });
  await many.hear("publication");
  const [back] = await onTopics();
  back.say("subscribeTopics", { topics: ["MANY"], since: { MANY: { seq: 1, epoch } }, batch: true });
  await back.hearAll("subscribedToTopic", "gap", "batchUpdate");
  many.say("unsubscribeTopics", { topics: ["MANY"] });
  await many.hear("unsubscribedFromTopic");
  many.say("subscribeTopics", { topics: ["feed:trades"], since: null });
  await many.hear("subscribedToTopic");
  await many.subscriber.soFar();
  await service.publish("FED", { type: "TRADE", price: 2 });
  await many.hear("feedPublication");
  many.say("subscribeTopics", { topics: ["FED"], since: {} });
  await many.hearAll("subscribedToTopic", "snapshot");
  await service.publish("FED", { type: "TRADE", price: 3 });
  await many.hearAll("publication", "position");
  many.say("textPing");
  await many.hear("textPong");
  many.say("timedPing");
  await many.hear("timedPong");
  many.say("actionPing");
  await many.hear("timedPong");
  many.say("subscribeTopics", { topics: ["wallet:somebody"], since: {} });
  assert.equal((await many.hear("error")).topic, "wallet:somebody");
});

test("the types of the service's own frames, and no others, are reserved", async () => {
  const sent = Object.keys(document.channels).flatMap((channel) => messagesOf(channel, "send"));
  const payloads = sent.map((name) => document.components.messages[name].payload);
  const types = new Set(payloads.flatMap(({ properties }) => properties?.type?.const ?? []));
  types.delete("BATCH_UPDATE");
  assert.deepEqual([...types].toSorted(), document.components.schemas.ReservedType.enum.toSorted());
  for (const type of [...types, "BATCH_UPDATE", "PRICE_UPDATE", "ping", "subscribe", "Gap"]) {
    const payload = { type, updates: [] };
    const { status, code } = await service.publish("RESERVED", payload);
    assert.deepEqual([status, code], types.has(type) ? [400, "reserved_field"] : [200, undefined], type);
  }
});

test("many topics, in the dialect of channels", async () => {
  const [many] = await onTopics();
  const token = "CHANNELS";
  many.say("subscribePrices", { params: { tokens: [token] } });
  await many.hear("subscribedToTokenOnChannel");
  many.say("subscribeTrades", { params: { tokens: ["*"] } });
  await many.hear("subscribedToTokenOnChannel");
  for (const message of ["subscribeTokens", "subscribeAlerts"]) {
    many.say(message, { params: {} });
    await many.hear("subscribedToChannel");
  }
  for (const [type, message] of [
    ["PRICE_UPDATE", "prices"],
    ["TRADE", "trades"],
    ["NEW_TOKEN", "tokens"],
    ["ALERT", "alerts"],
  ]) {
    await service.publish(token, {
      type,
      alertType: "whale",
      price: 1,
      side: "buy",
      signature: `sig-${type}`,
    });
    await many.hear(message);
  }
  many.say("unsubscribePrices", { params: { tokens: [token] } });
  await many.hear("unsubscribedFromTokenOnChannel");
  many.say("unsubscribeTrades");
  await many.hear("unsubscribedFromTokenOnChannel");
  many.say("unsubscribeTrades");
  await many.hear("unsubscribedFromChannel");
  many.say("unsubscribeChannel", { channel: "tokens" });
  await many.hear("unsubscribedFromChannel");
});

test("many topics, in the dialect of actions", async () => {
  const wallet = new Wallet();
  const [many] = await onTopics();
  many.say("subscribePrice", { token: "ACTION" });
  await many.hear("subscribedToPrice");
  await service.publish("ACTION", { type: "PRICE_UPDATE", price: 1 });
  await many.hear("publication");
  many.say("unsubscribePrice", { token: "ACTION" });
  await many.hear("unsubscribedFromPrice");
  many.say("subscribeBalance", { wallet: wallet.address });
  assert.equal((await many.hear("error")).code, "unauthorized");
  many.say("authenticate", { token: await signIn(service, wallet) });
  assert.equal((await many.hear("authenticated")).subject, wallet.address);
  many.say("subscribeBalance", { wallet: wallet.address });
  await many.hear("subscribedToBalance");
  await service.publish(`wallet:${wallet.address}`, { type: "BALANCE_UPDATE", balance: 1.5 });
  await many.hear("balanceUpdate");
  many.say("authenticate", { token: await signIn(service, new Wallet()) });
  await many.hearAll("authenticated", "signInExpired");
  many.say("unsubscribeBalance", { wallet: wallet.address });
  await many.hear("unsubscribedFromBalance");
});

test("what happens on the chain, as the service tells it", async () => {
  const of = mint();
  const whale = swap({ token: 1_000_000_000n, sol: 100_000_000_000n, of });
  const told = ["create", "migrate", "liquidity"].flatMap((name) =>
    JSON.parse(source(`tests/fixtures/helius/${name}.json`)),
  );
  const response = await service.request("/webhook/helius", {
    method: "POST",
    headers: { authorization: HELIUS_AUTH },
    body: JSON.stringify([solPrice(150), whale, ...told]),
  });
  assert.equal(response.status, 200);
  const types = new Set();
  for (const token of mintsIn([whale, ...told])) {
    for (const frame of await replayed(token)) types.add(JSON.parse(frame).type);
  }
  await until("the alert is told", async () => {
    return (await replayed(of)).some((frame) => JSON.parse(frame).type === "ALERT");
  });
  types.add("ALERT");
  assert.deepEqual([...types].toSorted(), Object.keys(TOLD).toSorted());
});

/** The tokens that transactions name. */
function mintsIn(transactions) {
  const text = JSON.stringify(transactions);
  return new Set([...text.matchAll(/"([1-9A-HJ-NP-Za-km-z]{32,44})"/g)].map(([, address]) => address));
}

/** All that was published to a token, as either kind of socket gets it. */
async function replayed(token) {
  const { epoch, seq } = await service.standing(token);
  if (seq === 0) return [];
  const [one] = await onTopic(token, { query: { since: 0, epoch } });
  const frames = await one.subscriber.soFar();
  const [many] = await onTopics();
  many.say("subscribeTopics", { topics: [token], since: { [token]: { seq: 0, epoch } }, batch: false });
  await many.hear("subscribedToTopic");
  for (const [conversation, got] of [
    [one, frames],
    [many, await many.subscriber.soFar()],
  ]) {
    for (const frame of got) conversation.recognise(TOLD[JSON.parse(frame).type], frame);
    conversation.subscriber.cut();
  }
  return frames;
}

test("a publisher's socket", async () => {
  const publisher = new Conversation("publisher", await service.publisher());
  publisher.say("publish", { key: "once" });
  await publisher.hear("published");
  publisher.say("publish", { key: "once", id: { a: [1] } });
  assert.equal((await publisher.hear("published")).duplicate, true);
  publisher.subscriber.send('{"id":2,"token":"no topic","payload":{}}');
  await publisher.hear("notPublished");
  publisher.say("ping");
  await publisher.hear("pong");
});

test("a frame that is no message of the document is not understood, and one that is is", async () => {
  const [many] = await onTopics();
  const publisher = new Conversation("publisher", await service.publisher());
  const answers = {
    topics: async (frame) => {
      many.subscriber.send(frame);
      return parsed(await many.subscriber.soFar()).filter(({ type }) => type === "error");
    },
    publisher: async (frame) => {
      publisher.subscriber.send(frame);
      return parsed([await publisher.subscriber.next()]);
    },
  };
  let tried = 0;
  for (const [channel, answersTo] of Object.entries(answers)) {
    const messages = messagesOf(channel, "receive").filter((name) => typeof exampleOf(name) === "object");
    for (const frame of messages
      .flatMap((name) => mutations(exampleOf(name)))
      .map(asSent)
      .filter(isPlain)) {
      const isMessage = messages.some((name) => is(name, frame));
      const codes = (await answersTo(JSON.stringify(frame))).map(({ code }) => code ?? "");
      const isUnderstood = !codes.some((code) => /^invalid_|^reserved_/.test(code));
      assert.equal(isUnderstood, isMessage, `${JSON.stringify(frame)} was answered with ${codes}`);
      tried += 1;
    }
  }
  assert.ok(tried > 300);
});

/** A frame without the members that are undefined. */
const asSent = (frame) => JSON.parse(JSON.stringify(frame));
const parsed = (frames) => frames.map((frame) => JSON.parse(frame));

/** Whether a frame breaks no rule between two of its members, which no schema can say: `since` is of `topics`. */
function isPlain({ topics, since }) {
  const places = since && typeof since === "object" ? Object.keys(since) : [];
  return !Array.isArray(topics) || places.every((topic) => topics.includes(topic));
}

/** A frame with each of its members, and each of their members, left out or replaced. */
function mutations(frame) {
  const members = Object.entries(frame);
  return members.flatMap(([name, value]) => {
    const inside =
      value && typeof value === "object" && !Array.isArray(value) && name !== "payload"
        ? mutations(value)
        : [];
    return [...VALUES, ...inside].map((other) => ({ ...frame, [name]: other }));
  });
}

test("every message of the document was seen", () => {
  const described = Object.entries(document.channels).flatMap(([channel, { messages }]) =>
    Object.keys(messages).map((message) => `${channel}/${message}`),
  );
  assert.deepEqual([...seen].toSorted(), described.toSorted());
});
