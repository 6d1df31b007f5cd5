// Looks for inputs that break a rule of fuzz/src/, with libFuzzer: `npm run fuzz -- --seconds 600 --only payload`, or
// tries a single one again: `npm run fuzz -- --only payload --input FILE`. What it learns on the way stays beside what is
// built, for the next time: fuzz/corpus is only read.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { tool, tools } from "./setup.mjs";
import { environment, fail, root, run, say, works } from "./shell.mjs";

const FUZZ = join(root, "fuzz");
const BUILT = environment.CARGO_TARGET_DIR || join(root, "target", "fuzz");

/** Coverage without a sanitizer: there is no unsafe code for one to watch, and so a stable compiler will do. */
const OPTIONS = ["--fuzz-dir", FUZZ, "--target-dir", BUILT, "--sanitizer", "none"];

const { seconds, targets, input } = chosen();
if (!(await works("cargo", ["--version"]))) fail("Rust is missing: install it from https://rustup.rs");
if (!(await works("c++", ["--version"])))
  fail("a C++ compiler is missing, to build libFuzzer: g++ or clang++");
await tools("cargo-fuzz");

const broken = [];
for (const target of targets) {
  if ((await cargoFuzz("build", target)) !== 0) fail(`${target} could not be built`);
  if (input) process.exit(await cargoFuzz("run", target, input));
  say(`${target}: ${seconds} s`);
  const known = new Set(findings(target));
  if ((await search(target)) === 0) continue;
  const files = findings(target).filter((file) => !known.has(file));
  if (files.length === 0) fail(`${target} ended early and left no input`);
  broken.push(...files.map((file) => [target, file]));
}
for (const [target, file] of broken) {
  say(`${target} breaks a rule: ${file}`);
  say(`  again: npm run fuzz -- --only ${target} --input ${file}`);
  say(`  then:  mv ${file} fuzz/corpus/${target}/a-name-that-says-what-it-is && cargo test --test corpus`);
}
process.exit(broken.length === 0 ? 0 : 1);

/** What the command line asks for. */
function chosen() {
  const options = {
    seconds: { type: "string", default: "60" },
    only: { type: "string" },
    input: { type: "string" },
  };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    fail(error.message);
  }
  const all = list(join(FUZZ, "fuzz_targets")).map((file) => file.replace(/\.rs$/, ""));
  const targets = values.only === undefined ? all : [values.only];
  if (!all.includes(targets[0])) fail(`no target is named so: ${all.join(", ")}`);
  if (!/^[1-9]\d*$/.test(values.seconds)) fail("--seconds is a whole number from 1");
  const input = values.input && resolve(values.input);
  if (input && !values.only) fail("--input goes with --only: an input is one target's");
  if (input && !existsSync(input)) fail(`there is no file ${input}`);
  return { seconds: values.seconds, targets, input };
}

/** Runs a target on its corpus and what it has learnt, until it finds something or the time is over. */
function search(target) {
  const learnt = join(BUILT, "learnt", target);
  mkdirSync(learnt, { recursive: true });
  const dictionary = join(FUZZ, "dictionaries", `${target}.dict`);
  const words = existsSync(dictionary) ? [`-dict=${dictionary}`] : [];
  const limits = [`-max_total_time=${seconds}`, "-timeout=10", "-max_len=8192", "-print_final_stats=1"];
  return cargoFuzz("run", target, learnt, join(FUZZ, "corpus", target), "--", ...limits, ...words);
}

function cargoFuzz(command, target, ...rest) {
  return run(tool("cargo-fuzz"), [command, ...OPTIONS, target, ...rest]);
}

/** The inputs that libFuzzer has stopped at. */
function findings(target) {
  const folder = join(FUZZ, "artifacts", target);
  return list(folder).map((file) => relative(root, join(folder, file)));
}

function list(folder) {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
