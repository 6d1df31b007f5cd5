// Builds the Worker and the live page, unless nothing has changed since it last did: `npm run build`. Wrangler calls it
// before it serves or deploys, `npm start` and `npm test` call `build`.
//
//   build/worker   the Worker        dist/site   the page
//
// GLOW_BUILD=dev    quicker and larger, for this machine; it lies in build/dev
// GLOW_BUILD=faulty for the tests: the Worker panics on request; it lies in build/faulty

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
import { fileURLToPath } from "node:url";
import { Progress } from "./progress.mjs";
import { bindgen, ONLINE, packages, rust, WASM_TARGET } from "./setup.mjs";
import { environment, fail, must, root, run } from "./shell.mjs";

const KINDS = {
  release: { out: "build/worker", profile: "release", cargo: ["--release"], isOptimized: true },
  dev: { out: "build/dev", profile: "debug", cargo: [] },
  faulty: { out: "build/faulty", profile: "debug", cargo: ["--features", "fault-injection"] },
};

/** What the module uses of WebAssembly beyond its first version: what Rust does, and exceptions, as which panics surface. */
const FEATURES = [
  "bulk-memory",
  "exception-handling",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

const WORKER_SOURCES = [
  "src",
  "migrations",
  "build.rs",
  "Cargo.toml",
  "Cargo.lock",
  "wrangler.toml",
  "scripts/bindgen",
  "scripts/build.mjs",
  "scripts/setup.mjs",
];
const SITE_SOURCES = ["site", "package-lock.json", "scripts/build.mjs"];

if (process.argv[1] === fileURLToPath(import.meta.url)) await build(process.env.GLOW_BUILD || "release");

/** Builds the Worker of a kind, and the page. Rust compiles while what only the last steps need is fetched and built. */
export async function build(kind) {
  await rust();
  const progress = new Progress();
  const parts = [progress.of("packages", packages()), progress.of("scripts/bindgen", bindgen())];
  const worker = () => progress.of(`the Worker (${kind})`, buildWorker(KINDS[kind], parts));
  await Promise.all([
    onceFor(KINDS[kind].out, [kind, commit(), ...digests(WORKER_SOURCES)], worker),
    onceFor("dist/site", digests(SITE_SOURCES), () => progress.of("the live page", buildSite(parts))),
    ...parts,
  ]);
  progress.end();
}

/** Compiles the Worker, writes the JavaScript that it needs, and bundles both behind src/entry.mjs. */
async function buildWorker({ out, profile, cargo, isOptimized }, parts) {
  const compile = ["build", "--quiet", "--lib", "--target", WASM_TARGET];
  // What a debugger would read is left out of the module all the same, and takes long to write.
  const env = { CARGO_PROFILE_DEV_DEBUG: "false" };
  if ((await run("cargo", [...compile, ...cargo], { env })) !== 0)
    fail(`the Worker could not be compiled: cargo says above why. ${ONLINE}`);
  await Promise.all(parts);

  rmSync(join(root, out), { recursive: true, force: true });
  const loose = join(root, out, "loose");
  const target = environment.CARGO_TARGET_DIR || join(root, "target");
  await must(await bindgen(), [join(target, WASM_TARGET, profile, "glow_broadcast.wasm"), loose]);
  importAsModule(join(loose, "index.js"));
  copyFileSync(join(root, "src", "entry.mjs"), join(loose, "entry.mjs"));

  const module = join(loose, "index_bg.wasm");
  const optimizer = join("node_modules", ".bin", "wasm-opt");
  if (isOptimized) await must(optimizer, ["-O3", ...FEATURES, module, "-o", module]);
  copyFileSync(module, join(root, out, "index_bg.wasm"));
  await bundle(join(loose, "entry.mjs"), join(out, "entry.mjs"), isOptimized ? ["--minify"] : []);
  rmSync(loose, { recursive: true });
}

/** The runtime gives a WebAssembly module to a plain import; `import source`, which says the same, it does not know yet. */
function importAsModule(path) {
  writeFileSync(path, readFileSync(path, "utf8").replace("import source ", "import "));
}

function bundle(from, to, options) {
  const left = ["--external:./index_bg.wasm", "--external:cloudflare:*"];
  const esbuild = join("node_modules", ".bin", "esbuild");
  const arguments_ = [from, "--bundle", "--format=esm", `--outfile=${to}`, "--log-level=warning"];
  return must(esbuild, [...arguments_, ...left, ...options]);
}

async function buildSite(parts) {
  await Promise.all(parts);
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
