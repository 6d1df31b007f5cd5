// HISTORY_SIZE=0: a service that holds nothing and stores nothing. What is live arrives as ever; what was missed is
// gone, and is named.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbered, startService, stopServices } from "./service.mjs";

let service;
before(async () => {
  service = await startService({ vars: { HISTORY_SIZE: "0" } });
});
after(stopServices);

const greetingOf = (subscriber) => JSON.parse(subscriber.greeting);

test("a newcomer is told its place and shown nothing, and what is live arrives in order", async () => {
  await service.publishNumbers("LIVE", 1, 2);
  const newcomer = await service.subscribe("LIVE");
  assert.equal(greetingOf(newcomer).seq, 2);
  await service.publishNumbers("LIVE", 3, 4);
  assert.deepEqual(await newcomer.take(2), numbered("LIVE", 3, 4));
});

test("in the same epoch, who missed nothing goes on, and who missed some is told which", async () => {
  const { epoch } = greetingOf(await service.subscribe("RESUMED"));
  await service.publishNumbers("RESUMED", 1, 3);
  const upToDate = await service.subscribe("RESUMED", { query: { since: 3, epoch } });
  const late = await service.subscribe("RESUMED", { query: { since: 1, epoch } });
  await service.publishNumbers("RESUMED", 4, 4);
  assert.deepEqual(await upToDate.take(1), numbered("RESUMED", 4, 4));
  assert.deepEqual(await late.take(2), [
    '{"type":"gap","token":"RESUMED","from":2,"to":3}',
    ...numbered("RESUMED", 4, 4),
  ]);
});

test("the order begins anew with the room, its sockets stay, and who comes back is told that it is another", async () => {
  const stayed = await service.subscribe("ANEW");
  const { epoch } = greetingOf(stayed);
  await service.publishNumbers("ANEW", 1, 3);
  await service.evict("ANEW");
  const next = await service.publish("ANEW", { n: 1 });
  assert.deepEqual([next.seq, next.connections], [1, 1]);
  assert.deepEqual(await stayed.take(4), [...numbered("ANEW", 1, 3), ...numbered("ANEW", 1, 1)]);

  const back = await service.subscribe("ANEW", { query: { since: 3, epoch } });
  assert.notEqual(greetingOf(back).epoch, epoch);
  await service.publishNumbers("ANEW", 2, 2);
  assert.deepEqual(await back.take(2), [
    '{"type":"gap","token":"ANEW","from":null,"to":1}',
    ...numbered("ANEW", 2, 2),
  ]);
});

test("nothing is stored", async () => {
  const messages = [1, 2, 3].map((n) => ({ token: "BARE", payload: { n } }));
  const { results } = await (await service.post("/broadcast", { messages })).json();
  assert.deepEqual(
    results.map(({ seq }) => seq),
    [1, 2, 3],
  );
  await service.subscribe("BARE");
  assert.deepEqual(await service.tables("BARE"), []);
});

test("a room that was kept before is forgotten at its next publication, and an old place is never taken for a new one", async () => {
  const switched = await startService();
  await switched.publishNumbers("SWITCHED", 1, 3);
  const { epoch } = greetingOf(await switched.subscribe("SWITCHED"));
  assert.deepEqual(await switched.tables("SWITCHED"), ["history", "room"]);

  await switched.restart({ HISTORY_SIZE: "0" });
  assert.equal((await switched.publish("SWITCHED", { n: 1 })).seq, 1);
  assert.deepEqual(await switched.tables("SWITCHED"), []);

  await switched.restart({ HISTORY_SIZE: "256" });
  assert.equal((await switched.publish("SWITCHED", { n: 1 })).seq, 1);
  const back = await switched.subscribe("SWITCHED", { query: { since: 1, epoch } });
  assert.equal(await back.next(), '{"type":"gap","token":"SWITCHED","from":null,"to":1}');
});
