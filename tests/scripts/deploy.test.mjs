// What a deployment would be: wrangler's own dry run, the size, and what the build refuses.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { unstable_readConfig } from "wrangler";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const scratch = mkdtempSync(join(tmpdir(), "glow-deploy-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The Worker may have this many bytes, compressed: the platform's own limit is 3 MiB on its free plan. */
const WORKER_BUDGET = 1_100_000;

/** And the page's script this many: less than one photograph. */
const PAGE_BUDGET = 70_000;

for (const [name, options] of [
  ["production", []],
  ["staging", ["--env", "staging"]],
]) {
  test(`npm run deploy has everything that ${name} needs`, async () => {
    const outdir = join(scratch, name);
    const arguments_ = ["run", "deploy", "--", "--dry-run", "--outdir", outdir, ...options];
    const { stdout } = await run("npm", arguments_, { cwd: root });
    assert.match(stdout, /env\.BROADCAST_ROOM \(BroadcastRoom\)\s+Durable Object/);
    assert.match(stdout, /env\.ASSETS\s+Assets/);
    assert.match(stdout, /--dry-run: exiting now/);
    assert.ok(!/warning/i.test(stdout), stdout);
    assert.match(readFileSync(join(outdir, "entry.js"), "utf8"), /BroadcastRoom/);
  });
}

/**
 * Runs `npm run deploy`'s script with a wrangler that does nothing but say what it was asked.
 * @param {string[]} options
 * @param {{isThere?: boolean, fails?: string}} account `isThere`: whether the database is, before the deployment makes it;
 *   `fails`: what a command that contains this says, and fails.
 */
async function deployment(options, { isThere = true, fails = "nothing" } = {}) {
  const checkout = mkdtempSync(join(scratch, "deployment-"));
  for (const part of ["scripts", "Cargo.toml", "package-lock.json", "package.json"]) {
    cpSync(join(root, part), join(checkout, part), { recursive: true });
  }
  const lock = readFileSync(join(root, "package-lock.json"));
  const [asked, there] = [join(checkout, "asked"), join(checkout, "there")];
  const wrangler = `#!/usr/bin/env node
    import { appendFileSync, existsSync, writeFileSync } from "node:fs";
    const [command, ...rest] = process.argv.slice(2);
    const line = [command, ...rest].join(" ");
    appendFileSync(${JSON.stringify(asked)}, line + "\\n");
    if (line.includes(${JSON.stringify(fails)})) {
      console.error("this failed");
      process.exit(3);
    }
    if (command === "deploy") writeFileSync(${JSON.stringify(there)}, "");
    if (command === "d1" && !existsSync(${JSON.stringify(there)})) {
      console.error("✘ [ERROR] Couldn't find a D1 DB named 'glow-broadcast' (bound as 'DATABASE') in the API.");
      process.exit(1);
    }
  `;
  mkdirSync(join(checkout, "node_modules", ".bin"), { recursive: true });
  writeFileSync(
    join(checkout, "node_modules", ".installed"),
    createHash("sha256").update(lock).digest("hex"),
  );
  writeFileSync(join(checkout, "node_modules", ".bin", "wrangler"), wrangler, { mode: 0o755 });
  if (isThere) writeFileSync(there, "");
  const script = run("node", [join("scripts", "wrangler.mjs"), "deploy", ...options], { cwd: checkout });
  const { code = 0, stderr } = await script.catch((error) => error);
  const lines = existsSync(asked) ? readFileSync(asked, "utf8").trim().split("\n") : [];
  return { code, stderr, asked: lines };
}

const MIGRATE = "d1 migrations apply DATABASE --remote";

test("a deployment brings the tables up to date before the code that needs them", async () => {
  const { code, asked } = await deployment(["--env", "staging", "--minify"]);
  assert.deepEqual(asked, [`${MIGRATE} --env staging`, "deploy --env staging --minify"]);
  assert.equal(code, 0);
  for (const options of [[], ["--env=staging"], ["-e", "staging", "-c", "other.toml"]]) {
    const { asked } = await deployment(options);
    assert.deepEqual(
      asked,
      [
        [MIGRATE, ...options],
        ["deploy", ...options],
      ].map((line) => line.join(" ")),
    );
  }
});

test("the first deployment makes the database, and then its tables", async () => {
  const { code, asked, stderr } = await deployment([], { isThere: false });
  assert.deepEqual(asked, [MIGRATE, "deploy", MIGRATE]);
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /ERROR/, "that it was not there is no news");
});

