// The page's chart against everything that was published, whatever happens to its connection.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SECRET, startService, stopServices, until } from "../worker/service.mjs";
import { launchChromium } from "./chromium.mjs";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const MINUTE = 60;
const TRADER = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

/** Where screenshots go, for a person to look at; never into the repository. */
const pictures = process.env.GLOW_PICTURES;

let service;
let browser;

before(async () => {
  service = await startService({ secrets: { WEBHOOK_SECRET: SECRET } });
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await stopServices();
});

/** Opens a token's page, and the table of its candles. */
async function open(token, { viewport = DESK, query = "", hasTable = true, ...options } = {}) {
  const context = await browser.newContext({ viewport, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(`${service.origin}/?token=${token}${query}`);
  await page.getByText("Live", { exact: true }).waitFor();
  if (hasTable) await page.getByText("Candles as a table").click();
  return { page, faults };
}

async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/** A token's trades, as a publisher tells them. */
class Trades {
  told = [];

  constructor(token, price = 5.5e-8) {
    this.token = token;
    this.price = price;
    this.now = Math.floor(Date.now() / 1000);
  }

  /** Publishes a trade that happened so many seconds before the first one was told. */
  async tell(secondsAgo, times, more = {}) {
    const number = this.told.length + 1;
    const price = Number((this.price * times).toPrecision(12));
    const trade = {
      type: "TRADE",
      side: number % 3 === 0 ? "sell" : "buy",
      amount: String(1_000 * number),
      quoteAmount: String(price * 1_000 * number),
      price,
      quote: "SOL",
      valueUsd: 10 + number,
      trader: TRADER,
      dex: "pumpfun",
      source: "bonding",
      timestamp: this.now - secondsAgo,
      slot: 300_000_000 - secondsAgo,
      signature: `${this.token}-${number}`,
      ...more,
    };
    this.told.push(trade);
    const { status } = await service.publish(this.token, trade);
    assert.equal(status, 200);
  }

  /** The candles of everything that was told: when each begins, open, high, low, close, volume, trades. */
  candles(step = MINUTE) {
    const candles = new Map();
    const inOrder = this.told.toSorted((a, b) => a.timestamp - b.timestamp || a.slot - b.slot);
    for (const { timestamp, price, amount } of inOrder) {
      const start = timestamp - (timestamp % step);
      const [, open, high, low, , volume, trades] = candles.get(start) ?? [
        start,
        price,
        price,
        price,
        0,
        0,
        0,
      ];
      const [most, least] = [Math.max(high, price), Math.min(low, price)];
      candles.set(start, [start, open, most, least, price, volume + Number(amount), trades + 1]);
    }
    return [...candles.values()].sort(([a], [b]) => a - b);
  }
}

/** The candles in the page's table, as `Trades.candles` gives them. */
async function drawn(page) {
  const rows = await page
    .locator("#candle-rows tr")
    .evaluateAll((all) =>
      all.map((row) => [
        Date.parse(row.querySelector("time").dateTime) / 1000,
        ...[...row.querySelectorAll("data")].map(({ value }) => Number(value)),
      ]),
    );
  return rows.reverse();
}

/** Waits until the page has drawn the candles of everything that was told. */
async function shows(page, trades, step) {
  const expected = JSON.stringify(trades.candles(step));
  let last;
  const isShown = async () => {
    last = JSON.stringify(await drawn(page));
    return last === expected;
  };
  // The past is read again some seconds after the last time, and at random.
  await until("the chart is that of all trades", isShown, 60).catch(({ message }) => {
    assert.equal(last, expected, message);
  });
}

test("the chart goes on from the past without a hole, and what is told late lands in its own minute", async () => {
  const trades = new Trades("PAST");
  for (let minutes = 40; minutes > 2; minutes -= 1) {
    await trades.tell(minutes * MINUTE, 1 + Math.sin(minutes / 5) / 3);
    await trades.tell(minutes * MINUTE - 20, 1 + Math.sin(minutes / 4) / 3);
  }
  const { page, faults } = await open("PAST", { viewport: PHONE });
  await shows(page, trades);
  await trades.tell(0, 1.2);
  await trades.tell(MINUTE, 1.4);
  await trades.tell(MINUTE + 30, 0.6);
  await trades.tell(1, 0.9);
  await shows(page, trades);
  await page.locator("#price").getByText("0.0₇66", { exact: true }).waitFor();
  assert.equal(await page.locator("#trades li").count(), 30, "the last trades, those of before included");
  await trades.tell(20 * MINUTE, 1.5);
  await shows(page, trades);
  assert.deepEqual(faults, []);
  await page.getByText("Candles as a table").click();
  await picture(page, "chart-phone-light");
});

test("a token that nobody has heard of gets its chart from the socket", async () => {
  const { page } = await open("NOBODY");
  await page.getByText("No price in the last hour.").waitFor();
  const trades = new Trades("NOBODY", 0.0042);
  await trades.tell(30, 1);
  await trades.tell(90, 1.1);
  await trades.tell(2, 1.2);
  await shows(page, trades);
  await page.getByRole("radio", { name: "1d", exact: true }).check();
  await shows(page, trades, 15 * MINUTE);
  await trades.tell(1, 1.3);
  await shows(page, trades, 15 * MINUTE);
});

test("while the past can't be read, what comes is drawn, and the rest follows", async () => {
  const trades = new Trades("FAULTY");
  await trades.tell(90, 1);
  await trades.tell(30, 1.1);
  const context = await browser.newContext({ viewport: DESK });
  const page = await context.newPage();
  await page.route("**/tokens/**", (route) => route.abort());
  await page.goto(`${service.origin}/?token=FAULTY`);
  await page.getByText("The past can’t be read now. What comes is drawn.").waitFor();
  await page.getByText("Candles as a table").click();
  await trades.tell(2, 1.2);
  await page.locator("#price").getByText("0.0₇66", { exact: true }).waitFor();
  await page.unroute("**/tokens/**");
  await shows(page, trades);
  assert.equal(await page.locator("#past").textContent(), "");
});

test("what is traded while the page is cut off is in the chart when it comes back", async () => {
  const trades = new Trades("CUT");
  for (let n = 0; n < 10; n += 1) await trades.tell(600 - 50 * n, 1 + n / 20);
  const { page, faults } = await open("CUT", { colorScheme: "dark" });
  await shows(page, trades);
  await page.context().setOffline(true);
  await service.evict("CUT", "close");
  await page.locator('#state:not([data-state="live"])').waitFor();
  for (let n = 0; n < 20; n += 1) await trades.tell(100 - 5 * n, 1.5 - n / 40);
  await page.context().setOffline(false);
  await page.getByText("Live", { exact: true }).waitFor();
  await shows(page, trades);

  // More than is held for those who come back: the past is read again.
  await page.context().setOffline(true);
  await service.evict("CUT", "close");
  await page.locator('#state:not([data-state="live"])').waitFor();
  for (let n = 0; n < 300; n += 1) await trades.tell(n % 50, 1 + (n % 7) / 10);
  await page.context().setOffline(false);
  await shows(page, trades);
  assert.deepEqual(faults, []);
});

test("a longer range shows larger steps of the same trades, and can be shared as a link", async () => {
  const trades = new Trades("LONG", 1.25);
  for (let n = 0; n < 24; n += 1) await trades.tell(3_600 * (23 - n) + 60, 1 + Math.sin(n / 3) / 4);
  const { page } = await open("LONG");
  await page.getByRole("radio", { name: "1d", exact: true }).check();
  assert.match(page.url(), /token=LONG&range=1d$/);
  await shows(page, trades, 15 * MINUTE);
  await trades.tell(5, 1.3);
  await shows(page, trades, 15 * MINUTE);
  const { page: week } = await open("LONG", { query: "&range=7d" });
  await shows(week, trades, 120 * MINUTE);
  await trades.tell(3, 0.7);
  await trades.tell(14 * 3_600, 1.9);
  await shows(week, trades, 120 * MINUTE);
  await picture(week, "chart-desk-week");
});

test("alerts and the phase appear as they are told, and nothing that is told becomes markup", async () => {
  const hostile = "<img src=x onerror=\"document.title='owned'\">\u202e";
  const trades = new Trades("ALERTING", 0.00007345);
  for (let n = 0; n < 30; n += 1)
    await trades.tell(1_800 - 60 * n, 1 + Math.sin(n / 4) / 50, { trader: hostile });
  const alert = { type: "ALERT", token: "ALERTING", data: {}, timestamp: trades.now };
  const { page, faults } = await open("ALERTING", { colorScheme: "dark" });
  await page.getByText("Bonding curve", { exact: true }).waitFor();
  await picture(page, "chart-desk-dark-before");
  await service.publish("ALERTING", {
    ...alert,
    alertType: "whale",
    id: "1",
    severity: "info",
    title: "Whale",
    message: "A buy of $2,500",
  });
  await service.publish("ALERTING", {
    ...alert,
    alertType: "rug",
    id: "2",
    severity: "critical",
    title: `Rug ${hostile}`,
    message: hostile,
  });
  await service.publish("ALERTING", { type: "PHASE", phase: "amm" });
  const alerts = page.locator("#alerts li");
  const [rug, whale] = ["Rug", "Whale"].map((text) => alerts.filter({ hasText: text }).first());
  await rug.waitFor();
  assert.match(await rug.textContent(), /^criticalRug <img src=x/);
  assert.match(await whale.textContent(), /^infoWhale.*A buy of \$2,500$/);
  await page.getByText("AMM", { exact: true }).waitFor();
  await trades.tell(0, 1.1);
  await shows(page, trades);
  assert.equal(await page.getByText("Bonding curve", { exact: true }).count(), 0, "it never goes back");
  assert.equal(await page.locator("main img").count(), 0);
  assert.deepEqual(faults, []);
  await page.getByText("Candles as a table").click();
  await picture(page, "chart-desk-dark");
  await page.setViewportSize(PHONE);
  await picture(page, "chart-phone-dark");
});

test("nothing moves when prices come", async () => {
  const { page } = await open("STILL", { viewport: PHONE, hasTable: false });
  await page.evaluate(() => {
    globalThis.moved = [];
    new PerformanceObserver((list) => {
      const nodes = list.getEntries().flatMap(({ sources }) => sources.map(({ node }) => node));
      // The chart's own inside is one picture.
      const moved = nodes.filter((node) => !node?.parentElement?.closest("#chart"));
      globalThis.moved.push(...moved.map((node) => node?.id || node?.className || node?.nodeName));
    }).observe({ type: "layout-shift" });
  });
  const trades = new Trades("STILL");
  for (const [times, text] of [
    [1, "0.0₇55"],
    [1.234567, "0.0₇67901185"],
    [1e9, "55"],
    [1e-6, "0.0₁₃55"],
  ]) {
    await trades.tell(1, times);
    await page.locator("#price").getByText(text, { exact: true }).waitFor();
  }
  assert.deepEqual(await page.evaluate(() => globalThis.moved), []);
});
