// Everything that has to hold, in the order in which it fails fastest. `npm test -- worker` runs the steps whose names
// contain a word.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { build } from "./build.mjs";
import { chromium } from "./chromium.mjs";
import { packages, pythonTools, rust, tool, tools, WASM_TARGET } from "./setup.mjs";
import { environment, fail, root, run, say, works } from "./shell.mjs";

/** Tests of the Worker that want both cores: how much they see depends on it. */
const BUSY = ["fanout.test.mjs", "full-room.test.mjs", "storm.test.mjs", "swarm-topics.test.mjs"];

/** Of this run alone: the tests of README run some of these steps again. */
const DURATIONS = mkdtempSync(join(tmpdir(), "durations-"));

/** What the tests use of the machine besides Rust and Node. */
const PROGRAMS = ["git", "curl", "bash", "openssl", "python3"];

/**
 * Lists of steps: the lists of one row run side by side, the steps of a list one after another, and a row begins when the
 * one before has passed. A release's last minutes of compilation keep one core busy, so that the other has time to lint.
 */
const rows = [
  [
    {
      "format of the Rust": () => held("cargo", ["fmt", "--check"]),
      "format of the fuzz targets": () => held("cargo", ["fmt", "--check"], { cwd: join(root, "fuzz") }),
      "format and lints of the rest": () => held("biome", ["ci", "--error-on-warnings"]),
      "types of the page": () => held("tsc", ["-p", "site"]),
      "unused dependencies": () => held(tool("cargo-machete"), []),
      "licences, bans and sources": licences,
      advisories,
      "lints on the host": () => clippy("--all-targets"),
      "lints on wasm32": () => clippy("--target", WASM_TARGET),
      "host tests": () => held("cargo", ["test", "--quiet"]),
      "the load generator": loadGenerator,
      "scripts/bindgen": writerOfJavaScript,
    },
    {
      build: () => build("release"),
      "build for this machine": () => build("dev"),
      "build that panics on request": () => build("faulty"),
    },
  ],
  [{ "rules of the page": () => nodeTests("tests/site") }],
  [{ "the Worker in the real runtime": () => nodeTests("tests/worker", { sideBySide: 3, but: BUSY }) }],
  [{ "the busy Worker in the real runtime": () => nodeTests("tests/worker", { only: BUSY }) }],
  [
    { "scripts and deployment": () => nodeTests("tests/scripts") },
    { "the page in a real browser": () => nodeTests("tests/browser") },
  ],
];

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const isChosen = (name) => words.every((word) => name.toLowerCase().includes(word));
const names = rows.flat().flatMap((list) => Object.keys(list));
if (!names.some(isChosen)) fail(`no step is named so: ${names.join(", ")}`);

for (const program of PROGRAMS) {
  if (!(await works(program, ["--version"])) && !(await works(program, ["version"])))
    fail(`${program} is missing`);
}
if (!chromium()) fail("Chromium is missing: apt-get install chromium");
await packages();
await rust();
await tools("cargo-deny", "cargo-machete");
await pythonTools();
const started = performance.now();
for (const row of rows) await Promise.all(row.map(inOrder));
for (const [milliseconds, file, name] of slowestTests(10)) {
  say(`${(milliseconds / 1000).toFixed(1)} s  ${relative(root, file)}: ${name}`);
}
rmSync(DURATIONS, { recursive: true });
say(`all of it: ${seconds(started)} s`);

/** Runs the chosen steps of a list; the first that fails ends everything. */
async function inOrder(list) {
  for (const [name, step] of Object.entries(list).filter(([name]) => isChosen(name))) {
    const before = performance.now();
    say(`${name} …`);
    if (await step()) fail(`failed: ${name}`);
    say(`${name}: ${seconds(before)} s`);
  }
}

/** Runs a program and shows what it says when it has ended: another one runs beside it. */
function held(program, arguments_, options) {
  return run(program, arguments_, { ...options, held: true });
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}

/**
 * The tests of a folder. Each file starts servers of its own and waits for them much of the time, so that files may run
 * side by side where they measure nothing.
 */
function nodeTests(folder, { sideBySide = 1, but = [], only } = {}) {
  const files = (only ?? readdirSync(join(root, folder))).filter(
    (file) => file.endsWith(".test.mjs") && !but.includes(file),
  );
  const durations = join(DURATIONS, `${folder.replace("/", "-")}${only ? "-busy" : ""}`);
  return run("node", [
    "--test",
    `--test-concurrency=${sideBySide}`,
    // What waits for something that never comes fails, and does not hang.
    "--test-timeout=1500000",
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=./scripts/durations.mjs",
    `--test-reporter-destination=${durations}`,
    ...files.map((file) => join(folder, file)),
  ]);
}

/** What took longest of the tests that have just run: milliseconds, file, name. */
function slowestTests(count) {
  return readdirSync(DURATIONS)
    .flatMap((file) => readFileSync(join(DURATIONS, file), "utf8").split("\n").filter(Boolean))
    .map((line) => JSON.parse(line))
    .sort(([one], [other]) => other - one)
    .slice(0, count);
}

function clippy(...options) {
  return held("cargo", ["clippy", "--quiet", "--all-features", ...options, "--", "-D", "warnings"]);
}

/** bench/load is a crate of its own: it has nothing to do with the Worker but that it measures it. */
async function loadGenerator() {
  const cwd = join(root, "bench", "load");
  return (
    (await held("cargo", ["fmt", "--check"], { cwd })) ||
    (await held("cargo", ["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"], { cwd })) ||
    (await held("cargo", ["test", "--quiet"], { cwd }))
  );
}

/** So is scripts/bindgen; every build of the Worker runs it. */
async function writerOfJavaScript() {
  const cwd = join(root, "scripts", "bindgen");
  const env = { CARGO_TARGET_DIR: join(root, "target", "bindgen") };
  return (
    (await held("cargo", ["fmt", "--check"], { cwd })) ||
    (await held("cargo", ["clippy", "--quiet", "--", "-D", "warnings"], { cwd, env }))
  );
}

/** It looks at the crates of every platform, and a build fetches only those of its own. */
async function licences() {
  return (await held("cargo", ["fetch", "--quiet", "--locked"])) || deny("licenses", "bans", "sources");
}

function deny(...checks) {
  return held(tool("cargo-deny"), ["--log-level", "error", "--offline", "check", ...checks]);
}

/** Security advisories, where this machine has their database: `cargo deny fetch` brings it. */
async function advisories() {
  const home = environment.CARGO_HOME || join(homedir(), ".cargo");
  if (existsSync(join(home, "advisory-dbs"))) return deny("advisories");
  say("no advisory database on this machine: not checked (cargo deny fetch brings it)");
  return 0;
}
