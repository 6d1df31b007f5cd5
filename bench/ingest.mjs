// How fast webhooks of swaps become trades: `npm run ingest`. The Worker, its rooms and its database share the first core,
// the webhooks come from the second. They are made of the real transactions beside the project, where they are. It fails
// when a trade is not counted, never for a time.
//
//   npm run ingest                   all of it, some two minutes
//   npm run ingest -- --seconds 20   for how long each rate is kept up, 5 unless told
//   npm run ingest -- --posts 200    webhooks of a hundred that are timed, 50 unless told
//   npm run ingest -- --disk         stores on the disk, else in memory: a hundred rooms wait for a hundred flushes
//   npm run ingest -- --samples …    where the real transactions are
//   npm run ingest -- --only rates   some of answers parsing written rates readers

import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { parseArgs } from "node:util";
import { storeInMemory } from "../tests/worker/service.mjs";
import { naiveTrade } from "./events-swap.mjs";
import { newSignature, SAMPLES, Stream, samples, Template, tokens } from "./ingest-webhooks.mjs";
import { short } from "./table.mjs";
import { cpuSeconds, startWhole } from "./whole.mjs";

const PLAN = { swaps: 700, peak: 1500, hot: 50, milliseconds: 200 };
/** Transactions in the largest webhook that Helius sends. */
const FULL = 100;
const SUBSCRIBERS = 100;
/** Webhooks under way at once. */
const LANES = { [FULL]: 4, 1: 32 };
const WARM_UP = 0.2;
const SECRETS = {
  HELIUS_AUTH: "bench-helius-of-more-than-24-bytes",
  WEBHOOK_SECRET: "bench-secret-of-more-than-24-bytes",
};

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    posts: { type: "string", default: "50" },
    disk: { type: "boolean", default: false },
    samples: { type: "string", default: SAMPLES },
    only: { type: "string", default: "answers,parsing,written,rates,readers" },
  },
});
if (!values.disk) storeInMemory();
const whole = (name) => {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`--${name} is a whole number, at least 1`);
  process.exit(1);
};
const [seconds, posts] = [whole("seconds"), whole("posts")];

const faults = [];
const told = samples(values.samples);
const templates = told.map((transaction) => new Template(transaction));
const found = await withService({}, findTrades);
const swaps = templates.filter((template, place) => template.token && found[place].length === 1);
const middle = swaps.toSorted((one, other) => one.bytes - other.bytes)[swaps.length >> 1];
const kilobytes = (some) => short(some.reduce((sum, { bytes }) => sum + bytes, 0) / some.length / 1000);
console.log(
  `${existsSync(values.samples) ? "Real" : "Made-up"} transactions: ${templates.length}, of ${kilobytes(templates)} kB on average; ${swaps.length} of them swap one token, of ${kilobytes(swaps)} kB. All of the service on one core.`,
);

const parts = {
  answers: () => withService({}, answers),
  parsing: () => withService({}, parsing),
  written: () => withService({ metered: true }, written),
  rates,
  readers,
};
for (const name of values.only.split(",")) await parts[name]();
for (const fault of new Set(faults)) console.error(`ingest: ${fault}`);
process.exit(faults.length > 0 ? 1 : 0);

/** The trades of each transaction as the service tells them. */
async function findTrades(service) {
  const feed = new WebSocket(`${service.origin.replace("http", "ws")}/ws/feed:trades`);
  const trades = new Map();
  feed.addEventListener("message", ({ data }) => {
    const { type, signature, ...trade } = JSON.parse(data);
    if (type === "TRADE") trades.get(signature).push(trade);
  });
  await once(feed, "message");
  let missing = 0;
  for (const template of templates) {
    const signature = newSignature();
    trades.set(signature, []);
    missing += (await post(service, `[${template.told(template.token, signature)}]`)).trades;
  }
  while ([...trades.values()].flat().length < missing) await once(feed, "message");
  feed.close();
  return [...trades.values()];
}

