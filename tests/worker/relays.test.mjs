// Relays as rooms and operators see them: one place on a room's list however many sockets, given up when nobody needs
// it, counted exactly; and what they keep of their sockets while they sleep, however much it is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbered, range, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

/** Sockets for many topics that have this one. */
async function having(topic, count, to = service) {
  const subscribers = await Promise.all(range(1, count).map(() => to.many()));
  await Promise.all(subscribers.map((subscriber) => subscriber.have([topic])));
  return subscribers;
}

test("a relay is on a room's list once, however many of its sockets want the topic", async () => {
  assert.deepEqual((await service.standing("LISTED")).relays, []);
  const subscribers = await having("LISTED", 5);
  await subscribers[0].have(["ANOTHER"]);
  assert.equal((await service.publish("LISTED", { n: 1 })).connections, 5);
  const { connections, seq, relays } = await service.standing("LISTED");
  assert.deepEqual([connections, seq], [{ total: 5, here: 0, relays: 5 }, 1]);
  const [{ name, lastPush, ...relay }, ...others] = relays;
  assert.deepEqual(others, []);
  assert.match(name, /^relay-[a-z]+-0$/);
  assert.ok(Math.abs(lastPush - Date.now() / 1000) < 5);
  assert.deepEqual(relay, { connections: 5, seq: 1, waiting: 0, failures: 0 });
  assert.deepEqual(
    (await service.standing("ANOTHER")).relays.map((one) => one.name),
    [name],
  );
});

test("how a room stands is told to publishers alone, and shows nothing of what was published", async () => {
  await service.publish("STANDING", { secretly: "hidden" });
  for (const headers of [{}, { authorization: "Bearer guess" }]) {
    const response = await service.request("/rooms/STANDING", { headers });
    assert.deepEqual([response.status, (await response.json()).code], [401, "unauthorized"]);
  }
  const standing = await service.standing("STANDING");
  assert.ok(!/secretly|hidden/.test(JSON.stringify(standing)));
  assert.deepEqual([standing.token, standing.history.messages], ["STANDING", 1]);
});

test("a relay that nobody needs is off the list with the next post, and comes back when somebody does", async () => {
  const alone = await startService();
  const [first, second] = await having("NEEDED", 2, alone);
  const stored = async () => {
    const storage = await alone.storage("NEEDED");
    return (await storage.exec("SELECT * FROM relays")).length;
  };
  await alone.publish("NEEDED", { n: 1 });
  first.cut();
  second.say({ type: "unsubscribe", topics: ["NEEDED"] });
  await second.soFar();
  await until("nobody is left", async () => (await alone.publish("NEEDED", {})).connections === 0);
  await until("the relay is off the list", async () => (await stored()) === 0);
  await second.have(["NEEDED"]);
  assert.equal(await stored(), 1);
  assert.equal((await alone.publish("NEEDED", {})).connections, 1);
  await alone.evict("NEEDED");
  assert.equal((await alone.publish("NEEDED", {})).connections, 1, "the list outlives the room's memory");
});

test("connections are counted exactly: here and at relays, each socket once, in whatever shapes", async () => {
  const direct = await service.subscribeMany("COUNTED", 3);
  const many = await having("COUNTED", 4);
  many[0].say({ type: "subscribe", channel: "prices", params: { tokens: ["COUNTED"] } });
  many[1].say({ action: "subscribePrice", token: "COUNTED" });
  await Promise.all([many[0].soFar(), many[1].soFar()]);
  const trades = await service.many();
  trades.say({ type: "subscribe", channel: "trades", params: { tokens: ["COUNTED"] } });
  assert.equal((await trades.hear()).type, "subscribed");
  const price = { type: "PRICE_UPDATE", price: 1 };
  assert.equal((await service.publish("COUNTED", price)).connections, 7);
  assert.equal((await service.publish("COUNTED", { type: "TRADE" })).connections, 8);
  const { connections } = await service.standing("COUNTED");
  assert.equal(connections.here, 3);

  await service.evictRelaysOf("COUNTED");
  await service.evict("COUNTED");
  assert.equal((await service.publish("COUNTED", price)).connections, 7);
  direct[0].cut();
  many[3].cut();
  await until("two are gone", async () => (await service.publish("COUNTED", price)).connections === 5);
});

