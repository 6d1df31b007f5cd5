// The largest room there is: 32,768 sockets in one Durable Object, and what comes past it.

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

test("one post reaches all of a full room, and the next socket is placed in a relay at once", {
  timeout: 300_000,
}, async () => {
  // Not in development: its log has a line for every socket.
  const vars = { ENVIRONMENT: "staging", ROOM_CAPACITY: String(FULL) };
  const service = await startService({ vars, beside: [swarm] });
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
  assert.equal(next.status, 101);
  console.log(`# to place it took ${Math.round(performance.now() - started)} ms`);
  assert.match(next.frames[0], /^\{"type":"connected",.*"token":"FULL",.*"seq":1,/);
  assert.equal(next.frames[1], '{"price":1e-9,"token":"FULL","seq":1,"snapshot":true}');
  const { connections } = await service.standing("FULL");
  assert.deepEqual(connections, { total: FULL + 1, here: FULL, relays: 1 });
  assert.equal((await service.publish("FULL", {})).connections, FULL + 1, "nobody was lost by it");
  assert.deepEqual(
    service.logLines().filter(({ level }) => level === "error"),
    [],
  );
});
