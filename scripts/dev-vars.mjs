// .dev.vars: the variables of the service on this machine. It runs on whatever Node the machine has.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./shell.mjs";

/** The file. */
export const devVarsPath = join(root, ".dev.vars");

/** What the file says; nothing where there is none. */
export function readDevVars() {
  return existsSync(devVarsPath) ? readFileSync(devVarsPath, "utf8") : "";
}

/** A variable's value in what the file says; none, or an empty one, where it has none. */
export function devVar(text, name) {
  return text.match(new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*["']?(.*?)["']?[ \\t]*$`, "m"))?.[1];
}
