// Runs wrangler with the packages and tools that it needs: `npm run deploy -- --env staging`, `npm run tail`.

import { forBuilding, packages } from "./setup.mjs";
import { run } from "./shell.mjs";

const [command, ...options] = process.argv.slice(2);
await (command === "deploy" ? forBuilding() : packages());
process.exit(await run("wrangler", [command, ...options]));