/** What a relay may have to keep of one socket while it sleeps. */
const holdings = {
  "a hundred topics of the greatest length are kept with their socket": { count: 100, length: 128, rows: 0 },
  "more than fits there is kept in a row": { count: 120, length: 128, rows: 1 },
};

for (const [name, { count, length, rows }] of Object.entries(holdings)) {
  test(`${name}, and outlives the relay's memory`, async () => {
    const vars = {
      MAX_TOPICS_PER_SOCKET: "1000",
      MAX_BATCH_MESSAGES: "1000",
      MAX_CLIENT_FRAME_BYTES: "65536",
    };
    const alone = await startService({ vars });
    const topics = range(1, count).map((n) => String(n).padStart(length, "x"));
    const [holder, other] = [await alone.many(), await alone.many()];
    await holder.have(topics);
    await other.have([topics[0]]);
    const publishToAll = async (n) => {
      const messages = topics.map((token) => ({ token, payload: { n } }));
      const { results } = await (await alone.post("/broadcast", { messages })).json();
      return results.map(({ connections }) => connections);
    };
    const all = (n) => topics.map((token) => `{"n":${n},"token":"${token}","seq":${n}}`).toSorted();
    const expected = [2, ...Array(count - 1).fill(1)];
    assert.deepEqual(await publishToAll(1), expected);
    assert.deepEqual((await holder.take(count)).toSorted(), all(1));

    const [{ name: relay }] = (await alone.standing(topics[0])).relays;
    const isTable = "SELECT 1 FROM sqlite_master WHERE name = 'subscriptions'";
    const stored = async () => {
      if ((await alone.rowsOfRelay(relay, isTable)).length === 0) return [];
      return alone.rowsOfRelay(relay, "SELECT connection FROM subscriptions");
    };
    const kept = [{ connection: JSON.parse(holder.greeting).connectionId }];
    assert.deepEqual(await stored(), kept.slice(0, rows));
    for (const n of [2, 3]) {
      await alone.evictRelay(relay);
      assert.deepEqual(await publishToAll(n), expected);
      assert.deepEqual((await holder.take(count)).toSorted(), all(n));
    }
    holder.say({ type: "unsubscribe", topics: topics.slice(0, 10) });
    await holder.soFar();
    await alone.evictRelay(relay);
    assert.deepEqual(await publishToAll(4), [1, ...Array(9).fill(0), ...Array(count - 10).fill(1)]);
    assert.equal((await other.soFar()).length, 4);

    holder.cut();
    await until("its row is gone", async () => (await stored()).length === 0);
    assert.deepEqual(
      alone.logLines().filter(({ level }) => level === "error"),
      [],
    );
  });
}

test("a row whose socket is gone without a word goes by an alarm, and no other one does", async () => {
  const vars = { MAX_TOPICS_PER_SOCKET: "1000", MAX_CLIENT_FRAME_BYTES: "65536" };
  const brief = await startService({ build: "faulty", vars });
  const topics = range(1, 120).map((n) => String(n).padStart(128, "x"));
  const holder = await brief.many();
  await holder.have(topics);
  const [{ name: relay }] = (await brief.standing(topics[0])).relays;
  const storage = await brief.relayStorage(relay);
  const connections = async () => {
    const rows = await storage.exec("SELECT connection FROM subscriptions");
    return rows.map(({ connection }) => connection);
  };
  for (const evict of [() => {}, () => brief.evictRelay(relay)]) {
    await storage.exec("INSERT INTO subscriptions VALUES ('nobodys', '{}')");
    await evict();
    await until("the row is gone", async () => !(await connections()).includes("nobodys"));
    assert.deepEqual(await connections(), [JSON.parse(holder.greeting).connectionId]);
  }
  assert.equal((await brief.publish(topics[0], { n: 1 })).connections, 1);
  assert.deepEqual(await holder.soFar(), numbered(topics[0], 1, 1));
});

