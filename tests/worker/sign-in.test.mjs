// Signing in with a wallet, and reading what is private to it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { SECRET, startService, stopServices } from "./service.mjs";
import { base58, Wallet } from "./wallet.mjs";

const AUTH_SECRET = "an auth secret of more than 32 bytes, for the tests";
/** A y for which ed25519 has no x. */
const OFF_CURVE = 2;
const PAGE = { origin: "https://app.glow.trade" };

let service;
before(async () => {
  service = await startService({ secrets: { WEBHOOK_SECRET: SECRET, AUTH_SECRET } });
});
after(stopServices);

/** Posts JSON as an app does, without a publisher's secret. */
async function post(path, body, to = service) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  const response = await to.request(path, { method: "POST", headers, body: text });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function challenge(address, to) {
  const { status, text } = await post("/auth/nonce", { wallet: address }, to);
  assert.equal(status, 200);
  return JSON.parse(text);
}

const verify = (wallet, nonce, signature, to) => post("/auth/verify", { wallet, nonce, signature }, to);

/** The access token that a wallet gets. */
async function signIn(wallet, to) {
  const { nonce, message } = await challenge(wallet.address, to);
  const { status, text } = await verify(wallet.address, nonce, base58(wallet.sign(message)), to);
  assert.equal(status, 200);
  return JSON.parse(text).accessToken;
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

test("the message names the page that asks where it is listed, and else the service itself", async () => {
  const wallet = new Wallet();
  const { host } = new URL(service.origin);
  const asked = async (origin, to = service, more = {}) => {
    const headers = { "content-type": "application/json", ...(origin && { origin }), ...more };
    const body = JSON.stringify({ wallet: wallet.address });
    const challenge = await (await to.request("/auth/nonce", { method: "POST", headers, body })).json();
    const uri = /\nURI: (.+)\n/.exec(challenge.message)[1];
    return { ...challenge, domain: challenge.message.split(" wants you")[0], uri };
  };
  const listed = await asked("https://app.glow.trade");
  assert.deepEqual([listed.domain, listed.uri], ["app.glow.trade", "https://app.glow.trade"]);
  for (const origin of [undefined, "https://evil.example", "null", service.origin]) {
    const { domain, uri } = await asked(origin);
    assert.deepEqual([domain, uri], [host, service.origin], String(origin));
  }
  for (const name of ["x-forwarded-host", "x-original-host", "x-host", "forwarded"]) {
    const value = name === "forwarded" ? "host=app.glow.trade" : "app.glow.trade";
    const { domain, uri } = await asked(undefined, service, { [name]: value, "x-forwarded-proto": "https" });
    assert.deepEqual([domain, uri], [host, service.origin], name);
  }
  // Whoever sends the signature on, a page or a backend, need not be the page that asked.
  const signature = base58(wallet.sign(listed.message));
  assert.equal((await verify(wallet.address, listed.nonce, signature)).status, 200);
  assert.equal((await verify(wallet.address, listed.nonce, signature)).status, 401, "once");
  const own = await asked();
  assert.equal((await verify(wallet.address, own.nonce, base58(wallet.sign(listed.message)))).status, 401);
  const any = await startService({
    secrets: { WEBHOOK_SECRET: SECRET, AUTH_SECRET },
    vars: { ALLOWED_ORIGINS: "*" },
  });
  assert.equal((await asked("https://evil.example", any)).uri, any.origin, "a star lists nobody");
});

test("a wallet gets a message to sign, signs it, and gets an access token", async () => {
  const wallet = new Wallet();
  const before = Math.floor(Date.now() / 1000);
  const { nonce, message, expiresAt, ...others } = await challenge(wallet.address);
  assert.deepEqual(others, {});
  assert.match(nonce, /^[A-Za-z0-9]{8,}$/);
  assert.ok(expiresAt >= before + 300 && expiresAt <= before + 310);
  const { host } = new URL(service.origin);
  const issued = new Date((expiresAt - 300) * 1000).toISOString();
  assert.deepEqual(message.split("\n"), [
    `${host} wants you to sign in with your Solana account:`,
    wallet.address,
    "",
    "Sign in to read what is private to this wallet. It costs nothing and moves nothing.",
    "",
    `URI: ${service.origin}`,
    "Version: 1",
    "Chain ID: mainnet",
    `Nonce: ${nonce}`,
    `Issued At: ${issued}`,
    `Expiration Time: ${new Date(expiresAt * 1000).toISOString()}`,
  ]);

  const { status, text, headers } = await verify(wallet.address, nonce, base58(wallet.sign(message)));
  assert.deepEqual([status, headers.get("cache-control")], [200, "no-store"]);
  const { accessToken, ...answer } = JSON.parse(text);
  assert.deepEqual(answer, { tokenType: "Bearer", expiresIn: 3600, wallet: wallet.address });
  const [header, claims] = accessToken
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url")));
  assert.deepEqual(header, { alg: "HS256", typ: "at+jwt" });
  assert.equal(claims.sub, wallet.address);
  assert.equal(claims.exp - claims.iat, 3600);
});

test("a signature may come in base64 too, as mobile wallets give it", async () => {
  for (const encoding of ["base64", "base64url"]) {
    const wallet = new Wallet();
    const { nonce, message } = await challenge(wallet.address);
    const signature = Buffer.from(wallet.sign(message)).toString(encoding);
    assert.equal((await verify(wallet.address, nonce, signature)).status, 200, encoding);
  }
});

test("what is no sign-in gets one and the same answer, whatever is wrong with it", async () => {
  const [ana, ben] = [new Wallet(), new Wallet()];
  const fresh = () => challenge(ana.address);
  const used = await fresh();
  const signed = base58(ana.sign(used.message));
  assert.equal((await verify(ana.address, used.nonce, signed)).status, 200);
  const [one, two, three, four] = await Promise.all([fresh(), fresh(), fresh(), fresh()]);

  // The point of order 1 as a key: for it, one signature is valid for every message, unless one looks.
  const weak = base58(Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0)));
  const weakSignature = base58(Uint8Array.from({ length: 64 }, (_, index) => (index === 0 ? 1 : 0)));
  const { nonce: weakNonce } = await challenge(weak);
  // An address that is no point of the curve, as those that programs derive are.
  const derived = base58(Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? OFF_CURVE : 0)));
  const { nonce: derivedNonce, message: derivedMessage } = await challenge(derived);

  const attempts = {
    "a nonce that was used": [ana.address, used.nonce, signed],
    "the same signature in base64": [
      ana.address,
      used.nonce,
      Buffer.from(ana.sign(used.message)).toString("base64"),
    ],
    "another wallet's nonce": [ben.address, one.nonce, base58(ben.sign(one.message))],
    "another wallet's signature": [ana.address, one.nonce, base58(ben.sign(one.message))],
    "another message": [ana.address, two.nonce, base58(ana.sign(one.message))],
    "a changed message": [ana.address, three.nonce, base58(ana.sign(`${three.message} `))],
    "a nonce of somebody else's making": [ana.address, "A".repeat(55), base58(ana.sign(four.message))],
    "a changed nonce": [ana.address, `${four.nonce.slice(0, -1)}1`, base58(ana.sign(four.message))],
    "no signature": [ana.address, four.nonce, ""],
    "a signature that is none": [ana.address, four.nonce, "0OIl"],
    "no wallet": ["ana", four.nonce, base58(ana.sign(four.message))],
    "a weak key": [weak, weakNonce, weakSignature],
    "an address of a program": [derived, derivedNonce, base58(ana.sign(derivedMessage))],
  };
  const expected = {
    type: "about:blank",
    title: "Unauthorized",
    status: 401,
    code: "unauthorized",
    detail:
      "this is no valid sign-in: get a nonce, sign its message with the wallet's key, and use it once, in time",
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    const { status, text } = await verify(...attempt);
    assert.equal(status, 401, name);
    assert.deepEqual(JSON.parse(text), expected, name);
  }
  assert.equal((await verify(ana.address, four.nonce, base58(ana.sign(four.message)))).status, 200);
});

