// Brings the database's tables up to date: the one on this machine before the service is served, the one on Cloudflare
// around a deployment.

import { spawn } from "node:child_process";
import { environment, root, run } from "./shell.mjs";

const DATABASE = "DATABASE";

/** What wrangler says of a database that no deployment has made yet. */
const NOT_THERE = /Couldn't find a D1 DB/;

/** What helps where a package was lost: the next start installs them anew. */
export const NOT_STARTED = "wrangler could not be started: remove the folder node_modules and try again";

/** Options of wrangler that also say which database is meant. */
const SHARED = { "--env": true, "-e": true, "--config": true, "-c": true, "--persist-to": true };

/** Those of `options` that say which database is meant. */
function databaseOptions(options, { without = [] } = {}) {
  const chosen = [];
  for (const [index, option] of options.entries()) {
    const [name] = option.split("=");
    if (!SHARED[name] || without.includes(name)) continue;
    chosen.push(option);
    if (option === name && index + 1 < options.length) chosen.push(options[index + 1]);
  }
  return chosen;
}

/** Brings the tables on this machine up to date, and says something only where that fails: then it gives its output. */
export function migrateHere(options) {
  const args = ["d1", "migrations", "apply", DATABASE, "--local", ...databaseOptions(options)];
  return new Promise((resolve) => {
    // Without a terminal wrangler asks nothing.
    const child = spawn("wrangler", args, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (data) => {
      output += data;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", () => resolve(NOT_STARTED));
    child.on("close", (code) => resolve(code === 0 ? null : output));
  });
}

/**
 * Deploys. Tables come first, as what is deployed needs them; where there is no database yet, the deployment makes it,
 * and they come after.
 * @returns {Promise<number>} the exit code of what failed, or 0.
 */
export async function deploy(options) {
  if (options.some((option) => /^--dry-run(=true)?$/.test(option))) {
    return run("wrangler", ["deploy", ...options]);
  }
  const before = await migrateThere(options);
  if (before !== 0 && before !== NOT_THERE) return before;
  const deployed = await run("wrangler", ["deploy", ...options]);
  if (deployed !== 0 || before === 0) return deployed;
  const after = await migrateThere(options);
  return after === NOT_THERE ? 1 : after;
}

/** Its exit code, or NOT_THERE. Whoever sits at a terminal is asked, by wrangler. */
function migrateThere(options) {
  const chosen = databaseOptions(options, { without: ["--persist-to"] });
  const args = ["d1", "migrations", "apply", DATABASE, "--remote", ...chosen];
  return new Promise((resolve) => {
    const child = spawn("wrangler", args, {
      cwd: root,
      env: environment,
      stdio: ["inherit", "inherit", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (data) => {
      errors += data;
    });
    child.on("error", () => resolve(127));
    child.on("close", (code, signal) => {
      const isNotThere = code !== 0 && NOT_THERE.test(errors);
      if (!isNotThere) process.stderr.write(errors);
      resolve(isNotThere ? NOT_THERE : (code ?? (signal ? 1 : 0)));
    });
  });
}
