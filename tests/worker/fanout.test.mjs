// What a room is for: everybody gets everything, in order, digit for digit, whoever else comes, goes or stands still.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

test("1,000 sockets get 20 messages each, in order, with the digits that were posted", async () => {
  const subscribers = await service.subscribeMany("CROWD", 1000);
  const numbers = [
    "0.00007345",
    "1e-9",
    "12345678901234567890",
    "-0.0",
    "1.10",
    "1E+400",
    "0.1000000000000000055511151231257827",
  ];
  const expected = [];
  for (let n = 1; n <= 20; n += 1) {
    const payload = `{"type":"PRICE_UPDATE", "price":${numbers[n % numbers.length]},"n":${n}}`;
    expected.push(payload.replace(/\}$/, `,"token":"CROWD","seq":${n}}`));
    const answer = await (await service.post("/broadcast/CROWD", payload)).json();
    assert.deepEqual(answer, { success: true, connections: 1000, seq: n });
  }
  const received = await Promise.all(subscribers.map((subscriber) => subscriber.take(20)));
  for (const frames of received) assert.deepEqual(frames, expected);
});

test("publishers that post at the same time are given one order, the same for all", async () => {
  const subscribers = await service.subscribeMany("RUSH", 20);
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => service.publish("RUSH", { n })));
  const place = new Map(answers.map(({ seq }, n) => [seq, n]));
  assert.deepEqual(
    [...place.keys()].sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, n) => n + 1),
  );
  for (const subscriber of subscribers) {
    const frames = (await subscriber.take(200)).map((frame) => JSON.parse(frame));
    assert.deepEqual(
      frames.map(({ seq }) => seq),
      Array.from({ length: 200 }, (_, n) => n + 1),
    );
    assert.ok(frames.every(({ n, seq }) => place.get(seq) === n));
  }
});

test("a room that is taken out of memory keeps its sockets and its order", async () => {
  const subscribers = await service.subscribeMany("SLEEPER", 100);
  assert.deepEqual(await service.publish("SLEEPER", { n: 1 }), {
    status: 200,
    success: true,
    connections: 100,
    seq: 1,
  });
  await service.evict("SLEEPER");
  assert.deepEqual(await service.publish("SLEEPER", { n: 2 }), {
    status: 200,
    success: true,
    connections: 100,
    seq: 2,
  });
  for (const subscriber of subscribers) {
    assert.deepEqual(await subscriber.take(2), [
      '{"n":1,"token":"SLEEPER","seq":1}',
      '{"n":2,"token":"SLEEPER","seq":2}',
    ]);
  }
  await service.evict("SLEEPER");
  assert.match((await service.subscribe("SLEEPER")).greeting, /"seq":2/);
  const built = service.logLines().filter(({ topic, room }) => topic === "SLEEPER" && room === "constructed");
  assert.equal(built.length, 3, "the room was taken out of memory twice");
});

test("killed, half-closed and sleeping clients cost the others nothing, and the count comes right", async () => {
  const readers = await service.subscribeMany("MIXED", 30);
  const [killed, halfClosed, asleep] = [
    await service.subscribeMany("MIXED", 10),
    await service.subscribeMany("MIXED", 10),
    await service.subscribeMany("MIXED", 5),
  ];
  for (const subscriber of asleep) subscriber.socket.pause();
  for (const subscriber of killed) subscriber.cut();
  for (const subscriber of halfClosed) subscriber.socket._socket.end();

  const large = "x".repeat(60_000);
  const rounds = 100;
  for (let n = 1; n <= rounds; n += 1) assert.equal((await service.publish("MIXED", { n, large })).seq, n);
  for (const reader of readers) {
    const frames = await reader.take(rounds);
    const order = frames.map((frame) => JSON.parse(frame).n);
    assert.deepEqual(
      order,
      Array.from({ length: rounds }, (_, index) => index + 1),
    );
  }
  const count = async () => (await service.publish("MIXED", {})).connections;
  await until("only readers and sleepers are counted", async () => (await count()) === 35);

  for (const subscriber of asleep) subscriber.cut();
  await until("only readers are counted", async () => (await count()) === 30);
});

test("a room without anybody takes publications all the same", async () => {
  assert.deepEqual(await service.publish("NOBODY", {}), {
    status: 200,
    success: true,
    connections: 0,
    seq: 1,
  });
});
