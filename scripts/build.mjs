// Builds the Worker and the live page, unless nothing has changed since it last did. Wrangler calls it before it
// serves or deploys.
//
//   build/worker   the Worker        dist/site   the page
//
// GLOW_BUILD=dev    quicker and larger, for working on the Worker
// GLOW_BUILD=faulty for the tests: the Worker panics on request, and lies in build/faulty

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { forBuilding, tool } from "./setup.mjs";
import { must, root, say } from "./shell.mjs";

const KINDS = {
  release: { out: "build/worker", options: ["--release"], cargo: [] },
  dev: { out: "build/worker", options: ["--dev"], cargo: [] },
  faulty: { out: "build/faulty", options: ["--dev"], cargo: ["--features", "fault-injection"] },
};

const WORKER_SOURCES = [
  "src",
  "migrations",
  "build.rs",
  "Cargo.toml",
  "Cargo.lock",
  "wrangler.toml",
  "scripts/build.mjs",
  "scripts/setup.mjs",
];
const SITE_SOURCES = ["site", "package-lock.json", "scripts/build.mjs"];

const kind = process.env.GLOW_BUILD || "release";
await forBuilding();
await onceFor(KINDS[kind].out, [kind, commit(), ...digests(WORKER_SOURCES)], buildWorker);
await onceFor("dist/site", digests(SITE_SOURCES), buildSite);

async function buildWorker() {
  const { out, options, cargo } = KINDS[kind];
  say(`building the Worker (${kind})`);
  await must(tool("worker-build"), [...options, "--out-dir", out, ".", ...cargo], {
    env: {
      WASM_BINDGEN_BIN: tool("wasm-bindgen-cli", "wasm-bindgen"),
      WASM_OPT_BIN: join(root, "node_modules", ".bin", "wasm-opt"),
      ESBUILD_BIN: join(root, "node_modules", ".bin", "esbuild"),
    },
  });
  copyFileSync(join(root, "src", "entry.mjs"), join(root, out, "entry.mjs"));
}

async function buildSite() {
  say("building the live page");
  await must("node", ["site/build.mjs"]);
}

/** Runs `build` unless `out` was built from the same parts. */
async function onceFor(out, parts, build) {
  const digest = createHash("sha256").update(parts.join("\n")).digest("hex");
  const stamp = join(root, "build", `${out.replaceAll("/", "-")}.stamp`);
  const fresh = existsSync(join(root, out)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
  if (fresh) return;
  // A build that fails half-way leaves nothing that passes for built.
  rmSync(stamp, { force: true });
  await build();
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(stamp, digest);
}

function commit() {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    return process.env.GLOW_COMMIT || "unknown";
  }
}

function digests(paths) {
  return paths
    .flatMap((path) => files(join(root, path)))
    .map((file) => {
      return `${relative(root, file)} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
    });
}

function files(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((entry) => files(join(path, entry)));
}
