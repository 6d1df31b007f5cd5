// A storm on the real runtime: hundreds of clients, of one topic or of several, that lose their connections and come back
// where they left off, several publishers of every kind that repeat themselves, rooms and relays that are taken out of
// memory or lost with their sockets, and, in the build that can, panics and pushes that get lost. At its end it says what
// went wrong: nothing may be lost, doubled or out of order. It knows the contract and no code.

import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { SECRET, until } from "./service.mjs";

/** How long a client waits, in milliseconds, for the service to end a connection that both sides have closed. */
const PATIENCE = 500;

/**
 * How long, in milliseconds, after a panic nothing is taken out of memory: the harness does that without reading the
 * runtime's log meanwhile, and the runtime stands still until its log is read.
 */
const LOG_TIME = 1000;

/** How many topics a client of several has. */
const TOPICS_OF_ONE = 3;

/** Of how many messages one asks for a fault on its way to the relays, in the build that can. */
const MESSAGES_A_FAULT = 100;

/** A generator of numbers below 1 that a seed repeats (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Runs a storm.
 * @param service a running service
 * @param {{seed: number, seconds: number, clients: number, many: number, publishers: number, topics: number,
 *   panics: boolean}} options `clients` have one topic each, `many` have several
 * @returns {Promise<object>} what happened, in numbers; `faults` is empty when all is well.
 */
export async function storm(service, options) {
  const weather = new Weather(service, options);
  await weather.blow();
  return weather.report();
}

class Weather {
  constructor(service, options) {
    this.service = service;
    this.options = options;
    this.random = randomFrom(options.seed);
    this.faults = new Set();
    this.happened = {
      evictions: 0,
      relayEvictions: 0,
      roomsLost: 0,
      relaysLost: 0,
      panics: 0,
      relayPanics: 0,
      pushesLost: 0,
      pushesUnanswered: 0,
    };
    this.relays = [];
    this.isPanicking = false;
    this.topics = Array.from({ length: options.topics }, (_, n) => new TopicLog(`STORM${n}`, this.faults));
    const single = Array.from({ length: options.clients }, (_, n) => {
      return new Client(this, n, this.topics[n % options.topics]);
    });
    const many = Array.from({ length: options.many }, (_, n) => {
      const topics = Array.from(
        { length: TOPICS_OF_ONE },
        (_, next) => this.topics[(n + next) % options.topics],
      );
      return new ManyClient(this, n, [...new Set(topics)]);
    });
    this.clients = [...single, ...many];
    const kinds = [Poster, Batcher, SocketPublisher];
    this.publishers = Array.from({ length: options.publishers }, (_, n) => new kinds[n % 3](this, n));
  }

  async blow() {
    await Promise.all(this.clients.map((client) => client.connect()));
    await this.findRelays();
    const end = Date.now() + this.options.seconds * 1000;
    this.isOver = () => Date.now() > end;
    await Promise.all([
      ...this.publishers.map((publisher) => publisher.publish()),
      ...this.clients.map((client) => client.wander()),
      this.evict(),
      this.options.panics ? this.panic() : undefined,
    ]);
    await this.settle();
    for (const client of this.clients) client.cut();
  }

  /** Waits until every client has its topic's last message. */
  async settle() {
    for (const topic of this.topics) topic.last = (await new Poster(this, "last").post(topic, [{}]))[0].seq;
    const haveAll = async () => {
      await Promise.all(this.clients.map((client) => client.stay()));
      return this.clients.every(({ isComplete }) => isComplete);
    };
    await until("everybody has everything", haveAll, 60).catch(({ message }) => this.faults.add(message));
  }

  /** Which relays there are, and some that may open yet. To ask is to have relays look for what they missed: only before. */
  async findRelays() {
    const standings = await Promise.all(this.topics.map(({ name }) => this.service.standing(name)));
    const last = new Map();
    for (const { name } of standings.flatMap(({ relays }) => relays)) {
      const [, kind, number] = name.match(/^(.+-)(\d+)$/);
      last.set(kind, Math.max(last.get(kind) ?? 0, Number(number)));
    }
    this.relays = [...last].flatMap(([kind, number]) => {
      return Array.from({ length: number + 3 }, (_, n) => `${kind}${n}`);
    });
  }