test("when a relay is full the next one opens, and a room pushes to both", async () => {
  const narrow = await startService({ vars: { ROOM_CAPACITY: "2" } });
  const subscribers = await having("NARROW", 5, narrow);
  assert.equal((await narrow.publish("NARROW", { n: 1 })).connections, 5);
  for (const subscriber of subscribers) assert.deepEqual(await subscriber.soFar(), numbered("NARROW", 1, 1));
  const { connections, relays } = await narrow.standing("NARROW");
  assert.equal(connections.relays, 5);
  assert.deepEqual(relays.map((relay) => [relay.name.at(-1), relay.connections]).toSorted(), [
    ["0", 2],
    ["1", 2],
    ["2", 1],
  ]);
});

test("sockets for one topic that its room does not hold are held by a relay, and are told the same", async () => {
  const narrow = await startService({ vars: { ROOM_CAPACITY: "2" } });
  await narrow.publishNumbers("FULL", 1, 3);
  await narrow.subscribeMany("FULL", 2);
  const { epoch } = await narrow.standing("FULL");
  const beyond = await narrow.subscribe("FULL");
  const { type, token, epoch: told, seq } = JSON.parse(beyond.greeting);
  assert.deepEqual([type, token, told, seq], ["connected", "FULL", epoch, 3]);
  assert.equal(await beyond.next(), '{"n":3,"token":"FULL","seq":3,"snapshot":true}');
  const back = await narrow.subscribe("FULL", { query: { since: 1, epoch, batch: 1 } });
  const missed = numbered("FULL", 2, 3).join(",");
  assert.equal(await back.next(), `{"type":"BATCH_UPDATE","token":"FULL","updates":[${missed}]}`);
  assert.equal((await narrow.publish("FULL", { n: 4 })).connections, 4);
  assert.match((await narrow.standing("FULL")).relays[0].name, /^overflow-[a-z]+-0$/);

  const woken = () => narrow.logLines().filter(({ relay }) => relay?.woken).length;
  const before = woken();
  beyond.send('{"type":"ping"}');
  assert.deepEqual(await beyond.take(2), [...numbered("FULL", 4, 4), '{"type":"pong"}']);
  assert.equal(woken(), before, "the runtime answers, as in a room");
  beyond.say({ type: "subscribe", topics: ["OTHER"] });
  assert.equal((await beyond.hear()).code, "invalid_payload");

  await narrow.evictRelaysOf("FULL");
  assert.equal((await narrow.publish("FULL", { n: 5 })).connections, 4);
  assert.deepEqual(await beyond.take(1), numbered("FULL", 5, 5));
  assert.deepEqual(await back.take(2), numbered("FULL", 4, 5));
});

test("where nothing is held of the past, what is live comes all the same, and a new order is told", async () => {
  const alone = await startService({ vars: { HISTORY_SIZE: "0" } });
  await alone.publish("LIVE", { n: 0 });
  const subscriber = await alone.many();
  const [answer, ...others] = await subscriber.have(["LIVE"]);
  assert.deepEqual([JSON.parse(answer).seq, others], [1, []], "nothing is shown of what was");
  await alone.publish("LIVE", { n: 2 });
  await alone.evictRelaysOf("LIVE");
  assert.equal((await alone.publish("LIVE", { n: 3 })).connections, 1);
  assert.deepEqual(await subscriber.soFar(), numbered("LIVE", 2, 3));

  await alone.evict("LIVE");
  assert.equal((await alone.publish("LIVE", { n: 1 })).connections, 1, "the list outlives the room's memory");
  const gap = '{"type":"gap","token":"LIVE","from":null,"to":0}';
  assert.deepEqual(await subscriber.soFar(), [gap, ...numbered("LIVE", 1, 1)]);
});

test("an address may hold so many sockets at a relay, however often it sleeps", async () => {
  const limited = await startService({ vars: { MAX_CONNECTIONS_PER_IP: "2" } });
  const [first] = await having("ADDRESS", 2, limited);
  await limited.evictRelaysOf("ADDRESS");
  const { status, headers, text } = await limited.refused("/ws");
  assert.deepEqual([status, JSON.parse(text).code], [429, "rate_limited"]);
  assert.match(headers["retry-after"], /^\d+$/);
  await assert.rejects(limited.many({ origin: "https://app.glow.trade" }), /closed with 4029/);
  first.cut();
  const next = await until("a place is free", () => limited.many().catch(() => null));
  assert.match(next.greeting, /connected/);
  assert.ok(!limited.rawLog().join().includes("127.0.0.1"));
});
