// `npm run demo` beside `npm start`, and what the page makes of it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Checkout, freePort } from "../checkout.mjs";
import { until } from "../worker/service.mjs";
import { launchChromium } from "./chromium.mjs";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };

/** Where screenshots go, for a person to look at; never into the repository. */
const pictures = process.env.GLOW_PICTURES;

const checkout = new Checkout();
let port;
let service;
let browser;

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

/** Starts `npm run demo`. */
function demo(options = [], at = port) {
  const env = { ...process.env, PORT: String(at) };
  const child = spawn("npm", ["run", "--silent", "demo", "--", ...options], {
    cwd: checkout.path,
    env,
    detached: true,
  });
  const started = { child, output: "", exited: new Promise((resolve) => child.on("close", resolve)) };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      started.output += data;
    });
  }
  return started;
}

async function open(viewport, colorScheme = "light", query = "") {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`http://localhost:${port}/${query}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return { page, faults };
}

/** Pictures of the page at both widths, light and dark. */
async function picture(name, query) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  for (const [width, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    for (const scheme of ["light", "dark"]) {
      const { page } = await open(viewport, scheme, query);
      await page.waitForTimeout(1_500);
      await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: true });
      await page.context().close();
    }
  }
}

async function get(path) {
  return (await fetch(`http://localhost:${port}${path}`)).json();
}

test("an empty page says how to get life, and has it once the demo runs", async (context) => {
  const { page } = await open(DESK);
  await page.getByText("No price in the last hour.").waitFor();
  await page.getByText("npm run demo", { exact: true }).waitFor();
  assert.equal(await page.locator("#simulated").isVisible(), false);
  await picture("empty");

  await page.getByText("Candles as a table").click();
  const started = performance.now();
  const running = demo(["--seed", "7"]);
  await page.getByText("Simulated market", { exact: true }).waitFor();
  await page.locator("#trades").getByText("▲ Buy").first().waitFor();
  await page.locator("#trades").getByText("▼ Sell").first().waitFor();
  await page.locator("#alerts").getByText("SOL").first().waitFor();
  context.diagnostic(`alive after ${Math.round(performance.now() - started)} ms, npm's start included`);
  await until("an hour is drawn", async () => (await page.locator("#candle-rows tr").count()) >= 60);
  assert.equal(await page.locator("#life").isVisible(), false);
  const price = page.locator("#price");
  const seen = await price.textContent();
  await until("the price moves", async () => (await price.textContent()) !== seen);
  await picture("demo", "?token=SOL");
  await until("a new token has a name", async () =>
    (await get("/tokens")).tokens.some(
      ({ token, name }) => token.includes("-") && name?.endsWith("(simulated)"),
    ),
  );
  process.kill(-running.child.pid, "SIGINT");
  await running.exited;
  assert.match(running.output, /seed 7, is on http:\/\/localhost:\d+\/[\s\S]*is closed/);
});

test("a second demo goes on from the first one, whose candles it leaves as they are", async () => {
  const earlier = async () => {
    const { candles } = await get("/tokens/SOL/prices?range=1h");
    return candles.slice(-40, -5).map(({ timestamp, close, volume }) => ({ timestamp, close, volume }));
  };
  const first = await earlier();
  const running = demo(["--seed", "7", "--seconds", "2", "--rate", "20"]);
  assert.equal(await running.exited, 0, running.output);
  const second = new Map((await earlier()).map((candle) => [candle.timestamp, candle]));
  for (const candle of first)
    if (second.has(candle.timestamp)) assert.deepEqual(second.get(candle.timestamp), candle);
  assert.ok(second.size > 30);
});

test("a token that nobody simulates has no badge, nor after one that is", async () => {
  const { page, faults } = await open(PHONE, "dark", "?token=SOL");
  await page.getByText("Simulated market", { exact: true }).waitFor();
  await page.locator("#token").fill("REAL");
  await page.keyboard.press("Enter");
  await page.locator("#watched", { hasText: "REAL" }).waitFor();
  assert.equal(await page.locator("#simulated").isVisible(), false);
  assert.deepEqual(
    faults.filter((fault) => !fault.includes("404")),
    [],
  );
});

test("the demo says what to do when it can't run", async () => {
  const ends = async (expected, ...started) => {
    const running = demo(...started);
    assert.equal(await running.exited, 1, running.output);
    assert.match(running.output, expected);
  };
  await ends(/^glow: nothing answers on http:\/\/localhost:\d+: run npm start first/, [], await freePort());
  await ends(/^glow: --seed is a whole number/, ["--seed", "x"]);
  await ends(/^glow: --rate is a whole number from 1 to 200/, ["--rate", "0"]);
  await ends(/^glow: Unknown option '--speed'/, ["--speed", "1"]);
  await ends(/^glow: Unexpected argument 'fast'/, ["fast"]);
  const path = join(checkout.path, ".dev.vars");
  const variables = readFileSync(path, "utf8");
  writeFileSync(path, variables.replace(/^WEBHOOK_SECRET=.*$/m, `WEBHOOK_SECRET=${"x".repeat(32)}`));
  await ends(/another WEBHOOK_SECRET than \.dev\.vars/, []);
  writeFileSync(path, "");
  await ends(/there is no WEBHOOK_SECRET in \.dev\.vars: run npm start/, []);
  writeFileSync(path, variables);
});
