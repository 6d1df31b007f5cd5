// A short storm; `npm run storm` runs longer ones. A failure prints the seed that repeats it:
// `npm run storm -- --seed 1`.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startService, stopServices, storeInMemory } from "./service.mjs";
import { storm } from "./storm.mjs";

storeInMemory();
after(stopServices);

const seed = Math.floor(Math.random() * 1_000_000);

for (const [what, build, panics] of [
  ["evictions", "worker", false],
  ["evictions, lost pushes and panics", "faulty", true],
]) {
  test(`a storm of reconnects, repeats, ${what}: nothing lost, doubled or out of order`, async () => {
    // Most clients are in relays. Not in development: see storm-run.mjs.
    const service = await startService({ build, vars: { ENVIRONMENT: "staging", ROOM_CAPACITY: "8" } });
    const report = await storm(service, {
      seed,
      seconds: 10,
      clients: 100,
      many: 20,
      publishers: 6,
      topics: 3,
      panics,
    });
    assert.deepEqual(report.faults, [], `npm run storm -- --seed ${seed} --seconds 10`);
    assert.ok(report.published > 100 && report.resumed > 100 && report.repeated > 0, JSON.stringify(report));
    const evictions = report.evictions + report.relayEvictions + report.roomsLost + report.relaysLost;
    assert.ok(evictions > 0 && report.batches > 0 && report.relays > 9, JSON.stringify(report));
    await service.stop();
  });
}
