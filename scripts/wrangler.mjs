// Runs wrangler with the packages and tools that it needs: `npm run deploy -- --env staging`, `npm run tail`.

import { deploy } from "./migrations.mjs";
import { packages } from "./setup.mjs";
import { run } from "./shell.mjs";

const [command, ...options] = process.argv.slice(2);
if (command === "deploy") {
  await packages();
  process.exit(await deploy(options));
}
await packages();
process.exit(await run("wrangler", [command, ...options]));
