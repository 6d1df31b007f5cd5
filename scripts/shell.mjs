// Running other programs, and telling the person at the terminal. It runs on whatever Node the machine has, before
// anything is installed, so it must not import a package.

import { spawn } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The environment of every program that is run: the packages' programs first, nothing phones home, and whoever reaches the
 * service over the network does not reach wrangler's explorer of its storage, which asks for no password.
 */
export const environment = {
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  X_LOCAL_EXPLORER: "false",
};

/** Says what is going on. */
export function say(text) {
  console.error(`\u001b[2mglow\u001b[0m ${text}`);
}

/** Says in one line what is missing, and ends. */
export function fail(text) {
  console.error(`glow: ${text}`);
  process.exit(1);
}

/** What runs now. It ends with this program, which may run several side by side and end when one of them fails. */
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill();
});

/**
 * Runs a program in the repository. Its output goes to the terminal: as it comes, or all of it at the end (`held`), or not
 * at all (`quiet`).
 * @returns {Promise<number>} its exit code; 127 when there is no such program.
 */
export function run(program, args, { env = {}, quiet = false, held = false, cwd = root } = {}) {
  return new Promise((resolve) => {
    const stdio = quiet ? "ignore" : held ? ["ignore", "pipe", "pipe"] : "inherit";
    const child = spawn(program, args, { cwd, env: { ...environment, ...env }, stdio });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => output.push(data));
    running.add(child);
    child.on("error", () => resolve(127));
    child.on("close", (code, signal) => {
      running.delete(child);
      process.stderr.write(Buffer.concat(output));
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}

/** Runs a program and ends with its exit code unless that is 0. */
export async function must(program, args, options) {
  const code = await run(program, args, options);
  if (code !== 0) process.exit(code);
}

/** Whether a program runs with these arguments. */
export async function works(program, args) {
  return (await run(program, args, { quiet: true })) === 0;
}
