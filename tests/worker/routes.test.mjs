// Every route and every refusal of the HTTP side, as a publisher or an operator meets it.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import { numbered, SECRET, startService, stopServices } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

/** A problem document's code, after checking that it is one. */
async function problem(response, status) {
  assert.equal(response.status, status);
  assert.match(response.headers.get("content-type"), /^application\/problem\+json/);
  const document = await response.json();
  assert.deepEqual(Object.keys(document), ["type", "title", "status", "code", "detail"]);
  assert.equal(document.status, status);
  assert.ok(document.detail.length > 0 && !document.detail.includes(SECRET));
  return document.code;
}

/** Sends a request as it is written, and returns the head and body of what comes back. */
function raw(text) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(service.origin);
    const socket = connect({ host: hostname, port });
    let answer = "";
    socket.on("connect", () => socket.write(text.replaceAll("\n", "\r\n")));
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      const [head, body] = answer.split("\r\n\r\n");
      if (body?.length >= Number(/content-length: (\d+)/i.exec(head)?.[1])) resolve(answer);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

test("GET /health says that all is well", async () => {
  const response = await service.request("/health");
  assert.equal(response.status, 200);
  const health = await response.json();
  assert.equal(health.status, "healthy");
  assert.equal(health.environment, "development");
  assert.match(health.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.match(health.version, /^\d+\.\d+\.\d+\+[0-9a-f]{12}$/);
  assert.equal((await service.request("/health", { method: "HEAD" })).status, 200);
});

test("a publication is counted, numbered, and delivered with the publisher's fields first", async () => {
  const subscriber = await service.subscribe("FIRST");
  const payload = '{"type":"PRICE_UPDATE","price":123.45,"timestamp":1234567890}';
  const response = await service.post("/broadcast/FIRST", payload);
  assert.equal(await response.text(), '{"success":true,"connections":1,"seq":1}');
  assert.equal(await subscriber.next(), payload.replace("}", ',"token":"FIRST","seq":1}'));
});

test("a payload may name its own token, and only its own", async () => {
  const subscriber = await service.subscribe("OWN");
  assert.equal((await service.publish("OWN", { token: "OWN", price: 1 })).status, 200);
  assert.equal(await subscriber.next(), '{"token":"OWN","price":1,"seq":1}');
  const response = await service.post("/broadcast/OWN", { token: "OTHER" });
  assert.equal(await problem(response, 400), "invalid_payload");
});

test("nobody publishes without the secret", async () => {
  const attempts = {
    "no authorization": {},
    "a wrong secret": { authorization: "Bearer wrong" },
    "the secret in another case": { authorization: `Bearer ${SECRET.toUpperCase()}` },
    "another scheme": { authorization: `Basic ${SECRET}` },
    "the bare secret": { authorization: SECRET },
    "half a signature": { "webhook-id": "msg_1", "webhook-signature": "v1,AAAA" },
  };
  for (const [name, headers] of Object.entries(attempts)) {
    for (const path of ["/broadcast/GUARDED", "/broadcast"]) {
      const response = await service.request(path, { method: "POST", headers, body: "{}" });
      assert.match(response.headers.get("www-authenticate"), /^Bearer/, name);
      assert.equal(await problem(response, 401), "unauthorized", name);
    }
  }
  assert.equal((await service.publish("GUARDED", {})).seq, 1, "none of the attempts was published");
});

test("a bearer in any other form, or in any other place, publishes nothing", async () => {
  const right = `Authorization: Bearer ${SECRET}`;
  const forms = {
    "behind a wrong one": `Authorization: Bearer wrong\n${right}`,
    "before a wrong one": `${right}\nAuthorization: Bearer wrong`,
    twice: `${right}\n${right}`,
    "with another in one header": `${right}, Bearer wrong`,
    "with a comma": `${right},`,
    "in quotes": `Authorization: Bearer "${SECRET}"`,
    "after a tab": `Authorization: Bearer\t${SECRET}`,
    "on another line": `Authorization: Bearer\n ${SECRET}`,
    "in base64": `Authorization: Bearer ${Buffer.from(SECRET).toString("base64")}`,
    "as a password": `Authorization: Basic ${Buffer.from(`:${SECRET}`).toString("base64")}`,
    "in another header": `X-Authorization: Bearer ${SECRET}\nProxy-Authorization: Bearer ${SECRET}`,
    "in a cookie": `Cookie: authorization=Bearer%20${SECRET}; token=${SECRET}`,
    "as a subprotocol": `Sec-WebSocket-Protocol: bearer.${SECRET}`,
  };
  const head = "HTTP/1.1\nHost: localhost\nConnection: close\nContent-Length: 2";
  for (const [name, form] of Object.entries(forms)) {
    const answer = await raw(`POST /broadcast/FORMS ${head}\n${form}\n\n{}`);
    assert.match(answer, /^HTTP\/1\.1 40[01] /, name);
  }
  for (const query of [`token=${SECRET}`, `access_token=${SECRET}`, `authorization=Bearer%20${SECRET}`]) {
    const response = await service.request(`/broadcast/FORMS?${query}`, { method: "POST", body: "{}" });
    assert.equal(await problem(response, 401), "unauthorized", query);
  }
  const { status } = await service.refused("/publish", { headers: { "sec-websocket-protocol": "x" } });
  assert.equal(status, 401);
  assert.equal((await service.publish("FORMS", {})).seq, 1);
});

test("a request whose end is told in two ways is one publication at most", async () => {
  const head = `POST /broadcast/SMUGGLED HTTP/1.1\nHost: localhost\nConnection: close\nAuthorization: Bearer ${SECRET}`;
  const hidden = "POST /broadcast/SMUGGLED HTTP/1.1\nHost: localhost\nContent-Length: 2\n\n{}";
  for (const request of [
    `${head}\nContent-Length: 2\nContent-Length: 4\n\n{}{}`,
    `${head}\nContent-Length: 4\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n${hidden}`,
    `${head}\nTransfer-Encoding: chunked\nContent-Length: 4\n\n2\n{}\n0\n\n${hidden}`,
    `${head}\nTransfer-Encoding: xchunked\nContent-Length: 2\n\n{}`,
    `${head}\nContent-Length: +2\n\n{}`,
    `${head}\nContent-Length: 2, 2\n\n{}`,
  ]) {
    const before = (await service.standing("SMUGGLED")).seq;
    const answer = await raw(request);
    const { seq } = await service.standing("SMUGGLED");
    assert.ok(seq - before <= (answer.startsWith("HTTP/1.1 200") ? 1 : 0), `${request}\n${answer}`);
  }
});

test("the scheme of the bearer is read in any case", async () => {
  const headers = { authorization: `bEARER ${SECRET}` };
  assert.equal(
    (await service.request("/broadcast/CASE", { method: "POST", headers, body: "{}" })).status,
    200,
  );
});

test("bad payloads are refused, each with its code, and take no place in the order", async () => {
  const bytes = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
  const cases = [
    ["nothing", "", 400, "invalid_json"],
    ["no JSON", "{oops", 400, "invalid_json"],
    ["two objects", "{}{}", 400, "invalid_json"],
    ["invalid UTF-8", bytes('{"a":"', [0xff, 0xfe], '"}'), 400, "invalid_json"],
    ["nested 10,000 deep", `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, 400, "invalid_json"],
    ["an array", "[1,2]", 400, "invalid_payload"],
    ["a text", '"text"', 400, "invalid_payload"],
    ["null", "null", 400, "invalid_payload"],
    ["the field seq", '{"seq":1}', 400, "reserved_field"],
    ["the field epoch", '{"epoch":"x"}', 400, "reserved_field"],
    ["the field snapshot", '{"snapshot":true}', 400, "reserved_field"],
    ["the field tokenSeq", '{"type":"TRADE","tokenSeq":9}', 400, "reserved_field"],
    ["a type of the service's own", '{"type":"gap","symbol":"SOL"}', 400, "reserved_field"],
    ["the same, written otherwise", '{"t\\u0079pe":"conn\\u0065cted"}', 400, "reserved_field"],
    ["an update with the field seq", '{"type":"BATCH_UPDATE","updates":[{"seq":1}]}', 400, "reserved_field"],
    ["an update of that type", '{"type":"BATCH_UPDATE","updates":[{"type":"gap"}]}', 400, "reserved_field"],
    ["updates that are none", '{"type":"BATCH_UPDATE","updates":{}}', 400, "invalid_payload"],
    ["65,537 bytes", `{"a":"${"x".repeat(65_537 - 8)}"}`, 413, "payload_too_large"],
    ["10 MB", `{"a":"${"x".repeat(10_000_000)}"}`, 413, "payload_too_large"],
  ];
  for (const [name, body, status, code] of cases) {
    const response = await service.post("/broadcast/STRICT", body);
    assert.equal(await problem(response, status), code, name);
  }
  const largest = `{"a":"${"x".repeat(65_536 - 8)}"}`;
  assert.equal((await service.post("/broadcast/STRICT", largest)).status, 200);
  assert.equal((await service.publish("STRICT", {})).seq, 2);
});

test("a byte-order mark before a body is passed over, on every route", async () => {
  const marked = (text) => `\u{feff}${text}`;
  const subscriber = await service.subscribe("MARKED");
  assert.equal((await service.post("/broadcast/MARKED", marked('{"n":1}'))).status, 200);
  const batch = await service.post(
    "/broadcast",
    marked('{"messages":[{"token":"MARKED","payload":{"n":2}}]}'),
  );
  assert.equal((await batch.json()).success, true);
  assert.deepEqual(await subscriber.take(2), numbered("MARKED", 1, 2));
  const headers = { authorization: `Bearer ${SECRET}` };
  const put = { method: "PUT", headers, body: marked('{"name":"Bonk"}') };
  assert.equal((await (await service.request("/tokens/MARKED", put)).json()).name, "Bonk");
});

test("a compressed body is told so, on every route that has one", async () => {
  const compressed = gzipSync('{"n":1}');
  const encoded = (coding) => ({ authorization: `Bearer ${SECRET}`, "content-encoding": coding });
  for (const [method, path] of [
    ["POST", "/broadcast/ENCODED"],
    ["POST", "/broadcast"],
    ["PUT", "/tokens/ENCODED"],
    ["POST", "/tokens/ENCODED/image"],
    ["POST", "/webhook/price"],
  ]) {
    for (const coding of ["gzip", "br", "zstd, gzip"]) {
      const headers = { ...encoded(coding), "x-token": "ENCODED" };
      const response = await service.request(path, { method, headers, body: compressed });
      assert.equal(response.headers.get("accept-encoding"), "identity");
      assert.equal(await problem(response, 415), "unsupported_media_type", path);
    }
  }
  const plain = { method: "POST", headers: encoded("identity"), body: "{}" };
  assert.equal((await service.request("/broadcast/ENCODED", plain)).status, 200);
});

test("no answer is taken for a page, whatever it is", async () => {
  const headers = { authorization: `Bearer ${SECRET}` };
  for (const [method, path, status] of [
    ["GET", "/health", 200],
    ["GET", "/nothing", 404],
    ["POST", "/broadcast/FRAMED", 200],
    ["OPTIONS", "/broadcast/FRAMED", 204],
    ["GET", "/tokens", 200],
    ["GET", "/images/none", 404],
    ["GET", "/publish", 426],
  ]) {
    const response = await service.request(path, {
      method,
      headers,
      body: method === "POST" ? "{}" : undefined,
    });
    assert.equal(response.status, status, path);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
    assert.match(
      response.headers.get("content-security-policy"),
      /default-src 'none'; frame-ancestors 'none'/,
      path,
    );
    assert.equal(response.headers.get("referrer-policy"), "no-referrer", path);
  }
});

test("a body of unknown length is refused just as clearly", async () => {
  const stream = new Blob([new Uint8Array(10_000_000).fill(97)]).stream();
  const headers = { authorization: `Bearer ${SECRET}` };
  const response = await service.request("/broadcast/STREAM", {
    method: "POST",
    headers,
    body: stream,
    duplex: "half",
  });
  assert.equal(await problem(response, 413), "payload_too_large");
  const small = new Blob(['{"a":1}']).stream();
  const accepted = await service.request("/broadcast/STREAM", {
    method: "POST",
    headers,
    body: small,
    duplex: "half",
  });
  assert.deepEqual(await accepted.json(), { success: true, connections: 0, seq: 1 });
});

test("bad topics are refused for publishers and subscribers alike", async () => {
  const topics = {
    "a NUL": "a%00b",
    "129 characters": "x".repeat(129),
    "a slash": "SOL%2FUSD",
    "a space": "SOL%20USD",
    "no ASCII": "%C3%A9",
    "no UTF-8": "%ff",
    "half an escape": "a%2",
    "an unknown namespace": "walet:abc",
    "a namespace alone": "feed:",
    nothing: "",
  };
  for (const [name, topic] of Object.entries(topics)) {
    const response = await service.post(`/broadcast/${topic}`, {});
    assert.equal(await problem(response, 400), "invalid_topic", name);
    const { status, text } = await service.refused(`/ws/${topic}`);
    assert.deepEqual([status, JSON.parse(text).code], [400, "invalid_topic"], name);
  }
});

test("%2e%2e never becomes a topic: it is resolved on its way, and what is left gets a clear answer", async () => {
  const head = (line) =>
    `${line} HTTP/1.1\nHost: localhost\nConnection: close\nAuthorization: Bearer ${SECRET}\n`;
  const posted = await raw(`${head("POST /broadcast/%2e%2e")}Content-Length: 2\n\n{}`);
  assert.match(posted, /^HTTP\/1\.1 405 [\s\S]*"code":"method_not_allowed"/);
  const upgrade =
    "Upgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n";
  const opened = await raw(head("GET /ws/%2e%2e").replace("close", "Upgrade") + upgrade);
  assert.match(opened, /^HTTP\/1\.1 404 [\s\S]*"code":"not_found"/);
});

test("a route says which methods it takes, and other paths that they are none", async () => {
  const cases = [
    ["POST", "/ws/SOL", "GET, OPTIONS"],
    ["DELETE", "/ws/SOL", "GET, OPTIONS"],
    ["PROPFIND", "/health", "GET, HEAD, OPTIONS"],
    ["SEARCH", "/ws/SOL", "GET, OPTIONS"],
    ["GET", "/broadcast/SOL", "POST, OPTIONS"],
    ["PUT", "/broadcast", "POST, OPTIONS"],
    ["GET", "/broadcast", "POST, OPTIONS"],
    ["POST", "/health", "GET, HEAD, OPTIONS"],
    ["POST", "/", "GET, HEAD, OPTIONS"],
  ];
  for (const [method, path, allow] of cases) {
    const response = await service.request(path, { method });
    assert.equal(response.headers.get("allow"), allow, `${method} ${path}`);
    assert.equal(await problem(response, 405), "method_not_allowed");
  }
  for (const path of ["/nothing", "/rooms", "/health/", "/broadcast/a/b", "/assets/nothing.js"]) {
    assert.equal(await problem(await service.request(path), 404), "not_found", path);
  }
});

test("a WebSocket route wants a handshake", async () => {
  const response = await service.request("/ws/SOL");
  assert.equal(response.headers.get("sec-websocket-version"), "13");
  assert.equal(await problem(response, 426), "upgrade_required");
});

test("a handshake without a key is answered, and leaves no socket behind", async () => {
  const answer = await raw(
    "GET /ws/KEYLESS HTTP/1.1\nHost: localhost\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n\n",
  );
  assert.match(answer, /^HTTP\/1\.1 4\d\d .*[\s\S]*Sec-WebSocket-Key/);
  assert.equal((await service.publish("KEYLESS", {})).connections, 0);
});

test("a private topic can be published to, and read by nobody who has not proved that it is theirs", async () => {
  for (const topic of ["wallet:9xQe", "user:1", "automation:1"]) {
    assert.equal((await service.publish(topic, {})).status, 200);
    const { status, text } = await service.refused(`/ws/${topic}`);
    assert.deepEqual([status, JSON.parse(text).code], [401, "unauthorized"]);
  }
});

test("POST /broadcast publishes many messages, in order, and one bad message does not stop the others", async () => {
  const [a, b] = [await service.subscribe("BATCH-A"), await service.subscribe("BATCH-B")];
  const messages = [
    { token: "BATCH-A", payload: { n: 1 }, id: "1" },
    { token: "BATCH-B", payload: { n: 2 } },
    { token: "no topic", payload: {} },
    { token: "BATCH-A", payload: [3] },
    { token: "BATCH-A", payload: { n: 4 } },
    { payload: {} },
    { token: "BATCH-A", payload: { seq: 1 } },
    { token: "BATCH-A", payload: { a: "x".repeat(65_536) } },
    { token: 5, payload: {}, id: 7 },
  ];
  const response = await service.post("/broadcast", { messages });
  assert.equal(response.status, 200);
  const { success, results } = await response.json();
  assert.equal(success, false);
  assert.deepEqual(
    results.map(({ detail, ...result }) => result),
    [
      { token: "BATCH-A", success: true, connections: 1, seq: 1 },
      { token: "BATCH-B", success: true, connections: 1, seq: 1 },
      { token: "no topic", success: false, code: "invalid_topic" },
      { token: "BATCH-A", success: false, code: "invalid_payload" },
      { token: "BATCH-A", success: true, connections: 1, seq: 2 },
      { token: null, success: false, code: "invalid_payload" },
      { token: "BATCH-A", success: false, code: "reserved_field" },
      { token: "BATCH-A", success: false, code: "payload_too_large" },
      { token: 5, id: 7, success: false, code: "invalid_payload" },
    ],
  );
  assert.deepEqual(await a.take(2), [
    '{"n":1,"token":"BATCH-A","seq":1}',
    '{"n":4,"token":"BATCH-A","seq":2}',
  ]);
  assert.equal(await b.next(), '{"n":2,"token":"BATCH-B","seq":1}');
});

test("a batch of a hundred to one topic costs its room one request, and one row holds it", async () => {
  const messages = Array.from({ length: 100 }, (_, n) => ({ token: "HUNDRED", payload: { n } }));
  const { success, results } = await (await service.post("/broadcast", { messages })).json();
  assert.equal(success, true);
  assert.deepEqual(
    results.map(({ seq }) => seq),
    Array.from({ length: 100 }, (_, n) => n + 1),
  );
  const published = service.logLines().filter(({ topic, room }) => topic === "HUNDRED" && room?.published);
  assert.deepEqual(
    published.map(({ room }) => room.published),
    [{ publications: 100, connections: 0 }],
  );
  const storage = await service.storage("HUNDRED");
  const [row, ...others] = await storage.exec("SELECT slot, first, publications FROM history");
  assert.deepEqual([row.slot, row.first, JSON.parse(row.publications).length, others], [0, 1, 100, []]);
});

test("a body that is no batch is refused as a whole", async () => {
  const many = { messages: Array.from({ length: 101 }, () => ({ token: "A", payload: {} })) };
  const cases = [
    ["{", 400, "invalid_json"],
    ["{}", 400, "invalid_payload"],
    ["[]", 400, "invalid_payload"],
    [many, 413, "payload_too_large"],
    [`{"messages":[],"padding":"${"x".repeat(1_048_576)}"}`, 413, "payload_too_large"],
  ];
  for (const [body, status, code] of cases) {
    assert.equal(await problem(await service.post("/broadcast", body), status), code);
  }
  assert.deepEqual(await (await service.post("/broadcast", { messages: [] })).json(), {
    success: true,
    results: [],
  });
});

test("a Standard Webhooks signature stands in for the bearer", async () => {
  const body = '{"type":"PRICE_UPDATE","price":1e-9}';
  const signer = new Webhook(SECRET, { format: "raw" });
  const send = (headers, text = body) =>
    service.request("/broadcast/SIGNED", { method: "POST", headers, body: text });
  const signed = (at, text = body) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signer.sign("msg_1", at, text),
  });
  assert.deepEqual(await (await send(signed(new Date()))).json(), { success: true, connections: 0, seq: 1 });
  for (const [name, headers, text] of [
    ["another body", signed(new Date()), '{"price":2}'],
    ["too old", signed(new Date(Date.now() - 301_000))],
    ["from the future", signed(new Date(Date.now() + 310_000))],
    ["another id", { ...signed(new Date()), "webhook-id": "msg_2" }],
    ["no signature", { ...signed(new Date()), "webhook-signature": "v1,bm90IGl0" }],
  ]) {
    assert.equal(await problem(await send(headers, text), 401), "unauthorized", name);
  }
  assert.equal((await service.publish("SIGNED", {})).seq, 2);
});

test("while a secret is rotated both are valid, and a whsec_ secret signs as the specification says", async () => {
  const fresh = `whsec_${Buffer.from("a key of twenty-four byte").toString("base64")}`;
  const rotating = await startService({
    secrets: { WEBHOOK_SECRET: fresh, WEBHOOK_SECRET_PREVIOUS: SECRET },
  });
  const send = (headers) => rotating.request("/broadcast/ROTATED", { method: "POST", headers, body: "{}" });
  const at = new Date();
  const signature = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(fresh).sign("msg_1", at, "{}"),
  };
  assert.equal((await send({ authorization: `Bearer ${SECRET}` })).status, 200);
  assert.equal((await send({ authorization: `Bearer ${fresh}` })).status, 200);
  assert.equal((await send(signature)).status, 200);
  assert.equal((await send({ authorization: "Bearer other" })).status, 401);
});

test("pages that are let in may read answers, others may not", async () => {
  const page = (origin, init) => service.request("/health", { headers: { origin }, ...init });
  const listed = await page("https://app.glow.trade");
  assert.equal(listed.headers.get("access-control-allow-origin"), "https://app.glow.trade");
  assert.equal(listed.headers.get("vary"), "origin");
  for (const origin of [
    "https://evil.example",
    "https://app.glow.trade.evil.example",
    "https://app.glow.trade:444",
  ]) {
    const foreign = await page(origin);
    assert.equal(foreign.headers.get("access-control-allow-origin"), null);
    assert.equal(foreign.headers.get("vary"), "origin", "so that nobody keeps it for another page");
  }
  const [one, other] = ["Origin: https://app.glow.trade", "Origin: https://evil.example"];
  for (const origins of [`${one}\n${other}`, `${other}\n${one}`]) {
    const answer = await raw(`GET /health HTTP/1.1\nHost: localhost\nConnection: close\n${origins}\n\n`);
    assert.match(answer, /^HTTP\/1\.1 200/);
    assert.doesNotMatch(answer, /access-control-allow-origin/i, origins);
  }

  const preflight = (origin) =>
    service.request("/broadcast/SOL", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
  const allowed = await preflight("https://app.glow.trade");
  assert.equal(allowed.status, 204);
  assert.match(allowed.headers.get("access-control-allow-methods"), /POST/);
  assert.match(allowed.headers.get("access-control-allow-headers"), /authorization/);
  assert.equal(await problem(await preflight("https://evil.example"), 403), "origin_not_allowed");

  const refusal = await service.request("/broadcast/SOL", {
    method: "POST",
    headers: { origin: "https://app.glow.trade" },
    body: "{}",
  });
  assert.equal(
    refusal.headers.get("access-control-allow-origin"),
    "https://app.glow.trade",
    "errors can be read too",
  );
});

test("without a secret nobody can publish, subscribers are served, and /health says what to do", async () => {
  for (const secrets of [{}, { WEBHOOK_SECRET: "" }, { WEBHOOK_SECRET: "  " }]) {
    const unset = await startService({ secrets });
    for (const authorization of ["Bearer ", "Bearer undefined", "Bearer  ", `Bearer ${SECRET}`]) {
      const init = { method: "POST", headers: { authorization }, body: "{}" };
      assert.equal(await problem(await unset.request("/broadcast/A", init), 503), "not_configured");
      assert.equal(await problem(await unset.request("/broadcast", init), 503), "not_configured");
    }
    const health = await unset.request("/health");
    assert.equal(health.status, 503);
    const { status, mistakes } = await health.json();
    assert.equal(status, "misconfigured");
    assert.deepEqual(
      mistakes.map(({ name }) => name),
      ["WEBHOOK_SECRET"],
    );
    assert.match((await unset.subscribe("A")).greeting, /"connected"/);
    await unset.stop();
  }
});

test("all mistakes of a configuration are told at once, by name and without values", async () => {
  const vars = { ROOM_CAPACITY: "hunter2", REQUIRE_ORIGIN: "hunter2", ALLOWED_ORIGINS: "hunter2" };
  const broken = await startService({ vars });
  const health = await broken.request("/health");
  assert.equal(health.status, 503);
  const text = await health.text();
  const { status, mistakes } = JSON.parse(text);
  assert.equal(status, "misconfigured");
  assert.deepEqual(
    mistakes.map(({ name }) => name),
    ["ALLOWED_ORIGINS", "REQUIRE_ORIGIN", "ROOM_CAPACITY"],
  );
  const logged = broken.logLines().find(({ event }) => event === "misconfigured");
  assert.deepEqual(logged.mistakes, mistakes);
  assert.ok(!text.includes("hunter2") && !broken.rawLog().join().includes("hunter2"));

  assert.equal(await problem(await broken.post("/broadcast/A", {}), 503), "not_configured");
  const { status: refused, text: refusal } = await broken.refused("/ws/A");
  assert.deepEqual([refused, JSON.parse(refusal).code], [503, "not_configured"]);
});

test("a log line says what was asked and what came of it, and never a secret, an address or whose topic it was", async () => {
  await service.publish("LOGGED", { price: 1 });
  await service.publish("wallet:9xQePrivate", { balance: 1 });
  await service.post("/broadcast/LOGGED", { price: 2 }, { "cf-ray": "8f0c1d2e3a4b5c6d-FRA" });
  const [own, line] = service
    .logLines()
    .filter(({ topic, event }) => event === "request" && topic === "LOGGED");
  assert.match(own.requestId, /^[0-9a-f-]{36}$/);
  assert.equal(line.requestId, "8f0c1d2e3a4b5c6d-FRA");
  assert.deepEqual(Object.keys(line), [
    "level",
    "event",
    "requestId",
    "method",
    "route",
    "status",
    "duration",
    "topic",
    "connections",
  ]);
  assert.deepEqual(
    [line.method, line.route, line.status, line.connections],
    ["POST", "/broadcast/:token", 200, 0],
  );
  const everything = service.rawLog().join("\n");
  for (const secret of [SECRET, "9xQePrivate", "127.0.0.1"]) assert.ok(!everything.includes(secret), secret);
});

test("production logs failures only", async () => {
  const production = await startService({ vars: { ENVIRONMENT: "production" } });
  await production.publish("QUIET", {});
  await production.request("/nothing");
  assert.deepEqual(production.logLines(), []);
});
