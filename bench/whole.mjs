// The Worker with all that wrangler.toml gives it, its database brought up to date, in the runtime that wrangler brings.
// It listens by itself: no proxy of a development server is before it. It is pinned to the first core.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  unstable_getMiniflareWorkerOptions as optionsOf,
  unstable_splitSqlQuery as statementsOf,
} from "wrangler";

const { Miniflare, convertV4MiniflareOptions } = createRequire(import.meta.resolve("wrangler"))("miniflare");

const CORE = "0";
const root = join(import.meta.dirname, "..");
/** Another build of the Worker can be measured by naming its folder. */
const built = process.env.BENCH_WORKER || join(root, "build", "worker");

/**
 * Starts it on a folder of its own.
 * @param {{secrets: object, metered?: boolean}} options `metered` counts what is written (bench/metered-entry.mjs)
 */
export async function startWhole({ secrets, metered = false }) {
  const folder = mkdtempSync(join(tmpdir(), "glow-bench-"));
  const { assets, ...worker } = optionsOf(join(root, "wrangler.toml")).workerOptions;
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...worker,
      name: "glow",
      rootPath: undefined,
      modules: modules(metered),
      bindings: { ...worker.bindings, ...secrets },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      defaultPersistRoot: folder,
      cf: false,
      log: undefined,
    }),
  );
  await runtime.ready;
  await migrate(await runtime.getD1Database("DATABASE"));
  const pid = runtimeOf(process.pid);
  execFileSync("taskset", ["-a", "-c", "-p", CORE, String(pid)], { stdio: "ignore" });
  const { origin } = await runtime.unsafeGetDirectURL("glow");
  const stop = async () => {
    await runtime.dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  return { origin, pid, stop };
}

function modules(metered) {
  const read = (folder, path) => ({
    type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
    path,
    contents: readFileSync(join(folder, path)),
  });
  const others = readdirSync(built).filter((name) => /\.(m?js|wasm)$/.test(name) && name !== "entry.mjs");
  const ours = ["entry.mjs", ...others].map((name) => read(built, name));
  return metered ? [read(import.meta.dirname, "metered-entry.mjs"), ...ours] : ours;
}

async function migrate(database) {
  const folder = join(root, "migrations");
  for (const name of readdirSync(folder).sort()) {
    const statements = statementsOf(readFileSync(join(folder, name), "utf8"));
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
}

/** The runtime among the programs that this one started. */
function runtimeOf(parent) {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  return children.find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "workerd");
}

/** The seconds of a core that a process has used, all its threads together. */
export function cpuSeconds(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) => {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}
