// A signed request that somebody captured is good for nothing: not on another route or topic, not where there is no body,
// and not for a second time, however much was published since. Whoever signed it may still repeat it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { range, SECRET, startService, stopServices, until } from "./service.mjs";

const PUBLISHER = { authorization: `Bearer ${SECRET}`, "content-type": "application/json" };
/** How many messages of a topic are held. */
const HISTORY = 256;

let service;
before(async () => {
  service = await startService({ secrets: { WEBHOOK_SECRET: SECRET, AUTH_SECRET: "x".repeat(32) } });
});
after(stopServices);

/** The headers of a request that the specification's own signer signed. */
function signature(id, body, at = new Date()) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET, { format: "raw" }).sign(id, at, body),
  };
}

/** What an object remembers of each request; `null` where it stores nothing at all. */
async function remembered(on) {
  const worker = on.harness.getWorker();
  const objects = range(0, 15).map(async (n) => {
    const storage = await worker.getDurableObjectStorage("SIGNED_REQUESTS", { name: `signed-${n}` });
    // One statement: the object may delete all that it stores between two.
    return storage.exec("SELECT id, expires FROM signed_requests").catch((error) => {
      if (error.message.includes("no such table")) return null;
      throw error;
    });
  });
  return Promise.all(objects);
}

async function send(method, path, headers, body) {
  const response = await service.request(path, { method, headers, body });
  return { status: response.status, ...(await response.json()) };
}

const post = (path, headers, body) => send("POST", path, headers, body);

/** Publishes as many messages as a topic holds, and more. */
async function fillHistory(token) {
  for (const _ of range(1, Math.ceil(HISTORY / 100))) {
    const messages = range(1, 100).map((n) => ({ token, payload: { n } }));
    await service.post("/broadcast", { messages });
  }
}

function refused({ status, code, detail }) {
  assert.deepEqual([status, code], [401, "unauthorized"]);
  assert.match(detail, /webhook-id was used before/);
}

test("a body that was signed for one topic is taken at no other, and on no other route", async () => {
  const body = '{"secret":"for its owner"}';
  const headers = signature("msg_private", body);
  const everybody = await service.subscribe("T2PUBLIC");
  const first = await post("/broadcast/wallet:Victim", headers, body);
  assert.deepEqual([first.status, first.seq], [200, 1]);
  refused(await post("/broadcast/T2PUBLIC", headers, body));
  refused(await send("PUT", "/tokens/T2PUBLIC", signature("msg_private", '{"name":"x"}'), '{"name":"x"}'));
  refused(await post("/tokens/T2PUBLIC/image", headers, body));
  assert.deepEqual(await everybody.soFar(), []);

  const token = '{"name":"Bonk"}';
  const named = signature("msg_token", token);
  assert.equal((await send("PUT", "/tokens/SIGNED-BONK", named, token)).status, 201);
  refused(await send("PUT", "/tokens/OTHER", named, token));
  refused(await post("/broadcast/SIGNED-BONK", named, token));
});

test("a signature opens no route that has no body", async () => {
  const headers = signature("msg_empty", "");
  for (const path of ["/rooms/SIGNED", "/publish"]) {
    const refusal = await service.refused(path, { headers });
    assert.equal(refusal.status, 401, path);
    assert.equal(JSON.parse(refusal.text).code, "unauthorized", path);
  }
  assert.equal((await service.request("/rooms/SIGNED", { headers: PUBLISHER })).status, 200);
});

test("a signed message is published once, also when its topic no longer holds it", async () => {
  const body = '{"n":"once"}';
  const headers = signature("msg_once", body);
  assert.equal((await post("/broadcast/ONCE", headers, body)).seq, 1);
  await fillHistory("ONCE");
  const again = await post("/broadcast/ONCE", headers, body);
  assert.deepEqual(again, { status: 200, success: true, connections: 0, seq: 1, duplicate: true });
  // A publisher that tries again signs anew, under the same id.
  const later = signature("msg_once", body, new Date(Date.now() + 1_000));
  assert.deepEqual(await post("/broadcast/ONCE", later, body), again);
  const { seq } = await service.publish("ONCE", {});
  assert.equal(seq, 302);
});

test("a signed message is known by its signed id, whatever key somebody sends beside it", async () => {
  const body = '{"n":"keyed"}';
  const headers = signature("msg_keyed", body);
  assert.equal((await post("/broadcast/KEYED", headers, body)).seq, 1);
  for (const key of ["another", "msg_keyed", "x".repeat(255)]) {
    const again = await post("/broadcast/KEYED", { ...headers, "idempotency-key": key }, body);
    assert.deepEqual([again.seq, again.duplicate], [1, true], key);
  }
});

