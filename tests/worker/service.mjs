// The service as the tests run it: the built Worker in the real runtime, and subscribers that speak to it over TCP
// through `ws`. It knows no route and asserts nothing.

import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestHarness } from "wrangler";
import WebSocket from "ws";

const root = join(import.meta.dirname, "..", "..");

/** The secret that publishers use in the tests. */
export const SECRET = "test-secret-5b9f-of-24-bytes";

/** The tables of a room, without those of the runtime and of miniflare. */
const TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*' ORDER BY name";

/** A folder whose files are in memory, on Linux. */
const MEMORY = "/dev/shm";

/** What wrangler.toml leaves to an operator, as the tests have it: a page of theirs, and a provider that may be anybody's. */
const CHOICES = {
  ALLOWED_ORIGINS: "https://app.glow.trade,http://localhost:3000",
  JWT_ISSUER: "*",
  JWT_AUDIENCE: "*",
  MAX_CONNECTIONS_PER_IP: "0",
};

/** The bindings of wrangler.toml that count for each address. */
const LIMITS = ["PUBLIC_LIMIT", "HANDSHAKE_LIMIT", "NEW_TOPIC_LIMIT"];

const running = new Set();

/**
 * Starts the service.
 * @param {{build?: string, vars?: object, secrets?: object, beside?: object[]}} options `build` is a folder of build/;
 *   `vars` and `secrets` go over those of wrangler.toml; `beside` are Workers that run next to it; `publicLimit`,
 *   `handshakeLimit` and `newTopicLimit` are how often an address may ask, open a socket and subscribe to a topic without a
 *   publication in a minute, without one as often as it likes; without `migrate` nobody makes the database's tables.
 */
export async function startService({
  build = "worker",
  vars = {},
  secrets,
  beside = [],
  publicLimit,
  handshakeLimit,
  newTopicLimit,
  migrate = true,
} = {}) {
  const harness = createTestHarness({
    workers: [
      {
        configPath: configurationFor(build, [publicLimit, handshakeLimit, newTopicLimit]),
        vars: { ENVIRONMENT: "development", ...CHOICES, ...vars },
        secrets: secrets ?? { WEBHOOK_SECRET: SECRET },
      },
      ...beside,
    ],
  });
  const { url } = await harness.listen();
  if (migrate) await harness.getWorker().applyD1Migrations("DATABASE");
  const service = new Service(harness, url.origin);
  running.add(service);
  return service;
}

/** Ends what a test file has started. */
export async function stopServices() {
  await Promise.all([...running].map((service) => service.stop()));
}

