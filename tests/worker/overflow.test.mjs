// Topics with more sockets than a room takes: relays hold the rest, open one after another and are forgotten when nobody
// is left there. Whatever becomes of a push, a relay or a room, each socket gets everything once and in order, or is told
// what it missed. Most of it runs on the build in which faults can be asked for.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Follower } from "./follower.mjs";
import { numbered, range, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService({ build: "faulty", vars: { ROOM_CAPACITY: "3" } });
});
after(stopServices);

const placeOf = (subscriber) => {
  const { seq, epoch } = JSON.parse(subscriber.greeting);
  return { since: seq, epoch };
};

/** The names of the relays on a topic's list, as its room has stored them. */
async function listed(token, { on = service } = {}) {
  if (!(await on.tables(token)).includes("relays")) return [];
  const storage = await on.storage(token);
  const rows = await storage.exec("SELECT name FROM relays ORDER BY name");
  return rows.map(({ name }) => name);
}

/** Fills a topic's room, and returns its sockets. */
const fill = (token, on = service) => on.subscribeMany(token, 3);

test("sockets beyond a room are in relays that open one after another, and one post reaches each of them once", async () => {
  const subscribers = [];
  for (let n = 0; n < 11; n += 1) subscribers.push(await service.subscribe("ELEVEN"));
  for (const n of range(1, 3)) {
    assert.deepEqual(await service.publish("ELEVEN", { n }), {
      status: 200,
      success: true,
      connections: 11,
      seq: n,
    });
  }
  for (const subscriber of subscribers) {
    assert.deepEqual(await subscriber.take(3), numbered("ELEVEN", 1, 3));
  }
  const { connections, relays } = await service.standing("ELEVEN");
  assert.deepEqual(connections, { total: 11, here: 3, relays: 8 });
  assert.deepEqual(
    relays.map(({ name, connections }) => [name.replace(/-[a-z]+-/, "-"), connections]),
    [
      ["overflow-0", 3],
      ["overflow-1", 3],
      ["overflow-2", 2],
    ],
  );
  assert.deepEqual(
    relays.map(({ seq, waiting, failures }) => [seq, waiting, failures]),
    Array(3).fill([3, 0, 0]),
  );
  for (const subscriber of subscribers) subscriber.cut();
  await until("all are gone", async () => (await service.publish("ELEVEN", {})).connections === 0);
});

test("connections are counted exactly, whichever way it was published", async () => {
  await service.subscribeMany("COUNTED", 8);
  await service.subscribeMany("SPARSE", 2);
  const messages = ["COUNTED", "SPARSE", "COUNTED", "EMPTY"].map((token) => ({ token, payload: {} }));
  const { results } = await (await service.post("/broadcast", { messages })).json();
  assert.deepEqual(
    results.map(({ connections, seq }) => [connections, seq]),
    [
      [8, 1],
      [2, 1],
      [8, 2],
      [0, 1],
    ],
  );
  const publisher = await service.publisher();
  publisher.send('{"id":1,"token":"COUNTED","payload":{}}');
  assert.equal(await publisher.next(), '{"id":1,"success":true,"connections":8,"seq":3}');
  const answers = await Promise.all(range(1, 20).map(() => service.publish("COUNTED", {})));
  assert.deepEqual(new Set(answers.map(({ connections }) => connections)), new Set([8]));
});

test("where sockets leave there is room again, in the room and in the relay that fills up now", async () => {
  const alone = await startService({ vars: { ROOM_CAPACITY: "3" } });
  const subscribers = [];
  for (let n = 0; n < 8; n += 1) subscribers.push(await alone.subscribe("LEFT"));
  subscribers[0].cut();
  subscribers[6].cut();
  await until("they are gone", async () => (await alone.publish("LEFT", {})).connections === 6);
  for (let n = 0; n < 3; n += 1) await alone.subscribe("LEFT");
  const { connections, relays } = await alone.standing("LEFT");
  assert.deepEqual(connections, { total: 9, here: 3, relays: 6 });
  assert.deepEqual(
    relays.map(({ connections }) => connections),
    [3, 3],
  );
});

test("a relay where nobody is left is off the room's list after the next post, and stores nothing", async () => {
  const alone = await startService({ vars: { ROOM_CAPACITY: "3", MAX_CLIENT_FRAME_BYTES: "65536" } });
  const topics = range(1, 100).map((n) => `${"x".repeat(120)}-${n}`);
  const many = await alone.many();
  many.send(JSON.stringify({ type: "subscribe", topics }));
  assert.ok((await many.take(100)).every((frame) => JSON.parse(frame).type === "subscribed"));
  await alone.publishNumbers(topics[0], 1, 1);
  assert.deepEqual(await many.take(1), numbered(topics[0], 1, 1));
  const [name] = await listed(topics[0], { on: alone });
  assert.match(name, /^relay-[a-z]+-0$/);

  many.cut();
  await until("nobody is counted", async () => (await alone.publish(topics[0], {})).connections === 0);
  assert.deepEqual(await listed(topics[0], { on: alone }), []);
  await until("nothing is stored", async () => (await alone.relayTables(name)).length === 0);
});

