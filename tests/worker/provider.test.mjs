// Tokens of an operator's own identity provider: its keys, its secret, and what happens while it is down.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { range, SECRET, startService, stopServices, until } from "./service.mjs";

const JWT_SECRET = "a secret of more than 32 bytes that the provider shares";
const VARS = { JWT_ISSUER: "https://id.example", JWT_AUDIENCE: "authenticated" };

// The harness fetches for the Worker, and would follow a redirect that the Worker does not.
const fetchHere = globalThis.fetch;
globalThis.fetch = (url, init) => {
  const isOfTheWorker = init instanceof Object && "url" in init;
  return fetchHere(
    url,
    isOfTheWorker ? { headers: init.headers, redirect: "manual", signal: init.signal } : init,
  );
};

const providers = [];
after(async () => {
  await stopServices();
  for (const provider of providers) provider.stop();
});

/** An identity provider on this machine, which counts how often it is asked for its keys. */
class Provider {
  keys = [];
  asked = 0;
  #server = createServer((request, response) => {
    this.asked += 1;
    this.answer(request, response);
  });

  static async start() {
    const provider = new Provider();
    providers.push(provider);
    provider.#server.listen(0, "127.0.0.1");
    await once(provider.#server, "listening");
    provider.port = provider.#server.address().port;
    return provider;
  }

  /** Gives its keys. The tests replace this. */
  answer(_, response) {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: this.keys }));
  }

  get url() {
    return `http://localhost:${this.port}/jwks.json`;
  }

  /** Makes a key, publishes it, and returns what signs with it. */
  async addKey(alg, kid) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: "sig" });
    return signer(alg, privateKey, kid);
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async startAgain() {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }
}

/** Signs tokens for an account, as the provider does; `other` replaces claims. */
function signer(alg, key, kid) {
  return (sub, other = {}) => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const claims = { iss: "https://id.example", aud: "authenticated", sub, exp, ...other };
    return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
  };
}

const start = (vars, secrets = {}) =>
  startService({ vars: { ...VARS, ...vars }, secrets: { WEBHOOK_SECRET: SECRET, ...secrets } });

/** What becomes of an attempt to read a topic with a token: `"open"`, or the code of the refusal. */
async function reads(service, topic, token) {
  const headers = { authorization: `Bearer ${token}` };
  const { subscriber, status, text } = await service.attempt(topic, { headers });
  if (subscriber) {
    subscriber.cut();
    return "open";
  }
  const { code } = JSON.parse(text);
  assert.equal(status, { unauthorized: 401, forbidden: 403, unavailable: 503 }[code]);
  return code;
}

test("tokens signed with the provider's keys or its secret open what belongs to their account", async () => {
  const provider = await Provider.start();
  const signers = {
    RS256: await provider.addKey("RS256", "r1"),
    ES256: await provider.addKey("ES256", "e1"),
    HS256: signer("HS256", new TextEncoder().encode(JWT_SECRET)),
  };
  const service = await start({ JWKS_URL: provider.url }, { JWT_SECRET });
  for (const [alg, sign] of Object.entries(signers)) {
    const token = await sign("u-1");
    assert.equal(await reads(service, "user:u-1", token), "open", alg);
    assert.equal(await reads(service, "automation:u-1:7", token), "open", alg);
    assert.equal(await reads(service, "user:u-2", token), "forbidden", alg);
    assert.equal(await reads(service, "wallet:u-1", token), "forbidden", alg);

    const now = Math.floor(Date.now() / 1000);
    for (const wrong of [
      { iss: "https://evil.example" },
      { aud: "anon" },
      { exp: now - 61 },
      { nbf: now + 120 },
      { sub: undefined },
      { exp: undefined },
    ]) {
      const name = `${alg} ${JSON.stringify(wrong)}`;
      assert.equal(await reads(service, "user:u-1", await sign("u-1", wrong)), "unauthorized", name);
    }
  }
  assert.equal(provider.asked, 1, "the keys are asked for once");
});

test("a public key is no secret, and a token without a signature no token", async () => {
  const provider = await Provider.start();
  await provider.addKey("RS256", "r1");
  const service = await start({ JWKS_URL: provider.url });
  const [key] = provider.keys;
  for (const secret of [key.n, JSON.stringify(key), Buffer.from(key.n, "base64url")]) {
    const forged = await signer("HS256", Buffer.from(secret), "r1")("u-1");
    assert.equal(await reads(service, "user:u-1", forged), "unauthorized");
  }
  const claims = { iss: "https://id.example", aud: "authenticated", sub: "u-1", exp: 4e9 };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = `${part({ alg: "none" })}.${part(claims)}.`;
  assert.equal(await reads(service, "user:u-1", unsigned), "unauthorized");
});

test("a token can't bring the key that proves it, nor have it fetched", async () => {
  const [provider, attacker] = [await Provider.start(), await Provider.start()];
  const honest = await provider.addKey("ES256", "e1");
  const service = await start({ JWKS_URL: provider.url });
  assert.equal(await reads(service, "user:u-1", await honest("u-1")), "open");
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  attacker.keys.push({ ...jwk, kid: "e1", alg: "ES256" });
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss: "https://id.example", aud: "authenticated", sub: "u-1", exp };
  for (const header of [
    { jku: attacker.url },
    { x5u: attacker.url },
    { jwk },
    { kid: "e1", jku: attacker.url, jwk },
    { kid: attacker.url },
    { kid: "../../e1" },
    { kid: "e1' OR '1'='1" },
    { kid: "e1\0" },
    { kid: "" },
    { kid: "x".repeat(4_000) },
  ]) {
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: "ES256", ...header }).sign(privateKey);
    const name = JSON.stringify(header).slice(0, 80);
    assert.equal(await reads(service, "user:u-1", forged), "unauthorized", name);
  }
  assert.equal(attacker.asked, 0, "nobody is asked whom a token names");
  assert.ok(provider.asked <= 2, "a key that is not known is looked for once");
});

