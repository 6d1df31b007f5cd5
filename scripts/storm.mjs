// A long storm on the real runtime: `npm run storm -- --seconds 300 --clients 400 --seed 1`. It prints what happened,
// and fails when anything was lost, doubled or out of order.

import { parseArgs } from "node:util";
import { fail, must } from "./shell.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "180" },
    clients: { type: "string", default: "150" },
    many: { type: "string", default: "50" },
    capacity: { type: "string", default: "16" },
    publishers: { type: "string", default: "9" },
    topics: { type: "string", default: "5" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const numbers = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));
for (const [name, number] of Object.entries(numbers)) {
  if (!Number.isInteger(number) || number < 0) fail(`--${name} is a whole number`);
}
await must("npm", ["run", "--silent", "build"]);
await must("npm", ["run", "--silent", "build"], { env: { GLOW_BUILD: "faulty" } });
await must("node", ["tests/worker/storm-run.mjs", JSON.stringify(numbers)]);
