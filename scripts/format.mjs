// Formats everything the way `npm test` wants it.

import { packages, rust } from "./setup.mjs";
import { must } from "./shell.mjs";

await packages();
await rust();
await must("cargo", ["fmt"]);
await must("biome", ["check", "--write"]);
