// A crowd on one token, larger than descriptors allow over TCP: `npm run crowd`. Its sockets are held by a Worker in the
// same runtime (bench/crowd-worker.mjs). Service, crowd and all relays share one core, so the times are those of a sum:
// elsewhere each relay has a core of its own, and nobody counts on it. It fails when a count is wrong, never for a time.
//
//   npm run crowd                                     70,000 sockets, 8,192 in each object, beside 32,768 in one room
//   npm run crowd -- --sockets 20000 --capacity 2048  other sizes
//   npm run crowd -- --beside 0                       without the one room
//   npm run crowd -- --relays                         what a push costs the room: 2 to 32 relays of few sockets each

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { builtWorker, end, freePort, listening, SECRET } from "./servers.mjs";
import { short } from "./table.mjs";
import { configure, WORKERD } from "./workerd.mjs";

const TOKEN = "CROWD";
/** The most sockets of one object. */
const FULL = 32_768;
/** Sockets that one request opens, as none may last for ever. */
const STEP = 2048;
/** Sockets that one of the crowd's objects holds: an object may have no more than 32,768. */
const PART = 16_384;
/** Some relays' sockets, where what counts are the relays. */
const A_FEW = 4;
const PATIENCE_MS = 120_000;

const { values } = parseArgs({
  options: {
    sockets: { type: "string", default: "70000" },
    capacity: { type: "string", default: "8192" },
    beside: { type: "string", default: String(FULL) },
    posts: { type: "string" },
    relays: { type: "boolean", default: false },
  },
});
const whole = (name, otherwise, least = 1) => {
  const number = Number(values[name] ?? otherwise);
  if (Number.isInteger(number) && number >= least) return number;
  console.error(`--${name} is a whole number, at least ${least}`);
  process.exit(1);
};

const faults = [];
if (values.relays) await pushes(whole("posts", 100));
else {
  const posts = whole("posts", 5);
  const beside = whole("beside", FULL, 0);
  await crowd(whole("sockets"), whole("capacity"), posts);
  if (beside > 0) await crowd(beside, FULL, posts);
  console.log("\nService, relays and all sockets' clients share one core.");
}
for (const fault of faults) console.error(`crowd: ${fault}`);
process.exit(faults.length > 0 ? 1 : 0);

/** One post after another to so many sockets. */
async function crowd(sockets, capacity, posts) {
  const runtime = await start(capacity);
  try {
    const opened = performance.now();
    await open(runtime, sockets);
    const seconds = (performance.now() - opened) / 1000;
    const standing = await standingOf(runtime);
    console.log(
      `\n${number(sockets)} sockets, ${number(capacity)} in each object: a room and ${standing.relays.length} relays, opened in ${short(seconds)} s (${number(Math.round(sockets / seconds))} a second), ${short(memory(runtime) / 2 ** 30)} GiB`,
    );
    expect("relays", standing.relays.length, Math.max(0, Math.ceil(sockets / capacity) - 1));
    expect("connections that the room tells of", standing.connections.total, sockets);
    for (let n = 1; n <= posts; n += 1) {
      const { connections, once, first, half, last, answered } = await post(runtime, n, sockets);
      console.log(
        `post ${n}: first after ${first} ms, half after ${half} ms, the last after ${last} ms, answered after ${answered} ms: ${number(connections)} connections, ${number(once)} got it once`,
      );
    }
  } finally {
    await runtime.stop();
  }
}

/** What one push costs: more and more relays, each of a few sockets, beside as many sockets in one room. */
async function pushes(posts) {
  const counts = [0, 2, 4, 8, 16, 32];
  const medians = { relays: [], one: [] };
  for (const [kind, capacity] of [
    ["relays", A_FEW],
    ["one", FULL],
  ]) {
    const runtime = await start(capacity);
    try {
      let n = 0;
      for (const relays of counts) {
        const sockets = A_FEW * (1 + relays);
        await open(runtime, sockets);
        const reports = [];
        const before = cpu(runtime);
        for (const last = n + posts; n < last; ) {
          n += 1;
          reports.push(await post(runtime, n, sockets, 0));
        }
        const milliseconds = (cpu(runtime) - before) / posts;
        if (kind === "relays") expect("relays", (await standingOf(runtime)).relays.length, relays);
        const median = (name) => middle(reports.map((report) => report[name]));
        medians[kind].push({
          relays,
          sockets,
          last: median("last"),
          answered: median("answered"),
          milliseconds,
        });
      }
    } finally {
      await runtime.stop();
    }
  }
  console.log(
    "\nOne post to a room with relays of 4 sockets each, and to as many sockets in one room; medians",
  );
  for (const [place, { relays, sockets, last, answered, milliseconds }] of medians.relays.entries()) {
    const one = medians.one[place];
    const more = relays ? (milliseconds - one.milliseconds) / relays : null;
    console.log(
      `${String(relays).padStart(2)} relays, ${String(sockets).padStart(3)} sockets: the last has it after ${short(last)} ms (one room: ${short(one.last)}), answered after ${short(answered)} ms (${short(one.answered)}), ${short(milliseconds)} ms of CPU (${short(one.milliseconds)})${more === null ? "" : `: ${short(more)} ms a relay`}`,
    );
  }
  console.log(
    "A relay's milliseconds are all that a push costs: the room's part, the relay's, and the way between.",
  );
}

