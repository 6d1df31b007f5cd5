// The React hook of README.md, in a real React in a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SECRET, startService, stopServices } from "../worker/service.mjs";
import { launchChromium } from "./chromium.mjs";
import { serveHook } from "./hook-page.mjs";

let service;
let browser;
let pages;

before(async () => {
  service = await startService({ secrets: { WEBHOOK_SECRET: SECRET } });
  browser = await launchChromium();
  pages = await serveHook(service.origin);
});
after(async () => {
  await browser?.close();
  pages?.close();
  await stopServices();
});

test("the hook shows the price, and comes back after its room has cut it off", async () => {
  const page = await browser.newPage();
  await page.goto(`${pages.origin}/?token=HOOKED`);
  const shown = async (price) => {
    const output = page.locator("output", { hasText: String(price) });
    for (let tries = 0; tries < 200; tries += 1) {
      await service.publish("HOOKED", { type: "PRICE_UPDATE", price });
      if (await output.isVisible()) return;
      await page.waitForTimeout(50);
    }
    assert.fail(`${price} was not shown`);
  };
  await shown(0.00007345);
  await service.harness
    .getWorker()
    .evictDurableObject("BROADCAST_ROOM", { name: "HOOKED", webSockets: "close" });
  await shown(0.00008);
});
