// Who is gone without a word, and who does not read: both are cut with 4000, so that they are not counted and cost no more
// than is allowed. Who reads and never pings is left alone.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { after, test } from "node:test";
import { range, startService, stopServices, until } from "./service.mjs";

after(stopServices);

/** How often a phone pings, in milliseconds. */
const PING_EVERY = 200;

/** The end of a close frame with the code 4000: its two bytes, and the beginning of its reason. */
const CLOSED = (reason) => Buffer.concat([Buffer.from([4000 >> 8, 4000 & 255]), Buffer.from(reason)]);

/** A client with nothing between it and TCP: what it does not do, no library does for it. */
class Phone {
  #socket;
  #pinging;
  #heard = Buffer.alloc(0);

  static async open(service, path, ping, headers = {}) {
    const phone = new Phone();
    const { hostname, port } = new URL(service.origin);
    phone.#socket = connect(Number(port), hostname);
    await once(phone.#socket, "connect");
    phone.#socket.on("data", (data) => {
      phone.#heard = Buffer.concat([phone.#heard, data]);
    });
    const fields = {
      Host: `${hostname}:${port}`,
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      ...headers,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    phone.#socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    await until("the socket is open", () => phone.hears("101 Switching Protocols"));
    // A phone that a failed test has left behind keeps nobody waiting.
    if (ping) phone.#pinging = setInterval(() => phone.send(ping), PING_EVERY).unref();
    return phone;
  }

  /** Sends a text of less than 65,536 bytes. Its mask is 0, which changes nothing. */
  send(text) {
    const payload = Buffer.from(text);
    const isShort = payload.length < 126;
    const length = isShort ? [128 + payload.length] : [128 + 126, payload.length >> 8, payload.length & 255];
    this.#socket.write(Buffer.concat([Buffer.from([129, ...length, 0, 0, 0, 0]), payload]));
  }

  /** Whether something has come, after the last time that it was asked for. */
  hears(text) {
    const place = this.#heard.indexOf(text);
    if (place < 0) return false;
    this.#heard = this.#heard.subarray(place + text.length);
    return true;
  }

