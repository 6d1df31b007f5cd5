// README.md: each command and each example runs, and each variable is the code's.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Checkout, freePort } from "../checkout.mjs";
import { blocks, commands, readme } from "../readme.mjs";

const root = join(import.meta.dirname, "..", "..");
const checkout = new Checkout();
let service;
let env;

before(async () => {
  const port = await freePort();
  service = await checkout.start(port);
  const WEBHOOK_SECRET = /Bearer ([^"]+)/.exec(service.curl)[1];
  const variables = readFileSync(join(checkout.path, ".dev.vars"), "utf8");
  const HELIUS_AUTH = /^HELIUS_AUTH=(.+)$/m.exec(variables)[1];
  env = { ...process.env, HOST: `localhost:${port}`, WEBHOOK_SECRET, HELIUS_AUTH };
});
after(async () => {
  if (service) await checkout.stop(service);
  checkout.remove();
});

async function shell(command) {
  const { stdout } = await promisify(execFile)("bash", ["-c", command], { cwd: root, env });
  return stdout;
}

/** Starts a program and waits until its output shows what is expected, while `nudge` is done again and again. */
async function shows(program, arguments_, expected, nudge) {
  const child = spawn(program, arguments_, { cwd: root, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data;
    });
  }
  for (let tries = 0; tries < 100 && !expected.test(output); tries += 1) {
    await nudge();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  assert.match(output, expected);
}

/** A picture of one pixel. */
const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const publish = () => shell(commands().find((command) => command.includes("/broadcast/SOL")));

/**
 * How each command is run. What needs an account is run as far as it goes without one: a dry run, or wrangler's own
 * description of the command.
 */
const runs = [
  // The service that the other commands speak to was started by this very command.
  [/^npm start$/, async () => assert.match(service.output, /The live page/)],
  // These tests are part of all of it; one of its steps shows that the command works.
  [/^npm test$/, () => shell("npm test -- types of the page")],
  [
    /^curl .*\/broadcast\/SOL /,
    async (command) => assert.match(await shell(command), /^\{"success":true,"connections":0,"seq":\d+\}$/),
  ],
  [
    /^curl .*\/broadcast /,
    async (command) => assert.equal(JSON.parse(await shell(command)).results.length, 2),
  ],
  [
    /^curl "http:\/\/\$HOST\/tokens\/SOL\/prices/,
    async (command) => {
      await publish();
      assert.equal(JSON.parse(await shell(command)).token, "SOL");
    },
  ],
  [
    /^curl -X PUT .*\/tokens\/BONK /,
    async (command) => assert.equal(JSON.parse(await shell(command)).symbol, "BONK"),
  ],
  [
    /^curl .*\/webhook\/helius /,
    async (command) => {
      const expected =
        '{"success":true,"transactions":1,"trades":1,"duplicates":0,"skipped":0,"unexplained":0}';
      assert.equal(await shell(command), expected);
      assert.ok(readme.includes(expected));
    },
  ],
  [/^npx wscat /, (command) => shows("bash", ["-c", `exec ${command}`], /"price":0\.00007345/, publish)],
  [/^npx wrangler (login|secret)/, (command) => shell(`${command} --help`)],
  [/^npm run deploy$/, (command) => shell(`${command} -- --dry-run --outdir ${join(checkout.path, "out")}`)],
  [/^openssl rand -base64 32$/, async (command) => assert.match(await shell(command), /^.{44}\n$/)],
  [
    /^curl https:\/\/broadcast\.example\.com\/rooms\/SOL /,
    async (command) => {
      const here = command.replace("https://broadcast.example.com", `http://${env.HOST}`);
      assert.equal(JSON.parse(await shell(here)).token, "SOL");
    },
  ],
  [
    /^curl https:\/\/broadcast\.example\.com\/health$/,
    async (command) => {
      const here = command.replace("https://broadcast.example.com", `http://${env.HOST}`);
      assert.equal(JSON.parse(await shell(here)).status, "healthy");
    },
  ],
  [
    /^npm run tail/,
    async (command) => assert.match(await shell(`${command.split(" -- ")[0]} -- --help`), /--status/),
  ],
  [
    /^npm run bench$/,
    async (command) =>
      assert.match(await shell(`${command} -- --quick --peers ours,object`), /One post to many sockets/),
  ],
  [
    /^npm run crowd$/,
    async (command) => {
      const shown = await shell(`${command} -- --sockets 300 --capacity 64 --beside 100 --posts 1`);
      assert.match(shown, /300 connections, 300 got it once[\s\S]*100 connections, 100 got it once/);
      assert.match(
        await shell(`${command} -- --relays --posts 2`),
        /32 relays, 132 sockets: the last has it/,
      );
    },
  ],
  [
    /^npm run storm$/,
    async (command) => assert.match(await shell(`${command} -- --seconds 3 --clients 30`), /faults: \[\]/),
  ],
  [
    /^npm run prices$/,
    async (command) => {
      const output = await shell(`${command} -- --tokens 3 --days 2 --minutes 2 --asks 3`);
      assert.match(output, /range=14d .*48/);
      assert.match(output, /retention .*144/);
    },
  ],
  [
    /^npm run ingest$/,
    async (command) => assert.match(await shell(`${command} -- --only answers --posts 2`), /100/),
  ],
  [/^npm run fuzz$/, (command) => shell(`${command} -- --seconds 1 --only topic`)],
];

for (const command of commands()) {
  test(`README: ${command.split("\n")[0]}`, async () => {
    const run = runs.find(([pattern]) => pattern.test(command.replaceAll(/\\\n\s*/g, " ")));
    assert.ok(run, "no test runs this command");
    await run[1](command);
  });
}

test("README: the examples in JavaScript publish and subscribe", async () => {
  const [publisher, publisherSocket, subscriber, manyTopics, account, signIn] = blocks("js");
  const constants = `const { HOST, WEBHOOK_SECRET } = process.env;\n`;
  const run = (code) => ["--input-type=module", "-e", constants + code];
  const post = () => promisify(execFile)("node", run(publisher), { env });
  await shows("node", run(subscriber), /SOL 125\.45 \d+/, post);
  await shows("node", run(manyTopics), /SOL 125\.45 \d+/, post);
  await shows(
    "node",
    run(publisherSocket),
    /\{"id":1,"success":true,"connections":\d+,"seq":\d+\}/,
    () => {},
  );
  // Where a page has a wallet's provider, the test has a wallet of its own, and publishes to what is private to it.
  const provider = `
    import { Wallet } from "./tests/worker/wallet.mjs";
    const wallet = new Wallet();
    const signMessage = async (bytes) => ({ signature: wallet.sign(new TextDecoder().decode(bytes)) });
    const provider = { connect: async () => ({ publicKey: wallet.address }), signMessage };
    setInterval(() => fetch(\`http://\${HOST}/broadcast/wallet:\${wallet.address}\`, {
      method: "POST",
      headers: { authorization: \`Bearer \${WEBHOOK_SECRET}\` },
      body: '{"type":"BALANCE_UPDATE","balance":7.5}',
    }), 100);
  `;
  await shows("node", run(provider + signIn), /"type":"BALANCE_UPDATE","balance":7\.5/, () => {});
  const picture = `const picture = Buffer.from("${PICTURE}", "base64");`;
  const signedIn = `${provider}${signIn}${picture}`;
  await shows("node", run(signedIn + account), /\/images\/users\/.* \d+ /, () => {});
});

test("README: npm run format formats", async () => {
  const files = ["src/lib.rs", "scripts/shell.mjs"].map((file) => join(checkout.path, file));
  const formatted = files.map((file) => readFileSync(file, "utf8"));
  files.forEach((file, index) => {
    writeFileSync(file, formatted[index].replaceAll(/^ {2,}/gm, " "));
  });
  await promisify(execFile)("npm", ["run", "format"], { cwd: checkout.path, env });
  assert.deepEqual(
    files.map((file) => readFileSync(file, "utf8")),
    formatted,
  );
});

/** What wrangler.toml binds: no variables. */
const BINDINGS = [
  "BROADCAST_ROOM",
  "PUBLISHER_SOCKET",
  "RELAY",
  "SIGN_IN",
  "ASSETS",
  "DATABASE",
  "HOT_COPIES",
  "IMAGES",
  "PUBLIC_LIMIT",
  "HANDSHAKE_LIMIT",
  "NEW_TOPIC_LIMIT",
  "SIGNED_REQUESTS",
];

test("README: every variable is listed with the default that the code has", () => {
  const names = [
    ...readFileSync(join(root, "src/edge/bindings.rs"), "utf8").matchAll(/: &str = "([A-Z_]+)";/g),
  ]
    .map(([, name]) => name)
    .filter((name) => !BINDINGS.includes(name));
  const [, operation] = readme.split("## Operate it");
  const listed = [...operation.matchAll(/^\| `([A-Z_]+)` \| (\S+)/gm)].map(([, name]) => name);
  assert.deepEqual(listed.toSorted(), names.toSorted());

  const toml = readFileSync(join(root, "wrangler.toml"), "utf8");
  for (const [, name, value] of operation.matchAll(/^\| `([A-Z_]+)` \| `(\S+)`/gm)) {
    assert.match(toml, new RegExp(`^# .*\\n${name} = "${value}"$`, "m"), `${name} in wrangler.toml`);
  }
});

test("README: every npm script and file that it names exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [, name] of readme.matchAll(/npm run ([a-z]+)/g)) assert.ok(scripts[name], name);
  for (const [, file] of readme.matchAll(/\]\(([A-Za-z.]+)\)/g))
    assert.ok(existsSync(join(root, file)), file);
});
