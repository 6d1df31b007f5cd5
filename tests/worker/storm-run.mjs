// Runs a storm on each build, one after the other, with the options in its argument: what `npm run storm` calls.

import { startService, storeInMemory } from "./service.mjs";
import { storm } from "./storm.mjs";

const options = JSON.parse(process.argv[2]);
storeInMemory();
let faults = 0;
for (const [build, panics] of [
  ["worker", false],
  ["faulty", true],
]) {
  // Not in development: to take an object out of memory waits for the runtime without reading its log, and the runtime
  // waits until its log is read.
  const vars = { ENVIRONMENT: "staging", ROOM_CAPACITY: String(options.capacity) };
  const service = await startService({ build, vars });
  const report = await storm(service, { ...options, panics });
  console.log(panics ? "with evictions and panics" : "with evictions", report);
  faults += report.faults.length;
  await service.stop();
}
process.exit(faults > 0 ? 1 : 0);