test("of many who use one nonce at the same moment, one signs in", async () => {
  const wallet = new Wallet();
  const { nonce, message } = await challenge(wallet.address);
  const signature = base58(wallet.sign(message));
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => verify(wallet.address, nonce, signature)),
  );
  const statuses = answers.map(({ status }) => status).toSorted();
  assert.deepEqual(statuses, [200, ...Array(19).fill(401)]);
});

test("a nonce stays used when the object that remembers it is taken out of memory", async () => {
  const wallet = new Wallet();
  const { nonce, message } = await challenge(wallet.address);
  const signature = base58(wallet.sign(message));
  assert.equal((await verify(wallet.address, nonce, signature)).status, 200);
  const worker = service.harness.getWorker();
  await worker.evictDurableObject("SIGN_IN", { name: wallet.address });
  assert.equal((await verify(wallet.address, nonce, signature)).status, 401);
  const storage = await worker.getDurableObjectStorage("SIGN_IN", { name: wallet.address });
  assert.deepEqual(await storage.exec("SELECT nonce FROM spent_nonces"), [{ nonce }]);
});

test("asking for a nonce stores nothing, and neither does a sign-in that is none", async () => {
  const worker = service.harness.getWorker();
  const before = await worker.listDurableObjectIds("SIGN_IN");
  const wallet = new Wallet();
  const { nonce } = await challenge(wallet.address);
  assert.equal((await verify(wallet.address, nonce, "x")).status, 401);
  assert.deepEqual(await worker.listDurableObjectIds("SIGN_IN"), before);
});

