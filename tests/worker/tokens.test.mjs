// What is known of tokens over REST: written by publishers, read by everybody, listed page by page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SECRET, startService, stopServices } from "./service.mjs";

const PUBLISHER = { authorization: `Bearer ${SECRET}` };
const PAGE = "https://app.glow.trade";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

const get = (path, headers = {}) => service.request(path, { headers });
const read = async (path) => (await get(path)).json();

/** A publisher's change of a token. */
const put = (token, change, headers = PUBLISHER) =>
  service.request(`/tokens/${token}`, {
    method: "PUT",
    headers,
    body: typeof change === "string" ? change : JSON.stringify(change),
  });

/** Status and code of a problem. */
async function problem(response) {
  assert.match(response.headers.get("content-type"), /^application\/problem\+json/);
  const { code, detail } = await response.json();
  return [response.status, code, detail];
}

const NOTHING = {
  name: null,
  symbol: null,
  description: null,
  uri: null,
  image: null,
  creator: null,
  phase: null,
  price: null,
  quote: null,
  priceTimestamp: null,
};

test("a publisher writes down a token, and everybody reads it", async () => {
  const about = {
    name: "Drop",
    symbol: "DROP",
    description: "A drop\nin the ocean",
    uri: "ipfs://bafy",
    image: "https://example.com/drop.webp",
    creator: "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU",
    phase: "bonding",
  };
  const response = await put("DROP", { ...about, supply: "1000000000.000000001" });
  assert.equal(response.status, 201);
  const text = await response.text();
  assert.match(text, /"supply":1000000000\.000000001,/, "exact digits");
  const { createdAt, updatedAt, supply: _, ...token } = JSON.parse(text);
  assert.deepEqual(token, { token: "DROP", ...NOTHING, ...about });
  assert.ok(Math.abs(createdAt - Date.now() / 1000) < 60 && updatedAt === createdAt, "seconds");
  assert.equal(await (await get("/tokens/DROP")).text(), text);
});

test("what a change leaves out stays, null takes back, and a second change is no new token", async () => {
  assert.equal((await put("CHANGED", { name: "One", symbol: "ONE" })).status, 201);
  const response = await put("CHANGED", { symbol: null, description: "Two" });
  assert.equal(response.status, 200);
  const { name, symbol, description } = await response.json();
  assert.deepEqual([name, symbol, description], ["One", null, "Two"]);
  assert.equal((await put("CHANGED", {})).status, 200);
});

test("a phase never goes back", async () => {
  const phases = [];
  for (const change of [{}, { phase: "bonding" }, { phase: "amm" }, { phase: "bonding" }, { name: "x" }]) {
    phases.push((await (await put("PHASED", change)).json()).phase);
  }
  assert.deepEqual(phases, [null, "bonding", "amm", "amm", "amm"]);
});

test("a token is told as new once: on its topic and on the feed", async () => {
  const [topic, feed] = [await service.subscribe("FRESH"), await service.subscribe("feed:tokens")];
  await put("FRESH", { name: "Fresh", symbol: "FRSH", supply: 1e9, phase: "bonding" });
  const told = await topic.hear();
  const { timestamp, seq, ...rest } = told;
  assert.deepEqual(rest, {
    type: "NEW_TOKEN",
    name: "Fresh",
    symbol: "FRSH",
    totalSupply: "1000000000",
    phase: "bonding",
    token: "FRESH",
  });
  assert.equal(seq, 1);
  assert.ok(Math.abs(timestamp - Date.now() / 1000) < 60);
  let fed = {};
  while (fed.token !== "FRESH") fed = await feed.hear();
  assert.deepEqual([fed.type, fed.feed, fed.tokenSeq], ["NEW_TOKEN", "feed:tokens", 1]);

  await Promise.all([put("FRESH", { name: "Fresher" }), put("FRESH", { name: "Freshest" })]);
  assert.deepEqual(await topic.soFar(), []);
  assert.deepEqual(await feed.soFar(), []);
});

test("changes at the same time make one new token", async () => {
  const topic = await service.subscribe("RACED");
  await Promise.all([1, 2, 3, 4, 5].map((n) => put("RACED", { name: `Racer ${n}` })));
  assert.equal((await topic.soFar()).length, 1);
});

test("texts are kept as they are, whatever they look like to a database or a parser", async () => {
  const texts = [
    "'; DROP TABLE tokens;--",
    '" OR 1=1 --',
    "%_\\%",
    "Ⓗ𝖊𝗅𝗅𝗈 💧👩‍👩‍👧‍👦 e\u0301 ﷽",
    "\u202eright to left\u202c\u200b",
    "null",
    "0x00",
    "?1 ?2 $.name",
    "</script><script>alert(1)</script>",
    "\ufffd\uffff",
  ];
  for (const [index, name] of texts.entries()) {
    const description = `${name}\r\n\t${name}`;
    assert.equal((await put(`TEXT-${index}`, { name, description })).status, 201, name);
    const token = await read(`/tokens/TEXT-${index}`);
    assert.deepEqual([token.name, token.description], [name, description]);
  }
  assert.equal((await read("/tokens/DROP")).name, "Drop", "the table is still there");
});

