// The live page in a real browser, against `npm start`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Checkout, freePort } from "../checkout.mjs";
import { launchChromium } from "./chromium.mjs";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };

const run = promisify(execFile);
const checkout = new Checkout();
let port;
let service;
let browser;

/** Where screenshots go, for a person to look at; never into the repository. */
const pictures = process.env.GLOW_PICTURES;

before(async () => {
  port = await freePort();
  service = await checkout.start(port);
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  if (service) await checkout.stop(service);
  checkout.remove();
});

/** Opens the page and collects what goes wrong on it. */
async function open(viewport, options = {}) {
  const context = await browser.newContext({
    viewport,
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on(
    "console",
    (message) => /Content Security Policy/.test(message.text()) && faults.push(message.text()),
  );
  page.on("request", (request) => {
    if (!request.url().startsWith(`http://localhost:${port}/`)) faults.push(`loaded ${request.url()}`);
  });
  await page.goto(`http://localhost:${port}/`);
  await page.getByText("Live", { exact: true }).waitFor();
  return { page, faults };
}

/** Publishes as the terminal says, with another price. */
async function publish(price) {
  const { stdout } = await run("bash", ["-c", service.curl.replace("123.45", price)]);
  return JSON.parse(stdout.slice(stdout.indexOf("{")));
}

async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** Waits until the page shows a price. */
function shows(page, price) {
  return page.locator("#price").getByText(price, { exact: true }).waitFor();
}

/** The chart's pixels. */
function chart(page) {
  return page.locator("#chart").screenshot();
}

async function changes(page, before) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (!before.equals(await chart(page))) return;
  }
  assert.fail("the chart has not changed");
}

test("a price that is posted with the printed line is shown, and moves the chart", async () => {
  const { page, faults } = await open(PHONE);
  const blank = await chart(page);
  assert.equal((await publish("0.00007345")).success, true);
  await shows(page, "0.00007345");
  await changes(page, blank);

  const one = await chart(page);
  await publish("0.00008");
  await shows(page, "0.00008");
  assert.match(await page.locator("#change").textContent(), /▲ \+8\.92 %/);
  await changes(page, one);
  assert.match(
    await page.locator("#messages li").first().textContent(),
    /"price":0\.00008,"token":"SOL","seq":2\}/,
  );

  for (const price of pictures ? ["0.0000771", "0.0000832", "0.0000815", "0.0000868"] : []) {
    await publish(price);
    await page.waitForTimeout(1000);
  }
  await picture(page, "phone-light");
  assert.deepEqual(faults, []);
});

test("another token is picked by keyboard, has its own line, and can be shared as a link", async () => {
  const { page } = await open(DESK, { colorScheme: "dark" });
  await page.keyboard.press("Tab");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("BONK");
  await page.keyboard.press("Enter");
  await page.locator("#watched", { hasText: "BONK" }).waitFor();
  assert.match(page.url(), /\?token=BONK$/);
  assert.match(
    await page.locator("#curl").textContent(),
    new RegExp(`^curl -X POST 'http://localhost:${port}/broadcast/BONK' `),
  );
  await page.getByText("Live", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Copy" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const secret = /Bearer ([^"]+)/.exec(service.curl)[1];
  await run("bash", ["-c", copied], { env: { ...process.env, WEBHOOK_SECRET: secret } });
  await shows(page, "123.45");
  await picture(page, "desk-dark");

  await page.goBack();
  await page.locator("#watched", { hasText: "SOL" }).waitFor();
});

test("what is no topic can't be picked, and a topic that is refused says so", async () => {
  const { page } = await open(PHONE);
  await page.locator("#token").fill("SOL/USD");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("#token").evaluate((input) => input.validity.valid), false);
  assert.equal(await page.locator("#watched").textContent(), "SOL");

  await page.locator("#token").fill("wallet:9xQe");
  await page.keyboard.press("Enter");
  await page.getByText("Refused: this topic is private").waitFor();
  await page.locator("#token").fill("walet:9xQe");
  await page.keyboard.press("Enter");
  await page.getByText("Refused: this is not a topic").waitFor();
});

test("a name that no URL can hold is said to be no topic, and no socket is tried", async () => {
  const { page } = await open(DESK);
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  for (const token of ["..", "."]) {
    await page.goto(`http://localhost:${port}/?token=${token}`);
    await page.getByText("Refused: this is not a topic").waitFor();
  }
  assert.deepEqual(sockets, []);
});

test("there is a line to publish for what is a topic alone", async () => {
  const { page } = await open(DESK);
  for (const token of ["it's", "now!", "$(id)", "`id`", 'a"b', "a b", "a\nb", ".."]) {
    await page.goto(`http://localhost:${port}/?token=${encodeURIComponent(token)}`);
    await page.getByText("Refused: this is not a topic").waitFor();
    assert.equal(await page.locator("#curl").textContent(), "", token);
    for (const id of ["publishing", "copy", "life"])
      assert.equal(await page.locator(`#${id}`).isVisible(), false, `${token}: ${id}`);
  }
  await page.goto(`http://localhost:${port}/?token=feed:trades`);
  await page.getByText(`'http://localhost:${port}/broadcast/feed:trades'`).waitFor();
});

