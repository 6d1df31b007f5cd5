// What strangers may have: a frame or a body costs nothing before it is measured, an address opens so many sockets and
// subscribes to so many new topics in a minute, so much of the past is given, and nothing that they make is stored for ever.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { range, SECRET, startService, stopServices, until } from "./service.mjs";

const MIB = 1_048_576;
const PAGE = "https://app.glow.trade";
const LIMIT = 5;

let service;
before(async () => {
  service = await startService({ newTopicLimit: LIMIT, vars: { MAX_CONNECTIONS_PER_IP: "1000" } });
});
after(stopServices);

/** The counts begin anew with every minute of the clock: none may do so within a test. */
beforeEach(() => until("the minute is young", () => Date.now() % 60_000 < 40_000));

const from = (address) => ({ headers: { "cf-connecting-ip": address } });
const names = (prefix, count) => range(1, count).map((number) => `${prefix}${number}`);

/** How many bytes of memory the WebAssembly instance has, which all objects here share. */
async function memoryOf(faulty) {
  const sizes = () => faulty.logLines().filter(({ event }) => event === "memory");
  const before = sizes().length;
  await faulty.request("/health?fault=memory");
  await until("the memory is told", () => sizes().length > before);
  return sizes().at(-1).bytes;
}

/** The codes of a socket's error frames, by topic. */
function refusals(frames) {
  const errors = frames.map((frame) => JSON.parse(frame)).filter(({ type }) => type === "error");
  return new Map(errors.map(({ topic, code }) => [topic, code]));
}

/** Publishes so many payloads of so many bytes, as many at once as fit. */
async function fill(on, token, count, bytes) {
  const message = { token, payload: { text: "x".repeat(bytes) } };
  const most = Math.min(100, Math.floor((MIB - 1_000) / (bytes + 100)));
  for (let left = count; left > 0; left -= most) {
    const messages = range(1, Math.min(left, most)).map(() => message);
    assert.equal((await on.post("/broadcast", { messages })).status, 200);
  }
}

test("a frame of 31 MiB that came as 32 KB closes its socket with 1009 and is not copied", async () => {
  const faulty = await startService({ build: "faulty" });
  const bomb = "A".repeat(31 * MIB);
  const open = {
    "a topic's socket": () => faulty.subscribe("BOMB"),
    "a socket for many topics": () => faulty.many(),
    "a publisher's socket": () => faulty.publisher(),
  };
  for (const [what, opened] of Object.entries(open)) {
    const socket = await opened();
    const before = await memoryOf(faulty);
    socket.socket.send(bomb, { compress: true });
    assert.equal((await socket.closed).code, 1009, what);
    assert.equal(await memoryOf(faulty), before, `${what}: the instance's memory has not grown`);
    const binary = await opened();
    binary.socket.send(Buffer.alloc(31 * MIB), { compress: true });
    assert.equal((await binary.closed).code, 1009, `${what}, binary`);
    assert.equal(await memoryOf(faulty), before, `${what}, binary: neither`);
  }
  assert.equal((await faulty.publish("BOMB", { n: 1 })).seq, 1);
});