test("what a publisher may not say has a code, and nothing of it is written down", async () => {
  const cases = [
    ['{"nam":"x"}', "invalid_payload", /nam/],
    ['{"mint":"x"}', "invalid_payload", /mint/],
    ['{"price":1}', "invalid_payload", /price/],
    ['{"name":5}', "invalid_payload", /name/],
    ['{"name":""}', "invalid_payload", /name/],
    [JSON.stringify({ name: "x".repeat(129) }), "invalid_payload", /name/],
    [JSON.stringify({ symbol: "💧".repeat(33) }), "invalid_payload", /symbol/],
    [JSON.stringify({ description: "x".repeat(4097) }), "invalid_payload", /description/],
    [JSON.stringify({ uri: `https://${"x".repeat(2048)}` }), "invalid_payload", /uri/],
    [JSON.stringify({ name: "a\u0000b" }), "invalid_payload", /name/],
    [JSON.stringify({ name: "a\nb" }), "invalid_payload", /name/],
    [JSON.stringify({ description: "\u001b[31m" }), "invalid_payload", /description/],
    ['{"name":"\\ud800"}', "invalid_payload", /name/],
    ['{"image":"javascript:alert(1)"}', "invalid_payload", /image/],
    ['{"uri":"//example.com"}', "invalid_payload", /uri/],
    ['{"supply":-1}', "invalid_payload", /supply/],
    ['{"supply":"1,000"}', "invalid_payload", /supply/],
    ['{"supply":1e999}', "invalid_payload", /supply/],
    ['{"phase":"moon"}', "invalid_payload", /phase/],
    ['{"phase":null}', "invalid_payload", /phase/],
    ["[]", "invalid_payload", /./],
    ["[null,null]", "invalid_payload", /./],
    ['"x"', "invalid_payload", /./],
    ["null", "invalid_payload", /./],
    ["", "invalid_json", /./],
    ['{"name":"x"', "invalid_json", /./],
    [new Uint8Array([0x7b, 0xff, 0x7d]), "invalid_json", /UTF-8/],
  ];
  for (const [body, code, words] of cases) {
    const response = await service.request("/tokens/BAD", { method: "PUT", headers: PUBLISHER, body });
    const [status, found, detail] = await problem(response);
    assert.deepEqual([status, found], [400, code], String(body));
    assert.match(detail, words);
  }
  const [status, code] = await problem(await put("BAD", { description: "x".repeat(40_000) }));
  assert.deepEqual([status, code], [413, "payload_too_large"]);
  assert.equal((await get("/tokens/BAD")).status, 404);
});

test("only publishers write", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: SECRET }]) {
    const response = await put("STRANGE", { name: "x" }, headers);
    assert.match(response.headers.get("www-authenticate"), /Bearer/);
    assert.deepEqual((await problem(response)).slice(0, 2), [401, "unauthorized"]);
  }
  assert.equal((await get("/tokens/STRANGE")).status, 404);
});

test("a path that names no token, another method, and a token that nobody knows", async () => {
  for (const path of [
    "/tokens/a%20b",
    "/tokens/%00",
    "/tokens/wallet:x",
    "/tokens/user:x",
    "/tokens/walet:x",
  ]) {
    assert.deepEqual((await problem(await get(path))).slice(0, 2), [400, "invalid_topic"], path);
    assert.deepEqual((await problem(await put(path.slice(8), {}))).slice(0, 2), [400, "invalid_topic"], path);
  }
  const [status, code, detail] = await problem(await get("/tokens/UNKNOWN"));
  assert.deepEqual([status, code], [404, "not_found"]);
  assert.match(detail, /token/);
  const response = await service.request("/tokens/DROP", { method: "DELETE" });
  assert.equal(response.headers.get("allow"), "GET, HEAD, PUT, OPTIONS");
  assert.deepEqual((await problem(response)).slice(0, 2), [405, "method_not_allowed"]);
});

test("a client that has an answer already is told that it is still so", async () => {
  await put("TAGGED", { name: "Tagged" });
  for (const path of ["/tokens/TAGGED", "/tokens?limit=1"]) {
    const first = await get(path);
    const tag = first.headers.get("etag");
    assert.match(tag, /^W\/"[\w-]+"$/);
    assert.equal(first.headers.get("cache-control"), "public, max-age=0");
    for (const known of [tag, `"x", ${tag}`, "*"]) {
      const again = await get(path, { "if-none-match": known });
      assert.deepEqual([again.status, await again.text(), again.headers.get("etag")], [304, "", tag]);
    }
    assert.equal((await get(path, { "if-none-match": '"x"' })).status, 200);
  }
  const tag = (await get("/tokens/TAGGED")).headers.get("etag");
  await put("TAGGED", { name: "Tagged again" });
  assert.equal((await get("/tokens/TAGGED", { "if-none-match": tag })).status, 200);
});