test("a topic leaves a relay with its last subscriber there, though others of its sockets stay", async () => {
  const [one, other] = [await service.many(), await service.many()];
  for (const socket of [one, other]) {
    socket.send('{"type":"subscribe","topics":["SHARED","KEPT"]}');
    await socket.take(2);
  }
  one.send('{"type":"unsubscribe","topics":["SHARED"]}');
  assert.equal(await one.next(), '{"type":"unsubscribed","topic":"SHARED"}');
  assert.equal((await service.publish("SHARED", { n: 1 })).connections, 1);
  assert.equal((await listed("SHARED")).length, 1);
  other.send('{"type":"unsubscribe","topics":["SHARED"]}');
  assert.deepEqual(await other.take(2), [
    ...numbered("SHARED", 1, 1),
    '{"type":"unsubscribed","topic":"SHARED"}',
  ]);
  assert.equal((await service.publish("SHARED", { n: 2 })).connections, 0);
  assert.deepEqual(await listed("SHARED"), []);
  assert.equal((await service.publish("KEPT", { n: 1 })).connections, 2);
  for (const socket of [one, other]) assert.deepEqual(await socket.take(1), numbered("KEPT", 1, 1));

  one.send('{"type":"subscribe","topics":["SHARED"]}');
  const [subscribed, snapshot] = (await one.take(2)).map((frame) => JSON.parse(frame));
  assert.deepEqual([subscribed.type, subscribed.seq, snapshot.snapshot], ["subscribed", 2, true]);
  assert.equal((await service.publish("SHARED", { n: 3 })).connections, 1);
});

/** Takes all relays of a topic out of memory. */
async function evictRelays(token, webSockets) {
  for (const name of await listed(token)) {
    await service.evictRelay(name, webSockets).catch((error) => {
      // Since it was asleep last, nothing has woken it.
      assert.match(error.message, /not currently running/);
    });
  }
}

/** What may happen while a subscriber is away. */
const absences = {
  AWAKE: async () => {},
  "ROOM-ASLEEP": (token) => service.evict(token),
  "RELAY-ASLEEP": (token) => evictRelays(token, "hibernate"),
  "BOTH-ASLEEP": async (token) => {
    await service.evict(token);
    await evictRelays(token, "hibernate");
  },
  "RELAY-LOST": (token) => evictRelays(token, "close"),
};

for (const [name, away] of Object.entries(absences)) {
  test(`who comes back to a relay gets exactly what it missed, and who stays misses nothing: ${name}`, async () => {
    const token = `BACK-${name}`;
    const [here] = await fill(token);
    const stays = await Follower.start(service, token);
    const gone = await service.subscribe(token);
    const { epoch } = placeOf(gone);
    await service.publishNumbers(token, 1, 3);
    assert.deepEqual(await gone.take(3), numbered(token, 1, 3));
    gone.cut();
    await service.publishNumbers(token, 4, 6);
    await away(token);

    const back = await service.subscribe(token, { query: { since: 3, epoch: placeOf(here).epoch } });
    assert.notEqual(placeOf(back).epoch, epoch, "the order has begun since");
    assert.equal(placeOf(back).since, 6);
    await away(token);
    const again = name === "RELAY-LOST" ? await service.subscribe(token, { query: placeOf(back) }) : back;
    await service.publishNumbers(token, 7, 8);
    assert.deepEqual(
      await back.take(name === "RELAY-LOST" ? 3 : 5),
      numbered(token, 4, back === again ? 8 : 6),
    );
    if (again !== back) assert.deepEqual(await again.take(2), numbered(token, 7, 8));
    assert.deepEqual(await here.take(8), numbered(token, 1, 8));
    await until("who stayed has all", () => stays.hasAll(8));
    stays.stop();
  });
}

