// Runs the service on this machine: `npm start`. It builds again on every change of a source. What follows `--` goes to
// wrangler: `npm start -- --ip 0.0.0.0` lets a phone on the same network in.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "./build.mjs";
import { devVar, devVarsPath, readDevVars } from "./dev-vars.mjs";
import { migrateHere, NOT_STARTED } from "./migrations.mjs";
import { packages } from "./setup.mjs";
import { environment, fail, root, say } from "./shell.mjs";

const port = portFromEnvironment();
const base = `http://localhost:${port}`;
const options = process.argv.slice(2);

if (await somebodyListens())
  fail(`port ${port} is taken: set another one, such as PORT=${port + 1} npm start`);
const secret = localSecrets();
// The database's tables are made while Rust compiles.
await Promise.all([build("dev"), packages().then(migrate)]);
serve();

async function migrate() {
  const failure = await migrateHere(options);
  if (failure) fail(`the database on this machine could not be brought up to date:\n${failure}`);
}

function portFromEnvironment() {
  const port = Number(process.env.PORT || 8787);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  return fail("PORT is a number from 1 to 65535");
}

/** Whether something takes connections on the port, over either version of IP. */
async function somebodyListens() {
  const attempts = ["127.0.0.1", "::1"].map(
    (host) =>
      new Promise((resolve) => {
        const socket = createConnection({ host, port });
        socket.on("connect", () => resolve(socket.destroy() && true));
        socket.on("error", () => resolve(false));
      }),
  );
  return (await Promise.all(attempts)).includes(true);
}

/** The publishers' secret of .dev.vars. The secrets that are missing there are made at random. */
function localSecrets() {
  const text = readDevVars();
  const given = (name) => devVar(text, name);
  const made = {};
  if (!given("WEBHOOK_SECRET")) made.WEBHOOK_SECRET = randomBytes(24).toString("base64url");
  if (!given("AUTH_SECRET")) made.AUTH_SECRET = randomBytes(32).toString("base64url");
  if (!given("HELIUS_AUTH")) made.HELIUS_AUTH = randomBytes(24).toString("base64url");
  const names = Object.keys(made);
  if (names.length > 0) {
    const lines = names.map((name) => `${name}=${made[name]}\n`);
    if (made.WEBHOOK_SECRET && !/^\s*ENVIRONMENT\s*=/m.test(text)) lines.push("ENVIRONMENT=development\n");
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    appendFileSync(devVarsPath, gap + lines.join(""), { mode: 0o600 });
    say(`wrote a random ${names.join(", ")} to .dev.vars`);
  }
  return given("WEBHOOK_SECRET") || made.WEBHOOK_SECRET;
}

function serve() {
  say(`starting on ${base}`);
  const interactive = "--show-interactive-dev-session=false";
  const dev = ["dev", "build/dev/entry.mjs", "--port", String(port), interactive];
  const wrangler = spawn("wrangler", [...dev, ...options], {
    cwd: root,
    env: { ...environment, GLOW_BUILD: "dev" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  wrangler.on("error", () => fail(NOT_STARTED));
  wrangler.on("exit", (code) => process.exit(code ?? 0));
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => wrangler.kill(signal));
  announce();
}

async function announce() {
  while (!(await answers())) await sleep(200);
  console.log(`
  The live page    ${base}/
  A health check   ${base}/health

  Publish a price:

curl -X POST ${base}/broadcast/SOL \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{"type":"PRICE_UPDATE","price":123.45}'

  Or a simulated market, in another terminal:

npm run demo
`);
}

async function answers() {
  try {
    return (await fetch(`${base}/health`)).status > 0;
  } catch {
    return false;
  }
}