test("the page has nothing inline, connects to its own service alone, and is in nobody's frame", async () => {
  for (const path of ["/", "/assets/page.js", "/assets/page.css", "/openapi.json"]) {
    const { headers } = await fetch(`http://localhost:${port}${path}`);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("x-frame-options"), "DENY", path);
    assert.equal(headers.get("referrer-policy"), "no-referrer", path);
    assert.match(headers.get("permissions-policy"), /camera=\(\)/, path);
    const policy = headers.get("content-security-policy");
    assert.match(policy, /(^|; )default-src 'none'; .*connect-src 'self'; .*frame-ancestors 'none'/, path);
    assert.ok(!/unsafe|wss?:/.test(policy), path);
  }
  const { page, faults } = await open(DESK);
  await publish("77.5");
  await shows(page, "77.5");
  assert.deepEqual(faults, []);
  const outside = await freePort();
  const blocked = await page.evaluate(async (url) => {
    const violated = new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
        resolve(effectiveDirective),
      );
    });
    new WebSocket(url);
    return violated;
  }, `ws://localhost:${outside}/`);
  assert.equal(blocked, "connect-src");

  const framing = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<iframe src="http://localhost:${port}/"></iframe>`);
  });
  await new Promise((resolve) => framing.listen(0, "localhost", resolve));
  const stranger = await browser.newPage();
  const refused = stranger.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
  await stranger.goto(`http://localhost:${framing.address().port}/`);
  await refused;
  framing.close();
  framing.closeAllConnections();
});

test("when the service stops and starts, the page comes back by itself, where it left off", async () => {
  const { page } = await open(DESK);
  await checkout.stop(service);
  await page.locator('#state[data-state="waiting"], #state[data-state="connecting"]').waitFor();
  await picture(page, "desk-light-reconnecting");
  service = await checkout.start(port);
  await publish("98.5");
  const { seq } = await publish("99.5");
  await page.getByText("Live", { exact: true }).waitFor();
  await shows(page, "99.5");
  await page.locator("#messages", { hasText: '"price":98.5' }).waitFor();
  assert.ok(seq > 2, "the order went on where it was before the restart");
});

test("nothing on the page is wider than a phone, and everything can be reached and named", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page } = await open({ width: 320, height: 640 }, { colorScheme });
    await publish("0.000073451234");
    await shows(page, "0.000073451234");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    await picture(page, `small-${colorScheme}`);
    assert.equal(
      await page
        .getByRole("textbox", { name: "Token" })
        .or(page.getByRole("combobox", { name: "Token" }))
        .count(),
      1,
    );
    assert.equal(await page.getByRole("status").count(), 1);
    assert.equal(await page.getByRole("img", { name: /chart/i }).count(), 1);
    const focused = [];
    for (let n = 0; n < 12; n += 1) {
      await page.keyboard.press("Tab");
      focused.push(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
    }
    assert.ok(
      ["token", "BUTTON", "INPUT", "SUMMARY", "trades-scroll", "alerts-scroll", "scroll", "copy"].every(
        (id) => focused.includes(id),
      ),
      focused.join(),
    );
  }
});

test("the page of the integration guide works, opened from a file, and a Lambda's post reaches it", async () => {
  const file = join(checkout.path, "websocket-test.html");
  writeFileSync(
    file,
    `<!DOCTYPE html>
<html>
<head><title>WebSocket Test</title></head>
<body>
  <h1>WebSocket Test</h1>
  <div id="status">Disconnected</div>
  <div id="messages"></div>

  <script>
    // Connect to Cloudflare edge
    const ws = new WebSocket('ws://localhost:${port}/ws/TEST_TOKEN');

    ws.onopen = () => {
      document.getElementById('status').textContent = 'Connected';
      console.log('Connected to edge');
    };

    ws.onmessage = (event) => {
      const data = JSON.parse(event.data);
      console.log('Message:', data);
      document.getElementById('messages').innerHTML +=
        \`<div>\${JSON.stringify(data)}</div>\`;
    };

    ws.onerror = (error) => {
      console.error('WebSocket error:', error);
    };

    ws.onclose = () => {
      document.getElementById('status').textContent = 'Disconnected';
    };
  </script>
</body>
</html>`,
  );
  const page = await browser.newPage();
  await page.goto(`file://${file}`);
  await page.getByText("Connected", { exact: true }).waitFor();
  await page.getByText('"type":"connected"').waitFor();

  const lambda = await startLambda();
  await run("bash", [
    "-c",
    `curl -X POST http://localhost:${lambda.address().port}/webhook/price \\
  -H "Content-Type: application/json" \\
  -H "x-token: TEST_TOKEN" \\
  -d '{
    "type": "PRICE_UPDATE",
    "accounts": [
      {"address": "vault_sol", "nativeBalanceChange": 1000000000},
      {"address": "user", "nativeBalanceChange": -1000000}
    ],
    "txSignature": "test123",
    "slot": 123456,
    "timestamp": 1234567890
  }'`,
  ]);
  await page.getByText('"slot":123456,"signature":"test123","seq":1').waitFor();
  lambda.close();
});

/** The guide's AWS side: it takes the webhook, and forwards a price as the guide's handler does. */
async function startLambda() {
  const secret = /Bearer ([^"]+)/.exec(service.curl)[1];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { type, timestamp, slot, txSignature } = JSON.parse(text);
    const token = request.headers["x-token"];
    const answer = await fetch(`http://localhost:${port}/broadcast/${token}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" },
      body: JSON.stringify({ type, token, price: 0.00007345, timestamp, slot, signature: txSignature }),
    });
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