test("each topic of a socket with many is resumed from its own place, whether relay or rooms sleep", async () => {
  for (const token of ["M1", "M2"]) await service.publishNumbers(token, 1, 4);
  const gone = await service.many();
  gone.send('{"type":"subscribe","topics":["M1","M2"]}');
  const epochs = {};
  for (const frame of await gone.take(4)) {
    const { type, topic, epoch } = JSON.parse(frame);
    if (type === "subscribed") epochs[topic] = epoch;
  }
  gone.cut();
  const [relay] = await listed("M1");
  await service.evict("M1");
  await service.evictRelay(relay);

  const back = await service.many();
  const since = { M1: { seq: 1, epoch: epochs.M1 }, M2: { seq: 3, epoch: epochs.M2 } };
  back.send(JSON.stringify({ type: "subscribe", topics: ["M1", "M2"], since }));
  const got = { M1: [], M2: [] };
  for (const frame of await back.take(6)) {
    const { type, topic, token } = JSON.parse(frame);
    if (type === "subscribed") got[topic].push("subscribed");
    else got[token].push(frame);
  }
  assert.deepEqual(got, {
    M1: ["subscribed", ...numbered("M1", 2, 4)],
    M2: ["subscribed", ...numbered("M2", 4, 4)],
  });
  await service.evictRelay(relay);
  await service.evict("M2");
  await service.publishNumbers("M2", 5, 5);
  assert.deepEqual(await back.take(1), numbered("M2", 5, 5));
});

test("what a lost push had comes before the next one's, once, and delays neither the room's own sockets nor other relays", async () => {
  const alone = await startService({ build: "faulty", vars: { ROOM_CAPACITY: "3" } });
  const [here] = await fill("LOST", alone);
  const [one, , , other] = [
    await alone.subscribe("LOST"),
    await alone.subscribe("LOST"),
    await alone.subscribe("LOST"),
    await alone.subscribe("LOST"),
  ];
  await alone.publishNumbers("LOST", 1, 1);
  const { relays } = await alone.standing("LOST");
  const behind = relays.find(({ connections }) => connections === 3).name;
  let isAnswered = false;
  const losing = alone.publish("LOST", { n: 2, fault: `push-lost ${behind}` }).then((answer) => {
    isAnswered = true;
    return answer;
  });
  const lost = `{"n":2,"fault":"push-lost ${behind}","token":"LOST","seq":2}`;
  const expected = [...numbered("LOST", 1, 1), lost, ...numbered("LOST", 3, 3)];
  assert.deepEqual(await here.take(2), expected.slice(0, 2));
  assert.deepEqual(await other.take(2), expected.slice(0, 2));
  assert.equal(isAnswered, false, "the relay that is behind is waited for only by the publisher");
  assert.equal((await losing).connections, 4, "those that it did not reach do not count");
  assert.equal((await alone.publish("LOST", { n: 3 })).connections, 7);
  assert.deepEqual(await one.take(3), expected);
  assert.deepEqual(await here.take(1), expected.slice(2));
  assert.deepEqual(await other.take(1), expected.slice(2));
  await alone.publishNumbers("LOST", 4, 4);
  for (const socket of [here, one, other]) assert.deepEqual(await socket.take(1), numbered("LOST", 4, 4));
});

test("a lost push that nothing follows is seen as soon as somebody asks how the topic stands", async () => {
  await fill("PROBED");
  const placed = await service.subscribe("PROBED");
  await service.publish("PROBED", { n: 1, fault: "push-lost" });
  await service.standing("PROBED");
  assert.equal(await placed.next(), '{"n":1,"fault":"push-lost","token":"PROBED","seq":1}');
});

test("a push whose answer is lost is repeated, and nobody gets anything twice", async () => {
  await fill("REPEATED");
  const placed = await service.subscribe("REPEATED");
  await service.publish("REPEATED", { n: 1, fault: "push-unanswered" });
  assert.equal((await service.publish("REPEATED", { n: 2 })).connections, 4);
  assert.deepEqual(await placed.take(2), [
    '{"n":1,"fault":"push-unanswered","token":"REPEATED","seq":1}',
    ...numbered("REPEATED", 2, 2),
  ]);
  await service.publishNumbers("REPEATED", 3, 3);
  assert.deepEqual(await placed.take(1), numbered("REPEATED", 3, 3));
});

test("without a past, what a lost push had is a gap that is named", async () => {
  const bare = await startService({ build: "faulty", vars: { ROOM_CAPACITY: "3", HISTORY_SIZE: "0" } });
  await fill("GAP", bare);
  const placed = await bare.subscribe("GAP");
  await bare.publishNumbers("GAP", 1, 1);
  await bare.publish("GAP", { n: 2, fault: "push-lost" });
  await bare.publishNumbers("GAP", 3, 4);
  assert.deepEqual(await placed.take(4), [
    ...numbered("GAP", 1, 1),
    '{"type":"gap","token":"GAP","from":2,"to":2}',
    ...numbered("GAP", 3, 4),
  ]);
});

