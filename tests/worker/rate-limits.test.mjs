// How often an address may ask what everybody may: REST and sign-ins count, and one client's flood is nobody else's.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { range, SECRET, startService, stopServices, until } from "./service.mjs";

const LIMIT = 5;
const WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
const PAGE = "https://app.glow.trade";
const PUBLISHER = { authorization: `Bearer ${SECRET}` };

after(stopServices);

/** The counts begin anew with every minute of the clock: none may do so within a test. */
beforeEach(() => until("the minute is young", () => Date.now() % 60_000 < 45_000));

/** Asks so many times, one after another, and gives the statuses. A client chooses its address only here. */
async function ask(service, address, count, path = "/tokens", init = {}) {
  const headers = { "cf-connecting-ip": address, ...init.headers };
  const statuses = [];
  for (const _ of range(1, count)) {
    const response = await service.request(path, { ...init, headers });
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return statuses;
}

const isLimited = (statuses) => statuses.includes(429);

test("who asks too often is told to wait, and nobody else", async () => {
  const service = await startService({ publicLimit: LIMIT });
  assert.deepEqual(await ask(service, "192.0.2.1", LIMIT + 2), [200, 200, 200, 200, 200, 429, 429]);
  const headers = { "cf-connecting-ip": "192.0.2.1", origin: PAGE };
  const response = await service.request("/tokens", { headers });
  assert.equal(response.status, 429);
  assert.equal(response.headers.get("retry-after"), "60");
  assert.match(response.headers.get("content-type"), /^application\/problem\+json/);
  assert.equal(response.headers.get("access-control-allow-origin"), PAGE, "a page can read why");
  assert.match(response.headers.get("access-control-expose-headers"), /retry-after/);
  const { status, code, detail } = await response.json();
  assert.deepEqual([status, code], [429, "rate_limited"]);
  assert.match(detail, /too often/);

  const flood = ask(service, "192.0.2.1", 40);
  assert.deepEqual(await ask(service, "192.0.2.2", LIMIT), [200, 200, 200, 200, 200]);
  assert.ok((await flood).every((status) => status === 429));
  assert.ok(!service.rawLog().join().includes("192.0.2."), "no address stands in the log");
});

test("a line is one client, however many addresses it has", async () => {
  const service = await startService({ publicLimit: LIMIT });
  const first = await ask(service, "2001:db8:1:2::1", LIMIT);
  assert.ok(!isLimited(first));
  assert.deepEqual(await ask(service, "2001:db8:1:2:ffff:ffff:ffff:ffff", 1), [429]);
  assert.deepEqual(await ask(service, "2001:db8:1:3::1", 1), [200]);
  await ask(service, "192.0.2.1", LIMIT);
  assert.deepEqual(await ask(service, "::ffff:192.0.2.1", 1), [429]);
});

test("every public route counts, all together", async () => {
  const service = await startService({ publicLimit: LIMIT });
  const body = JSON.stringify({ wallet: WALLET });
  const routes = [
    ["/tokens", {}],
    ["/tokens/DROP", {}],
    ["/tokens/DROP", { method: "HEAD" }],
    ["/tokens/DROP/price", {}],
    ["/tokens/DROP/prices", {}],
    [`/users/${WALLET}`, {}],
    [`/users/${WALLET}`, { method: "PUT", body: "{}" }],
    [`/users/${WALLET}/balances`, {}],
    [`/users/${WALLET}/referrals`, {}],
    [`/users/${WALLET}/alerts`, {}],
    [`/users/${WALLET}/alerts/1`, { method: "DELETE" }],
    [`/users/${WALLET}/image`, { method: "POST" }],
    ["/auth/nonce", { method: "POST", body }],
    ["/auth/verify", { method: "POST", body }],
  ];
  for (const [index, [path, init]] of routes.entries()) {
    const address = `192.0.2.${index}`;
    assert.ok(!isLimited(await ask(service, address, LIMIT)), "nothing was counted yet");
    assert.deepEqual(await ask(service, address, 1, path, init), [429], `${init.method ?? "GET"} ${path}`);
    const other = `198.51.100.${index}`;
    await ask(service, other, LIMIT, path, init);
    assert.deepEqual(await ask(service, other, 1), [429], `${init.method ?? "GET"} ${path} counts`);
  }
});

test("publishers, webhooks, sockets, health and the page are not counted, nor what is refused anyway", async () => {
  const service = await startService({ publicLimit: LIMIT });
  const address = "192.0.2.1";
  await ask(service, address, LIMIT + 1);
  const post = { method: "POST", body: "{}" };
  for (const [path, init, expected] of [
    ["/health", {}, 200],
    ["/", {}, 200],
    ["/images/tokens/DROP/image.webp", {}, 404],
    ["/broadcast/DROP", { ...post, headers: PUBLISHER }, 200],
    ["/broadcast", { method: "POST", headers: PUBLISHER, body: '{"messages":[]}' }, 200],
    ["/rooms/DROP", { headers: PUBLISHER }, 200],
    ["/tokens/DROP", { method: "PUT", headers: PUBLISHER, body: "{}" }, 201],
    ["/tokens", { method: "OPTIONS" }, 204],
    ["/tokens", { method: "DELETE" }, 405],
    ["/tokens/a%20b", {}, 400],
    ["/nothing", {}, 404],
    ["/ws/DROP", {}, 426],
  ]) {
    const statuses = await ask(service, address, 1, path, init);
    assert.deepEqual(statuses, [expected], `${init.method ?? "GET"} ${path}`);
  }
  assert.ok(!isLimited(await ask(service, address, 1, "/uploads/x", { method: "PUT", body: "x" })));
  const headers = { "cf-connecting-ip": address };
  assert.match((await service.subscribe("DROP", { headers })).greeting, /connected/);
  assert.match((await service.many({ headers })).greeting, /connected/);
});

test("who guesses a publisher's secret or Helius' word is counted, and who has it never is", async () => {
  const HELIUS_AUTH = "what helius sends, for the tests";
  const service = await startService({
    publicLimit: LIMIT,
    secrets: { WEBHOOK_SECRET: SECRET, HELIUS_AUTH },
  });
  const body = '{"messages":[]}';
  const guess = (n) => ({ method: "POST", headers: { authorization: `Bearer guess-${n}` }, body });
  const signed = { "webhook-id": "a", "webhook-timestamp": String(Math.floor(Date.now() / 1000)) };
  const routes = {
    "/broadcast": guess,
    "/broadcast/DROP": () => ({ method: "POST", body }),
    "/broadcast/SIGNED": () => ({
      method: "POST",
      headers: { ...signed, "webhook-signature": "v1,AAAA" },
      body,
    }),
    "/tokens/DROP": (n) => ({ ...guess(n), method: "PUT" }),
    "/rooms/DROP": (n) => ({ ...guess(n), method: "GET", body: undefined }),
    "/webhook/helius": guess,
    "/webhook/price": guess,
  };
  for (const [index, [path, init]] of Object.entries(routes).entries()) {
    const address = `192.0.2.${index}`;
    const refusal = path.startsWith("/webhook/") ? 403 : 401;
    const statuses = [];
    for (const n of range(1, LIMIT + 3)) statuses.push(...(await ask(service, address, 1, path, init(n))));
    const expected = range(1, LIMIT + 3).map((n) => (n <= LIMIT ? refusal : 429));
    assert.deepEqual(statuses, expected, path);
    const right = { method: "POST", headers: PUBLISHER, body };
    assert.deepEqual(await ask(service, address, 2 * LIMIT, "/broadcast", right), Array(2 * LIMIT).fill(200));
    const helius = { method: "POST", headers: { authorization: HELIUS_AUTH }, body: "[]" };
    assert.deepEqual(await ask(service, address, LIMIT, "/webhook/helius", helius), Array(LIMIT).fill(200));
  }
  assert.ok(!service.rawLog().join().includes("192.0.2."), "no address stands in the log");
});