/** wrangler.toml for one build, in a folder of its own, so that no .dev.vars of this machine is read. */
function configurationFor(build, given) {
  const limits = given.map((limit = 1_000_000) => limit);
  const folder = join(root, "build", "test", [build, ...limits].join("-"));
  const main = join(root, "build", build, "entry.mjs");
  const text = readFileSync(join(root, "wrangler.toml"), "utf8")
    .replace(/^main = .*$/m, `main = ${JSON.stringify(main)}`)
    .replaceAll(/^migrations_dir = .*$/gm, `migrations_dir = ${JSON.stringify(join(root, "migrations"))}`)
    .replaceAll(/^(name = "(\w+_LIMIT)"\nnamespace_id = .+\nsimple = \{ limit = )\d+/gm, (_, head, name) => {
      return `${head}${limits[LIMITS.indexOf(name)]}`;
    })
    .replaceAll(/^directory = "dist\/site"$/gm, `directory = ${JSON.stringify(join(root, "dist", "site"))}`)
    .replace(/^\[build\]\n(.+\n)+/m, "");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "wrangler.toml");
  // Another test file may be about to read it.
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

/** Has services that are started from now on store in memory, where this machine has a folder there: a disk is slow. */
export function storeInMemory() {
  if (existsSync(MEMORY)) process.env.TMPDIR = MEMORY;
}

class Service {
  isStopped = false;
  #subscribers = new Set();

  constructor(harness, origin) {
    this.harness = harness;
    this.origin = origin;
  }

  /** A request, as `fetch` does it. */
  request(path, init) {
    return fetch(this.origin + path, init);
  }

  /** A publisher's request; a body that is no string is sent as JSON. */
  post(path, body, headers = {}) {
    return this.request(path, {
      method: "POST",
      headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json", ...headers },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  }

  /** Publishes one payload and returns the answer. */
  async publish(token, payload, headers) {
    const response = await this.post(`/broadcast/${token}`, payload, headers);
    return { status: response.status, ...(await response.json()) };
  }

  /** Publishes `{"n":first}` to `{"n":last}`, one after another. `numbered` gives the frames of them. */
  async publishNumbers(token, first, last) {
    for (let n = first; n <= last; n += 1) await this.publish(token, { n });
  }

  /** Opens a socket and waits for its first frame. `query` is what comes after the `?`, as an object or a text. */
  async subscribe(token, { query, ...options } = {}) {
    const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
    const subscriber = this.#open(`/ws/${token}${search}`, options);
    subscriber.greeting = await subscriber.next();
    return subscriber;
  }

  /** Opens a socket for many topics and waits for its first frame. */
  async many({ protocols, ...options } = {}) {
    const subscriber = this.#open("/ws", options, protocols);
    subscriber.greeting = await subscriber.next();
    return subscriber;
  }

  /** Opens many sockets, a hundred at a time. */
  async subscribeMany(token, count) {
    const subscribers = [];
    while (subscribers.length < count) {
      const some = range(1, Math.min(100, count - subscribers.length)).map(() => this.subscribe(token));
      subscribers.push(...(await Promise.all(some)));
    }
    return subscribers;
  }

  /** Opens a publisher's socket. */
  async publisher(headers = { authorization: `Bearer ${SECRET}` }, options = {}) {
    const publisher = this.#open("/publish", { headers, ...options });
    await once(publisher.socket, "open");
    return publisher;
  }

  #open(path, options, protocols) {
    const subscriber = new Subscriber(this.origin.replace("http", "ws") + path, options, protocols);
    this.#subscribers.add(subscriber);
    return subscriber;
  }

  /** Tries to open a socket that is refused before the upgrade. */
  refused(path, options) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.origin.replace("http", "ws") + path, options);
      socket.on("open", () => reject(new Error("the socket was opened")));
      socket.on("error", () => {});
      refusalOf(socket).then(resolve);
    });
  }

  /**
   * Asks for a topic's socket once: gives `{subscriber}` after its first frame, or how it was refused. Who asks a second
   * time to learn why the first failed may be let in then.
   */
  attempt(token, options) {
    const subscriber = this.#open(`/ws/${token}`, options);
    const greeted = subscriber.next().then((greeting) => {
      subscriber.greeting = greeting;
      return { subscriber };
    });
    return Promise.race([greeted, refusalOf(subscriber.socket)]);
  }

  /** How a topic's room and its relays stand. */
  async standing(token) {
    const response = await this.request(`/rooms/${token}`, {
      headers: { authorization: `Bearer ${SECRET}` },
    });
    return response.json();
  }

  /** Removes a room from memory; its sockets stay open, or with `"close"` are lost. */
  evict(token, webSockets = "hibernate") {
    return this.harness.getWorker().evictDurableObject("BROADCAST_ROOM", { name: token, webSockets });
  }

  /** Removes a relay from memory, as `evict` does a room. */
  evictRelay(name, webSockets = "hibernate") {
    return this.harness.getWorker().evictDurableObject("RELAY", { name, webSockets });
  }

  /** Removes all relays on a room's list from memory; their sockets stay open. */
  async evictRelaysOf(token) {
    for (const { name } of (await this.standing(token)).relays) await this.evictRelay(name);
  }

  /** The rows of a query on a relay's SQLite. */
  async rowsOfRelay(name, statement) {
    const storage = await this.harness.getWorker().getDurableObjectStorage("RELAY", { name });
    return storage.exec(statement);
  }

  /** A room's SQLite, as it is stored: `exec(statement, …values)` gives rows. */
  storage(token) {
    return this.harness.getWorker().getDurableObjectStorage("BROADCAST_ROOM", { name: token });
  }

  /** A relay's SQLite, as it is stored. */
  relayStorage(name) {
    return this.harness.getWorker().getDurableObjectStorage("RELAY", { name });
  }

  /** The names of the tables that a room has stored. */
  async tables(token) {
    return namesOfTables(await this.storage(token));
  }

  /** The names of the tables that a relay has stored. */
  async relayTables(name) {
    return namesOfTables(await this.relayStorage(name));
  }

  /** Starts the service anew with other variables, on the same storage. */
  async restart(vars) {
    await this.harness.update(({ workers: [{ vars: old, ...service }, ...beside] }) => ({
      workers: [{ ...service, vars: { ...old, ...vars } }, ...beside],
    }));
    this.origin = (await this.harness.listen()).url.origin;
  }

  /** The service's log lines so far, oldest first, as objects. */
  logLines() {
    return this.rawLog().flatMap((text) => {
      try {
        return [JSON.parse(text)];
      } catch {
        return [];
      }
    });
  }

  /** Everything logged so far, as texts. */
  rawLog() {
    return this.harness.getLogs().map((log) => log.message);
  }

  async stop() {
    this.isStopped = true;
    for (const subscriber of this.#subscribers) subscriber.cut();
    running.delete(this);
    await this.harness.close();
  }
}