  async evict() {
    while (!this.isOver()) {
      await sleep(200 + 800 * this.random());
      if (this.isPanicking) continue;
      const isRelay = this.relays.length > 0 && this.random() < 0.5;
      const isLost = this.random() < 0.15;
      const webSockets = isLost ? "close" : "hibernate";
      const evicted = isRelay
        ? this.service.evictRelay(this.pick(this.relays), webSockets)
        : this.service.evict(this.pick(this.topics).name, webSockets);
      // One that is at work can't be taken out of memory.
      await evicted.then(
        () => {
          const [kept, lost] = isRelay ? ["relayEvictions", "relaysLost"] : ["evictions", "roomsLost"];
          this.happened[isLost ? lost : kept] += 1;
        },
        () => {},
      );
    }
  }

  async panic() {
    const panicker = new Poster(this, "panic");
    while (!this.isOver()) {
      await sleep(2000 + 3000 * this.random());
      this.isPanicking = true;
      const topic = this.pick(this.topics);
      if (this.random() < 0.5) {
        await panicker.post(topic, [{ fault: "relay-panic" }]);
        this.happened.relayPanics += 1;
      } else {
        await this.service.post(`/broadcast/${topic.name}`, { fault: "panic" }).catch(() => {});
        this.happened.panics += 1;
      }
      await sleep(LOG_TIME);
      this.isPanicking = false;
    }
  }

  /** What a message is to go through on its way to the relays: nothing, mostly. */
  fault() {
    if (!this.options.panics || this.random() * MESSAGES_A_FAULT > 1) return {};
    const isLost = this.random() < 0.5;
    this.happened[isLost ? "pushesLost" : "pushesUnanswered"] += 1;
    return { fault: isLost ? "push-lost" : "push-unanswered" };
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  report() {
    for (const topic of this.topics) topic.check();
    const sum = (list, read) => list.reduce((total, one) => total + read(one), 0);
    return {
      seed: this.options.seed,
      published: sum(this.topics, ({ places }) => places.size),
      repeated: sum(this.publishers, ({ repeats }) => repeats),
      received: sum(this.clients, ({ received }) => received),
      batches: sum(this.clients, ({ batches }) => batches),
      resumed: sum(this.clients, ({ resumed }) => resumed),
      gaps: sum(this.clients, ({ gaps }) => gaps),
      interrupted: sum(this.clients, ({ interrupted }) => interrupted),
      relays: this.relays.length,
      ...this.happened,
      faults: [...this.faults],
    };
  }
}

/** What is known of a topic's order, from publishers' answers and from what clients get: the two have to agree. */
class TopicLog {
  /** The message at each place. */
  places = new Map();
  #acknowledged = [];

  constructor(name, faults) {
    this.name = name;
    this.faults = faults;
  }

  /** What had to be sent again for a failure may come after what was sent behind it. */
  acknowledge(message, seq, isInOrder) {
    if (isInOrder) this.#acknowledged.push([message, seq]);
    this.see(message, seq);
  }

  see(message, seq) {
    const known = this.places.get(seq);
    if (known === undefined) this.places.set(seq, message);
    else if (known !== message) this.faults.add(`${this.name}: place ${seq} is both ${known} and ${message}`);
  }

  check() {
    const seen = new Map();
    for (const [seq, message] of this.places) {
      if (seen.has(message))
        this.faults.add(`${this.name}: ${message} is at ${seen.get(message)} and ${seq}`);
      seen.set(message, seq);
    }
    const latest = new Map();
    for (const [message, seq] of this.#acknowledged) {
      const publisher = message.split("-")[0];
      if (seq <= (latest.get(publisher) ?? 0)) this.faults.add(`${this.name}: ${message} overtook`);
      latest.set(publisher, seq);
    }
  }
}

/** How far a client is with a topic. */
class Trail {
  place = null;
  epoch = null;

