// The largest room there is: 32,768 sockets in one Durable Object.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { startService, stopServices, until } from "./service.mjs";

const FULL = 32_768;

/** The Worker that holds the sockets. */
const swarm = {
  config: {
    name: "swarm",
    main: join(import.meta.dirname, "swarm.mjs"),
    compatibility_date: "2026-11-17",
    services: [{ binding: "SERVICE", service: "glow-broadcast" }],
    durable_objects: { bindings: [{ name: "SWARM", class_name: "Swarm" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Swarm"] }],
  },
};

after(stopServices);

test("one post reaches all of a full room, and the next socket is refused at once", {
  timeout: 300_000,
}, async () => {
  // Not in development: its log has a line for every socket.
  const service = await startService({ vars: { ENVIRONMENT: "staging" }, beside: [swarm] });
  const ask = async (path) => (await service.harness.getWorker("swarm").fetch(`http://swarm${path}`)).json();

  // In steps, as one request may not last for ever.
  for (let open = 4096; open <= FULL; open += 4096) await ask(`/open?token=FULL&count=${open}`);
  assert.deepEqual(await service.publish("FULL", { price: 1e-9 }), {
    status: 200,
    success: true,
    connections: FULL,
    seq: 1,
  });

  const everybody = { open: FULL, frames: { '{"price":1e-9,"token":"FULL","seq":1}': FULL } };
  const report = await until(
    "all have got it",
    async () => {
      const report = await ask("/");
      return Object.keys(report.frames).length === 1 && report;
    },
    60,
  );
  assert.deepEqual(report, everybody);

  const started = performance.now();
  const next = await ask("/next?token=FULL");
  assert.equal(next.status, 503);
  assert.equal(next.body.code, "unavailable");
  assert.match(next.retryAfter, /^\d+$/);
  console.log(`# the refusal took ${Math.round(performance.now() - started)} ms`);
  assert.equal((await service.publish("FULL", {})).connections, FULL, "nobody was lost by it");
  assert.ok(service.logLines().some(({ topic, cause }) => topic === "FULL" && cause === "the room is full"));
});
