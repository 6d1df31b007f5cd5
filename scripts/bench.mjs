// Measures the release build beside its peers: `npm run bench -- --help` is the top of bench/bench.mjs.

import { must } from "./shell.mjs";

const LOAD = [
  "--release",
  "--locked",
  "--manifest-path",
  "bench/load/Cargo.toml",
  "--target-dir",
  "target/load",
];

await must("npm", ["run", "--silent", "build"]);
await must("cargo", ["build", "--quiet", ...LOAD]);
await must("node", ["bench/bench.mjs", ...process.argv.slice(2)]);
