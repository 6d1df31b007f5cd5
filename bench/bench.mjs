// Measures ours beside its peers: `npm run bench`. A server runs on the first core, the load generator (bench/load) on
// the second. The peers take turns, so that whatever disturbs the machine disturbs all of them.
//
//   npm run bench                                   all of it
//   npm run bench -- --only fanout,sustained        some of fanout sustained topics relays held knee rows storm
//                                                   resume rooms
//   npm run bench -- --peers ours,object            some servers: ours limit object partyserver ws socketio redis
//   npm run bench -- --repeat 5                     how often everything is run; figures are medians over that
//   npm run bench -- --out file.json                keeps the figures of such a part; all of it goes to bench/results.json
//   npm run bench -- --quick                        seconds: shows that everything runs, measures nothing
//
// One run by hand, for a profile: `node bench/bench.mjs --serve ours` starts a server as it is measured and prints the
// load generator's options for it. BENCH_WORKER names another folder than build/worker.

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { bars, barsText } from "./bars.mjs";
import { chart } from "./chart.mjs";
import { climb } from "./climb.mjs";
import { laneName, machine, NOTES, summarise, versions, write } from "./results.mjs";
import { scenarios } from "./scenarios.mjs";
import { CHOICES, GENERATOR, hasRedis, SECRET, SERVERS, startServer } from "./servers.mjs";
import { table } from "./table.mjs";

const RESULTS = join(import.meta.dirname, "results.json");
/** More of the server's core than this, used by others, and the figures are not the server's. */
const DISTURBED = 0.1;
const GENERATOR_CORE = "1";
const TOPIC = "BENCH";
const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    peers: { type: "string" },
    repeat: { type: "string" },
    quick: { type: "boolean", default: false },
    out: { type: "string" },
    serve: { type: "string" },
  },
});

if (options.serve) await serve(options.serve);
else await measure();

/** Starts a server and leaves it running until this program is ended. */
async function serve(key) {
  const server = await startServer(key);
  console.log(
    `taskset -c ${GENERATOR_CORE} ${GENERATOR} fanout ${generatorOptions(server, "T1", false).join(" ")}`,
  );
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, async () => {
      await server.stop();
      process.exit(0);
    });
  }
  setInterval(() => {}, 1000);
}

async function measure() {
  const peers = chosen(options.peers, CHOICES, "server");
  if (peers.includes("redis") && !hasRedis()) {
    console.error("redis-server is missing: measuring without it (apt-get install redis-server)");
    peers.splice(peers.indexOf("redis"), 1);
  }
  const all = scenarios(options.quick);
  const usual = all.filter(({ slow }) => !(slow && options.quick)).map(({ name }) => name);
  const known = all.map(({ name }) => name);
  const names = chosen(options.only, usual, "scenario", known);
  const repeat = Number(options.repeat ?? (options.quick ? 1 : 3));
  const results = {
    date: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    repeat,
    notes: NOTES,
  };
  results.scenarios = {};
  let worst = 0;
  for (const scenario of all.filter(({ name }) => names.includes(name))) {
    console.log(`\n${scenario.title}`);
    if (scenario.note) console.log(scenario.note);
    const runs = {};
    const settings = {};
    const { base = "ours" } = scenario;
    for (const run of scenario.runs) {
      const figures = run.figures ?? scenario.figures;
      const lanes = run.lanes.filter((lane) => peers.includes(serverOf(lane)));
      const reports = Object.fromEntries(lanes.map((lane) => [lane, []]));
      for (let turn = 0; turn < (scenario.once && !options.repeat ? 1 : repeat); turn += 1) {
        for (const lane of lanes) reports[lane].push(await report(lane, run));
      }
      console.log(table(run.title, figures, reports, base));
      const disturbed = Math.max(
        0,
        ...Object.values(reports)
          .flat()
          .map(({ cost }) => cost?.disturbed ?? 0),
      );
      if (disturbed > DISTURBED) {
        console.log(
          `! other programs had up to ${Math.round(100 * disturbed)}% of the server's core: measure again`,
        );
      }
      worst = Math.max(worst, disturbed);
      settings[run.title] = run.command?.[1] ?? run.climb(NaN)[1];
      runs[run.title] = summarise(figures, reports, base);
    }
    const { title, note } = scenario;
    results.scenarios[scenario.name] = { title, note, settings, runs };
  }
  results.disturbed = Number(worst.toFixed(2));
  results.promises = bars(results.scenarios);
  console.log(`\n${barsText(results.promises)}\n\n${NOTES.join("\n")}`);
  const complete = !options.only && !options.peers && !options.quick;
  const out = options.out ?? (complete ? RESULTS : undefined);
  if (!out) return;
  write(out, results);
  writeFileSync(out.replace(/(\.json)?$/, ".svg"), chart(results, laneName));
}

/** Whose lane it is. */
function serverOf(lane) {
  const [key] = lane.split("+");
  return SERVERS[key].as ?? key;
}

function report(lane, run) {
  if (run.climb) return climb((deliveries) => once(lane, { command: run.climb(deliveries) }));
  return once(lane, run);
}

function chosen(words, otherwise, kind, known = otherwise) {
  if (!words) return [...otherwise];
  const list = words.split(",");
  const unknown = list.find((word) => !known.includes(word));
  if (unknown) {
    console.error(`no such ${kind}: ${unknown}. There are ${known.join(", ")}`);
    process.exit(1);
  }
  return list;
}

/** One run against a server of its own; what the load generator saw, or why it saw nothing. */
async function once(lane, { command: [command, settings], metered }) {
  const [key, batch] = lane.split("+");
  let server;
  try {
    server = await startServer(key, { metered });
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const { stdout } = await promisify(execFile)("taskset", [
      "-c",
      GENERATOR_CORE,
      GENERATOR,
      command,
      ...words,
      ...generatorOptions(server, TOPIC, batch),
    ]);
    const seen = JSON.parse(stdout);
    if (!metered) return seen;
    const meter = await (await fetch(`http://${server.address}/bench/meter`)).json();
    return { ...seen, ...meter };
  } catch (error) {
    return { error: (error.stderr || error.message).trim().split("\n").at(-1).replace("glow-load: ", "") };
  } finally {
    await server?.stop();
  }
}

function generatorOptions({ address, dialect, processes }, topic, batch) {
  return [
    ...["--address", address, "--dialect", dialect, "--processes", processes.join(",")],
    ...["--secret", SECRET, "--topic", topic],
    ...(batch ? ["--batch"] : []),
  ];
}
