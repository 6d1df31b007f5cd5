// Many topics on one socket, in the service's own dialect: what a subscriber gets of each, what it missed, what is not
// understood, and what a wake of a relay or of a room changes of it: nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbered, range, startService, stopServices, until } from "./service.mjs";

let service;
let small;
before(async () => {
  service = await startService();
  small = await startService({ vars: { HISTORY_SIZE: "4", MAX_TOPICS_PER_SOCKET: "3" } });
});
after(stopServices);

const gap = (token, from, to) => JSON.stringify({ type: "gap", token, from, to });
const parsed = (frames) => frames.map((frame) => JSON.parse(frame));
const ofType = (type, frames) => parsed(frames).filter((frame) => frame.type === type);

/** Where a subscriber is with a topic, by the frame that said that it has it. */
function placeIn(topic, frames) {
  const { seq, epoch } = ofType("subscribed", frames).find((frame) => frame.topic === topic);
  return { seq, epoch };
}

/** Takes a room out of memory, where it is in memory. */
async function evictRoom(to, token) {
  await to.standing(token);
  await to.evict(token);
}

/** What relay and room may go through while a subscriber is away. */
const absences = {
  "while both stay awake": async () => {},
  "when the relay was taken out of memory": (to, token) => to.evictRelaysOf(token),
  "when the room was taken out of memory": evictRoom,
  "when both were": async (to, token) => {
    await to.evictRelaysOf(token);
    await evictRoom(to, token);
  },
};

test("the first frame says who one is, under both names", async () => {
  const [one, two] = [await service.many(), await service.many()];
  const greeting = JSON.parse(one.greeting);
  assert.deepEqual(Object.keys(greeting), ["type", "connectionId", "clientId", "timestamp"]);
  assert.equal(greeting.type, "connected");
  assert.equal(greeting.connectionId, greeting.clientId);
  assert.ok(Math.abs(greeting.timestamp - Date.now() / 1000) < 5, "in Unix seconds");
  assert.notEqual(greeting.clientId, JSON.parse(two.greeting).clientId);
});

test("without an upgrade it is told that this is for WebSockets, and a foreign page is let in nowhere", async () => {
  const response = await service.request("/ws");
  assert.equal(response.status, 426);
  assert.equal((await response.json()).code, "upgrade_required");
  const { status, text } = await service.refused("/ws", { origin: "https://evil.example" });
  assert.deepEqual([status, JSON.parse(text).code], [403, "origin_not_allowed"]);
  assert.match((await service.many({ origin: "https://app.glow.trade" })).greeting, /connected/);
});

test("the text ping is answered by the runtime, a ping of JSON by the relay, with the time", async () => {
  const alone = await startService();
  const subscriber = await alone.many();
  const woken = () => alone.logLines().filter(({ relay }) => relay?.woken).length;
  subscriber.send("ping");
  assert.equal(await subscriber.next(), "pong");
  assert.equal(woken(), 0);

  subscriber.send('{"type":"ping"}');
  assert.match(await subscriber.next(), /^\{"type":"pong","timestamp":\d{10}\}$/);
  subscriber.send('{"type":"ping","id":7.10}');
  assert.match(await subscriber.next(), /^\{"type":"pong","id":7\.10,"timestamp":\d{10}\}$/);
  assert.equal(woken(), 2);
});

test("several topics share a socket: each answers, shows its last publication, and goes on live", async () => {
  await service.publish("SEVERAL-A", { price: 1 });
  await service.post("/broadcast/SEVERAL-A", '{"price":0.10e-9, "n":12345678901234567890}');
  const subscriber = await service.many();
  const frames = await subscriber.have(["SEVERAL-A", "SEVERAL-B", "market:SOL-USDC"]);
  const { epoch } = placeIn("SEVERAL-A", frames);
  assert.match(epoch, /^[1-9a-z][0-9a-z]*$/);
  assert.deepEqual(
    frames.filter((frame) => frame.includes("SEVERAL-A")),
    [
      `{"type":"subscribed","topic":"SEVERAL-A","epoch":"${epoch}","seq":2}`,
      '{"price":0.10e-9, "n":12345678901234567890,"token":"SEVERAL-A","seq":2,"snapshot":true}',
    ],
  );
  assert.deepEqual([placeIn("SEVERAL-B", frames).seq, placeIn("market:SOL-USDC", frames).seq], [0, 0]);
  assert.equal(frames.length, 4, "where nothing was published yet, nothing is shown");

  await service.publish("SEVERAL-B", { n: 1 });
  await service.publish("market:SOL-USDC", { n: 1 });
  assert.equal((await service.publish("SEVERAL-A", { n: 3 })).connections, 1);
  await service.publish("SEVERAL-C", { n: 1 });
  assert.deepEqual(await subscriber.soFar(), [
    ...numbered("SEVERAL-B", 1, 1),
    ...numbered("market:SOL-USDC", 1, 1),
    ...numbered("SEVERAL-A", 3, 3),
  ]);
});

