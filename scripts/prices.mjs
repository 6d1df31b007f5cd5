// Charts and retention where the database is full: `npm run prices -- --tokens 500 --days 14 --minutes 60 --asks 100`.
// `minutes` are those of each hour in which something was traded. It prints what it came to, and fails when a chart is not
// what was written down, never for a time.

import { parseArgs } from "node:util";
import { fail, must } from "./shell.mjs";

const { values } = parseArgs({
  options: {
    tokens: { type: "string", default: "500" },
    days: { type: "string", default: "14" },
    minutes: { type: "string", default: "60" },
    asks: { type: "string", default: "100" },
  },
});
const numbers = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));
for (const [name, number] of Object.entries(numbers)) {
  if (!Number.isInteger(number) || number < 1) fail(`--${name} is a whole number from 1`);
}
if (numbers.minutes > 60) fail("--minutes is at most 60");
await must("npm", ["run", "--silent", "build"]);
await must("node", ["tests/worker/prices-run.mjs", JSON.stringify(numbers)]);
