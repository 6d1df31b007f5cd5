// What a machine needs before it can build, run and test: packages, the wasm target, pinned build tools. Each is
// installed once; the tools into a per-user cache, so that a fresh clone finds them there.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fail, root, run, say, works } from "./shell.mjs";

export const WASM_TARGET = "wasm32-unknown-unknown";

/** Programs from crates.io. */
const TOOLS = {
  "cargo-deny": "0.20.2",
  "cargo-fuzz": "0.13.2",
  "cargo-machete": "0.9.2",
};

/** What helps where a download failed: whatever is whole is kept. */
export const ONLINE = "Where that was the network, run the same command again: it goes on where it ended";

/** Packages from PyPI, all of them pinned. */
const PYTHON_PACKAGES = join(root, "scripts", "python.txt");

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "glow-broadcast", "tools");

/** Where a tool's program lies. */
export function tool(name, program = name) {
  return join(cache, `${name}-${TOOLS[name]}`, "bin", program);
}

let installing;

/** Installs the packages of package-lock.json, unless they are there; once, however many steps wait for it. */
export function packages() {
  installing ??= installPackages();
  return installing;
}

async function installPackages() {
  const lock = digestOf(join(root, "package-lock.json"));
  const stamp = join(root, "node_modules", ".installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  if (!(await works("npm", ["--version"]))) fail("npm is missing: install Node.js with npm");
  // Not `npm ci`: it wants the programs of every platform in the lock file, and a registry mirror may have only some.
  if ((await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"])) !== 0)
    fail(`the packages of package-lock.json could not be installed: npm says above why. ${ONLINE}`);
  writeFileSync(stamp, lock);
}

function digestOf(path) {
  return digest(readFileSync(path));
}

function digest(data) {
  return createHash("sha256").update(data).digest("hex");
}

/** Makes sure of cargo and its wasm target. */
export async function rust() {
  if (!(await works("cargo", ["--version"]))) fail("Rust is missing: install it from https://rustup.rs");
  const wanted = /^rust-version = "(\d+)\.(\d+)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"));
  const found = /^rustc (\d+)\.(\d+)/.exec(output("rustc", ["--version"]));
  if (Number(found[1]) === Number(wanted[1]) && Number(found[2]) < Number(wanted[2])) {
    fail(`Rust ${wanted[1]}.${wanted[2]} or newer is needed, this is ${found[1]}.${found[2]}: rustup update`);
  }
  if (existsSync(join(output("rustc", ["--print", "sysroot"]), "lib", "rustlib", WASM_TARGET))) return;
  if (!(await works("rustup", ["--version"]))) {
    fail(`the target ${WASM_TARGET} is missing, and rustup to add it: https://rustup.rs`);
  }
  if ((await run("rustup", ["target", "add", WASM_TARGET])) !== 0)
    fail(`the target ${WASM_TARGET} could not be added: rustup says above why. ${ONLINE}`);
}

function output(program, args) {
  return execFileSync(program, args, { encoding: "utf8" }).trim();
}

/** Installs tools by name, unless they are in the cache. */
export async function tools(...names) {
  for (const name of names) {
    const home = join(cache, `${name}-${TOOLS[name]}`);
    if (existsSync(join(home, ".installed"))) continue;
    say(`building ${name} ${TOOLS[name]}: some minutes, once on this machine`);
    mkdirSync(home, { recursive: true });
    // Built for speed they would take longer to build than they ever run.
    const install = (...options) =>
      run("cargo", ["install", "--debug", ...options, "--root", home, `${name}@${TOOLS[name]}`]);
    // A registry mirror may lack a version that the tool's own lock file names.
    if ((await install("--locked")) !== 0 && (await install()) !== 0) {
      rmSync(home, { recursive: true, force: true });
      fail(`${name} ${TOOLS[name]} could not be installed from crates.io`);
    }
    writeFileSync(join(home, ".installed"), "");
  }
}

const BINDGEN = join(root, "scripts", "bindgen");

/**
 * Builds scripts/bindgen, unless it is in the cache.
 * @returns {Promise<string>} where the program lies.
 */
export async function bindgen() {
  const sources = ["Cargo.lock", "Cargo.toml", join("src", "main.rs")].map((file) =>
    digestOf(join(BINDGEN, file)),
  );
  const home = join(cache, `bindgen-${digest(sources.join()).slice(0, 12)}`);
  const program = join(home, "glow-bindgen");
  if (existsSync(program)) return program;
  const built = join(home, "target");
  const env = { CARGO_TARGET_DIR: built };
  if ((await run("cargo", ["build", "--quiet", "--locked"], { cwd: BINDGEN, env })) !== 0)
    fail(`scripts/bindgen could not be built: cargo says above why. ${ONLINE}`);
  // Another clone may be at the same: whoever is second finds the program whole.
  copyFileSync(join(built, "debug", "glow-bindgen"), `${program}.${process.pid}`);
  renameSync(`${program}.${process.pid}`, program);
  rmSync(built, { recursive: true, force: true });
  return program;
}

/** Where a program of the packages in scripts/python.txt lies. */
export function pythonTool(program) {
  return join(pythonHome(), "bin", program);
}

function pythonHome() {
  return join(cache, `python-${digestOf(PYTHON_PACKAGES).slice(0, 12)}`);
}

/** Installs the packages of scripts/python.txt into an environment of their own, unless they are in the cache. */
export async function pythonTools() {
  const home = pythonHome();
  if (existsSync(join(home, ".installed"))) return;
  say("installing the Python packages of the tests, once on this machine");
  rmSync(home, { recursive: true, force: true });
  if ((await run("python3", ["-m", "venv", home])) !== 0)
    fail("Python 3.10 or newer with its venv is missing: apt-get install python3-venv");
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  if ((await run(pythonTool("python3"), [...pip, "--requirement", PYTHON_PACKAGES])) !== 0) {
    rmSync(home, { recursive: true, force: true });
    fail("the packages of scripts/python.txt could not be installed from PyPI");
  }
  writeFileSync(join(home, ".installed"), "");
}