test("a relay that panics costs nobody anything: its sockets come back, the room's stay, and other topics go on", async () => {
  const [here] = await fill("PANIC");
  const followers = await Promise.all(range(1, 5).map(() => Follower.start(service, "PANIC")));
  const bystander = await service.many();
  bystander.send('{"type":"subscribe","topics":["CALM"]}');
  await bystander.take(1);
  await service.publishNumbers("PANIC", 1, 1);

  const { name } = (await service.standing("PANIC")).relays[0];
  await service.publish("PANIC", { n: 2, fault: `relay-panic ${name}` });
  const frames = [
    `{"n":2,"fault":"relay-panic ${name}","token":"PANIC","seq":2}`,
    ...numbered("PANIC", 3, 4),
  ];
  assert.deepEqual(await here.take(2), [...numbered("PANIC", 1, 1), frames[0]]);
  await service.publishNumbers("CALM", 1, 1);
  assert.deepEqual(await bystander.take(1), numbered("CALM", 1, 1));
  await service.publishNumbers("PANIC", 3, 4);
  await until("all have all of it", () => followers.every((follower) => follower.hasAll(4)));
  assert.deepEqual(await here.take(2), frames.slice(1));
  assert.ok(followers.flatMap(({ closings }) => closings).every((code) => code === 4000));
  await until("all count", async () => (await service.publish("PANIC", {})).connections === 8);
  for (const follower of followers) follower.stop();
});

test("a relay that panics while it hands something on has its sockets come back, and they resume without loss", {
  timeout: 120_000,
}, async () => {
  const large = await startService({
    build: "faulty",
    vars: { ROOM_CAPACITY: "800", ENVIRONMENT: "staging", HISTORY_SIZE: "10000" },
  });
  // So many that to hand one push on takes many turns of the event loop, between which the panic may fall.
  const rooms = await large.subscribeMany("CROWD", 800);
  for (const socket of rooms) socket.socket.pause();
  const followers = [];
  while (followers.length < 800) {
    followers.push(...(await Promise.all(range(1, 100).map(() => Follower.start(large, "CROWD")))));
  }
  const lookouts = [followers[0], followers.at(-1)];
  const got = () => Math.max(...lookouts.map(({ publications }) => publications.length));
  const wereAsked = () => followers.filter(({ closings }) => closings.includes(4000)).length;
  let rounds = 0;
  await until(
    "a panic has hit a push that was being handed on",
    async () => {
      rounds += 1;
      for (const follower of followers.slice(1, -1)) follower.pause();
      const before = got();
      const post = large.publish("CROWD", {});
      await until("somebody has got it", () => got() > before);
      await large.request("/health?fault=panic");
      await post;
      for (const follower of followers) follower.resume();
      await new Promise((resolve) => setImmediate(resolve));
      return wereAsked() > 0;
    },
    60,
  );
  await until("all were asked to come back", () => wereAsked() === followers.length);
  const { seq: last } = await large.publish("CROWD", { last: true });
  await until("everybody is back and has the last one", () =>
    followers.every(({ publications }) => publications.at(-1)?.seq === last),
  );
  assert.ok(followers.every((follower) => follower.hasAll(last)));
  console.log(`# hit in round ${rounds}`);
  for (const follower of followers) follower.stop();
});

test("a room without a socket of its own is kept as long as a relay's sockets want it, and then forgotten", async () => {
  const brief = await startService({ vars: { ROOM_RETENTION: "2s" } });
  const watcher = await brief.many();
  watcher.send('{"type":"subscribe","topics":["KEPT"]}');
  await watcher.take(1);
  await brief.publishNumbers("KEPT", 1, 1);
  const storage = await brief.storage("KEPT");
  const keptUntil = async () => (await storage.exec("SELECT kept_until FROM room"))[0].kept_until;
  const first = await keptUntil();
  await brief.evict("KEPT");
  await until("it was prolonged twice", async () => {
    const now = await keptUntil();
    return now > first + 4000 && Date.now() > first + 2000;
  });
  const { connections, seq } = await brief.publish("KEPT", { n: 2 });
  assert.deepEqual([connections, seq], [1, 2]);
  assert.deepEqual(await watcher.take(2), numbered("KEPT", 1, 2));

  watcher.cut();
  await until("nothing is stored any more", async () => (await brief.tables("KEPT")).length === 0);
});

test("a push costs no row at the relay, and a relay one row in a topic's room, however much is published", async () => {
  await fill("ROWS");
  const socket = await service.many();
  socket.send('{"type":"subscribe","topics":["ROWS","ROWS2"]}');
  await socket.take(2);
  await service.subscribe("ROWS");
  const stored = async (token) => (await service.storage(token)).exec("SELECT name, lease FROM relays");
  const before = [await stored("ROWS"), await stored("ROWS2")];
  assert.deepEqual(
    before.map((rows) => rows.map(({ name }) => name.split("-")[0])),
    [["overflow", "relay"], ["relay"]],
  );
  for (const token of ["ROWS", "ROWS2"]) await service.publishNumbers(token, 1, 20);
  await socket.take(40);
  assert.deepEqual([await stored("ROWS"), await stored("ROWS2")], before);
  for (const { name } of before[0]) assert.deepEqual(await service.relayTables(name), []);
});