test("HEAD is GET without the body, and pages of the operator's list may read both", async () => {
  for (const path of ["/tokens", "/tokens/DROP"]) {
    const head = await service.request(path, { method: "HEAD", headers: { origin: PAGE } });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    assert.equal(head.headers.get("etag"), (await get(path)).headers.get("etag"));
    assert.equal(head.headers.get("access-control-allow-origin"), PAGE);
    assert.match(head.headers.get("vary"), /origin/i);
    const other = await get(path, { origin: "https://elsewhere.example" });
    assert.equal(other.headers.get("access-control-allow-origin"), null);
  }
  const preflight = await service.request("/tokens/DROP", {
    method: "OPTIONS",
    headers: { origin: PAGE, "access-control-request-method": "PUT" },
  });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-methods"), /PUT/);
});

test("the list is complete page by page, newest first, without repeats while tokens are added", async () => {
  const listed = await startService();
  const database = (await listed.harness.getWorker().getEnv()).DATABASE;
  const insert = database.prepare(
    "INSERT INTO tokens (mint, phase, created_at, updated_at) VALUES (?, ?, ?, ?)",
  );
  const phases = ["bonding", "amm", null];
  // Many share their second, as tokens of one webhook do.
  const tokens = Array.from({ length: 57 }, (_, n) => ({
    mint: `T${n}`,
    phase: phases[n % 3],
    at: 1_700_000_000 + Math.floor(n / 10),
  }));
  await database.batch(tokens.map(({ mint, phase, at }) => insert.bind(mint, phase, at, at)));
  let added = 0;
  const walk = async (query) => {
    const found = [];
    for (let cursor = ""; cursor !== null; ) {
      const path = `/tokens?limit=7${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const page = await (await listed.request(path)).json();
      assert.ok(page.tokens.length <= 7);
      found.push(...page.tokens);
      added += 1;
      const at = 1_700_000_100 + added;
      await insert.bind(`ADDED${added}`, "amm", at, at).run();
      cursor = page.next;
    }
    return found.filter(({ token }) => token.startsWith("T"));
  };
  const all = await walk("");
  assert.equal(new Set(all.map(({ token }) => token)).size, 57);
  const times = all.map(({ createdAt }) => createdAt);
  assert.deepEqual(
    times,
    [...times].sort((one, other) => other - one),
  );
  for (const phase of ["bonding", "amm"]) {
    const found = await walk(`&phase=${phase}`);
    assert.deepEqual([found.length, new Set(found.map(({ token }) => token)).size], [19, 19]);
    assert.ok(found.every((token) => token.phase === phase));
  }
  const first = await (await listed.request("/tokens")).json();
  assert.equal(first.tokens.length, 50);
  assert.equal(first.tokens[0].token, `ADDED${added}`, "the newest");
});

test("a page of tokens with long descriptions ends at 256 KiB, and the list goes on there", async () => {
  const listed = await startService();
  const database = (await listed.harness.getWorker().getEnv()).DATABASE;
  const insert = database.prepare(
    "INSERT INTO tokens (mint, description, created_at, updated_at) VALUES (?, ?, ?, ?)",
  );
  const names = Array.from({ length: 20 }, (_, n) => `LONG${n}`);
  const description = '"é'.repeat(2_048);
  await database.batch(names.map((name, n) => insert.bind(name, description.repeat(4), n, n)));
  const found = [];
  let pages = 0;
  for (let cursor = ""; cursor !== null; pages += 1) {
    const response = await listed.request(`/tokens?limit=100${cursor && `&cursor=${cursor}`}`);
    const text = await response.text();
    assert.ok(text.length < 262_144 + 1_000, String(text.length));
    const { tokens, next } = JSON.parse(text);
    found.push(...tokens.map(({ token }) => token));
    cursor = next;
  }
  assert.deepEqual(found, names.toReversed());
  assert.equal(pages, 3);
});

test("a query for tokens that is not understood is refused, and the parameter named", async () => {
  for (const [query, name] of [
    ["phase=moon", "phase"],
    ["phase=", "phase"],
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=ten", "limit"],
    ["limit=-1", "limit"],
    ["limit=5&limit=6", "limit"],
    ["cursor=x", "cursor"],
    ["cursor=", "cursor"],
    ["cursor=MS5hJ2I%3D", "cursor"],
  ]) {
    const [status, code, detail] = await problem(await get(`/tokens?${query}`));
    assert.deepEqual([status, code], [400, "invalid_query"], query);
    assert.match(detail, new RegExp(name));
  }
  assert.equal((await get("/tokens?unknown=1&limit=1")).status, 200, "others are none of its business");
});

test("whoever deploys without the tables has them made, and a migration finds nothing to do", async () => {
  const bare = await startService({ migrate: false });
  const answers = await Promise.all([bare.request("/tokens"), bare.request("/tokens/NEW")]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 404],
  );
  await bare.harness.getWorker().applyD1Migrations("DATABASE");
  assert.deepEqual(await (await bare.request("/tokens")).json(), { tokens: [], next: null });
});