test("nothing is deployed where the tables could not be brought up to date", async () => {
  const { code, asked, stderr } = await deployment([], { fails: "d1" });
  assert.deepEqual([code, asked], [3, [MIGRATE]]);
  assert.match(stderr, /this failed/);
  const first = await deployment([], { isThere: false, fails: "deploy" });
  assert.deepEqual([first.code, first.asked], [3, [MIGRATE, "deploy"]]);
});

test("a dry run touches no table", async () => {
  const { asked } = await deployment(["--dry-run", "--env", "staging"]);
  assert.deepEqual(asked, ["deploy --dry-run --env staging"]);
});

test("staging never takes production's host name", () => {
  const path = join(scratch, "wrangler.toml");
  const toml = readFileSync(join(root, "wrangler.toml"), "utf8");
  writeFileSync(path, toml.replace("# routes =", "routes ="));
  const routes = (env) => unstable_readConfig({ config: path, env }, { hideWarnings: true }).routes;
  assert.equal(routes(undefined).length, 1);
  assert.deepEqual(routes("staging"), []);
});

test("as it is shipped no foreign page is let in, and a deployment has the one address that it says", () => {
  const path = join(root, "wrangler.toml");
  for (const env of [undefined, "staging"]) {
    const { vars, workers_dev, preview_urls } = unstable_readConfig(
      { config: path, env },
      { hideWarnings: true },
    );
    assert.equal(vars.ALLOWED_ORIGINS, "", env);
    assert.deepEqual([workers_dev, preview_urls], [true, false], env);
  }
  // An operator who has given production a host name leaves staging reachable.
  const own = join(scratch, "own.toml");
  const toml = readFileSync(path, "utf8");
  writeFileSync(
    own,
    toml.replace("# routes =", "routes =").replace("workers_dev = true", "workers_dev = false"),
  );
  const reachable = (env) => unstable_readConfig({ config: own, env }, { hideWarnings: true }).workers_dev;
  assert.deepEqual([reachable(undefined), reachable("staging")], [false, true]);
});

test("the Worker and the page's script are within their budgets", () => {
  const size = (...path) => gzipSync(readFileSync(join(root, ...path))).length;
  const worker = size("build", "worker", "index_bg.wasm") + size("build", "worker", "entry.mjs");
  const page = size("dist", "site", "assets", "page.js");
  console.log(`# compressed: Worker ${worker} bytes, page's script ${page} bytes`);
  assert.ok(worker <= WORKER_BUDGET, `the Worker has ${worker} bytes`);
  assert.ok(page <= PAGE_BUDGET, `the page's script has ${page} bytes`);
});

test("the build fails where wrangler.toml and the code disagree about a name", async () => {
  const crate = join(scratch, "crate");
  for (const part of ["src", "build.rs", "Cargo.toml", "Cargo.lock"]) {
    cpSync(join(root, part), join(crate, part), { recursive: true });
  }
  const toml = readFileSync(join(root, "wrangler.toml"), "utf8");
  const check = async (from, to) => {
    assert.ok(toml.includes(from), from);
    writeFileSync(join(crate, "wrangler.toml"), toml.replace(from, to));
    const env = { ...process.env, CARGO_TARGET_DIR: join(root, "target", "disagreements") };
    const failed = await run("cargo", ["check", "--quiet"], { cwd: crate, env }).catch((error) => error);
    return failed.stderr ?? "";
  };
  const cases = [
    [
      'class_name = "BroadcastRoom"',
      'class_name = "Room"',
      /lacks name = "BROADCAST_ROOM", class_name = "BroadcastRoom"/,
    ],
    ['name = "BROADCAST_ROOM"', 'name = "ROOM"', /the code knows no binding ROOM/],
    ["MAX_MESSAGE_BYTES = ", "MAX_MESAGE_BYTES = ", /the code knows no variable MAX_MESAGE_BYTES/],
    [
      'new_sqlite_classes = ["BroadcastRoom"]',
      'new_classes = ["BroadcastRoom"]',
      /no migration has new_sqlite_classes/,
    ],
    ['binding = "ASSETS"', 'binding = "FILES"', /assets\.binding is not "ASSETS"/],
    [
      "[env.staging.vars]",
      '[env.staging.vars]\nWEBHOOK_SECRET = "x"',
      /env\.staging: .*no variable WEBHOOK_SECRET/,
    ],
  ];
  for (const [from, to, message] of cases) assert.match(await check(from, to), message);
});