  constructor(client, topic) {
    this.client = client;
    this.topic = topic;
  }

  get isComplete() {
    return this.place === this.topic.last;
  }

  /** The service says where the topic is. Whoever was here before goes on where it was. */
  greeted({ epoch, seq }) {
    if (this.epoch === null) this.place = seq;
    else this.client.resumed += 1;
    this.epoch = epoch;
  }

  hear(frame) {
    if (frame.type === "gap") this.#missed(frame);
    else if (frame.type === "BATCH_UPDATE") {
      this.client.batches += 1;
      for (const update of frame.updates) this.#got(update);
    } else if (!frame.snapshot) this.#got(frame);
  }

  #missed({ from, to }) {
    this.client.gaps += 1;
    if (from !== this.place + 1) this.#fault(`a gap from ${from} after place ${this.place}`);
    this.place = to;
  }

  #got({ message, seq }) {
    this.client.received += 1;
    if (seq !== this.place + 1) this.#fault(`place ${seq} after place ${this.place}`);
    this.place = seq;
    this.topic.see(message, seq);
  }

  #fault(text) {
    this.client.weather.faults.add(`${this.client.name}, ${this.topic.name}: ${text}`);
  }
}

/** A client of one topic. */
class Client {
  received = 0;
  batches = 0;
  resumed = 0;
  gaps = 0;
  interrupted = 0;

  constructor(weather, number, ...topics) {
    this.weather = weather;
    this.name = `client ${number}`;
    this.batch = number % 2;
    this.trails = new Map(topics.map((topic) => [topic.name, new Trail(this, topic)]));
  }

  get isComplete() {
    return [...this.trails.values()].every(({ isComplete }) => isComplete);
  }

  /** Connects, where it left off if it was there before, and again until it is in. */
  async connect() {
    while (!(await this.#tryToConnect())) await sleep(50);
  }

  #tryToConnect() {
    const url = this.weather.service.origin.replace("http", "ws") + this.path();
    const socket = new WebSocket(url, { closeTimeout: PATIENCE });
    this.socket = socket;
    return new Promise((resolve) => {
      socket.on("message", (data) => {
        // What was under way when it cut itself off is gone for it.
        if (this.socket === socket && this.hear(JSON.parse(String(data)))) resolve(true);
      });
      socket.on("close", (code) => {
        if (code === 4000) this.interrupted += 1;
        resolve(false);
      });
      socket.once("error", () => resolve(false));
    });
  }

  path() {
    const [{ topic, place, epoch }] = this.trails.values();
    const since = epoch === null ? "" : `&since=${place}&epoch=${epoch}`;
    return `/ws/${topic.name}?batch=${this.batch}${since}`;
  }

  /** Takes a frame, and returns whether it is in by now. */
  hear(frame) {
    const [trail] = this.trails.values();
    if (frame.type === "connected") trail.greeted(frame);
    else trail.hear(frame);
    return true;
  }

  /** Loses its connection again and again, and comes back after a while. */
  async wander() {
    const { weather } = this;
    while (!weather.isOver()) {
      await sleep(3000 * weather.random());
      if (weather.random() < 0.5) this.cut();
      await sleep(300 * weather.random() ** 3);
      if (this.#isCut) await this.connect();
    }
  }

  /** Comes back, and stays: who is closed by the service comes back at once. */
  async stay() {
    if (this.#isCut) await this.connect();
  }

  get #isCut() {
    return this.socket.readyState !== WebSocket.OPEN;
  }

  cut() {
    this.socket.terminate();
  }
}

/** A client of several topics on one socket. */
class ManyClient extends Client {
  #awaited = new Set();

  constructor(weather, number, topics) {
    super(weather, number, ...topics);
    this.name = `client ${number} of many`;
  }

  path() {
    return "/ws";
  }

  hear(frame) {
    if (frame.type === "connected") this.#subscribe();
    else if (frame.type === "subscribed") {
      this.trails.get(frame.topic).greeted(frame);
      this.#awaited.delete(frame.topic);
    } else if (frame.type === "error") this.#refused(frame);
    else this.trails.get(frame.token).hear(frame);
    return this.#awaited.size === 0;
  }

  #subscribe() {
    const known = [...this.trails].filter(([, { epoch }]) => epoch !== null);
    const since = Object.fromEntries(
      known.map(([topic, { place, epoch }]) => [topic, { seq: place, epoch }]),
    );
    const topics = [...this.trails.keys()];
    this.#awaited = new Set(topics);
    this.socket.send(JSON.stringify({ type: "subscribe", topics, since, batch: this.batch === 1 }));
  }

  /** A topic that can't be had now is asked for again, like one whose connection broke. */
  #refused({ code, message }) {
    if (code === "unavailable") this.cut();
    else this.weather.faults.add(`${this.name}: ${code}: ${message}`);
  }
}