/** How long one webhook takes, one after the other. */
async function answers(service) {
  console.log(`\nA webhook of ${FULL}, answered after (target: under ${PLAN.milliseconds} ms)`);
  const rows = {};
  for (const [name, stream] of [
    ["all kinds, a token each", new Stream(templates, tokens(templates.length))],
    ["swaps of 1 token", new Stream([middle], tokens(1))],
    ["swaps of 50 tokens", new Stream(swaps, tokens(50))],
    ["swaps of 500 tokens", new Stream(swaps, tokens(500))],
  ]) {
    const times = [];
    const before = cpuSeconds(service.pid);
    const cold = (await timed(service, stream.body(FULL))).milliseconds;
    let bytes = 0;
    for (let n = 0; n < posts; n += 1) {
      const body = stream.body(FULL);
      bytes += body.length;
      times.push((await timed(service, body)).milliseconds);
    }
    times.sort((one, other) => one - other);
    rows[name] = {
      kB: Math.round(bytes / posts / 1000),
      "first ms": short(cold),
      "median ms": short(times[times.length >> 1]),
      "p95 ms": short(times[Math.ceil(times.length * 0.95) - 1]),
      "CPU ms": short((1000 * (cpuSeconds(service.pid) - before)) / (posts + 1)),
    };
  }
  console.table(rows);
}

/** A hundred transactions with one signature are read as a hundred, and handed over as one. */
async function parsing(service) {
  console.log(`\nCPU of a webhook of ${FULL} swaps: reading it (body, JSON, finding trades), and all of it`);
  const rows = {};
  for (const [name, templates, count] of [
    ["1 token", [middle], 1],
    ["50 tokens", swaps, 50],
    ["500 tokens", swaps, 500],
  ]) {
    const stream = new Stream(templates, tokens(count));
    // Until the engine has compiled all of it, and every room is awake.
    for (let n = 0; n < 30; n += 1) await post(service, stream.body(FULL));
    const sums = { read: 0, all: 0 };
    for (let n = 0; n < posts; n += 1) {
      // In turns, so that whatever disturbs the machine disturbs both.
      for (const [kind, signature] of [
        ["read", `bench${count}x${n}`.padEnd(87, "1")],
        ["all", undefined],
      ]) {
        const body = stream.body(FULL, signature);
        const before = cpuSeconds(service.pid);
        await post(service, body);
        sums[kind] += cpuSeconds(service.pid) - before;
      }
    }
    rows[name] = {
      "reading ms": short((1000 * sums.read) / posts),
      "all ms": short((1000 * sums.all) / posts),
      share: `${Math.round((100 * sums.read) / sums.all)} %`,
    };
  }
  console.table(rows);
}

/** What a webhook costs in rows and requests. */
async function written(service) {
  console.log("\nWritten by one webhook, in a room that is awake");
  const rows = {};
  for (const [name, templates, count, each] of [
    ["1 swap", [middle], 1, 1],
    [`${FULL} swaps of 1 token`, [middle], 1, FULL],
    [`${FULL} swaps of 50 tokens`, swaps, 50, FULL],
    [`${FULL} swaps of 500 tokens`, swaps, 500, FULL],
  ]) {
    const stream = new Stream(templates, tokens(count));
    const webhooks = Math.max(5, Math.ceil(count / each));
    for (let n = 0; n < webhooks; n += 1) await post(service, stream.body(each));
    const before = await meter(service);
    for (let n = 0; n < webhooks; n += 1) await post(service, stream.body(each));
    const after = await meter(service);
    const one = (figure) => short((after[figure] - before[figure]) / webhooks);
    rows[name] = {
      "room requests": one("roomsAsked"),
      "rooms' rows and alarms": one("rows"),
      "database rows": one("databaseRows"),
    };
  }
  console.table(rows);
}

async function meter({ origin }) {
  return (await fetch(`${origin}/bench/meter`)).json();
}

/** How many swaps a second are kept up. */
async function rates() {
  console.log(
    `\nSwaps a second, kept up for ${seconds} s. Plan: ${PLAN.swaps}, ${PLAN.peak} at the peak, ${PLAN.hot} of a hot token`,
  );
  const rows = {};
  for (const [place, many, count] of [
    ["hot token", [middle], 1],
    ["500 tokens", swaps, 500],
  ]) {
    for (const each of [FULL, 1]) {
      for (const subscribers of [0, SUBSCRIBERS]) {
        const name = `${place}, ${each} in a webhook${subscribers ? `, ${subscribers} subscribers` : ""}`;
        rows[name] = await withService({}, (service) =>
          rate(service, new Stream(many, tokens(count)), each, subscribers),
        );
      }
    }
  }
  console.table(rows);
  console.log(
    "A core's second: swaps by the seconds of the core that the service had, whatever others took of it.",
  );
}

