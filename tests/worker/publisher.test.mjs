// A publisher's socket, `GET /publish`: frames go out without waiting, and each is answered, in order, with what a post
// would have been answered.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbered, range, SECRET, startService, stopServices } from "./service.mjs";

let service;
before(async () => {
  service = await startService({ vars: { HISTORY_SIZE: "10000" } });
});
after(stopServices);

/** Sends a frame, as an object or a text, and returns the answer. */
async function ask(publisher, frame) {
  publisher.send(typeof frame === "string" || frame instanceof Buffer ? frame : JSON.stringify(frame));
  return JSON.parse(await publisher.next());
}

test("nobody gets a publisher's socket without the secret, and nobody without a handshake", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: SECRET }]) {
    const { status, headers: answered, text } = await service.refused("/publish", { headers });
    assert.deepEqual([status, JSON.parse(text).code], [401, "unauthorized"]);
    assert.match(answered["www-authenticate"], /^Bearer/);
  }
  const plain = await service.request("/publish", { headers: { authorization: `Bearer ${SECRET}` } });
  assert.equal(plain.status, 426);
  assert.equal(plain.headers.get("sec-websocket-version"), "13");
  assert.equal((await plain.json()).code, "upgrade_required");
});

test("a frame is published as a post would be, also to a private topic", async () => {
  const [subscriber, publisher] = [await service.subscribe("PLAIN"), await service.publisher()];
  publisher.send('{"id":1,"token":"PLAIN","payload":{"type":"PRICE_UPDATE", "price":0.10e-9}}');
  assert.equal(await publisher.next(), '{"id":1,"success":true,"connections":1,"seq":1}');
  assert.equal(await subscriber.next(), '{"type":"PRICE_UPDATE", "price":0.10e-9,"token":"PLAIN","seq":1}');
  const { success, seq } = await ask(publisher, { id: 2, token: "wallet:9xQe", payload: {} });
  assert.deepEqual([success, seq], [true, 1]);
});

test("500 frames to several topics, sent without waiting, are answered in order, each with its place in its topic", async () => {
  const topics = ["PIPE-A", "PIPE-B", "PIPE-C"];
  const subscribers = await Promise.all(topics.map((token) => service.subscribe(token)));
  const publisher = await service.publisher();
  const frames = range(0, 499).map((n) => ({
    id: n,
    token: topics[n % 3],
    payload: { n: Math.floor(n / 3) + 1 },
  }));
  for (const frame of frames) publisher.send(JSON.stringify(frame));
  const answers = (await publisher.take(500)).map((answer) => JSON.parse(answer));
  assert.deepEqual(
    answers,
    frames.map(({ id, payload: { n } }) => ({ id, success: true, connections: 1, seq: n })),
  );
  for (const [index, subscriber] of subscribers.entries()) {
    const count = frames.filter(({ token }) => token === topics[index]).length;
    assert.deepEqual(await subscriber.take(count), numbered(topics[index], 1, count));
  }
});

test("an id is echoed with the characters that came, whatever it is, and without one it is null", async () => {
  const publisher = await service.publisher();
  for (const id of ["7", "1.0", "1e400", '"a \\u00e9"', '{"a":[1, 2]}', "null", "true"]) {
    publisher.send(`{"id":${id},"token":"IDS","payload":{}}`);
    assert.ok((await publisher.next()).startsWith(`{"id":${id},"success":true,`), id);
    publisher.send(`{"id":${id},"token":"no topic","payload":{}}`);
    assert.ok((await publisher.next()).startsWith(`{"id":${id},"token":"no topic","success":false,`), id);
  }
  assert.equal((await ask(publisher, { token: "IDS", payload: {} })).id, null);
});

