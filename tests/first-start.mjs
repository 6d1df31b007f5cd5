// What a newcomer does first, in this clone as it is: `npm start` with an empty home, and so without any cache, the health
// check, the printed line, and a socket that gets what the line publishes. Then the same once more, which has to be quick.
// It prints how long each start took, and fails when something does not work: `node tests/first-start.mjs`.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./checkout.mjs";

const root = join(import.meta.dirname, "..");
const home = mkdtempSync(join(tmpdir(), "glow-home-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

/** Nothing of this machine but its programs: Rust's own are in RUSTUP_HOME. */
const env = {
  PATH: process.env.PATH,
  RUSTUP_HOME: process.env.RUSTUP_HOME || join(homedir(), ".rustup"),
  HOME: home,
  PORT: String(await freePort()),
};
const base = `http://localhost:${env.PORT}`;

for (const [name, seconds] of [
  ["the first start", await mainJob()],
  ["the second start", await mainJob()],
]) {
  console.log(`${name}: ${seconds.toFixed(1)} s until the service is served`);
}

/** Starts the service, publishes with the printed line, reads it from a socket, and stops it. */
async function mainJob() {
  const before = performance.now();
  const child = spawn("npm", ["start"], {
    cwd: root,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const curl = await printedLine(child);
    const seconds = (performance.now() - before) / 1000;
    assert.equal((await (await fetch(`${base}/health`)).json()).status, "healthy");
    assert.equal((await fetch(`${base}/`)).status, 200);
    assert.equal(await publishedAndRead(curl), 123.45);
    return seconds;
  } finally {
    if (child.exitCode === null) {
      process.kill(-child.pid, "SIGINT");
      await once(child, "exit");
    }
  }
}

/** The curl line that `npm start` ends with; rejects when it ends without one. */
function printedLine(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (data) => {
      process.stdout.write(data);
      output += data;
      const curl = /^curl [\s\S]*?'$/m.exec(output)?.[0];
      if (curl) resolve(curl);
    });
    child.stdout.on("end", () => reject(new Error(`npm start ended before it served: ${child.exitCode}`)));
  });
}

/** Runs the line, and gives the price that a socket of its topic has then. */
async function publishedAndRead(curl) {
  // A client that is not ours, from the packages that `npm start` has just installed.
  const WebSocket = createRequire(join(root, "package.json"))("ws");
  const socket = new WebSocket(`${base.replace("http", "ws")}/ws/SOL`);
  const messages = [];
  socket.on("message", (data) => messages.push(JSON.parse(data)));
  await once(socket, "message");
  const { stdout } = await promisify(execFile)("bash", ["-c", curl]);
  const { success, seq } = JSON.parse(stdout);
  assert.equal(success, true);
  while (!messages.some((message) => message.seq === seq && message.price)) await once(socket, "message");
  socket.terminate();
  return messages.find((message) => message.seq === seq).price;
}
