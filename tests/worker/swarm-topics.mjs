// Thousands of sockets with many topics each: every socket has its own choice of them, and is to get exactly what is
// published to those, in order and once. It counts what arrives, says what went wrong, and asserts nothing.

import { range, until } from "./service.mjs";

/** Sockets that are opened at once. */
const OPENED_AT_ONCE = 50;

/** Publishers at work at the same time. */
const PUBLISHERS = 4;

/** The largest batch. */
const MOST = 100;

/**
 * Runs a swarm.
 * @param service a running service
 * @param {{sockets: number, topics: number, each: number, messages: number}} options `each` is how many topics a socket
 *   has of all
 * @returns {Promise<object>} what it came to, in numbers; `faults` is empty when all is well.
 */
export async function swarm(service, options) {
  const faults = new Set();
  const topics = range(0, options.topics - 1).map((n) => ({
    name: `SWARM-${n}`,
    messages: [],
    subscribers: 0,
  }));
  const started = performance.now();
  const members = await open(service, options, topics, faults);
  const opened = performance.now();
  await publish(service, options.messages, topics, faults);
  const published = performance.now();
  await until("everybody has its own", () => members.every((member) => member.isComplete), 60).catch(
    ({ message }) => faults.add(message),
  );
  const delivered = performance.now();
  const sum = (read) => members.reduce((total, member) => total + read(member), 0);
  return {
    received: sum(({ received }) => received),
    frames: sum(({ frames }) => frames),
    expected: topics.reduce((total, { messages, subscribers }) => total + subscribers * messages.length, 0),
    openSeconds: seconds(started, opened),
    publishSeconds: seconds(opened, published),
    allSeconds: seconds(opened, delivered),
    faults: [...faults].slice(0, 20),
  };
}

const seconds = (from, to) => Math.round((to - from) / 100) / 10;

async function open(service, { sockets, each }, topics, faults) {
  const members = [];
  while (members.length < sockets) {
    const some = range(members.length, Math.min(members.length + OPENED_AT_ONCE, sockets) - 1);
    members.push(...(await Promise.all(some.map((n) => Member.join(service, n, each, topics, faults)))));
  }
  return members;
}

/** Publishes in batches and in single posts by turns; each topic is published to by one publisher, so its order is known. */
async function publish(service, messages, topics, faults) {
  const batches = range(1, PUBLISHERS).map(() => []);
  for (let count = 0, turn = 0; count < messages; turn += 1) {
    const size = turn % 5 === 0 ? Math.min(MOST, messages - count) : 1;
    // A publisher's own topics, some of them several times in one batch.
    const publisher = turn % PUBLISHERS;
    const own = topics.filter((_, n) => n % PUBLISHERS === publisher);
    const items = range(0, size - 1).map((n) => own[(turn * 7 + (n % 40)) % own.length]);
    batches[publisher].push(items);
    count += size;
  }
  await Promise.all(
    batches.map(async (own, publisher) => {
      let n = 0;
      for (const items of own) {
        const messages = items.map((topic) => {
          n += 1;
          topic.messages.push(`${publisher}-${n}`);
          return { token: topic.name, payload: { message: `${publisher}-${n}` } };
        });
        const results =
          messages.length === 1
            ? [await service.publish(messages[0].token, messages[0].payload)]
            : (await (await service.post("/broadcast", { messages })).json()).results;
        results.forEach(({ success, connections }, place) => {
          const { name, subscribers } = items[place];
          if (!success || connections !== subscribers) {
            faults.add(`${name}: ${success}, ${connections} of ${subscribers}`);
          }
        });
      }
    }),
  );
}

/** One socket and its topics. */
class Member {
  received = 0;
  frames = 0;
  #places = new Map();

  static async join(service, number, each, topics, faults) {
    const member = new Member(number, topics, each, faults);
    const { socket } = await service.many();
    const subscribed = new Promise((resolve) => {
      let count = 0;
      socket.removeAllListeners("message");
      socket.on("message", (data) => {
        const frame = JSON.parse(String(data));
        if (frame.type === "subscribed") count += 1;
        else member.#take(frame);
        if (count === each) resolve();
      });
    });
    const names = [...member.#places.keys()];
    socket.send(JSON.stringify({ type: "subscribe", topics: names, batch: number % 2 === 1 }));
    await subscribed;
    return member;
  }

  constructor(number, topics, each, faults) {
    this.number = number;
    this.faults = faults;
    // A step that shares no divisor with the number of topics, so that no two neighbours have the same ones.
    for (const n of range(0, each - 1)) {
      const topic = topics[(number * 13 + n * (1 + (number % 3))) % topics.length];
      if (this.#places.has(topic.name)) throw new Error("each socket has so many different topics");
      topic.subscribers += 1;
      this.#places.set(topic.name, { topic, place: 0 });
    }
  }

  get isComplete() {
    return [...this.#places.values()].every(({ topic, place }) => place === topic.messages.length);
  }

  #take(frame) {
    this.frames += 1;
    for (const { token, seq, message } of frame.type === "BATCH_UPDATE" ? frame.updates : [frame]) {
      const had = this.#places.get(token);
      this.received += 1;
      if (seq === had?.place + 1 && message === had.topic.messages[seq - 1]) had.place = seq;
      else this.faults.add(`socket ${this.number}: ${JSON.stringify(frame)} after place ${had?.place}`);
    }
  }
}
