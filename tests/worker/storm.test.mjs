// A short storm; `npm run storm` runs longer ones. A failure prints the seed that repeats it:
// `npm run storm -- --seed 1`.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startService, stopServices } from "./service.mjs";
import { storm } from "./storm.mjs";

after(stopServices);

const seed = Math.floor(Math.random() * 1_000_000);

for (const [what, build, panics] of [
  ["evictions", "worker", false],
  ["evictions and panics", "faulty", true],
]) {
  test(`a storm of reconnects, repeats, ${what}: nothing lost, doubled or out of order`, async () => {
    const service = await startService({ build });
    const report = await storm(service, {
      seed,
      seconds: 10,
      clients: 120,
      publishers: 6,
      topics: 3,
      panics,
    });
    assert.deepEqual(report.faults, [], `npm run storm -- --seed ${seed} --seconds 10`);
    assert.ok(report.published > 100 && report.resumed > 100 && report.repeated > 0, JSON.stringify(report));
    assert.ok(report.evictions > 0 && report.batches > 0, JSON.stringify(report));
    await service.stop();
  });
}
