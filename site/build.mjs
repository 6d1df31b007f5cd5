// Bundles the live page into dist/site, and puts what describes the service beside it. Nothing on the page is loaded from
// anywhere else.

import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const site = dirname(fileURLToPath(import.meta.url));
const out = join(site, "..", "dist", "site");

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "assets"), { recursive: true });
await build({
  entryPoints: [join(site, "page.ts"), join(site, "page.css")],
  outdir: join(out, "assets"),
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "safari16"],
  legalComments: "linked",
  logLevel: "warning",
});
copyFileSync(join(site, "icon.svg"), join(out, "assets", "icon.svg"));
for (const file of ["index.html", "openapi.json", "asyncapi.json", "_headers"]) {
  copyFileSync(join(site, file), join(out, file));
}
