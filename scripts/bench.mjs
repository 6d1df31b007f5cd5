// Builds the release and the load generator, and measures: `npm run bench`. The options are at the top of
// bench/bench.mjs.

import { join } from "node:path";
import { fail, must, root, works } from "./shell.mjs";

if (!(await works("taskset", ["--version"])))
  fail("taskset is missing: it is in the package util-linux, on Linux");
await must("npm", ["run", "--silent", "build"]);
await must("cargo", ["build", "--quiet", "--release", "--locked"], { cwd: join(root, "bench", "load") });
await must("node", ["bench/bench.mjs", ...process.argv.slice(2)]);
