// What is done every ten minutes, of prices: hours that ended before PRICES_RETENTION are forgotten, the others stay.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HOUR, hourRow, writeRows } from "./candle-rows.mjs";
import { range, startService, stopServices } from "./service.mjs";

after(stopServices);

async function start(vars) {
  const service = await startService({ vars });
  const worker = service.harness.getWorker();
  const { DATABASE: database } = await worker.getEnv();
  const hours = async () => {
    const { results } = await database.prepare("SELECT mint, hour FROM prices ORDER BY mint, hour").all();
    return results;
  };
  return { service, database, hours, run: () => worker.scheduled() };
}

/** One row for each of the last `count` hours, this one included. */
function rowsOf(mint, count) {
  const thisHour = Math.floor(Date.now() / 1000 / HOUR) * HOUR;
  return range(0, count - 1).map((back) =>
    hourRow(mint, "SOL", thisHour - back * HOUR, [{ minute: 0, prices: [1] }]),
  );
}

test("what is older than it is kept is forgotten, in as many steps as it takes, and nothing else", async () => {
  const { database, hours, run, service } = await start({ PRICES_RETENTION: "2d" });
  // More than one statement deletes.
  await writeRows(
    database,
    range(1, 40).flatMap((token) => rowsOf(`T${token}`, 14 * 24)),
  );
  const first = Math.floor(Date.now() / 1000) - 2 * 86_400;
  await run();
  const kept = await hours();
  assert.ok(
    kept.every(({ hour }) => hour + HOUR > first),
    "an hour that has ended long enough ago is gone",
  );
  // This hour, the 47 before it, and that in which the time begins for which they are kept.
  assert.ok(kept.length >= 40 * 48 && kept.length <= 40 * 49, `${kept.length}`);
  await run();
  assert.deepEqual(await hours(), kept);
  const response = await service.request("/tokens/T1/prices?range=1d&interval=1h");
  const { candles } = await response.json();
  assert.ok(candles.length >= 24, "a chart as long as they are kept has no hole");
  assert.equal((await service.request("/tokens/T1/price")).status, 200, "the token is still known");
});

test("two rounds at the same time do no harm", async () => {
  const { database, hours, run } = await start({ PRICES_RETENTION: "1d" });
  await writeRows(
    database,
    range(1, 20).flatMap((token) => rowsOf(`T${token}`, 14 * 24)),
  );
  await Promise.all([run(), run(), run()]);
  const left = await hours();
  assert.ok(left.length >= 20 * 24 && left.length <= 20 * 25, `${left.length}`);
});

test("a step that fails is in the log, and the round is over all the same", async () => {
  const { database, run, service } = await start({});
  await database.exec("DROP TABLE prices");
  await run();
  const failed = service.logLines().find(({ event }) => event === "schedule_failed");
  assert.deepEqual([failed.level, failed.step], ["error", "prices"]);
  assert.match(failed.error, /no such table/);
});

test("a service whose configuration has mistakes throws nothing away", async () => {
  const { database, hours, run } = await start({ PRICES_RETENTION: "soon" });
  await writeRows(database, rowsOf("T", 30 * 24));
  await run();
  assert.equal((await hours()).length, 30 * 24);
});
