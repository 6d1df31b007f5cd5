// `npm start` as a newcomer meets it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { Checkout, freePort } from "../checkout.mjs";

const checkout = new Checkout();
const devVars = join(checkout.path, ".dev.vars");
after(() => checkout.remove());

test("it writes secrets where there are none, serves, and prints an address and a line that works", async () => {
  const port = await freePort();
  const started = await checkout.start(port);
  assert.match(started.output, new RegExp(`http://localhost:${port}/\\n`));
  const secret = /^WEBHOOK_SECRET=(.{32})$/m.exec(readFileSync(devVars, "utf8"))[1];
  assert.ok(started.curl.includes(`Bearer ${secret}`));
  assert.match(readFileSync(devVars, "utf8"), /^AUTH_SECRET=.{43}$/m);
  assert.equal(statSync(devVars).mode & 0o077, 0, "nobody else on the machine can read it");
  assert.equal((await fetch(`http://localhost:${port}/`)).status, 200);
  const health = await (await fetch(`http://localhost:${port}/health`)).json();
  assert.deepEqual([health.status, health.environment], ["healthy", "development"]);
  assert.ok(!started.output.includes("building"), "what is built is not built again");
  assert.deepEqual(await (await fetch(`http://localhost:${port}/tokens`)).json(), { tokens: [], next: null });
  assert.ok(!/migration/i.test(started.output), "the tables are made without a word");
  await checkout.stop(started);
});

test("it keeps a secret that is there, and what was published before", async () => {
  writeFileSync(devVars, "# mine\nWEBHOOK_SECRET=mine-alone-and-long-enough");
  const port = await freePort();
  const publish = async () => {
    const answer = await fetch(`http://localhost:${port}/broadcast/KEPT`, {
      method: "POST",
      headers: { authorization: "Bearer mine-alone-and-long-enough" },
      body: "{}",
    });
    return (await answer.json()).seq;
  };
  const name = (init) =>
    fetch(`http://localhost:${port}/tokens/NAMED`, {
      headers: { authorization: "Bearer mine-alone-and-long-enough" },
      ...init,
    });
  for (const seq of [1, 2]) {
    const started = await checkout.start(port);
    assert.equal(await publish(), seq);
    if (seq === 1) await name({ method: "PUT", body: '{"name":"Kept"}' });
    assert.equal((await (await name()).json()).name, "Kept");
    await checkout.stop(started);
  }
  assert.match(
    readFileSync(devVars, "utf8"),
    /^# mine\nWEBHOOK_SECRET=mine-alone-and-long-enough\nAUTH_SECRET=.{43}\nHELIUS_AUTH=.{32}\n$/,
  );
});

test("it adds secrets to a file that has other variables, and leaves those", async () => {
  writeFileSync(devVars, "ENVIRONMENT=staging");
  const port = await freePort();
  const started = await checkout.start(port);
  assert.match(
    readFileSync(devVars, "utf8"),
    /^ENVIRONMENT=staging\nWEBHOOK_SECRET=.{32}\nAUTH_SECRET=.{43}\nHELIUS_AUTH=.{32}\n$/,
  );
  assert.equal((await (await fetch(`http://localhost:${port}/health`)).json()).environment, "staging");
  await checkout.stop(started);
});

test("a secret that is blank counts as none, and the next line is not taken for it", async () => {
  writeFileSync(devVars, "WEBHOOK_SECRET=\nENVIRONMENT=development\n");
  const port = await freePort();
  const started = await checkout.start(port);
  const { stdout } = await promisify(execFile)("bash", ["-c", started.curl]);
  assert.equal(JSON.parse(stdout).success, true);
  await checkout.stop(started);
});

test("what follows -- goes to wrangler: a phone on the same network reaches the service, and nothing else", async () => {
  const port = await freePort();
  const started = await checkout.start(port, { options: ["--ip", "0.0.0.0"] });
  assert.equal((await fetch(`http://127.0.0.2:${port}/health`)).status, 200);
  // Wrangler's explorer would list every topic and run SQL on its history, for whoever names the right host.
  for (const path of [
    "/",
    "/api/d1/database",
    "/api/storage/kv/namespaces",
    "/api/workers/durable_objects/namespaces",
  ]) {
    const url = `http://localhost:${port}/cdn-cgi/local/explorer${path}`;
    assert.equal((await fetch(url)).status, 404, path);
  }
  await checkout.stop(started);
});

test("a taken port is one clear line, and nothing is written", async () => {
  rmSync(devVars);
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  const error = await checkout.start(port).catch((error) => error);
  assert.equal(error.code, 1);
  assert.match(error.message, new RegExp(`glow: port ${port} is taken: set another one`));
  assert.equal(existsSync(devVars), false);
  other.close();
});

test("a PORT that is none is one clear line", async () => {
  const error = await checkout.start("many").catch((error) => error);
  assert.match(error.message, /glow: PORT is a number from 1 to 65535/);
});

test("where packages can't be fetched, it says so and what to do, and the next start goes on", async () => {
  const bare = new Checkout({ packages: false });
  const port = await freePort();
  const npm = { npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: "0" };
  const cache = { npm_config_cache: join(bare.path, "npm-cache") };
  const failed = await bare.start(port, { env: { ...npm, ...cache } }).catch((error) => error);
  assert.equal(failed.code, 1);
  assert.match(
    failed.message,
    /glow: the packages of package-lock\.json could not be installed: npm says above why\./,
  );
  assert.match(failed.message, /run the same command again/);
  bare.addPackages();
  await bare.stop(await bare.start(port));
  bare.remove();
});

test("it serves a build that is made quickly, and builds again when a source changes", async () => {
  const port = await freePort();
  const started = await checkout.start(port);
  const version = async () => (await (await fetch(`http://localhost:${port}/health`)).json()).version;
  assert.match(await version(), /^0\.1\.0\+/);
  const manifest = join(checkout.path, "Cargo.toml");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace('version = "0.1.0"', 'version = "0.1.1"'));
  const source = join(checkout.path, "src", "lib.rs");
  writeFileSync(source, `${readFileSync(source, "utf8")}\n`);
  for (let tries = 0; tries < 600 && !(await version().catch(() => "")).startsWith("0.1.1"); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.match(await version(), /^0\.1\.1\+/);
  await checkout.stop(started);
});
