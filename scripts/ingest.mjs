// Builds the release and sends it webhooks: `npm run ingest`. The options are at the top of bench/ingest.mjs.

import { fail, must, works } from "./shell.mjs";

if (!(await works("taskset", ["--version"])))
  fail("taskset is missing: it is in the package util-linux, on Linux");
await must("npm", ["run", "--silent", "build"]);
await must("taskset", ["-c", "1", "node", "bench/ingest.mjs", ...process.argv.slice(2)]);