test("a body of 12 MiB is refused and not gathered, whatever is said of its length and its coding", async () => {
  const secrets = { WEBHOOK_SECRET: SECRET, AUTH_SECRET: "a secret of at least 32 bytes, for tests" };
  const faulty = await startService({ build: "faulty", secrets });
  const chunk = new Uint8Array(64 * 1024);
  const chunked = () => {
    let left = 192;
    return new ReadableStream({
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
  };
  const authorization = `Bearer ${SECRET}`;
  const send = (path, init) => faulty.request(path, { method: "POST", duplex: "half", ...init });
  await send("/broadcast/BODY", { headers: { authorization }, body: chunked() });
  const before = await memoryOf(faulty);
  for (const path of ["/broadcast", "/auth/nonce"]) {
    for (const coding of ["identity", "gzip"]) {
      const headers = { authorization, ...(coding === "identity" ? {} : { "content-encoding": coding }) };
      for (const body of [chunked(), new Uint8Array(12 * MIB)]) {
        const { status } = await send(path, { headers, body });
        assert.ok([413, 415].includes(status), `${path} ${coding}: ${status}`);
      }
    }
  }
  const grown = (await memoryOf(faulty)) - before;
  assert.ok(
    grown <= 4 * MIB,
    `${grown} bytes: the largest body that is taken, in a list that doubles as it grows`,
  );
});

test("an address opens so many sockets in a minute, of whatever topics, and no other one is turned away", async () => {
  const limited = await startService({ handshakeLimit: LIMIT });
  for (const topic of names("H", LIMIT - 1)) await limited.subscribe(topic, from("192.0.2.1"));
  await limited.many(from("192.0.2.1"));
  for (const path of ["/ws", "/ws/H1", "/ws/H99"]) {
    const { status, headers, text } = await limited.refused(path, from("192.0.2.1"));
    assert.deepEqual(
      [status, headers["retry-after"], JSON.parse(text).code],
      [429, "60", "rate_limited"],
      path,
    );
  }
  const page = { headers: { "cf-connecting-ip": "192.0.2.1", origin: PAGE } };
  const told = limited.many(page);
  await assert.rejects(told, /4029/, "a page is told when to come back");
  assert.match((await limited.many(from("192.0.2.2"))).greeting, /connected/);
  assert.equal(
    (await limited.request("/tokens", from("192.0.2.1"))).status,
    200,
    "REST has a limit of its own",
  );
  assert.ok(!limited.rawLog().join().includes("192.0.2."), "no address stands in the log");
});

test("the limits hold also where the operator has set no secret", async () => {
  const bare = await startService({ publicLimit: LIMIT, handshakeLimit: LIMIT, secrets: {} });
  const statuses = [];
  for (const _ of range(1, LIMIT + 1))
    statuses.push((await bare.request("/tokens", from("192.0.2.1"))).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
  for (const _ of range(1, LIMIT)) await bare.many(from("192.0.2.1"));
  assert.equal((await bare.refused("/ws", from("192.0.2.1"))).status, 429);
  assert.match((await bare.many(from("192.0.2.2"))).greeting, /connected/);
});

test("an address subscribes to so many new topics in a minute, on all its sockets together", async () => {
  const one = await service.many(from("192.0.2.10"));
  const refused = refusals(await one.have(names("NEW", 2 * LIMIT)));
  assert.equal(refused.size, LIMIT);
  assert.deepEqual([...new Set(refused.values())], ["rate_limited"]);
  for (const topic of refused.keys())
    assert.deepEqual(await service.tables(topic), [], `${topic} stores nothing`);

  const other = await service.many(from("192.0.2.10"));
  assert.equal(refusals(await other.have(["ANOTHER"])).get("ANOTHER"), "rate_limited");
  const somebody = await service.many(from("192.0.2.11"));
  assert.equal(refusals(await somebody.have(["ANOTHER"])).size, 0);
  const [first] = refused.keys();
  await service.publish(first, { n: 1 });
  assert.equal(refusals(await other.have([first])).size, 0, "a topic that has a publication is not new");
});

test("topics that have a publication are had by whoever wants them, as many as it may have", async () => {
  const topics = names("BORN", 60);
  const messages = topics.map((token) => ({ token, payload: { n: 1 } }));
  assert.equal((await service.post("/broadcast", { messages })).status, 200);
  for (const _ of range(1, 3)) {
    const phone = await service.many(from("192.0.2.20"));
    const frames = await phone.have(topics);
    assert.equal(refusals(frames).size, 0);
    assert.equal(frames.filter((frame) => frame.includes('"snapshot":true')).length, topics.length);
  }
});

test("a new topic that nobody wants any more is forgotten", async () => {
  const phone = await service.many(from("192.0.2.30"));
  await phone.have(["LEFT1", "LEFT2", "LEFT3"]);
  assert.deepEqual(await service.tables("LEFT1"), ["relays"]);
  phone.say({ type: "unsubscribe", topics: ["LEFT1"] });
  await until("one is forgotten", async () => (await service.tables("LEFT1")).length === 0);
  assert.deepEqual(await service.tables("LEFT2"), ["relays"], "the others are kept");
  phone.cut();
  for (const topic of ["LEFT2", "LEFT3"]) {
    await until(`${topic} is forgotten`, async () => (await service.tables(topic)).length === 0);
  }
  assert.equal((await service.publish("LEFT1", { n: 1 })).seq, 1);
});

test("a place that was not given yet is refused and leaves nothing behind", async () => {
  const phone = await service.many(from("192.0.2.40"));
  const epoch = `0${Date.now().toString(36)}`;
  const frames = await phone.have(["FUTURE"], { since: { FUTURE: { seq: 1, epoch } } });
  assert.equal(refusals(frames).get("FUTURE"), "invalid_query");
  assert.deepEqual(await service.tables("FUTURE"), []);
});

test("a new topic whose relay was lost is forgotten by its alarm", async () => {
  const brief = await startService({ vars: { ROOM_RETENTION: "2s" } });
  await brief.publish("KNOWN", { n: 1 });
  const phone = await brief.many();
  await phone.have(["KNOWN", "LOST"]);
  const [{ name }] = (await brief.standing("KNOWN")).relays;
  await brief.evictRelay(name, "close");
  await until("nothing is stored any more", async () => (await brief.tables("LOST")).length === 0);
});

test("what a frame is answered with counts: who had enough of the past is told to wait, and resumes then", async () => {
  const frugal = await startService({ vars: { CLIENT_FRAMES_PER_MINUTE: "10" } });
  await fill(frugal, "HEAVY", 200, 3_900);
  const reader = await frugal.many();
  const { epoch } = JSON.parse((await reader.have(["HEAVY"]))[0]);
  const since = { HEAVY: { seq: 0, epoch } };
  let frames;
  for (const _ of range(1, 2)) {
    reader.say({ type: "unsubscribe", topics: ["HEAVY"] });
    await reader.next();
    reader.say({ type: "subscribe", topics: ["HEAVY"], since });
    frames = await reader.take(201);
    assert.equal(JSON.parse(frames[0]).type, "subscribed");
  }
  reader.say({ type: "unsubscribe", topics: ["HEAVY"] });
  reader.say({ type: "subscribe", topics: ["HEAVY"], since });
  const [, refused] = await reader.take(2);
  assert.deepEqual([JSON.parse(refused).code, JSON.parse(refused).topic], ["rate_limited", "HEAVY"]);
  const other = await frugal.many();
  other.say({ type: "subscribe", topics: ["HEAVY"], since });
  assert.equal((await other.take(201)).length, 201, "nothing is lost for who comes back");
});

test("of what a frame asks for, rooms are asked only as much as may be given", async () => {
  const frugal = await startService({ vars: { CLIENT_FRAMES_PER_MINUTE: "10" } });
  const topics = names("WIDE", 6);
  await Promise.all(topics.map((topic) => fill(frugal, topic, 200, 3_900)));
  const standing = await Promise.all(topics.map((topic) => frugal.standing(topic)));
  const since = Object.fromEntries(topics.map((topic, n) => [topic, { seq: 0, epoch: standing[n].epoch }]));
  const reader = await frugal.many();
  const frames = await reader.have(topics, { since });
  assert.deepEqual(
    [...refusals(frames)],
    topics.slice(2).map((topic) => [topic, "rate_limited"]),
  );
  assert.equal(frames.filter((frame) => frame.includes('"text"')).length, 400, "two histories");
  const asked = await Promise.all(topics.map(async (topic) => (await frugal.standing(topic)).relays.length));
  assert.deepEqual(asked, [1, 1, 0, 0, 0, 0]);
});

test("handshakes that ask for the past are paid for by their address, and the socket is not opened", async () => {
  const vars = { MAX_CONNECTIONS_PER_IP: "1000", HISTORY_SIZE: "1000", HISTORY_BYTES: "16777216" };
  const roomy = await startService({ vars });
  await fill(roomy, "PAST", 250, 64_000);
  const { epoch } = JSON.parse((await roomy.subscribe("PAST")).greeting);
  const resume = (address) =>
    roomy.attempt(`PAST?since=0&epoch=${epoch}`, { ...from(address), perMessageDeflate: false });
  let answer;
  for (let tries = 0; tries < 6 && !answer?.status; tries += 1) {
    answer = await resume("192.0.2.50");
    answer.subscriber?.cut();
  }
  assert.deepEqual([answer.status, answer.headers["retry-after"]], [429, "60"]);
  assert.equal(JSON.parse(answer.text).code, "rate_limited");
  assert.ok((await resume("192.0.2.51")).subscriber, "another address resumes");
});

test("a phone that resumes 100 topics with all their histories is not refused any of them", async () => {
  const topics = names("MANY", 100);
  for (const _ of range(1, 4)) {
    const messages = topics.map((token) => ({ token, payload: { text: "x".repeat(5_000) } }));
    assert.equal((await service.post("/broadcast", { messages })).status, 200);
  }
  const phone = await service.many(from("192.0.2.60"));
  const greetings = (await phone.have(topics)).map((frame) => JSON.parse(frame));
  const epochs = new Map(
    greetings.filter(({ type }) => type === "subscribed").map((one) => [one.topic, one.epoch]),
  );
  const back = await service.many(from("192.0.2.60"));
  const seen = [];
  for (const some of [topics.slice(0, 50), topics.slice(50)]) {
    const since = Object.fromEntries(some.map((topic) => [topic, { seq: 0, epoch: epochs.get(topic) }]));
    seen.push(...(await back.have(some, { since })));
  }
  assert.equal(refusals(seen).size, 0);
  assert.equal(seen.filter((frame) => frame.includes('"text"')).length, 400);
});
