// A publisher that does not know whether its message arrived sends it again: by whatever the message is known, a repeat
// changes nothing, and answers where the first one went.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { numbered, range, SECRET, startService, stopServices } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

/** The answer to a repeat of the publication that was given the place `seq`. */
const repeated = (seq) => ({ success: true, connections: 0, seq, duplicate: true });

/** Posts one message that is signed by the Standard Webhooks specification. */
function postSigned(token, id, body, headers = {}) {
  const at = new Date();
  const signature = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET, { format: "raw" }).sign(id, at, body),
  };
  return service.request(`/broadcast/${token}`, {
    method: "POST",
    headers: { ...signature, ...headers },
    body,
  });
}

/** How one message is sent, by each of the ways in which it can be known; `n` tells it from others. */
const ways = {
  "an Idempotency-Key": (token, n) =>
    service.post(`/broadcast/${token}`, { n: 1 }, { "idempotency-key": `order-${n}` }),
  "its webhook-id": (token, n) => postSigned(token, `${token}-${n}`, '{"n":1}'),
  "its webhook-id, whatever key somebody adds": (token, n) =>
    postSigned(token, `${token}-${n}`, '{"n":1}', { "idempotency-key": crypto.randomUUID() }),
  "its signature and type": (token, n) =>
    service.post(`/broadcast/${token}`, `{"n":1,"type":"TRADE","signature":"5Kd${n}"}`),
};

for (const [index, [name, send]] of Object.entries(ways).entries()) {
  test(`a message is known by ${name}`, async () => {
    const token = `KNOWN-${index}`;
    const subscriber = await service.subscribe(token);
    const answer = async (n) => (await send(token, n)).json();
    assert.deepEqual(await answer(1), { success: true, connections: 1, seq: 1 });
    assert.deepEqual(await answer(1), repeated(1));
    assert.deepEqual(
      await answer(2),
      { success: true, connections: 1, seq: 2 },
      "another one is another one",
    );
    assert.deepEqual(await answer(1), repeated(1));

    await service.evict(token);
    assert.deepEqual(await answer(2), repeated(2), "it is known after the room was taken out of memory");
    await service.publish(token, { n: 3 });
    const places = (await subscriber.take(3)).map((frame) => JSON.parse(frame).seq);
    assert.deepEqual(places, [1, 2, 3], "subscribers saw each once");
  });
}

test("the same signature with another type is another message", async () => {
  await service.publish("KINDS", { type: "TRADE", signature: "5Kd" });
  const other = await service.publish("KINDS", { type: "PRICE_UPDATE", signature: "5Kd" });
  assert.deepEqual([other.seq, other.duplicate], [2, undefined]);
});

test("a key says more than the message itself: under another key the same transaction is published anew", async () => {
  const payload = { type: "TRADE", signature: "5Kd" };
  await service.publish("KEYED", payload, { "idempotency-key": "a" });
  assert.equal((await service.publish("KEYED", payload, { "idempotency-key": "b" })).seq, 2);
});

test("two identical posts at the same time become one publication, and both are answered", async () => {
  const subscriber = await service.subscribe("TWINS");
  for (let round = 1; round <= 10; round += 1) {
    const post = () => service.publish("TWINS", { n: round }, { "idempotency-key": `round-${round}` });
    const answers = await Promise.all([post(), post()]);
    assert.deepEqual(
      answers.map(({ status, seq }) => [status, seq]),
      [
        [200, round],
        [200, round],
      ],
    );
    assert.equal(answers.filter(({ duplicate }) => duplicate === true).length, 1);
  }
  assert.deepEqual(await subscriber.take(10), numbered("TWINS", 1, 10));
});

test("a message of a batch is known by its id, alone, beside others and in another order", async () => {
  const subscriber = await service.subscribe("ITEMS");
  const item = (n) => ({ token: "ITEMS", payload: { n }, id: `item-${n}` });
  const post = async (...messages) => (await (await service.post("/broadcast", { messages })).json()).results;
  await post(item(1), item(2));
  const results = await post(item(2), item(3), item(1), item(3), item(4));
  assert.deepEqual(
    results.map(({ seq, duplicate }) => [seq, duplicate]),
    [
      [2, true],
      [3, undefined],
      [1, true],
      [3, true],
      [4, undefined],
    ],
  );
  assert.deepEqual(await subscriber.take(4), numbered("ITEMS", 1, 4));
  await service.publishNumbers("ITEMS", 5, 5);
  assert.deepEqual(await subscriber.take(1), numbered("ITEMS", 5, 5));
});

