// One subscriber's side: the greeting, pings, bad frames, limits, origins, and what a wake changes of it: nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbered, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

const PAGE = { origin: "https://app.glow.trade" };

/** How often a room was built and woken, from its log. */
function counts(token) {
  const events = service.logLines().filter(({ topic }) => topic === token);
  return {
    constructed: events.filter(({ room }) => room === "constructed").length,
    woken: events.filter(({ room }) => room?.woken).length,
  };
}

test("the first frame says who and where one is", async () => {
  await service.publish("HELLO", {});
  const [one, two] = [await service.subscribe("HELLO"), await service.subscribe("HELLO")];
  const greeting = JSON.parse(one.greeting);
  assert.deepEqual(Object.keys(greeting), ["type", "connectionId", "token", "epoch", "seq", "timestamp"]);
  assert.deepEqual([greeting.type, greeting.token, greeting.seq], ["connected", "HELLO", 1]);
  assert.match(greeting.epoch, /^[0-9a-z]+$/);
  assert.equal(greeting.epoch, JSON.parse(two.greeting).epoch);
  assert.ok(Math.abs(greeting.timestamp - Date.now() / 1000) < 5, "in Unix seconds");
  assert.notEqual(greeting.connectionId, JSON.parse(two.greeting).connectionId);
});

test("a plain ping is answered by the runtime, any other by the room", async () => {
  const subscriber = await service.subscribe("PING");
  subscriber.send('{"type":"ping"}');
  assert.equal(await subscriber.next(), '{"type":"pong"}');
  assert.deepEqual(counts("PING"), { constructed: 1, woken: 0 });

  subscriber.send('{"type":"ping","id":7.10}');
  assert.match(await subscriber.next(), /^\{"type":"pong","id":7\.10,"timestamp":\d{10}\}$/);
  subscriber.send('{ "type": "ping" }');
  assert.match(await subscriber.next(), /^\{"type":"pong","timestamp":\d{10}\}$/);
});

