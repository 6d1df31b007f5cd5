// Where the machine's Chromium is.

import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The program's path; CHROMIUM names another one. */
export function chromium() {
  return [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
}
