// Thousands of sockets with many topics each, on the real runtime: `npm run swarm -- --sockets 2000 --messages 10000`. It
// prints what it came to, and fails when a socket did not get exactly its own.

import { parseArgs } from "node:util";
import { fail, must } from "./shell.mjs";

const { values } = parseArgs({
  options: {
    sockets: { type: "string", default: "2000" },
    topics: { type: "string", default: "500" },
    each: { type: "string", default: "50" },
    messages: { type: "string", default: "10000" },
    capacity: { type: "string", default: "500" },
  },
});
const numbers = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));
for (const [name, number] of Object.entries(numbers)) {
  if (!Number.isInteger(number) || number < 1) fail(`--${name} is a whole number from 1`);
}
await must("npm", ["run", "--silent", "build"]);
await must("node", ["tests/worker/swarm-topics-run.mjs", JSON.stringify(numbers)]);