test("a whole batch may be repeated under one Idempotency-Key, to several topics", async () => {
  const subscribers = [await service.subscribe("WHOLE-A"), await service.subscribe("WHOLE-B")];
  const messages = [
    { token: "WHOLE-A", payload: { n: 1 } },
    { token: "WHOLE-A", payload: { n: 2 } },
    { token: "WHOLE-B", payload: { n: 1 } },
  ];
  const post = async (key) =>
    (await service.post("/broadcast", { messages }, { "idempotency-key": key })).json();
  const first = await post("batch-1");
  assert.ok(first.results.every(({ duplicate }) => duplicate === undefined));
  const second = await post("batch-1");
  assert.equal(second.success, true);
  assert.deepEqual(
    second.results,
    first.results.map((result) => ({ ...result, connections: 0, duplicate: true })),
  );
  const other = await post("batch-2");
  assert.deepEqual(
    other.results.map(({ seq }) => seq),
    [3, 4, 2],
  );
  const frames = await subscribers[0].take(4);
  assert.deepEqual(
    frames.map((frame) => JSON.parse(frame).seq),
    [1, 2, 3, 4],
  );
});

test("of a batch under one Idempotency-Key, the message that failed is sent again alone", async () => {
  const headers = { "idempotency-key": "batch-in-part" };
  const post = async (...messages) =>
    (await (await service.post("/broadcast", { messages }, headers)).json()).results.map(
      ({ seq, duplicate }) => [seq, duplicate],
    );
  const message = (n) => ({ token: "IN-PART", payload: { n } });
  assert.deepEqual(await post(message(1), message(2)), [
    [1, undefined],
    [2, undefined],
  ]);
  assert.deepEqual(await post(message(3)), [[3, undefined]], "it was not there the first time");
  assert.deepEqual(await post(message(2)), [[2, true]]);
  assert.deepEqual(await post(message(3), message(1), message(1)), [
    [3, true],
    [1, true],
    [4, undefined],
  ]);
});

test("keys are each topic's own", async () => {
  const key = { "idempotency-key": "shared" };
  await service.publish("MINE", {}, key);
  const other = await service.publish("YOURS", {}, key);
  assert.deepEqual([other.seq, other.duplicate], [1, undefined]);
});

test("a key is known as long as its publication is held, and then published anew", async () => {
  const small = await startService({ vars: { HISTORY_SIZE: "2" } });
  const keyed = () => small.publish("WINDOW", {}, { "idempotency-key": "a" });
  await keyed();
  await small.publish("WINDOW", {});
  assert.deepEqual(await keyed(), { status: 200, ...repeated(1) });
  await small.publish("WINDOW", {});
  const { seq, duplicate } = await keyed();
  assert.deepEqual([seq, duplicate], [4, undefined]);
  await small.evict("WINDOW");
  assert.equal((await keyed()).seq, 4);
});

test("a key of more than 255 characters, or of none, is refused, and nothing is published", async () => {
  const refused = [
    await service.post("/broadcast/LONG", {}, { "idempotency-key": "x".repeat(300) }),
    await service.post("/broadcast/LONG", {}, { "idempotency-key": "" }),
    await service.post("/broadcast", { messages: [] }, { "idempotency-key": "x".repeat(300) }),
    await postSigned("LONG", "x".repeat(300), "{}"),
  ];
  for (const response of refused) {
    assert.equal(response.status, 400);
    assert.equal((await response.json()).code, "invalid_payload");
  }
  const ids = ["x".repeat(300), "", "x".repeat(255)];
  const messages = ids.map((id) => ({ token: "LONG", payload: {}, id }));
  const { results } = await (await service.post("/broadcast", { messages })).json();
  assert.deepEqual(
    results.map(({ code, seq }) => code ?? seq),
    ["invalid_payload", "invalid_payload", 1],
  );
});

test("a hundred messages, each with 255 characters of any script as its id, are known again", async () => {
  const id = (n) => `${"価".repeat(252)}${String(n).padStart(3, "0")}`;
  const messages = range(0, 99).map((n) => ({ token: "SCRIPTS", payload: { n }, id: id(n) }));
  const post = async () => (await (await service.post("/broadcast", { messages })).json()).results;
  assert.deepEqual(
    (await post()).map(({ seq, duplicate }) => [seq, duplicate]),
    range(1, 100).map((seq) => [seq, undefined]),
  );
  await service.evict("SCRIPTS");
  assert.deepEqual(
    (await post()).map(({ seq, duplicate }) => [seq, duplicate]),
    range(1, 100).map((seq) => [seq, true]),
  );
});
