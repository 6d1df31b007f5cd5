// How README's hook and the live page come back: a server that misbehaves stands between them and the service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SECRET, startService, stopServices, until } from "../worker/service.mjs";
import { BadNetwork, HANDSHAKES } from "./bad-network.mjs";
import { launchChromium } from "./chromium.mjs";
import { serveHook } from "./hook-page.mjs";

/** Where each client shows the price. */
const CLIENTS = { hook: "output", page: "#price" };

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

const publish = (token, price) => service.publish(token, { type: "PRICE_UPDATE", price });

/** Tries something with both clients, each on a bad network of its own. */
function both(what, attempt) {
  for (const client of Object.keys(CLIENTS)) {
    test(`${client}: ${what}`, async () => {
      const network = await new BadNetwork(service).listen();
      const hook = await serveHook(network.origin);
      const context = await browser.newContext();
      try {
        const token = `${client}-${what.replaceAll(/[^a-z]/g, "").slice(0, 60)}`;
        await attempt({ network, token, open: () => open(context, client, { network, hook }, token) });
      } finally {
        await context.close();
        hook.close();
        network.close();
      }
    });
  }
}

/** Opens a client of a token: its clock can be moved on, and its random waits are as long as they may be. */
async function open(context, client, { network, hook }, token) {
  const page = await context.newPage();
  await page.clock.install();
  await page.addInitScript(() => {
    Math.random = () => 0.999;
  });
  await page.goto(`${client === "hook" ? hook.origin : network.origin}/?token=${token}`);
  return {
    page,
    shows: (price) =>
      page.locator(CLIENTS[client]).getByText(String(price), { exact: true }).waitFor({ timeout: 5_000 }),
  };
}

/** Opens a client that has a first price, which the page may have read, and a second one, which only the socket told. */
async function openConnected(token, open) {
  await publish(token, 1);
  const opened = await open();
  await opened.shows(1);
  await publish(token, 2);
  await opened.shows(2);
  return opened;
}

/** Waits for so many handshakes in all. */
function handshakes(network, count) {
  return until(`${count} handshakes came`, () => network.arrivals.length >= count);
}

/** How long it took from one handshake to the next, in milliseconds. */
function waits({ arrivals }) {
  return arrivals.slice(1).map(({ at }, index) => at - arrivals[index].at);
}

both("who is greeted and lost at once comes back less and less often", async ({ network, token, open }) => {
  network.handshakes = HANDSHAKES.loseGreeted;
  await open();
  await handshakes(network, 4);
  const [first, second, third] = waits(network);
  assert.ok(first >= 450 && second >= 900 && third >= 1_800, waits(network).join());
  assert.ok(network.arrivals.every(({ url }) => url.startsWith(`/ws/${token}`)));
});

both("after a connection that has lasted the first wait is short again", async ({ network, token, open }) => {
  network.handshakes = HANDSHAKES.loseGreeted;
  await publish(token, 1);
  const { page, shows } = await open();
  await handshakes(network, 3);
  network.handshakes = HANDSHAKES.pass;
  await handshakes(network, 4);
  await publish(token, 2);
  await shows(2);
  await page.clock.fastForward(10_000);
  const lost = Date.now();
  network.cut();
  await handshakes(network, 5);
  const wait = Date.now() - lost;
  assert.ok(wait < 1_500, `${wait} ms: the fourth wait would have been four seconds`);
});

for (const [event, wake] of Object.entries({
  // The browser's own event.
  "the network": async (page) => {
    await page.context().setOffline(true);
    await page.context().setOffline(false);
  },
  // Without a window nobody can cover one.
  "the reader": (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))),
})) {
  both(
    `when ${event} is back, a connection that died unheard is found out at once`,
    async ({ network, token, open }) => {
      const { page, shows } = await openConnected(token, open);
      network.mute();
      await publish(token, 3);
      await wake(page);
      await until("a ping came", () => network.pings === 1, 5);
      await page.clock.fastForward(5_000);
      await shows(3);
      assert.equal(network.arrivals.length, 2);
    },
  );
}

both("a connection that is alive is kept when the reader is back", async ({ network, token, open }) => {
  const { page, shows } = await openConnected(token, open);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await until("a ping came", () => network.pings === 1, 5);
  await publish(token, 3);
  await shows(3);
  await page.clock.fastForward(6_000);
  await publish(token, 4);
  await shows(4);
  assert.equal(network.arrivals.length, 1);
});

for (const handshake of ["hold", "silence"]) {
  both(
    `a connection that meets with ${handshake} instead of a greeting is given up`,
    async ({ network, token, open }) => {
      await publish(token, 1);
      network.handshakes = HANDSHAKES[handshake];
      const { page, shows } = await open();
      await handshakes(network, 1);
      // The page has read the price before, but this one.
      await publish(token, 2);
      network.handshakes = HANDSHAKES.pass;
      await page.clock.fastForward(10_000);
      await shows(2);
      assert.equal(network.arrivals.length, 2);
    },
  );
}

for (const code of [4000, 4029]) {
  both(
    `who is asked with ${code} to come back within some seconds takes as long, and no less on waking`,
    async ({ network, token, open }) => {
      const { page } = await openConnected(token, open);
      const lost = Date.now();
      network.cut(code, "2");
      const comesBack = async () => {
        await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
        return network.arrivals.length === 2;
      };
      await until("it came back", comesBack);
      const wait = network.arrivals[1].at - lost;
      assert.ok(wait >= 1_900 && wait < 4_000, `${wait} ms`);
    },
  );
}

both("a reason that is no number of seconds asks for nothing", async ({ network, token, open }) => {
  const { shows } = await openConnected(token, open);
  for (const [count, reason] of [
    [2, "interrupted: come back, and resume"],
    [3, "-5"],
    [4, "0"],
  ]) {
    network.cut(4000, reason);
    await handshakes(network, count);
  }
  await publish(token, 3);
  await shows(3);
  const [first, second, third] = waits(network);
  assert.ok(first >= 450 && second >= 900 && third >= 1_800, waits(network).join());
});

both("nothing that is published costs a client its place", async ({ network, token, open }) => {
  network.rewrite = (text) => text.replace("OWN_CONNECTED", "connected").replace("OWN_GAP", "gap");
  const { shows } = await openConnected(token, open);
  await service.publish(token, { type: "OWN_GAP", symbol: "SOL", to: 999, from: null });
  const { seq } = await service.publish(token, { type: "OWN_CONNECTED", exchange: "binance" });
  for (const frame of [
    { type: "connected", token, seq: 700 },
    { type: "gap", token, from: 1 },
    { type: "gap", token, from: 1, to: "7" },
    { type: "PRICE_UPDATE", price: 5, seq: "700" },
    { type: "PRICE_UPDATE", price: 6, seq: 70.5 },
    { type: "pong", epoch: "x" },
    null,
  ])
    network.inject(JSON.stringify(frame));
  network.inject("pong");
  await publish(token, 3);
  await shows(3);
  network.cut();
  await publish(token, 4);
  await shows(4);
  const [, { url }] = network.arrivals;
  assert.match(url, new RegExp(`\\?since=${seq + 1}&epoch=[0-9a-z]+$`));
});
