// Many sockets with many topics each, in several relays; `npm run swarm` has more of both.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startService, stopServices, storeInMemory } from "./service.mjs";
import { swarm } from "./swarm-topics.mjs";

after(stopServices);

test("500 sockets with 50 topics each, of 500, get exactly their own of 2,000 messages, in order and once", {
  timeout: 120_000,
}, async () => {
  storeInMemory();
  const service = await startService({ vars: { ENVIRONMENT: "staging", ROOM_CAPACITY: "200" } });
  const report = await swarm(service, { sockets: 500, topics: 500, each: 50, messages: 2_000 });
  console.log(`# ${JSON.stringify(report)}`);
  assert.deepEqual(report.faults, []);
  assert.equal(report.received, report.expected);
});