test("a body that is none is told what it should be", async () => {
  const { address } = new Wallet();
  const cases = [
    ["/auth/nonce", "{", 400, "invalid_json"],
    ["/auth/nonce", "", 400, "invalid_json"],
    ["/auth/nonce", {}, 400, "invalid_payload"],
    ["/auth/nonce", [address], 400, "invalid_payload"],
    ["/auth/nonce", { wallet: 1 }, 400, "invalid_payload"],
    ["/auth/nonce", { wallet: "ana" }, 400, "invalid_payload"],
    ...[`${address}\n`, `\n${address}`, ` ${address}`, `${address}\0`, `${address}\u200b`, `${address}é`].map(
      (wallet) => ["/auth/nonce", { wallet }, 400, "invalid_payload"],
    ),
    ["/auth/nonce", { wallet: `\uff11${address.slice(1)}` }, 400, "invalid_payload"],
    ["/auth/nonce", { wallet: "1".repeat(4096) }, 413, "payload_too_large"],
    ["/auth/verify", "no", 400, "invalid_json"],
    ["/auth/verify", { wallet: address }, 400, "invalid_payload"],
    ["/auth/verify", { wallet: address, nonce: "n", signature: null }, 400, "invalid_payload"],
    ["/auth/verify", { wallet: address, nonce: "n", signature: "s".repeat(4096) }, 413, "payload_too_large"],
  ];
  for (const [path, body, expected, code] of cases) {
    const { status, text } = await post(path, body);
    assert.deepEqual([status, JSON.parse(text).code], [expected, code], JSON.stringify(body).slice(0, 80));
  }
  const response = await service.request("/auth/nonce");
  assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST, OPTIONS"]);
});

test("a page may sign in where it may open sockets", async () => {
  const preflight = await service.request("/auth/verify", { method: "OPTIONS", headers: PAGE });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), PAGE.origin);
  assert.match(preflight.headers.get("access-control-allow-headers"), /content-type/);
});

test("who has signed in reads what is private to their wallet, and nobody else does", async () => {
  const [ana, ben] = [new Wallet(), new Wallet()];
  const [token, other] = [await signIn(ana), await signIn(ben)];
  const topic = `wallet:${ana.address}`;
  const reader = await service.subscribe(topic, { headers: bearer(token) });
  assert.equal(JSON.parse(reader.greeting).token, topic);
  assert.equal((await service.publish(topic, { type: "BALANCE_UPDATE", balance: 1.5 })).connections, 1);
  assert.equal(await reader.next(), `{"type":"BALANCE_UPDATE","balance":1.5,"token":"${topic}","seq":1}`);

  const codeFor = async (headers) => {
    const { status, text } = await service.refused(`/ws/${topic}`, { headers });
    return [status, JSON.parse(text).code];
  };
  assert.deepEqual(await codeFor({}), [401, "unauthorized"]);
  assert.deepEqual(await codeFor(bearer("no.token.atall")), [401, "unauthorized"]);
  assert.deepEqual(await codeFor(bearer(`${token.slice(0, -4)}AAAA`)), [401, "unauthorized"]);
  assert.deepEqual(await codeFor(bearer(SECRET)), [401, "unauthorized"]);
  assert.deepEqual(await codeFor(bearer(other)), [403, "forbidden"]);
  const orders = await service.subscribe(`user:${ana.address}:orders`, { headers: bearer(token) });
  assert.match(orders.greeting, /"connected"/);
});