async function namesOfTables(storage) {
  const rows = await storage.exec(TABLES);
  return rows.map(({ name }) => name);
}

/** The answer to a handshake that is refused. Where it is not, there never is any. */
function refusalOf(socket) {
  return new Promise((resolve) => {
    socket.on("unexpected-response", async (_, response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
  });
}

/** One subscriber, with the frames that it got and did not take yet. */
export class Subscriber {
  #pings = 0;
  #frames = [];
  #waiting = [];

  constructor(url, options, protocols = []) {
    this.socket = new WebSocket(url, protocols, options);
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => {
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(`closed with ${code}`));
        resolve({ code, reason: String(reason) });
      });
    });
    this.socket.on("error", (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    this.socket.on("message", (data) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve(String(data));
      else this.#frames.push(String(data));
    });
  }

  /** The next frame's text. */
  next() {
    if (this.#frames.length > 0) return Promise.resolve(this.#frames.shift());
    if (this.socket.readyState > WebSocket.OPEN) return Promise.reject(new Error("closed"));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** The next `count` frames' texts. */
  async take(count) {
    const frames = [];
    while (frames.length < count) frames.push(await this.next());
    return frames;
  }

  send(frame) {
    this.socket.send(frame);
  }

  /** Sends an object as JSON. */
  say(frame) {
    this.send(JSON.stringify(frame));
  }

  /** The next frame, read as JSON. */
  async hear() {
    return JSON.parse(await this.next());
  }

  /** All frames that came before the answer to a ping that is sent now: what is not among them is not on its way. */
  async soFar() {
    this.#pings += 1;
    const id = `ping ${this.#pings}`;
    this.say({ type: "ping", id });
    const frames = [];
    for (;;) {
      const frame = await this.next();
      const { type, id: answered } = JSON.parse(frame);
      if (type === "pong" && answered === id) return frames;
      frames.push(frame);
    }
  }

  /** Subscribes to topics on a socket for many, and returns all frames up to the last answer and what comes with it. */
  async have(topics, more = {}) {
    this.say({ type: "subscribe", topics, ...more });
    const frames = [];
    const missing = new Set(topics);
    while (missing.size > 0) {
      const frame = await this.next();
      const { type, topic } = JSON.parse(frame);
      if (type === "subscribed" || type === "error") missing.delete(topic);
      frames.push(frame);
    }
    return [...frames, ...(await this.soFar())];
  }

  /** Breaks the connection without a close frame. */
  cut() {
    this.socket.terminate();
  }
}

/** The frames of `{"n":first}` to `{"n":last}`, where each has the place that it names. */
export function numbered(token, first, last) {
  return range(first, last).map((n) => `{"n":${n},"token":"${token}","seq":${n}}`);
}

/** The whole numbers from `first` to `last`. */
export function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Waits until `probe` gives something true, and returns it. */
export async function until(what, probe, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
