// A storm on the real runtime: hundreds of clients that lose their connections and come back where they left off, several
// publishers of every kind that repeat themselves, rooms that are taken out of memory, and, in the build that can, panics.
// At its end it says what went wrong: nothing may be lost, doubled or out of order. It knows the contract and no code.

import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { SECRET, until } from "./service.mjs";

/** How long a client waits, in milliseconds, for the service to end a connection that both sides have closed. */
const PATIENCE = 500;

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
 * @param {{seed: number, seconds: number, clients: number, publishers: number, topics: number, panics: boolean}} options
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
    this.evictions = 0;
    this.panics = 0;
    this.topics = Array.from({ length: options.topics }, (_, n) => new TopicLog(`STORM${n}`, this.faults));
    this.clients = Array.from({ length: options.clients }, (_, n) => {
      return new Client(this, n, this.topics[n % options.topics]);
    });
    const kinds = [Poster, Batcher, SocketPublisher];
    this.publishers = Array.from({ length: options.publishers }, (_, n) => new kinds[n % 3](this, n));
  }

  async blow() {
    await Promise.all(this.clients.map((client) => client.connect()));
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
    for (const client of this.clients) await client.stay();
    for (const topic of this.topics) topic.last = (await new Poster(this, "last").post(topic, [{}]))[0].seq;
    await until(
      "everybody has everything",
      () => this.clients.every(({ isComplete }) => isComplete),
      60,
    ).catch(({ message }) => this.faults.add(message));
  }

  async evict() {
    while (!this.isOver()) {
      await sleep(200 + 800 * this.random());
      // A room that is at work can't be taken out of memory.
      await this.service.evict(this.pick(this.topics).name).then(
        () => {
          this.evictions += 1;
        },
        () => {},
      );
    }
  }

  async panic() {
    while (!this.isOver()) {
      await sleep(2000 + 3000 * this.random());
      await this.service
        .post(`/broadcast/${this.pick(this.topics).name}`, { fault: "panic" })
        .catch(() => {});
      this.panics += 1;
    }
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
      evictions: this.evictions,
      panics: this.panics,
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

class Client {
  received = 0;
  batches = 0;
  resumed = 0;
  gaps = 0;
  interrupted = 0;
  #place = null;
  #epoch = null;

  constructor(weather, number, topic) {
    this.weather = weather;
    this.topic = topic;
    this.name = `client ${number} of ${topic.name}`;
    this.batch = number % 2;
  }

  get isComplete() {
    return this.#place === this.topic.last;
  }

  /** Connects, where it left off if it was there before, and again until it is in. */
  async connect() {
    while (!(await this.#tryToConnect())) await sleep(50);
  }

  async #tryToConnect() {
    const since = this.#epoch === null ? "" : `&since=${this.#place}&epoch=${this.#epoch}`;
    const url = `${this.weather.service.origin.replace("http", "ws")}/ws/${this.topic.name}?batch=${this.batch}${since}`;
    const socket = new WebSocket(url, { closeTimeout: PATIENCE });
    this.socket = socket;
    socket.on("message", (data) => {
      // What was under way when it cut itself off is gone for it.
      if (this.socket === socket) this.#hear(JSON.parse(String(data)));
    });
    socket.on("close", (code) => {
      if (code === 4000) this.interrupted += 1;
    });
    return new Promise((resolve) => {
      socket.once("message", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
    });
  }

  #hear(frame) {
    if (frame.type === "connected") this.#greeted(frame);
    else if (frame.type === "gap") this.#missed(frame);
    else if (frame.type === "BATCH_UPDATE") {
      this.batches += 1;
      for (const update of frame.updates) this.#got(update);
    } else if (!frame.snapshot) this.#got(frame);
  }

  #greeted({ epoch, seq }) {
    if (this.#epoch === null) this.#place = seq;
    else this.resumed += 1;
    this.#epoch = epoch;
  }

  #missed({ from, to }) {
    this.gaps += 1;
    if (from !== this.#place + 1) this.#fault(`a gap from ${from} after place ${this.#place}`);
    this.#place = to;
  }

  #got({ message, seq }) {
    this.received += 1;
    if (seq !== this.#place + 1) this.#fault(`place ${seq} after place ${this.#place}`);
    this.#place = seq;
    this.topic.see(message, seq);
  }

  #fault(text) {
    this.weather.faults.add(`${this.name}: ${text}`);
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
        Array.from({ length: count }, () => ({ padding: "x".repeat(200 * weather.random()) })),
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