async function rate(service, stream, each, subscribers) {
  const crowd = await subscribe(service, stream.tokens, subscribers);
  for (let n = 0; n < stream.tokens.length; n += each) await post(service, stream.body(each));
  let end = performance.now() + 1000 * seconds * WARM_UP;
  const lane = async () => {
    let trades = 0;
    while (performance.now() < end) trades += (await post(service, stream.body(each), each)).trades;
    return trades;
  };
  const lanes = () => Promise.all(Array.from({ length: LANES[each] }, lane));
  await lanes();
  const began = performance.now();
  const [cpu, own] = [cpuSeconds(service.pid), process.cpuUsage()];
  end = began + 1000 * seconds;
  const trades = (await lanes()).reduce((sum, some) => sum + some);
  const took = (performance.now() - began) / 1000;
  const used = cpuSeconds(service.pid) - cpu;
  const { user, system } = process.cpuUsage(own);
  crowd.close();
  return {
    "a second": Math.round(trades / took),
    "a core's second": Math.round(trades / used),
    "of plan": `×${short(trades / used / (stream.tokens.length === 1 ? PLAN.hot : PLAN.swaps))}`,
    "core busy": `${Math.round((100 * used) / took)} %`,
    "sender busy": `${Math.round((100 * (user + system)) / 1e6 / took)} %`,
    ...(subscribers ? { "MB to subscribers": short(crowd.bytes() / 1e6) } : {}),
  };
}

/** Subscribers that hear and don't read, one after the other on the tokens. */
async function subscribe({ origin }, tokens, count) {
  const { hostname, port } = new URL(origin);
  let bytes = 0;
  const open = (_, place) =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `GET /ws/${tokens[place % tokens.length]} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.from("bench-subscriber").toString("base64")}\r\n\r\n`,
        );
      });
      socket.once("error", reject);
      socket.on("data", (data) => {
        if (data.includes("101 Switching")) resolve(socket);
        bytes += data.length;
      });
    });
  const sockets = await Promise.all(Array.from({ length: count }, open));
  return { bytes: () => bytes, close: () => sockets.forEach((socket) => void socket.destroy()) };
}

/** What a reader of events.swap would have found in the same transactions. */
function readers() {
  const readings = told.map((transaction, place) => ({
    theirs: naiveTrade(transaction),
    ours: found[place],
  }));
  const all = found.flat().length;
  const rightOf = ({ theirs, ours }) =>
    ours.find(({ token, quote }) => token === theirs.token && quote === "SOL")?.price;
  const read = readings.filter(({ theirs }) => theirs);
  const factors = read.filter(rightOf).map((reading) => {
    const factor = reading.theirs.price / rightOf(reading);
    return Math.max(factor, 1 / factor);
  });
  console.log(
    `\nThe same ${told.length} transactions: the service finds ${all} trades of tokens in ${found.filter((some) => some.length).length} of them. A reader of events.swap says ${read.length} swaps: ${factors.length} are among the ${all}, ${factors.filter((factor) => factor > 1.01).length} of those at a wrong price, by up to ${short(Math.max(1, ...factors))} times; ${read.length - factors.length} are no trade of a token against SOL; it misses ${all - factors.length}.`,
  );
}

async function timed(service, body) {
  const began = performance.now();
  const answer = await post(service, body);
  return { answer, milliseconds: performance.now() - began };
}

/** Sends a webhook, which has so many trades that are new. */
async function post({ origin }, body, trades) {
  const response = await fetch(`${origin}/webhook/helius`, {
    method: "POST",
    headers: { authorization: SECRETS.HELIUS_AUTH, "content-type": "application/json" },
    body,
  });
  const answer = await response.json();
  if (response.status !== 200) faults.push(`${response.status}: ${JSON.stringify(answer)}`);
  if (trades !== undefined && answer.trades !== trades)
    faults.push(`${answer.trades} trades instead of ${trades}`);
  return answer;
}

async function withService(options, work) {
  const service = await startWhole({ secrets: SECRETS, ...options });
  try {
    return await work(service);
  } finally {
    await service.stop();
  }
}
