// Builds the release and puts a crowd on one token: `npm run crowd`. The options are at the top of bench/crowd.mjs.

import { must } from "./shell.mjs";

await must("npm", ["run", "--silent", "build"]);
await must("node", ["bench/crowd.mjs", ...process.argv.slice(2)]);
