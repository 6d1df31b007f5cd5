// A checkout of its own, as a newcomer has it, with what this one has installed and built; and `npm start` in it.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** What a checkout needs for `npm start` to have nothing left to build, and `npm run format` something to read. */
const PARTS = [
  "src",
  "site",
  "scripts",
  "migrations",
  "build",
  "dist",
  "build.rs",
  "Cargo.toml",
  "Cargo.lock",
  "wrangler.toml",
  "rustfmt.toml",
  "biome.json",
  "package.json",
  "package-lock.json",
];

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Checkout {
  /** `packages: false` leaves out what npm installs. */
  constructor({ packages = true } = {}) {
    this.path = mkdtempSync(join(tmpdir(), "glow-checkout-"));
    for (const part of PARTS) cpSync(join(root, part), join(this.path, part), { recursive: true });
    if (packages) this.addPackages();
    this.commit = execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  }

  addPackages() {
    rmSync(join(this.path, "node_modules"), { recursive: true, force: true });
    symlinkSync(join(root, "node_modules"), join(this.path, "node_modules"));
  }

  /** Runs `npm start` until it prints the curl line; rejects with its output when it ends before. */
  start(port, { options = [], env: variables = {} } = {}) {
    const env = {
      ...process.env,
      ...variables,
      PORT: String(port),
      GLOW_COMMIT: this.commit,
      CARGO_TARGET_DIR: join(root, "target", "checkout"),
    };
    const child = spawn("npm", ["start", "--", ...options], { cwd: this.path, env, detached: true });
    const started = { child, output: "", exited: new Promise((resolve) => child.on("exit", resolve)) };
    return new Promise((resolve, reject) => {
      const collect = (data) => {
        started.output += data;
        started.curl = /^curl [\s\S]*?'$/m.exec(started.output)?.[0];
        if (started.curl) resolve(started);
      };
      child.stdout.on("data", collect);
      child.stderr.on("data", collect);
      started.exited.then((code) => reject(Object.assign(new Error(started.output), { code })));
    });
  }

  /** Ends what `start` started, as Ctrl-C does. */
  async stop(started) {
    process.kill(-started.child.pid, "SIGINT");
    await started.exited;
  }

  remove() {
    if (existsSync(this.path)) rmSync(this.path, { recursive: true, force: true });
  }
}
