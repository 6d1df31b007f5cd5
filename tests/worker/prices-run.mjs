// Charts and retention of a full database with the options in its argument: what `npm run prices` calls.

import { HOUR } from "./candle-rows.mjs";
import { range, startService } from "./service.mjs";

/** Which charts: the usual interval of each range, and that of the most steps. */
const CHARTS = ["range=1d", "range=7d", "range=14d", "range=1d&interval=1m"];
const FIGURES = {
  open: "0.000055398041599614",
  high: "0.000058198041599614",
  low: "0.000051398041599614",
  close: "0.000056398041599614",
  volume: "33970733.730923",
};

const { tokens, days, minutes, asks } = JSON.parse(process.argv[2]);
const faults = [];
const service = await startService();
const worker = service.harness.getWorker();
const database = async () => (await worker.getEnv()).DATABASE;
const thisHour = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
const hours = days * 24;

const started = performance.now();
await fill();
const { size_after: size } = (await (await database()).prepare("SELECT 1").run()).meta;
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `${tokens} tokens × ${hours} hours × ${minutes} minutes: ${megabytes(size)} MB, filled in ${seconds} s\n`,
);
const charts = {};
for (const query of CHARTS) charts[query] = await ask(query);
console.table(charts);
console.table(await forget());
await service.stop();
for (const fault of new Set(faults)) console.error(`prices: ${fault}`);
process.exit(faults.length > 0 ? 1 : 0);

function megabytes(bytes) {
  return Math.round(bytes / 1e6);
}

/** Writes every token's hours down, a token with each statement. The candles of all are the same. */
async function fill() {
  const { open, high, low, close, volume } = FIGURES;
  const insert = (await database()).prepare(
    `WITH RECURSIVE hours (hour) AS (SELECT CAST(?2 AS INTEGER) UNION ALL SELECT hour - ${HOUR} FROM hours WHERE hour > ?3),
       minutes (minute) AS (SELECT 0 UNION ALL SELECT minute + 1 FROM minutes WHERE minute + 1 < ?4)
     INSERT INTO prices (mint, quote, hour, open, high, low, close, volume, trades, version, minutes)
     SELECT ?1, 'SOL', hour, '${open}', '${high}', '${low}', '${close}', '${volume}', 2 * ?4, 1,
       (SELECT json_group_array(json_array(minute, hour / 60 + minute, '${open}', '${high}', '${low}', '${close}',
         '${volume}', 2, hour + minute * 60, 300000000, hour + minute * 60 + 59, 300000150)) FROM minutes)
     FROM hours`,
  );
  const known = (await database()).prepare(
    `INSERT INTO tokens (mint, price, quote, priced_at, priced_slot, created_at, updated_at)
     VALUES (?1, '${close}', 'SOL', ?2, 0, ?2, ?2)`,
  );
  for (const token of range(1, tokens)) {
    await insert.bind(`T${token}`, thisHour, thisHour - (hours - 1) * HOUR, minutes).run();
    await known.bind(`T${token}`, thisHour).run();
  }
}

/** Asks for one kind of chart of tokens at random, one after another. The first time a room is asked it is made. */
async function ask(query) {
  const some = range(1, Math.min(tokens, 50));
  const one = () => `/tokens/T${some[Math.floor(Math.random() * some.length)]}/prices?${query}`;
  for (const token of some) await service.request(`/tokens/T${token}/price`);
  const times = [];
  let text = "";
  for (const _ of range(1, asks)) {
    const before = performance.now();
    text = await (await service.request(one())).text();
    times.push(performance.now() - before);
  }
  const { candles = [], points = [], detail = "" } = JSON.parse(text);
  if (!candles.length || candles.length !== points.length)
    faults.push(`${query}: ${candles.length} candles ${detail}`);
  if (!candles.every(({ close }) => close === Number(FIGURES.close))) faults.push(`${query}: another close`);
  const ordered = times.sort((one, other) => one - other);
  const at = (part) => Number(ordered[Math.floor((ordered.length - 1) * part)].toFixed(1));
  return {
    candles: candles.length,
    kB: Math.round(text.length / 1000),
    "median ms": at(0.5),
    "p95 ms": at(0.95),
  };
}

/** Has the service throw away all but the newer half, and says how long its steps took. */
async function forget() {
  const kept = Math.ceil(days / 2);
  await service.restart({ PRICES_RETENTION: `${kept}d` });
  const count = async () =>
    (await (await database()).prepare("SELECT count(*) AS count FROM prices").first()).count;
  const before = await count();
  let rounds = 0;
  // A round ends after a while, and the next one goes on.
  for (let left = before, last = Number.NaN; left !== last; rounds += 1) {
    last = left;
    await worker.scheduled();
    left = await count();
  }
  const after = await count();
  // The last hour of those that are kept may end while this runs.
  const most = tokens * (kept * 24 + 1);
  if (after > most || after < most - 2 * tokens) faults.push(`${after} hours were kept`);
  const steps = service.logLines().filter(({ event, step }) => event === "thrown_away" && step === "prices");
  const durations = steps.map(({ duration }) => duration).sort((one, other) => one - other);
  return {
    retention: {
      "hours before": before,
      after,
      rounds,
      steps: steps.length,
      "median ms": durations[durations.length >> 1],
      "longest ms": durations.at(-1),
    },
  };
}
