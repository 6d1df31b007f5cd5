// What an idle relay costs: nothing. Its sockets' pings are answered by the runtime, and it is taken out of memory.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { range, startService, stopServices } from "./service.mjs";

after(stopServices);

/** How often a relay was built in memory, and how often a subscriber's frame woke it. */
function counts(service, kind) {
  const lines = service.logLines().filter(({ event, name }) => event === "relay" && name.startsWith(kind));
  return {
    constructed: lines.filter(({ relay }) => relay === "constructed").length,
    woken: lines.filter(({ relay }) => relay.woken).length,
  };
}

/** Pings for longer than the ten seconds after which the runtime takes an idle object out of memory. */
async function pingLong(subscribers, ping, pong) {
  for (let second = 0; second < 13; second += 1) {
    for (const subscriber of subscribers) subscriber.send(ping);
    const pongs = await Promise.all(subscribers.map((subscriber) => subscriber.next()));
    assert.ok(pongs.every((text) => text === pong));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

test("200 pinging sockets with ten topics each let an idle relay fall asleep, and never wake it", async () => {
  const service = await startService();
  const subscribers = await Promise.all(range(1, 200).map(() => service.many()));
  const topics = range(1, 10).map((n) => `IDLE-${n}`);
  for (const subscriber of subscribers) subscriber.send(JSON.stringify({ type: "subscribe", topics }));
  await Promise.all(subscribers.map((subscriber) => subscriber.take(topics.length)));
  const before = counts(service, "relay-");
  await pingLong(subscribers, "ping", "pong");
  assert.deepEqual(counts(service, "relay-"), before);
  assert.equal((await service.publish("IDLE-7", {})).connections, 200);
  const woken = { ...before, constructed: before.constructed + 1 };
  assert.deepEqual(counts(service, "relay-"), woken, "it was asleep, and only the push woke it");
});

test("sockets that their room does not hold ping as those in the room do, and cost as little", async () => {
  const service = await startService({ vars: { ROOM_CAPACITY: "50" } });
  const subscribers = await service.subscribeMany("FULL", 100);
  const before = counts(service, "overflow-");
  await pingLong(subscribers, '{"type":"ping"}', '{"type":"pong"}');
  assert.deepEqual(counts(service, "overflow-"), before);
  assert.equal((await service.publish("FULL", {})).connections, 100);
  const woken = { ...before, constructed: before.constructed + 1 };
  assert.deepEqual(counts(service, "overflow-"), woken, "it was asleep, and only the push woke it");
});