test("publications share a frame for those who said so, and for nobody else", async () => {
  const [plain, batching] = [await service.many(), await service.many()];
  await plain.have(["SHARED"]);
  await batching.have(["SHARED"], { batch: true });
  const messages = range(1, 3).map((n) => ({ token: "SHARED", payload: { n } }));
  await service.post("/broadcast", { messages });
  assert.deepEqual(await plain.soFar(), numbered("SHARED", 1, 3));
  const together = `{"type":"BATCH_UPDATE","token":"SHARED","updates":[${numbered("SHARED", 1, 3)}]}`;
  assert.deepEqual(await batching.soFar(), [together]);
  await service.publish("SHARED", { n: 4 });
  assert.deepEqual(await batching.soFar(), numbered("SHARED", 4, 4), "a single one comes as it is");

  await batching.have(["SHARED"], { batch: false });
  await service.post("/broadcast", {
    messages: range(5, 6).map((n) => ({ token: "SHARED", payload: { n } })),
  });
  assert.deepEqual(await batching.soFar(), numbered("SHARED", 5, 6), "the later word counts");
});

for (const [name, away] of Object.entries(absences)) {
  const suffix = Object.keys(absences).indexOf(name);

  test(`who comes back gets exactly what it missed of each topic, then what is live, ${name}`, async () => {
    const [one, two] = [`BACK-ONE-${suffix}`, `BACK-TWO-${suffix}`];
    const gone = await service.many();
    await gone.have([one, two]);
    await service.publishNumbers(one, 1, 3);
    await service.publishNumbers(two, 1, 1);
    assert.deepEqual((await gone.soFar()).length, 4);
    gone.cut();
    await service.publishNumbers(one, 4, 6);
    await service.publishNumbers(two, 2, 2);
    await away(service, one);

    const [{ epoch }, { epoch: other }] = [await service.standing(one), await service.standing(two)];
    const back = await service.many();
    const since = { [one]: { seq: 3, epoch }, [two]: { seq: 1, epoch: other } };
    const frames = await back.have([one, two], { since });
    assert.deepEqual([placeIn(one, frames).seq, placeIn(two, frames).seq], [6, 2]);
    const of = (token, some) => some.filter((frame) => frame.includes(`"token":"${token}"`));
    assert.deepEqual(of(one, frames), numbered(one, 4, 6));
    assert.deepEqual(of(two, frames), numbered(two, 2, 2));

    await away(service, one);
    await service.publishNumbers(one, 7, 8);
    assert.deepEqual(await back.soFar(), numbered(one, 7, 8));
    await away(service, one);

    // Others have the topic at this relay by now.
    const next = await service.many();
    const missed = (await next.have([one], { since: { [one]: { seq: 6, epoch } } })).slice(1);
    assert.deepEqual(missed, numbered(one, 7, 8));
    const upToDate = await service.many();
    const nothing = (await upToDate.have([one], { since: { [one]: { seq: 8, epoch } } })).slice(1);
    assert.deepEqual(nothing, [], "who missed nothing is told nothing twice");
    assert.equal((await service.publish(one, { n: 9 })).connections, 3);
    for (const subscriber of [back, next, upToDate]) {
      assert.deepEqual(await subscriber.soFar(), numbered(one, 9, 9));
    }
  });

  test(`who had a topic before its first publication misses nothing either, ${name}`, async () => {
    const token = `UNBORN-${suffix}`;
    const gone = await service.many();
    const place = placeIn(token, await gone.have([token]));
    assert.match(place.epoch, /^0./);
    gone.cut();
    await away(service, token);
    await service.publishNumbers(token, 1, 2);
    await away(service, token);

    const back = await service.many();
    const frames = await back.have([token], { since: { [token]: place } });
    assert.doesNotMatch(placeIn(token, frames).epoch, /^0/);
    await service.publishNumbers(token, 3, 3);
    assert.deepEqual([...frames.slice(1), ...(await back.soFar())], numbered(token, 1, 3));
  });

  test(`who was away for too long is told which are gone, and gets the rest, ${name}`, async () => {
    const token = `GAP-${suffix}`;
    const [first, late, justInTime] = [await small.many(), await small.many(), await small.many()];
    const place = placeIn(token, await first.have([token]));
    first.cut();
    await small.publishNumbers(token, 1, 10);
    await away(small, token);

    const { epoch } = await small.standing(token);
    const fresh = await small.many();
    const since = (seq) => ({ since: { [token]: { seq, epoch } } });
    const unborn = await fresh.have([token], { since: { [token]: place } });
    assert.deepEqual(unborn.slice(1), [gap(token, 1, 6), ...numbered(token, 7, 10)]);
    await away(small, token);
    const frames = await late.have([token], since(2));
    assert.deepEqual(frames.slice(1), [gap(token, 3, 6), ...numbered(token, 7, 10)]);
    assert.deepEqual((await justInTime.have([token], since(6))).slice(1), numbered(token, 7, 10));
    await small.publishNumbers(token, 11, 11);
    for (const subscriber of [fresh, late, justInTime]) {
      assert.deepEqual(await subscriber.soFar(), numbered(token, 11, 11));
    }
  });

  test(`a place of another epoch says nothing, and one not reached yet is refused, ${name}`, async () => {
    const token = `PLACES-${suffix}`;
    await service.publishNumbers(token, 1, 3);
    const { epoch } = await service.standing(token);
    const answers = async (seq, of) => {
      const subscriber = await service.many();
      return [subscriber, await subscriber.have([token], { since: { [token]: { seq, epoch: of } } })];
    };
    const snapshot = `{"n":3,"token":"${token}","seq":3,"snapshot":true}`;
    const refusal = {
      type: "error",
      code: "invalid_query",
      message: "since is a seq that this topic has not reached in this epoch",
      topic: token,
    };
    // First where the relay doesn't follow the topic yet, then where it does.
    for (const round of [1, 2]) {
      const [early, refused] = await answers(4, epoch);
      assert.deepEqual(parsed(refused), [refusal], `round ${round}`);
      await away(service, token);
      for (const stranger of ["loyw3v28", "0loyw3v28", "no epoch of ours"]) {
        // A place that this epoch has not reached yet is as good as any: it is not this epoch's.
        for (const seq of [0, 700]) {
          const [, frames] = await answers(seq, stranger);
          assert.deepEqual(frames.slice(1), [gap(token, null, 3), snapshot]);
        }
      }
      assert.equal((await early.have([token])).at(-1), snapshot, "the socket stays open, and may try again");
      await away(service, token);
    }
  });
}