test("a new key is taken at once, and made-up ones don't have the provider asked again and again", async () => {
  const provider = await Provider.start();
  const first = await provider.addKey("ES256", "e1");
  const service = await start({ JWKS_URL: provider.url });
  assert.equal(await reads(service, "user:u-1", await first("u-1")), "open");

  provider.keys = [];
  const second = await provider.addKey("ES256", "e2");
  assert.equal(await reads(service, "user:u-1", await second("u-1")), "open");
  assert.equal(provider.asked, 2);
  assert.equal(await reads(service, "user:u-1", await first("u-1")), "unauthorized", "it was taken back");

  const { privateKey } = await generateKeyPair("ES256");
  const unknown = [undefined, ...range(3, 41).map((n) => `e${n}`)];
  const forged = unknown.map((kid) => signer("ES256", privateKey, kid)("u-1"));
  const refused = await Promise.all(forged.map(async (token) => reads(service, "user:u-1", await token)));
  assert.deepEqual(refused, Array(40).fill("unauthorized"));
  assert.equal(provider.asked, 2);
});

test("while the provider is down, keys that are known are good", async () => {
  const provider = await Provider.start();
  const sign = await provider.addKey("ES256", "e1");
  const service = await start({ JWKS_URL: provider.url });
  assert.equal(await reads(service, "user:u-1", await sign("u-1")), "open");
  provider.stop();
  const { privateKey } = await generateKeyPair("ES256");
  assert.equal(
    await reads(service, "user:u-1", await signer("ES256", privateKey, "e2")("u-1")),
    "unauthorized",
  );
  assert.ok(service.logLines().some(({ event }) => event === "keys_not_fetched"));
  assert.equal(await reads(service, "user:u-1", await sign("u-1")), "open");
});

test("a provider that was never reached makes nobody a stranger: come back, and it works when it is there", async () => {
  const provider = await Provider.start();
  const sign = await provider.addKey("ES256", "e1");
  provider.stop();
  const service = await start({ JWKS_URL: provider.url }, { JWT_SECRET });
  const token = await sign("u-1");
  const { status, headers, text } = await service.refused("/ws/user:u-1", {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.deepEqual([status, headers["retry-after"]], [503, "1"]);
  assert.equal(JSON.parse(text).code, "unavailable");
  const bySecret = await signer("HS256", new TextEncoder().encode(JWT_SECRET))("u-1");
  assert.equal(await reads(service, "user:u-1", bySecret), "open", "that takes no keys");
  await provider.startAgain();
  await until("the keys are fetched", async () => (await reads(service, "user:u-1", token)) === "open");
});

test("many who come at the start wait for one fetch", async () => {
  const provider = await Provider.start();
  const sign = await provider.addKey("ES256", "e1");
  const service = await start({ JWKS_URL: provider.url });
  const { answer } = Provider.prototype;
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  provider.answer = async (...exchange) => {
    await released;
    answer.apply(provider, exchange);
  };
  const tokens = await Promise.all(Array.from({ length: 10 }, (_, index) => sign(`u-${index}`)));
  const opened = Promise.all(tokens.map((token, index) => reads(service, `user:u-${index}`, token)));
  await until("the provider is asked", () => provider.asked > 0);
  release();
  assert.deepEqual(await opened, Array(10).fill("open"));
  assert.equal(provider.asked, 1);
});

test("an answer that is none, is too large or does not come is a provider that is down", async () => {
  const elsewhere = await Provider.start();
  const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, " "));
  const answers = {
    "without an end": (response) => {
      const more = () => response.destroyed || response.write(" ".repeat(65_536), () => setImmediate(more));
      more();
    },
    "64 KB that become 64 MiB": (response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    "a redirect": (response) => response.writeHead(302, { location: elsewhere.url }).end(),
    "no JSON": (response) => response.end("<html>"),
    "an error": (response) => response.writeHead(500).end("{}"),
    "too large": (response) => response.end(`{"keys":[],"x":"${"x".repeat(65_536)}"}`),
    "no answer": () => {},
    "half an answer": (response) => response.write('{"keys":'),
  };
  for (const [name, answer] of Object.entries(answers)) {
    const provider = await Provider.start();
    const sign = await provider.addKey("ES256", "e1");
    elsewhere.keys = provider.keys;
    provider.answer = (_, response) => answer(response);
    const service = await start({ JWKS_URL: provider.url });
    assert.equal(await reads(service, "user:u-1", await sign("u-1")), "unavailable", name);
    assert.equal(await reads(service, "user:u-1", await sign("u-1")), "unavailable", name);
    assert.equal(provider.asked, 1, `${name}: it is left in peace`);
    await service.stop();
  }
  assert.equal(elsewhere.asked, 0, "a redirect is not followed");
});
