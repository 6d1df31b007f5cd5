// Runs a swarm with the options in its argument: what `npm run swarm` calls.

import { startService, storeInMemory } from "./service.mjs";
import { swarm } from "./swarm-topics.mjs";

const { capacity, ...options } = JSON.parse(process.argv[2]);
storeInMemory();
const service = await startService({ vars: { ENVIRONMENT: "staging", ROOM_CAPACITY: String(capacity) } });
const report = await swarm(service, options);
console.log(report);
await service.stop();
process.exit(report.faults.length > 0 || report.received !== report.expected ? 1 : 0);
