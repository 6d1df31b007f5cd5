// Measures the release build beside its peer: `npm run bench -- --sockets 1000 --rounds 20`.

import { must } from "./shell.mjs";

await must("npm", ["run", "--silent", "build"]);
await must("node", ["bench/fanout.mjs", ...process.argv.slice(2)]);
