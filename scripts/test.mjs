// Everything that has to hold, in the order in which it fails fastest. `npm test -- worker` runs the steps whose names
// contain a word.

import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { chromium } from "./chromium.mjs";
import { packages, pythonTools, rust, tool, tools } from "./setup.mjs";
import { environment, fail, root, run, say, works } from "./shell.mjs";

/** What the tests use of the machine besides Rust and Node. */
const PROGRAMS = ["git", "curl", "bash", "openssl", "python3"];

const steps = {
  "format of the Rust": () => run("cargo", ["fmt", "--check"]),
  "format and lints of the rest": () => run("biome", ["ci", "--error-on-warnings"]),
  "types of the page": () => run("tsc", ["-p", "site"]),
  "rules of the page": () => nodeTests("tests/site"),
  "lints on the host": () => clippy("--all-targets"),
  "lints on wasm32": () => clippy("--target", "wasm32-unknown-unknown"),
  "host tests": () => run("cargo", ["test", "--quiet"]),
  "the load generator": loadGenerator,
  "format of the fuzz targets": () => run("cargo", ["fmt", "--check"], { cwd: join(root, "fuzz") }),
  "unused dependencies": () => run(tool("cargo-machete"), []),
  "licences, bans and sources": () => deny("licenses", "bans", "sources"),
  advisories,
  build: () => run("npm", ["run", "--silent", "build"]),
  "build that panics on request": () =>
    run("npm", ["run", "--silent", "build"], { env: { GLOW_BUILD: "faulty" } }),
  "scripts and deployment": () => nodeTests("tests/scripts"),
  "the Worker in the real runtime": () => nodeTests("tests/worker"),
  "the page in a real browser": () => nodeTests("tests/browser"),
};

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = Object.entries(steps).filter(([name]) =>
  words.every((word) => name.toLowerCase().includes(word)),
);
if (chosen.length === 0) fail(`no step is named so: ${Object.keys(steps).join(", ")}`);

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
for (const [name, step] of chosen) {
  const before = performance.now();
  say(`${name} …`);
  if ((await step()) !== 0) fail(`failed: ${name}`);
  say(`${name}: ${seconds(before)} s`);
}
say(`all of it: ${seconds(started)} s`);

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}

/** The tests of a folder, one file after another: they share two cores with the servers that they start. */
function nodeTests(folder) {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith(".test.mjs"));
  const options = ["--test", "--test-concurrency=1", "--test-reporter=spec"];
  return run("node", [...options, ...files.map((file) => join(folder, file))]);
}

function clippy(...options) {
  return run("cargo", ["clippy", "--quiet", "--all-features", ...options, "--", "-D", "warnings"]);
}

/** bench/load is a crate of its own: it has nothing to do with the Worker but that it measures it. */
async function loadGenerator() {
  const cwd = join(root, "bench", "load");
  return (
    (await run("cargo", ["fmt", "--check"], { cwd })) ||
    (await run("cargo", ["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"], { cwd })) ||
    (await run("cargo", ["test", "--quiet"], { cwd }))
  );
}

function deny(...checks) {
  return run(tool("cargo-deny"), ["--log-level", "error", "--offline", "check", ...checks]);
}

/** Security advisories, where this machine has their database: `cargo deny fetch` brings it. */
async function advisories() {
  const home = environment.CARGO_HOME || join(homedir(), ".cargo");
  if (existsSync(join(home, "advisory-dbs"))) return deny("advisories");
  say("no advisory database on this machine: not checked (cargo deny fetch brings it)");
  return 0;
}