test("a thousand pinging sockets let an idle room fall asleep, and never wake it", async () => {
  const subscribers = await service.subscribeMany("IDLE", 1000);
  // Longer than the ten seconds after which the runtime takes an idle room out of memory.
  for (let second = 0; second < 13; second += 1) {
    for (const subscriber of subscribers) subscriber.send('{"type":"ping"}');
    const pongs = await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    assert.ok(pongs.every((pong) => pong === '{"type":"pong"}'));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  assert.deepEqual(counts("IDLE"), { constructed: 1, woken: 0 });
  assert.equal((await service.publish("IDLE", {})).connections, 1000);
  assert.deepEqual(counts("IDLE"), { constructed: 2, woken: 0 }, "it was asleep, and only the post woke it");
});

test("frames that say nothing are answered, and the socket stays open", async () => {
  const subscriber = await service.subscribe("FAULTS");
  const cases = [
    ["hello", "invalid_json"],
    ["", "invalid_json"],
    ["[1]", "invalid_payload"],
    ['{"type":7}', "invalid_payload"],
    ['{"type":"subscribe","topics":["SOL"]}', "invalid_payload"],
    [Buffer.from([0, 1, 2]), "invalid_payload"],
  ];
  for (const [frame, code] of cases) {
    subscriber.send(frame);
    const answer = JSON.parse(await subscriber.next());
    assert.deepEqual(Object.keys(answer), ["type", "code", "message"]);
    assert.deepEqual([answer.type, answer.code], ["error", code], String(frame));
  }
  assert.equal((await service.publish("FAULTS", {})).connections, 1);
});

test("a frame that is too large closes its socket with 1009, and no other", async () => {
  const bystander = await service.subscribe("LARGE");
  for (const frame of [
    "x".repeat(32_769),
    Buffer.alloc(32_769),
    "x".repeat(1_000_000),
    "x".repeat(1_048_576),
  ]) {
    const subscriber = await service.subscribe("LARGE");
    subscriber.send(frame);
    assert.equal((await subscriber.closed).code, 1009);
  }
  const largest = await service.subscribe("LARGE");
  largest.send(`{"type":"ping","id":"${"x".repeat(32_768 - 23)}"}`);
  assert.match(await largest.next(), /^\{"type":"pong"/);
  await until("the closed ones are gone", async () => (await service.publish("LARGE", {})).connections === 2);
  assert.match(await bystander.next(), /"seq":1/);
});

test("the 101st frame in a minute is a warning, the next one the end, and a wake forgets neither", async () => {
  const subscriber = await service.subscribe("FLOOD");
  for (let n = 1; n <= 50; n += 1) subscriber.send(`{"type":"ping","id":${n}}`);
  await subscriber.take(50);
  await service.evict("FLOOD");
  for (let n = 51; n <= 100; n += 1) subscriber.send(`{"type":"ping","id":${n}}`);
  const pongs = (await subscriber.take(50)).map((frame) => JSON.parse(frame).id);
  assert.deepEqual(
    pongs,
    Array.from({ length: 50 }, (_, n) => n + 51),
  );

  subscriber.send('{"type":"ping","id":101}');
  assert.equal(JSON.parse(await subscriber.next()).code, "rate_limited");
  await service.evict("FLOOD");
  subscriber.send('{"type":"ping","id":102}');
  assert.equal((await subscriber.closed).code, 4008);
});

test("plain pings don't count against a subscriber", async () => {
  const subscriber = await service.subscribe("PINGS");
  for (let n = 0; n < 300; n += 1) subscriber.send('{"type":"ping"}');
  assert.deepEqual(new Set(await subscriber.take(300)), new Set(['{"type":"pong"}']));
});

test("a close is answered with its own code", async () => {
  for (const [code, answer] of [
    [1000, 1000],
    [1001, 1001],
    [3999, 3999],
    [undefined, 1000],
  ]) {
    const subscriber = await service.subscribe("CLOSE");
    subscriber.socket.close(code);
    const closed = await subscriber.closed;
    assert.equal(closed.code, answer);
  }
  await until("they are gone", async () => (await service.publish("CLOSE", {})).connections === 0);
});

test("a page of a foreign origin is refused before the upgrade, listed ones and clients without a page are let in", async () => {
  const { status, text } = await service.refused("/ws/SOL", { origin: "https://evil.example" });
  assert.deepEqual([status, JSON.parse(text).code], [403, "origin_not_allowed"]);
  for (const origin of ["https://app.glow.trade", "http://localhost:3000", service.origin, undefined]) {
    assert.match((await service.subscribe("SOL", { origin })).greeting, /connected/);
  }
});

test("production lets in no page of the developer's machine, and with REQUIRE_ORIGIN nobody without a page", async () => {
  const strict = await startService({ vars: { ENVIRONMENT: "production", REQUIRE_ORIGIN: "true" } });
  for (const origin of ["http://localhost:5173", "null", undefined]) {
    assert.equal((await strict.refused("/ws/SOL", { origin })).status, 403, origin);
  }
  assert.match((await strict.subscribe("SOL", PAGE)).greeting, /connected/);
  assert.match((await service.subscribe("SOL", { origin: "http://localhost:5173" })).greeting, /connected/);
});

test("a page is told by a close code what other clients are told by a status", async () => {
  const closing = async (token) => {
    const attempt = service.subscribe(token, PAGE);
    await assert.rejects(attempt, /closed with/);
    return attempt.catch((error) => error.message);
  };
  assert.equal(await closing("no%20topic"), "closed with 4504");
  assert.equal(await closing("wallet:9xQe"), "closed with 4501");
});

test("an address may hold so many sockets on a topic, however often the room sleeps", async () => {
  const limited = await startService({ vars: { MAX_CONNECTIONS_PER_IP: "2" } });
  const [first] = [await limited.subscribe("SHARED"), await limited.subscribe("SHARED")];
  await limited.evict("SHARED");

  const { status, headers, text } = await limited.refused("/ws/SHARED");
  assert.deepEqual([status, JSON.parse(text).code], [429, "rate_limited"]);
  assert.match(headers["retry-after"], /^\d+$/);
  const page = limited.subscribe("SHARED", PAGE);
  await assert.rejects(page, /closed with 4029/);

  assert.match((await limited.subscribe("ANOTHER")).greeting, /connected/, "each topic has its own count");
  first.cut();
  const next = await until("a place is free", () => limited.subscribe("SHARED").catch(() => null));
  assert.match(next.greeting, /connected/);
  assert.ok(!limited.rawLog().join().includes("127.0.0.1"));
});

test("who has its share of a full room gets no more in a relay, nor more than its share of a relay", async () => {
  const limited = await startService({ vars: { MAX_CONNECTIONS_PER_IP: "2", ROOM_CAPACITY: "2" } });
  await limited.subscribeMany("TAKEN", 2);
  const { status, text } = await limited.refused("/ws/TAKEN");
  assert.deepEqual([status, JSON.parse(text).code], [429, "rate_limited"]);

  const roomy = await startService({ vars: { MAX_CONNECTIONS_PER_IP: "2" } });
  await roomy.many();
  await roomy.many();
  assert.equal((await roomy.refused("/ws")).status, 429);
  await assert.rejects(roomy.many(PAGE), /closed with 4029/);
});

test("frames that follow one that was too large are passed over, and its socket counts until it is gone", async () => {
  const small = await startService({ vars: { ROOM_CAPACITY: "3" } });
  const [rude] = [
    await small.subscribe("RUDE"),
    await small.subscribe("RUDE"),
    await small.subscribe("RUDE"),
  ];
  rude.send("x".repeat(40_000));
  for (let n = 0; n < 10; n += 1) rude.send('{"type":"ping","id":1}');
  assert.equal((await small.publish("RUDE", {})).status, 200);
  assert.equal((await rude.closed).code, 1009);

  await until("it is gone", async () => (await small.publish("RUDE", {})).connections === 2);
  await small.subscribeMany("RUDE", 2);
  const { connections } = await small.standing("RUDE");
  assert.deepEqual(connections, { total: 4, here: 3, relays: 1 }, "one place came free, not two");
  assert.deepEqual(
    small.logLines().filter(({ event }) => event === "room_failed"),
    [],
  );
});

test("a full room's next subscriber is placed in a relay and sees nothing of it; who comes once somebody has left is not", async () => {
  const small = await startService({ vars: { ROOM_CAPACITY: "3" } });
  await small.publishNumbers("SMALL", 1, 3);
  const [here] = await small.subscribeMany("SMALL", 3);
  const { epoch } = JSON.parse(here.greeting);
  const shown = await here.next();

  const placed = await small.subscribe("SMALL");
  const greeting = JSON.parse(placed.greeting);
  assert.deepEqual(Object.keys(greeting), ["type", "connectionId", "token", "epoch", "seq", "timestamp"]);
  assert.deepEqual([greeting.token, greeting.epoch, greeting.seq], ["SMALL", epoch, 3]);
  assert.equal(await placed.next(), shown);
  const back = await small.subscribe("SMALL", { query: { since: 1, epoch } });
  assert.deepEqual(await back.take(2), numbered("SMALL", 2, 3));
  const batching = await small.subscribe("SMALL", { query: { since: 0, epoch, batch: 1 } });
  const updates = numbered("SMALL", 1, 3).join();
  assert.equal(await batching.next(), `{"type":"BATCH_UPDATE","token":"SMALL","updates":[${updates}]}`);
  assert.deepEqual((await small.standing("SMALL")).connections, { total: 6, here: 3, relays: 3 });

  for (const socket of [here, placed]) {
    socket.send('{"type":"ping"}');
    assert.equal(await socket.next(), '{"type":"pong"}');
    socket.send('{"type":"ping","id":7.10}');
    assert.match(await socket.next(), /^\{"type":"pong","id":7\.10,"timestamp":\d{10}\}$/);
    socket.send('{"type":"subscribe","topics":["SOL"]}');
    assert.equal(JSON.parse(await socket.next()).code, "invalid_payload");
  }
  await small.publishNumbers("SMALL", 4, 4);
  for (const socket of [here, placed, back, batching]) {
    assert.equal(await socket.next(), numbered("SMALL", 4, 4)[0]);
  }
  placed.send("x".repeat(32_769));
  assert.equal((await placed.closed).code, 1009);
  for (const [code, answer] of [
    [1001, 1001],
    [undefined, 1000],
  ]) {
    const closing = await small.subscribe("SMALL");
    closing.socket.close(code);
    assert.equal((await closing.closed).code, answer);
  }

  here.cut();
  await until("it is gone", async () => (await small.publish("SMALL", {})).connections === 4);
  assert.match((await small.subscribe("SMALL")).greeting, /"connected"/);
  assert.equal((await small.standing("SMALL")).connections.here, 3);
});

test("a subscriber that a relay holds has its minute's frames and its place refused there as in a room", async () => {
  const small = await startService({ vars: { ROOM_CAPACITY: "1", CLIENT_FRAMES_PER_MINUTE: "2" } });
  const { epoch } = JSON.parse((await small.subscribe("STRICT")).greeting);
  const placed = await small.subscribe("STRICT");
  for (let n = 1; n <= 4; n += 1) placed.send(`{"type":"ping","id":${n}}`);
  const answers = (await placed.take(3)).map((frame) => JSON.parse(frame));
  assert.deepEqual(
    answers.map(({ type, code }) => code ?? type),
    ["pong", "pong", "rate_limited"],
  );
  assert.equal((await placed.closed).code, 4008);
  await small.publishNumbers("STRICT", 1, 1);
  const { status, text } = await small.refused(`/ws/STRICT?since=7&epoch=${epoch}`);
  assert.deepEqual([status, JSON.parse(text).code], [400, "invalid_query"]);
  const page = small.subscribe("STRICT", { ...PAGE, query: { since: 7, epoch } });
  await assert.rejects(page, /closed with 4505/);
});