test("what was missed comes in one frame for those who said so", async () => {
  await service.publishNumbers("MISSED", 1, 5);
  const { epoch } = await service.standing("MISSED");
  const back = await service.many();
  const frames = await back.have(["MISSED"], { batch: true, since: { MISSED: { seq: 2, epoch } } });
  const missed = numbered("MISSED", 3, 5).join(",");
  assert.deepEqual(frames.slice(1), [`{"type":"BATCH_UPDATE","token":"MISSED","updates":[${missed}]}`]);
});

test("who unsubscribes gets nothing more of that topic, and goes on getting the others", async () => {
  const subscriber = await service.many();
  await subscriber.have(["LEFT", "KEPT"]);
  subscriber.say({ type: "unsubscribe", topics: ["LEFT", "NEVER-HAD"] });
  assert.deepEqual(await subscriber.soFar(), [
    '{"type":"unsubscribed","topic":"LEFT"}',
    '{"type":"unsubscribed","topic":"NEVER-HAD"}',
  ]);
  assert.equal((await service.publish("LEFT", { n: 1 })).connections, 0);
  assert.equal((await service.publish("KEPT", { n: 1 })).connections, 1);
  assert.deepEqual(await subscriber.soFar(), numbered("KEPT", 1, 1));
  await service.evictRelaysOf("KEPT");
  assert.equal((await service.publish("LEFT", { n: 2 })).connections, 0);
  assert.equal((await subscriber.have(["LEFT"])).at(-1), '{"n":2,"token":"LEFT","seq":2,"snapshot":true}');
});