/** A publisher that sends each message again until it knows what became of it, and sometimes once more. */
class Publisher {
  repeats = 0;
  #count = 0;

  constructor(weather, number) {
    this.weather = weather;
    this.number = number;
  }

  async publish() {
    const { weather } = this;
    while (!weather.isOver()) {
      const topic = weather.pick(weather.topics);
      const count = 1 + Math.floor(weather.random() * this.most);
      await this.post(
        topic,
        Array.from({ length: count }, () => ({
          padding: "x".repeat(200 * weather.random()),
          ...weather.fault(),
        })),
      );
      await sleep(40 * weather.random());
    }
    this.close();
  }

  /** Publishes in order, and returns the places. */
  async post(topic, payloads) {
    const messages = payloads.map((payload) => {
      this.#count += 1;
      return { ...payload, message: `${this.number}-${this.#count}` };
    });
    let results = null;
    let tries = 0;
    let failures = 0;
    while (results === null || this.weather.random() < 0.05) {
      if (tries > 0) this.repeats += 1;
      tries += 1;
      const again = await this.send(topic.name, messages).catch(() => null);
      if (results && again) this.#compare(topic, results, again);
      results ??= again;
      if (results) continue;
      failures += 1;
      await sleep(50);
    }
    results.forEach(({ seq }, place) => {
      topic.acknowledge(messages[place].message, seq, failures === 0);
    });
    return results;
  }

  #compare(topic, first, again) {
    const same = again.every(({ seq, duplicate }, place) => duplicate && seq === first[place].seq);
    if (!same) topic.faults.add(`${topic.name}: a repeat was published anew`);
  }

  close() {}
}

class Poster extends Publisher {
  most = 1;

  async send(token, [message]) {
    const response = await this.weather.service.post(`/broadcast/${token}`, message, {
      "idempotency-key": message.message,
    });
    const answer = await response.json();
    return answer.success ? [answer] : null;
  }
}

class Batcher extends Publisher {
  most = 20;

  async send(token, messages) {
    const items = messages.map((payload) => ({ token, payload, id: payload.message }));
    const response = await this.weather.service.post("/broadcast", { messages: items });
    const answer = await response.json();
    return answer.success ? answer.results : null;
  }
}

class SocketPublisher extends Publisher {
  most = 20;
  #socket;
  #waiting = new Map();

  async send(token, messages) {
    const socket = await this.#open();
    const answers = messages.map((payload) => {
      return new Promise((resolve, reject) => {
        this.#waiting.set(payload.message, { resolve, reject });
        socket.send(JSON.stringify({ id: payload.message, token, payload, key: payload.message }));
      });
    });
    const results = await Promise.all(answers);
    return results.every(({ success }) => success) ? results : null;
  }

  async #open() {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket;
    const headers = { authorization: `Bearer ${SECRET}` };
    const url = `${this.weather.service.origin.replace("http", "ws")}/publish`;
    const socket = new WebSocket(url, { headers, closeTimeout: PATIENCE });
    this.#socket = socket;
    socket.on("message", (data) => {
      const answer = JSON.parse(String(data));
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("closed"));
      this.#waiting.clear();
    });
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("close", reject);
    });
    return socket;
  }

  close() {
    this.#socket?.terminate();
  }
}
