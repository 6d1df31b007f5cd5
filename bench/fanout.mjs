// One post to many sockets: when has the first, half of them, the last of them got it? Ours beside the peer, in turn,
// in one run, over real TCP sockets. Figures are medians over rounds; the first rounds warm up and don't count.
//
//   npm run bench -- --sockets 1000 --rounds 20

import { join } from "node:path";
import { parseArgs } from "node:util";
import { createTestHarness } from "wrangler";
import WebSocket from "ws";

const { values } = parseArgs({
  options: { sockets: { type: "string", default: "1000" }, rounds: { type: "string", default: "20" } },
});
const sockets = Number(values.sockets);
const rounds = Number(values.rounds);

const SECRET = "bench-secret";
const WARM_UP = 3;
const PADDING = "x".repeat(110);

const root = join(import.meta.dirname, "..");
const compatibility_date = "2026-11-17";

function worker(main, binding, class_name, vars) {
  return {
    name: "bench",
    main,
    compatibility_date,
    durable_objects: { bindings: [{ name: binding, class_name }] },
    migrations: [{ tag: "v1", new_sqlite_classes: [class_name] }],
    vars: { WEBHOOK_SECRET: SECRET, ...vars },
  };
}

const contenders = {
  "Glow Broadcast": worker(join(root, "build", "worker", "entry.mjs"), "BROADCAST_ROOM", "BroadcastRoom", {}),
  "Durable Object by hand": worker(
    join(import.meta.dirname, "peers", "durable-object.mjs"),
    "ROOM",
    "Room",
    {},
  ),
};

class Crowd {
  #arrivals = [];
  #complete;

  async join(origin) {
    while (this.#arrivals.length < sockets) {
      const some = Math.min(100, sockets - this.#arrivals.length);
      await Promise.all(Array.from({ length: some }, () => this.#connect(origin)));
    }
  }

  async #connect(origin) {
    const socket = new WebSocket(`${origin.replace("http", "ws")}/ws/BENCH`);
    const index = this.#arrivals.push(0) - 1;
    await new Promise((resolve, reject) => {
      socket.once("message", resolve);
      socket.once("error", reject);
    });
    socket.on("message", () => {
      this.#arrivals[index] = performance.now();
      this.waiting -= 1;
      if (this.waiting === 0) this.#complete();
    });
  }

  /** Posts once; milliseconds from the post to each socket, sorted, and to the answer. */
  async round(origin, n) {
    this.waiting = sockets;
    const everybody = new Promise((resolve) => {
      this.#complete = resolve;
    });
    const posted = performance.now();
    const response = await fetch(`${origin}/broadcast/BENCH`, {
      method: "POST",
      headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
      body: JSON.stringify({ type: "PRICE_UPDATE", price: 1 / n, n, padding: PADDING }),
    });
    const answer = await response.text();
    const { connections } = JSON.parse(answer);
    const answered = performance.now() - posted;
    if (connections !== sockets) throw new Error(`not all sockets were reached: ${answer}`);
    await everybody;
    const arrivals = this.#arrivals.map((arrival) => arrival - posted).sort((a, b) => a - b);
    return { first: arrivals[0], half: arrivals[sockets >> 1], last: arrivals.at(-1), answered };
  }
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

const running = [];
for (const [name, config] of Object.entries(contenders)) {
  const started = performance.now();
  // A root without a .dev.vars, whose secret would win.
  const harness = createTestHarness({ root: import.meta.dirname, workers: [{ config }] });
  const origin = (await harness.listen()).url.origin;
  const start = performance.now() - started;
  const crowd = new Crowd();
  const opened = performance.now();
  await crowd.join(origin);
  const joined = performance.now() - opened;
  running.push({ name, harness, origin, crowd, start, joined, results: [] });
}

for (let n = 1; n <= WARM_UP + rounds; n += 1) {
  for (const { origin, crowd, results } of running) {
    const result = await crowd.round(origin, n);
    if (n > WARM_UP) results.push(result);
  }
}

const [ours, peer] = running.map(({ start, joined, results }) => ({
  "runtime ready": start,
  "all sockets open": joined,
  "first socket": median(results.map(({ first }) => first)),
  "half of them": median(results.map(({ half }) => half)),
  "last socket": median(results.map(({ last }) => last)),
  "publisher answered": median(results.map(({ answered }) => answered)),
}));
console.log(
  `One post to ${sockets} sockets, median of ${rounds} rounds after ${WARM_UP} to warm up, in milliseconds.`,
);
console.log("Ours stores the order (one row a post); the peer keeps none and writes nothing.");
console.table(
  Object.fromEntries(
    Object.keys(ours).map((figure) => [
      figure,
      {
        [running[0].name]: Number(ours[figure].toFixed(1)),
        [running[1].name]: Number(peer[figure].toFixed(1)),
        ratio: Number((ours[figure] / peer[figure]).toFixed(2)),
      },
    ]),
  ),
);
await Promise.all(running.map(({ harness }) => harness.close()));
process.exit(0);
