// The React hook of README.md, in a real React in a real browser.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { blocks } from "../readme.mjs";
import { SECRET, startService, stopServices } from "../worker/service.mjs";
import { launchChromium } from "./chromium.mjs";

let service;
let browser;
let pages;

before(async () => {
  service = await startService({ secrets: { WEBHOOK_SECRET: SECRET } });
  browser = await launchChromium();
  const script = await bundle(service.origin.replace("http", "ws"));
  pages = createServer((request, response) => {
    const isScript = request.url === "/app.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<div id="app"></div><script type="module" src="/app.js"></script>');
  });
  await new Promise((resolve) => pages.listen(0, "localhost", resolve));
});
after(async () => {
  await browser?.close();
  pages?.close();
  await stopServices();
});

/** The hook in the smallest app there is. */
async function bundle(base) {
  const [hook] = blocks("jsx");
  const app = `
    import { createRoot } from "react-dom/client";
    ${hook.replace("ws://localhost:8787", base)}
    const App = () => <output>{usePrice("HOOKED") ?? "none"}</output>;
    createRoot(document.getElementById("app")).render(<App />);
  `;
  const { outputFiles } = await build({
    stdin: { contents: app, loader: "jsx", resolveDir: join(import.meta.dirname, "..", "..") },
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles[0].text;
}

test("the hook shows the price, and comes back after its room has cut it off", async () => {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${pages.address().port}/`);
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