test("who unsubscribes at once, or goes, gets nothing after that, whether the room has answered or not", async () => {
  const topics = range(1, 10).map((n) => `AT-ONCE-${n}`);
  const [subscriber, gone] = [await service.many(), await service.many()];
  for (const topic of topics) {
    await service.publish(topic, { n: 1 });
    subscriber.say({ type: "subscribe", topics: [topic] });
    subscriber.say({ type: "unsubscribe", topics: [topic] });
    gone.say({ type: "subscribe", topics: [topic] });
  }
  gone.cut();
  const frames = parsed(await subscriber.soFar());
  for (const topic of topics) {
    const last = frames.findLast((frame) => frame.topic === topic || frame.token === topic);
    assert.deepEqual(last, { type: "unsubscribed", topic });
    await until("nobody has it", async () => (await service.publish(topic, {})).connections === 0);
  }
  assert.deepEqual(await subscriber.soFar(), []);
});

test("a socket holds so many topics and not one more, until it gives one up", async () => {
  const subscriber = await small.many();
  const refusal = (topic) => ({
    type: "error",
    code: "rate_limited",
    message: "a socket has at most 3 topics: unsubscribe from one first",
    topic,
  });
  const frames = parsed(await subscriber.have(["MOST-1", "MOST-2", "MOST-3", "MOST-4", "MOST-5"]));
  assert.deepEqual(
    frames
      .filter(({ type }) => type === "subscribed")
      .map(({ topic }) => topic)
      .toSorted(),
    ["MOST-1", "MOST-2", "MOST-3"],
  );
  assert.deepEqual(
    frames.filter(({ type }) => type === "error"),
    [refusal("MOST-4"), refusal("MOST-5")],
  );
  assert.equal(ofType("subscribed", await subscriber.have(["MOST-1"])).length, 1, "it has that one already");
  await small.evictRelaysOf("MOST-1");
  assert.deepEqual(parsed(await subscriber.have(["MOST-4"])), [refusal("MOST-4")]);
  subscriber.say({ type: "unsubscribe", topics: ["MOST-2"] });
  await subscriber.soFar();
  assert.equal(ofType("subscribed", await subscriber.have(["MOST-4"])).length, 1);
});

test("a place of a topic that the socket has, or waits for, is served, or refused with a word", async () => {
  const [token, feed] = ["PLACE", "feed:trades"];
  await service.publishNumbers(token, 1, 5);
  const { epoch } = await service.standing(token);
  const since = (seq, of = epoch) => ({ since: { [token]: { seq, epoch: of } } });
  const subscriber = await service.many();
  await subscriber.have([token, feed]);
  assert.deepEqual((await subscriber.have([token], since(2))).slice(1), numbered(token, 3, 5));
  const [, gap, snapshot] = await subscriber.have([token], since(2, "stranger"));
  assert.equal(gap, `{"type":"gap","token":"${token}","from":null,"to":5}`);
  assert.match(snapshot, /"seq":5,"snapshot":true/);
  const [refused] = await subscriber.have([token], since(99));
  const { code, topic } = JSON.parse(refused);
  assert.deepEqual([code, topic], ["invalid_query", token]);
  await service.publish(token, { n: 6 });
  assert.deepEqual(await subscriber.soFar(), numbered(token, 6, 6), "it has the topic as before, once");

  const hasty = await service.many();
  hasty.say({ type: "subscribe", topics: [token] });
  hasty.say({ type: "subscribe", topics: [token], ...since(3) });
  const frames = await hasty.take(6);
  const told = frames
    .map((frame) => JSON.parse(frame))
    .map(({ type, n, snapshot: is }) => type ?? (is ? "snapshot" : n));
  assert.deepEqual(told, ["subscribed", "snapshot", "subscribed", 4, 5, 6]);
});

test("who asks twice for a topic has it once", async () => {
  await service.publish("TWICE", { n: 1 });
  const subscriber = await service.many();
  const first = await subscriber.have(["TWICE", "TWICE"]);
  assert.deepEqual([first.length, ofType("subscribed", first).length], [2, 1]);
  assert.deepEqual(await subscriber.have(["TWICE"]), [first[0]], "it is told so, and shown nothing twice");
  await service.evictRelaysOf("TWICE");
  assert.deepEqual(await subscriber.have(["TWICE"]), [first[0]]);
  assert.equal((await service.publish("TWICE", { n: 2 })).connections, 1);
  assert.deepEqual(await subscriber.soFar(), numbered("TWICE", 2, 2));
});

