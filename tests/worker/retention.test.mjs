// What becomes of a stored room: it is forgotten when nobody has used it for ROOM_RETENTION, kept while somebody does,
// brought forward from an older version, and left alone by one that is too old for it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbered, startService, stopServices, until } from "./service.mjs";

let brief;
let service;
before(async () => {
  brief = await startService({ vars: { ROOM_RETENTION: "2s" } });
  service = await startService();
});
after(stopServices);

const greetingOf = (subscriber) => JSON.parse(subscriber.greeting);

test("a room that nobody uses is forgotten, its order begins anew, and who comes back is told that it is another", async () => {
  await brief.publishNumbers("UNUSED", 1, 3);
  const gone = await brief.subscribe("UNUSED");
  const { epoch } = greetingOf(gone);
  gone.cut();
  assert.deepEqual(await brief.tables("UNUSED"), ["history", "room"]);

  await until("nothing is stored any more", async () => (await brief.tables("UNUSED")).length === 0);
  assert.equal((await brief.publish("UNUSED", { n: 1 })).seq, 1);
  const back = await brief.subscribe("UNUSED", { query: { since: 3, epoch } });
  assert.notEqual(greetingOf(back).epoch, epoch);
  assert.deepEqual(await back.take(2), [
    '{"type":"gap","token":"UNUSED","from":null,"to":1}',
    '{"n":1,"token":"UNUSED","seq":1,"snapshot":true}',
  ]);
});

test("a room that was taken out of memory is forgotten all the same", async () => {
  await brief.publishNumbers("ASLEEP", 1, 1);
  await brief.evict("ASLEEP");
  await until("nothing is stored any more", async () => (await brief.tables("ASLEEP")).length === 0);
  assert.equal((await brief.publish("ASLEEP", {})).seq, 1);
});

test("a room is kept while somebody watches, asleep or not, and for its retention afterwards", async () => {
  const watcher = await brief.subscribe("WATCHED");
  await brief.publishNumbers("WATCHED", 1, 1);
  const storage = await brief.storage("WATCHED");
  const keptUntil = async () => (await storage.exec("SELECT kept_until FROM room"))[0].kept_until;
  const first = await keptUntil();
  await brief.evict("WATCHED");
  await until("it was prolonged twice", async () => {
    const now = await keptUntil();
    return now > first + 4000 && Date.now() > first + 2000;
  });
  const { connections, seq } = await brief.publish("WATCHED", { n: 2 });
  assert.deepEqual([connections, seq], [1, 2]);
  assert.deepEqual(await watcher.take(2), numbered("WATCHED", 1, 2));

  watcher.cut();
  await until("nothing is stored any more", async () => (await brief.tables("WATCHED")).length === 0);
});

test("a room that is published to is kept", async () => {
  const end = Date.now() + 4500;
  for (let n = 1; Date.now() < end; n += 1) {
    assert.equal((await brief.publish("USED", { n })).seq, n);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

test("the order of a room that the version before stored goes on, for its subscribers too", async () => {
  const storage = await service.storage("OLD");
  await storage.exec("CREATE TABLE sequence (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL)");
  await storage.exec("INSERT INTO sequence VALUES (1, 41)");
  const first = await service.subscribe("OLD");
  const { seq, epoch } = greetingOf(first);
  assert.equal(seq, 41);
  assert.doesNotMatch(epoch, /^0/);
  assert.equal((await service.publish("OLD", { n: 42 })).seq, 42);
  assert.deepEqual(await first.take(1), numbered("OLD", 42, 42));
  assert.deepEqual(await service.tables("OLD"), ["history", "room"]);

  await service.evict("OLD");
  const back = await service.subscribe("OLD", { query: { since: 41, epoch } });
  await service.publishNumbers("OLD", 43, 43);
  assert.deepEqual(await back.take(2), numbered("OLD", 42, 43));
  const older = await service.subscribe("OLD", { query: { since: 30, epoch } });
  assert.deepEqual(await older.take(3), [
    '{"type":"gap","token":"OLD","from":31,"to":41}',
    ...numbered("OLD", 42, 43),
  ]);
});

test("a room that a newer version stored is not touched, and everybody is told to come back", async () => {
  await service.publishNumbers("NEWER", 1, 2);
  const storage = await service.storage("NEWER");
  await storage.exec("UPDATE room SET schema = 1000");
  await service.evict("NEWER");
  const stored = async () => [
    await storage.exec("SELECT * FROM room"),
    await storage.exec("SELECT * FROM history ORDER BY slot"),
  ];
  const before = await stored();

  const response = await service.post("/broadcast/NEWER", {});
  assert.deepEqual([response.status, (await response.json()).code], [503, "unavailable"]);
  assert.match(response.headers.get("retry-after"), /^\d+$/);
  const refusal = await service.refused("/ws/NEWER");
  assert.deepEqual([refusal.status, JSON.parse(refusal.text).code], [503, "unavailable"]);
  assert.deepEqual(await stored(), before);

  await storage.exec("UPDATE room SET schema = 2");
  assert.equal((await service.publish("NEWER", {})).seq, 3, "the version that knows it goes on");
});