test("a frame that can't be published is answered with its code, and the next ones are published", async () => {
  const publisher = await service.publisher();
  const cases = [
    ["{oops", "invalid_json", /not JSON/],
    ["", "invalid_json", /not JSON/],
    ["[1]", "invalid_payload", /is an object/],
    ['{"id":1}', "invalid_payload", /`token`/],
    ['{"id":2,"token":"STRICT"}', "invalid_payload", /`payload`/],
    ['{"id":3,"token":"STRICT","payload":[1]}', "invalid_payload", /JSON object/],
    ['{"id":4,"token":"STRICT","payload":{"token":"OTHER"}}', "invalid_payload", /`token` differs/],
    ['{"id":5,"token":"no topic","payload":{}}', "invalid_topic", /character 3/],
    ['{"id":6,"token":"STRICT","payload":{"seq":1}}', "reserved_field", /`seq`/],
    ['{"id":6.0,"token":"STRICT","payload":{"type":"g\\u0061p"}}', "reserved_field", /`gap`/],
    ['{"id":1,"token":"STRICT","payload":{"a":1},"key":7}', "invalid_payload", /`key` is not a text/],
    ['{"id":2,"token":5,"payload":{}}', "invalid_payload", /`token` is not a text/],
    ['{"id":3,"token":"STRICT","payload":{},"key":"\\ud800"}', "invalid_payload", /`key` is not a text/],
    [`{"id":7,"token":"STRICT","payload":{"a":"${"x".repeat(65_536)}"}}`, "payload_too_large", /65536/],
    [
      `{"id":8,"token":"STRICT","key":"k","payload":{"a":"${"x".repeat(70_000)}"}}`,
      "payload_too_large",
      /69632/,
    ],
    [`{"id":9,"token":"STRICT","payload":{},"key":"${"x".repeat(300)}"}`, "invalid_payload", /255/],
    [Buffer.from('{"token":"STRICT","payload":{}}'), "invalid_payload", /binary/],
  ];
  for (const [index, [frame, code, said]] of cases.entries()) {
    publisher.send(frame);
    const answer = await publisher.next();
    const { detail, ...rest } = JSON.parse(answer);
    const written = /^\{"id":/.test(String(frame)) ? JSON.parse(frame) : {};
    const names = { id: null, ...written };
    delete names.payload;
    assert.deepEqual(rest, { ...names, success: false, code }, String(frame).slice(0, 80));
    assert.match(detail, said);
    const { id } = /"id":(?<id>[^,}]+)/.exec(String(frame))?.groups ?? { id: "null" };
    assert.ok(answer.startsWith(`{"id":${id},`), "with the characters that came");
    assert.equal((await ask(publisher, { token: "STRICT", payload: {} })).seq, index + 1);
  }
});

test("a message is known by its key, or by its signature and type; its id says nothing", async () => {
  const subscriber = await service.subscribe("KNOWN");
  const messages = [
    { payload: { n: 1 }, key: "a" },
    { payload: { type: "TRADE", signature: "5Kd" } },
    { payload: { n: 3 } },
  ];
  const outcomes = [];
  for (const round of [1, 2]) {
    // Each round on a connection of its own, as after a break.
    const publisher = await service.publisher();
    for (const message of messages) {
      const { id, seq, duplicate } = await ask(publisher, { id: 1, token: "KNOWN", ...message });
      assert.equal(id, 1);
      outcomes.push([round, seq, duplicate]);
    }
  }
  assert.deepEqual(outcomes, [
    [1, 1, undefined],
    [1, 2, undefined],
    [1, 3, undefined],
    [2, 1, true],
    [2, 2, true],
    [2, 4, undefined],
  ]);
  const seqs = (await subscriber.take(4)).map((frame) => JSON.parse(frame).seq);
  assert.deepEqual(seqs, [1, 2, 3, 4]);
});

test("it goes on after it was taken out of memory, and its pings are answered without it", async () => {
  const known = new Set(await service.harness.getWorker().listDurableObjectIds("PUBLISHER_SOCKET"));
  const publisher = await service.publisher();
  assert.equal((await ask(publisher, { token: "ASLEEP", payload: {} })).seq, 1);
  const ids = await service.harness.getWorker().listDurableObjectIds("PUBLISHER_SOCKET");
  const [id] = ids.filter((id) => !known.has(id));
  const evict = () =>
    service.harness.getWorker().evictDurableObject("PUBLISHER_SOCKET", { id, webSockets: "hibernate" });

  await evict();
  publisher.send('{"type":"ping"}');
  assert.equal(await publisher.next(), '{"type":"pong"}');
  assert.deepEqual(await ask(publisher, { id: 2, token: "ASLEEP", payload: {} }), {
    id: 2,
    success: true,
    connections: 0,
    seq: 2,
  });
  await evict();
  publisher.socket.close(1000);
  assert.equal((await publisher.closed).code, 1000);
});

test("5,000 frames at once: each gets one answer, in order, and what is acknowledged is published exactly once", async () => {
  const [subscriber, publisher] = [
    await service.subscribe("TORRENT", { query: { batch: 1 } }),
    await service.publisher(),
  ];
  for (const n of range(1, 5000)) publisher.send(`{"id":${n},"token":"TORRENT","payload":{"n":${n}}}`);
  const answers = (await publisher.take(5000)).map((answer) => JSON.parse(answer));
  assert.deepEqual(
    answers.map(({ id }) => id),
    range(1, 5000),
  );
  await expectExactly(subscriber, answers);
});

/** Asserts that a subscriber gets what was acknowledged, at its place, and that nothing else was published. */
async function expectExactly(subscriber, answers) {
  const taken = answers.filter(({ success }) => success);
  for (const { code } of answers.filter(({ success }) => !success)) assert.equal(code, "unavailable");
  assert.deepEqual(
    taken.map(({ seq }) => seq),
    range(1, taken.length),
  );
  const got = [];
  while (got.length < taken.length) {
    const frame = JSON.parse(await subscriber.next());
    got.push(...(frame.type === "BATCH_UPDATE" ? frame.updates : [frame]));
  }
  assert.deepEqual(
    got.map(({ n, seq }) => [n, seq]),
    taken.map(({ id, seq }) => [id, seq]),
  );
}