/** Posts once; who got it, how often, and after how many milliseconds. */
async function post(runtime, n, sockets, afterwards = 500) {
  const parts = partsOf(sockets).map((_, part) => `token=${TOKEN}&part=${part}`);
  await Promise.all(parts.map((part) => ask(runtime, `/expect?${part}&n=${n}`)));
  const [{ sent, answered, answer }, ...reports] = await Promise.all([
    ask(runtime, `/post?token=${TOKEN}&n=${n}`),
    ...parts.map((part) => ask(runtime, `/hear?${part}&afterwards=${afterwards}`)),
  ]);
  const sum = (name) => reports.reduce((total, report) => total + report[name], 0);
  const what = `post ${n} to ${number(sockets)}`;
  expect(`${what}: seq`, answer.seq, n);
  expect(`${what}: connections`, answer.connections, sockets);
  expect(`${what}: sockets`, sum("open"), sockets);
  expect(`${what}: sockets that got it once`, sum("once"), sockets);
  expect(`${what}: greetings`, sum("greeted"), sockets);
  expect(`${what}: sockets that were closed`, sum("closed"), 0);
  expect(`${what}: unexpected frames`, reports.flatMap(({ unexpected }) => unexpected).join("\n"), "");
  const arrivals = reports.flatMap(({ arrivals }) => arrivals).sort(([one], [other]) => one - other);
  const after = (count) => {
    let had = 0;
    const found = arrivals.find(([, more]) => {
      had += more;
      return had >= count;
    });
    return found ? found[0] - sent : null;
  };
  return {
    connections: answer.connections,
    once: sum("once"),
    first: after(1),
    half: after(sockets / 2),
    last: after(sockets),
    answered: answered - sent,
  };
}

function expect(what, found, wanted) {
  if (found !== wanted) faults.push(`${what}: ${found} instead of ${wanted}`);
}

/** Opens sockets until there are so many. */
async function open(runtime, sockets) {
  for (const [part, whole] of partsOf(sockets).entries()) {
    for (let there = 0; there < whole; ) {
      there = Math.min(whole, there + STEP);
      await ask(runtime, `/open?token=${TOKEN}&part=${part}&count=${there}`);
      if (process.stderr.isTTY) process.stderr.write(`\r${number(part * PART + there)} sockets `);
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}

/** How many sockets each of the crowd's objects holds. */
function partsOf(sockets) {
  const parts = Math.ceil(sockets / PART);
  return Array.from({ length: parts }, (_, part) => Math.min(PART, sockets - part * PART));
}

async function standingOf(runtime) {
  const { answer } = await ask(runtime, `/standing?token=${TOKEN}`);
  return answer;
}

async function ask(runtime, path) {
  const response = await fetch(`http://127.0.0.1:${runtime.port}${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The service with so much room in each object, and the Worker that holds the crowd. */
async function start(capacity) {
  const folder = mkdtempSync(join(tmpdir(), "glow-crowd-"));
  const port = await freePort();
  const crowd = {
    modules: { "entry.mjs": readFileSync(join(import.meta.dirname, "crowd-worker.mjs")) },
    // Its sockets would end with it.
    objects: [{ name: "CROWD", class_name: "Crowd", stays: true }],
    variables: { WEBHOOK_SECRET: SECRET, PATIENCE_MS },
  };
  const service = { ...builtWorker({ ROOM_CAPACITY: String(capacity) }), port };
  const child = spawn(WORKERD, ["serve", configure(folder, service, crowd)], { stdio: "inherit" });
  child.on("error", () => {});
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, [child]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, pid: child.pid, stop };
}

/** The runtime's memory that is in RAM, in bytes. */
function memory({ pid }) {
  const [, kibibytes] = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return 1024 * Number(kibibytes);
}

/** The milliseconds of a core that the runtime has used. */
function cpu({ pid }) {
  const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
  return Number(nanoseconds) / 1e6;
}

function middle(values) {
  return values.toSorted((one, other) => one - other)[values.length >> 1];
}

function number(value) {
  return value?.toLocaleString("en");
}