  /** Neither pings nor reads any more. Nobody is told. */
  vanish() {
    clearInterval(this.#pinging);
    this.#socket.pause();
  }

  /** Is there again, and reads what has come meanwhile. */
  return() {
    this.#socket.resume();
  }

  end() {
    this.vanish();
    this.#socket.destroy();
  }
}

/** The ways in which a socket is held: in a topic's room, beside it as that is full, and with many topics. */
async function phonesIn(service, topic) {
  const json = '{"type":"ping"}';
  const here = await Phone.open(service, `/ws/${topic}`, json);
  assert.equal((await service.standing(topic)).connections.here, 1);
  const beside = async () => {
    const rest = await Promise.all(range(1, 3).map(() => service.subscribe(topic)));
    const phone = await Phone.open(service, `/ws/${topic}`, json);
    for (const subscriber of rest.slice(1)) subscriber.cut();
    return { rest: rest[0], phone };
  };
  const { rest, phone: overflow } = await beside();
  const many = await Phone.open(service, "/ws", "ping");
  many.send(JSON.stringify({ type: "subscribe", topics: [topic] }));
  await until("the phone has its topic", () => many.hears('"type":"subscribed"'));
  return { phones: [here, overflow, many], rest };
}

test("a phone that vanishes is counted out by its own pings, wherever it is held, and who never pings is not", async () => {
  const service = await startService({ vars: { ROOM_CAPACITY: "4" } });
  const { phones, rest } = await phonesIn(service, "VANISH");
  const pinging = await Phone.open(service, "/ws/VANISH", '{"type":"ping"}');
  const total = async () => (await service.standing("VANISH")).connections.total;
  await until("those who left are gone", async () => (await total()) === 5);
  assert.deepEqual(
    (await service.standing("VANISH")).relays.map(({ name }) => name.split("-")[0]).toSorted(),
    ["overflow", "relay"],
  );
  // Some of their intervals are seen.
  const learnt = Date.now() + 5 * PING_EVERY;
  await until("they have pinged for a while", async () => (await total()) === 5 && Date.now() > learnt);

  for (const phone of phones) phone.vanish();
  await until("only the others are counted", async () => (await total()) === 2);
  assert.equal((await service.publish("VANISH", { n: 1 })).connections, 2);
  assert.match(await rest.next(), /"n":1/, "who never pinged is still there");
  pinging.hears('"n":1');
  for (const phone of phones) {
    phone.return();
    await until("it is told to come back", () => phone.hears(CLOSED("silent for too long")));
    phone.end();
  }
  pinging.end();
});

/** Does not compress, so that it fills what is between. */
const filling = () => ({ filling: randomBytes(45_000).toString("base64") });

/** Nor does the runtime compress it for these clients. */
const plain = { perMessageDeflate: false };

test("who does not read is cut, gets what was sent until then, and misses nothing", async () => {
  const vars = {
    MAX_BACKLOG_BYTES: "65536",
    HISTORY_SIZE: "2000",
    HISTORY_BYTES: "16777216",
    ROOM_CAPACITY: "2",
  };
  const service = await startService({ vars });
  const stalled = await service.subscribe("STALL", plain);
  const reader = await service.subscribe("STALL", plain);
  const beside = await service.subscribe("STALL", plain);
  const [many, all] = [await service.many(plain), await service.many(plain)];
  for (const socket of [many, all]) await socket.have(["STALL"]);
  assert.equal((await service.standing("STALL")).connections.here, 2);
  const lost = [stalled, beside, many];
  const large = filling();
  for (const subscriber of lost) subscriber.socket.pause();

  let n = 0;
  await until("they are cut", async () => {
    n += 10;
    const posts = range(1, 10).map(() => service.publish("STALL", large));
    return (await Promise.all(posts)).at(-1).connections === 2;
  });
  const order = (frames) => frames.map((frame) => JSON.parse(frame).seq);
  for (const subscriber of [reader, all]) assert.deepEqual(order(await subscriber.take(n)), range(1, n));

  const { epoch } = JSON.parse(stalled.greeting);
  for (const subscriber of lost) subscriber.socket.resume();
  for (const closing of await Promise.all(lost.map(({ closed }) => closed))) {
    assert.deepEqual(closing, { code: 4000, reason: "too far behind: come back, and resume" });
  }
  for (const subscriber of [stalled, beside]) {
    const had = [];
    for (;;) {
      const frame = await subscriber.next().catch(() => undefined);
      if (frame === undefined) break;
      had.push(JSON.parse(frame).seq);
    }
    assert.ok(had.length > 0 && had.length < n);
    const back = await service.subscribe("STALL", { query: { since: had.at(-1), epoch }, ...plain });
    const missed = await back.take(n - had.at(-1));
    assert.deepEqual([...had, ...order(missed)], range(1, n));
    back.cut();
  }
});

test("who reads is not cut, however much is published and whether it pings or not", async () => {
  const service = await startService();
  const readers = await Promise.all(range(1, 5).map(() => service.subscribe("FLOOD", plain)));
  const many = await service.many(plain);
  await many.have(["FLOOD"]);
  const large = filling();
  await Promise.all(range(1, 200).map(() => service.publish("FLOOD", large)));
  assert.equal((await service.publish("FLOOD", {})).connections, 6);
  for (const reader of [...readers, many]) assert.equal((await reader.take(201)).length, 201);
});

test("a publisher that does not read its answers is cut, and told to come back", async () => {
  const service = await startService({ vars: { MAX_BACKLOG_BYTES: "65536" } });
  const publisher = await service.publisher(undefined, plain);
  publisher.socket.pause();
  const id = randomBytes(45_000).toString("base64");
  let sent = 0;
  const areTaken = () => {
    const seq = async () => (await service.standing("UNREAD")).seq;
    return until("all are published", async () => (await seq()) === sent, 2).then(
      () => true,
      () => false,
    );
  };
  do {
    for (const _ of range(1, 50)) publisher.say({ id, token: "UNREAD", payload: {} });
    sent += 50;
    assert.ok(sent < 1000, "it is never cut");
  } while (await areTaken());
  publisher.socket.resume();
  assert.equal((await publisher.closed).code, 4000);
});
