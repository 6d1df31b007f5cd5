// The real browser of the tests.

import { chromium } from "playwright-core";
import { chromium as pathOfChromium } from "../../scripts/chromium.mjs";

/** Starts the machine's Chromium, told not to speak to anybody else. */
export function launchChromium() {
  return chromium.launch({
    executablePath: pathOfChromium(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}
