// placeholder until page lands
import { mkdirSync, writeFileSync } from "node:fs";
mkdirSync("dist/site", { recursive: true });
writeFileSync("dist/site/index.html", "<!doctype html><title>x</title>");