test("a bad topic is named, and stops none of the others", async () => {
  const subscriber = await service.many();
  subscriber.say({
    type: "subscribe",
    topics: ["GOOD-1", "walet:x", 7, "no topic", "x".repeat(129), "GOOD-2", "GOOD-3"],
    since: { "GOOD-2": { seq: "1", epoch: "x" }, "GOOD-4": { seq: 1, epoch: "x" } },
  });
  const frames = parsed(await subscriber.take(8));
  assert.deepEqual(
    frames.filter(({ type }) => type === "error").map(({ code, topic }) => [code, topic]),
    [
      ["invalid_topic", "walet:x"],
      ["invalid_topic", "7"],
      ["invalid_topic", "no topic"],
      ["invalid_topic", "x".repeat(128)],
      ["invalid_query", "GOOD-2"],
      ["invalid_query", "GOOD-4"],
    ],
  );
  assert.deepEqual(
    frames
      .filter(({ type }) => type === "subscribed")
      .map(({ topic }) => topic)
      .toSorted(),
    ["GOOD-1", "GOOD-3"],
  );
});

test("frames that say nothing are answered, and the socket keeps what it has", async () => {
  const subscriber = await service.many();
  await subscriber.have(["FAULTS"]);
  const cases = [
    ["hello", "invalid_json"],
    ["", "invalid_json"],
    ['{"type":"ping"', "invalid_json"],
    ["[1]", "invalid_payload"],
    ["{}", "invalid_payload"],
    ['{"type":7}', "invalid_payload"],
    ['{"type":"pong"}', "invalid_payload"],
    ['{"action":"buy"}', "invalid_payload"],
    ['{"type":"subscribe"}', "invalid_payload"],
    ['{"type":"subscribe","topics":[]}', "invalid_payload"],
    ['{"type":"subscribe","topics":"A"}', "invalid_payload"],
    ['{"type":"subscribe","topics":["A"],"channel":"prices"}', "invalid_payload"],
    ['{"type":"subscribe","topics":["A"],"since":41}', "invalid_query"],
    ['{"type":"subscribe","topics":["A"],"batch":1}', "invalid_query"],
    ['{"type":"subscribe","action":"subscribePrice","token":"A"}', "invalid_payload"],
    ['{"type":"authenticate"}', "invalid_payload"],
    [Buffer.from([0, 1, 2]), "invalid_payload"],
    [Buffer.alloc(4096), "invalid_payload"],
  ];
  for (const [frame, code] of cases) {
    subscriber.send(frame);
    const answer = await subscriber.hear();
    assert.deepEqual(Object.keys(answer), ["type", "code", "message"], String(frame));
    assert.deepEqual([answer.type, answer.code], ["error", code], String(frame));
  }
  assert.equal((await service.publish("FAULTS", { n: 1 })).connections, 1);
  assert.deepEqual(await subscriber.soFar(), numbered("FAULTS", 1, 1));
});

test("a frame that is too large closes its socket with 1009, and no other", async () => {
  const bystander = await service.many();
  await bystander.have(["LARGE"]);
  for (const frame of ["x".repeat(32_769), Buffer.alloc(32_769), "x".repeat(1_000_000)]) {
    const subscriber = await service.many();
    await subscriber.have(["LARGE"]);
    subscriber.send(frame);
    assert.equal((await subscriber.closed).code, 1009);
  }
  await until("the closed ones are gone", async () => (await service.publish("LARGE", {})).connections === 1);
  bystander.send(`{"type":"ping","id":"${"x".repeat(32_768 - 23)}"}`);
  await until("the largest that is taken is answered", async () => (await bystander.hear()).type === "pong");
});

test("the 101st frame in a minute is a warning, the next one the end, and a wake forgets neither", async () => {
  const subscriber = await service.many();
  const flood = async (from, to) => {
    for (const n of range(from, to)) subscriber.say({ type: "ping", id: n });
    const pongs = parsed(await subscriber.take(to - from + 1));
    assert.deepEqual(
      pongs.map(({ id }) => id),
      range(from, to),
    );
  };
  subscriber.say({ type: "subscribe", topics: ["FLOOD"] });
  assert.equal((await subscriber.hear()).type, "subscribed");
  await flood(2, 50);
  await service.evictRelaysOf("FLOOD");
  await flood(51, 100);

  subscriber.say({ type: "ping", id: 101 });
  assert.equal((await subscriber.hear()).code, "rate_limited");
  await service.evictRelaysOf("FLOOD");
  subscriber.say({ type: "subscribe", topics: ["FLOOD-2"] });
  assert.equal((await subscriber.closed).code, 4008);
});
