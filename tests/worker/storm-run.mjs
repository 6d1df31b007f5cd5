// Runs a storm on each build, one after the other, with the options in its argument: what `npm run storm` calls.

import { startService } from "./service.mjs";
import { storm } from "./storm.mjs";

const options = JSON.parse(process.argv[2]);
let faults = 0;
for (const [build, panics] of [
  ["worker", false],
  ["faulty", true],
]) {
  const service = await startService({ build });
  const report = await storm(service, { ...options, panics });
  console.log(panics ? "with evictions and panics" : "with evictions", report);
  faults += report.faults.length;
  await service.stop();
}
process.exit(faults > 0 ? 1 : 0);
