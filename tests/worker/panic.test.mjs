// What a panic costs: the request that caused it. Run on a build that panics on request; the release can't.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Follower } from "./follower.mjs";
import { startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService({ build: "faulty" });
});
after(stopServices);

test("a panic in the Worker costs that request and nothing else", async () => {
  const subscriber = await service.subscribe("T");
  assert.equal((await service.publish("T", { n: 1 })).seq, 1);

  const panicked = await service.request("/health?fault=panic");
  assert.equal(panicked.status, 503);
  assert.equal((await panicked.json()).code, "unavailable");

  assert.equal((await service.request("/health")).status, 200);
  assert.deepEqual(await service.publish("T", { n: 2 }), {
    status: 200,
    success: true,
    connections: 1,
    seq: 2,
  });
  assert.deepEqual(await subscriber.take(2), ['{"n":1,"token":"T","seq":1}', '{"n":2,"token":"T","seq":2}']);
});

test("a panic in a room costs that request, no socket, no place in the order, and no other room", async () => {
  const [subscriber, other] = [await service.subscribe("P"), await service.subscribe("Q")];
  await service.publish("P", { n: 1 });

  const panicked = await service.post("/broadcast/P", { fault: "panic" });
  assert.equal(panicked.status, 503);
  assert.equal((await panicked.json()).code, "unavailable");

  assert.deepEqual(await service.publish("P", { n: 2 }), {
    status: 200,
    success: true,
    connections: 1,
    seq: 2,
  });
  assert.deepEqual(await service.publish("Q", { n: 1 }), {
    status: 200,
    success: true,
    connections: 1,
    seq: 1,
  });
  assert.deepEqual(await subscriber.take(2), ['{"n":1,"token":"P","seq":1}', '{"n":2,"token":"P","seq":2}']);
  assert.equal(await other.next(), '{"n":1,"token":"Q","seq":1}');
});

test("the release has no such hook", () => {
  const folder = new URL("../../build/", import.meta.url);
  const has = (build) =>
    readFileSync(new URL(`${build}/index_bg.wasm`, folder)).includes("fault was injected");
  assert.equal(has("faulty"), true);
  assert.equal(has("worker"), false);
});

test("requests that a panic takes down with it are answered, not left waiting, and the order has no double", async () => {
  // It comes back when it is asked to, as it is when the panic falls on a batch on its way.
  const follower = await Follower.start(service, "R");
  const posts = Array.from({ length: 40 }, (_, n) =>
    service.post("/broadcast/R", n === 20 ? { fault: "panic" } : { n }),
  );
  const statuses = (await Promise.all(posts)).map((response) => response.status);
  assert.ok(
    statuses.every((status) => status === 200 || status === 503),
    `${statuses}`,
  );
  assert.equal(statuses[20], 503);

  const last = (await service.publish("R", { last: true })).seq;
  await until("it has the last one", () => follower.publications.at(-1)?.seq === last);
  follower.stop();
  assert.ok(follower.hasAll(last), "everything once, and in order");
  const delivered = new Set(follower.publications.map(({ n }) => n));
  const acknowledged = statuses.flatMap((status, n) => (status === 200 ? [n] : []));
  assert.ok(
    acknowledged.every((n) => delivered.has(n)),
    "what was acknowledged was delivered",
  );
});