test("a page gives its token in the list of subprotocols, and is told by a close code when it may not", async () => {
  const [ana, ben] = [new Wallet(), new Wallet()];
  const [token, other] = [await signIn(ana), await signIn(ben)];
  const open = (topic, protocols) =>
    new WebSocket(`${service.origin.replace("http", "ws")}/ws/${topic}`, protocols, PAGE);
  const opened = async (topic, protocols) => {
    const socket = open(topic, protocols);
    await once(socket, "open");
    const { protocol } = socket;
    socket.terminate();
    return protocol;
  };
  const topic = `wallet:${ana.address}`;
  assert.equal(await opened(topic, ["glow", `bearer.${token}`]), "glow");
  assert.equal(await opened(topic, [`bearer.${token}`, "glow"]), "glow");
  assert.equal(await opened(topic, [`bearer.${token}`]), `bearer.${token}`);
  assert.equal(await opened("SOL", ["glow"]), "glow");

  for (const protocols of [["glow"], ["glow", "bearer.x"], ["glow", `bearer.${other}`]]) {
    const socket = open(topic, protocols);
    const [code] = await once(socket, "close");
    assert.deepEqual([code, socket.protocol], [4501, "glow"]);
  }
});

test("a token goes on being accepted while the secret is rotated, and no longer", async () => {
  const wallet = new Wallet();
  const rotating = await startService({ secrets: { WEBHOOK_SECRET: SECRET, AUTH_SECRET } });
  const token = await signIn(wallet, rotating);
  const next = "the secret after it, of more than 32 bytes as well";
  const opens = async (secrets) => {
    const started = await startService({ secrets: { WEBHOOK_SECRET: SECRET, ...secrets } });
    const socket = new WebSocket(`${started.origin.replace("http", "ws")}/ws/wallet:${wallet.address}`, {
      headers: bearer(token),
    });
    const isOpen = await Promise.race([
      once(socket, "open").then(() => true),
      once(socket, "unexpected-response").then(() => false),
    ]);
    socket.terminate();
    await started.stop();
    return isOpen;
  };
  assert.equal(await opens({ AUTH_SECRET: next, AUTH_SECRET_PREVIOUS: AUTH_SECRET }), true);
  assert.equal(await opens({ AUTH_SECRET: next }), false);
});

test("without a secret nobody can sign in, and the operator is told", async () => {
  const without = await startService();
  for (const path of ["/auth/nonce", "/auth/verify"]) {
    const { status, text } = await post(path, { wallet: new Wallet().address }, without);
    assert.deepEqual([status, JSON.parse(text).code], [503, "not_configured"]);
  }
  assert.equal((await without.request("/health")).status, 200);
});

test("a secret that is too short is a mistake of the configuration", async () => {
  const short = await startService({ secrets: { WEBHOOK_SECRET: SECRET, AUTH_SECRET: "hunter2" } });
  const { mistakes } = await (await short.request("/health")).json();
  assert.deepEqual(
    mistakes.map(({ name }) => name),
    ["AUTH_SECRET"],
  );
  assert.ok(!short.rawLog().join().includes("hunter2"));
});

test("no wallet, token, nonce or signature reaches a log", async () => {
  const wallet = new Wallet();
  const { nonce, message } = await challenge(wallet.address);
  const signature = base58(wallet.sign(message));
  const { accessToken } = JSON.parse((await verify(wallet.address, nonce, signature)).text);
  await verify(wallet.address, nonce, signature);
  await service.subscribe(`wallet:${wallet.address}`, { headers: bearer(accessToken) });
  const lines = service.logLines().map(({ route }) => route);
  assert.ok(lines.includes("/auth/nonce") && lines.includes("/auth/verify"));
  const everything = service.rawLog().join("\n");
  for (const told of [wallet.address, accessToken, nonce, signature, AUTH_SECRET]) {
    assert.ok(!everything.includes(told), told);
  }
});