test("a signed batch is published once, each of its messages", async () => {
  const messages = [
    { token: "ONCE-A", payload: { n: 1 } },
    { token: "ONCE-A", payload: { n: 1 } },
    { token: "ONCE/B", payload: { n: 1 } },
    { token: "ONCE-B", payload: { n: 1 }, id: "own" },
  ];
  const body = JSON.stringify({ messages });
  const headers = signature("msg_batch", body);
  const first = await post("/broadcast", headers, body);
  assert.deepEqual(
    first.results.map(({ seq, code }) => seq ?? code),
    [1, 2, "invalid_topic", 1],
  );
  await Promise.all([fillHistory("ONCE-A"), fillHistory("ONCE-B")]);
  const second = await post("/broadcast", headers, body);
  assert.deepEqual(
    second.results,
    first.results.map((result) => (result.success ? { ...result, connections: 0, duplicate: true } : result)),
  );
});

test("two of the same signed message at the same time become one publication", async () => {
  for (const round of range(1, 5)) {
    const body = JSON.stringify({ round });
    const headers = signature(`msg_twin_${round}`, body);
    const answers = await Promise.all([1, 2, 3].map(() => post("/broadcast/SIGNED-TWINS", headers, body)));
    assert.deepEqual(
      answers.map(({ status, seq }) => [status, seq]),
      [1, 2, 3].map(() => [200, round]),
    );
    assert.equal(answers.filter(({ duplicate }) => duplicate).length, 2);
  }
});

test("a signed description of a token is not put back over a newer one, and its repeat is answered", async () => {
  const old = '{"name":"Old"}';
  const headers = signature("msg_old", old);
  assert.equal((await send("PUT", "/tokens/DESCRIBED", headers, old)).name, "Old");
  await send("PUT", "/tokens/DESCRIBED", PUBLISHER, '{"name":"New"}');
  const again = await send("PUT", "/tokens/DESCRIBED", headers, old);
  assert.deepEqual([again.status, again.name], [200, "New"]);
  assert.equal((await (await service.request("/tokens/DESCRIBED")).json()).name, "New");
});

test("a signed wish for a picture gives one permission", async () => {
  const headers = signature("msg_image", "{}");
  const first = await post("/tokens/PICTURED/image", headers, "{}");
  assert.equal(first.status, 200);
  refused(await post("/tokens/PICTURED/image", headers, "{}"));
});

test("a stranger's signature makes nothing be remembered, and a publisher's is until it ends", async () => {
  const worker = service.harness.getWorker();
  const objects = () => worker.listDurableObjectIds("SIGNED_REQUESTS");
  const ids = await objects();
  assert.ok(ids.length > 0 && ids.length <= 16, String(ids.length));
  const rows = async () => {
    const all = (await remembered(service)).flatMap((requests) => requests ?? []);
    for (const { expires } of all) {
      assert.ok(expires <= Date.now() + 302_000, "until its signature ends, and no longer");
    }
    return all.length;
  };
  const known = await rows();
  assert.ok(known >= 10, String(known));
  for (const n of range(1, 50)) {
    const wrong = { ...signature(`msg_stranger_${n}`, "{}"), "webhook-signature": "v1,bm90IGl0" };
    assert.equal((await post("/broadcast/STRANGER", wrong, "{}")).status, 401);
    await service.publish("STRANGER", {}, { "idempotency-key": `bearer-${n}` });
  }
  assert.equal(await rows(), known);
});

test("a request is forgotten when its signature has ended, and then nothing is stored of any", async () => {
  const brief = await startService({ build: "faulty" });
  const publish = (id, at) =>
    brief.request("/broadcast/FORGOTTEN", { method: "POST", headers: signature(id, "{}", at), body: "{}" });
  const rows = async () => (await remembered(brief)).flatMap((requests) => requests ?? []);
  assert.equal((await publish("msg_new", new Date())).status, 200);
  const [kept, ...others] = await rows();
  assert.deepEqual(others, []);
  // A signature is good until five minutes after the time that it names.
  assert.equal((await publish("msg_ending", new Date(Date.now() - 298_000))).status, 200);
  assert.equal((await rows()).length, 2);
  await until("the one that has ended is forgotten", async () => (await rows()).length === 1);
  assert.deepEqual(await rows(), [kept]);

  const place = (await remembered(brief)).findIndex((requests) => requests?.length > 0);
  const worker = brief.harness.getWorker();
  const storage = await worker.getDurableObjectStorage("SIGNED_REQUESTS", { name: `signed-${place}` });
  await storage.exec("UPDATE signed_requests SET expires = 0");
  await until("nothing is stored", async () =>
    (await remembered(brief)).every((requests) => requests === null),
  );
});

test("an id that is long or of any script is remembered as short as another", async () => {
  const id = "x".repeat(255);
  const headers = signature(id, "{}");
  assert.equal((await post("/broadcast/LONG-ID", headers, "{}")).status, 200);
  assert.equal((await post("/broadcast/LONG-ID", headers, "{}")).duplicate, true);
  refused(await post("/broadcast/LONG-ID-2", headers, "{}"));
});
