// Minutes on their way into the table: whatever fails there, nothing that was acknowledged is lost or counted twice, and
// publishing goes on. Run on the build that panics on request, which writes minutes down at once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { rows } from "./api.mjs";
import { HOUR, writeRows } from "./candle-rows.mjs";
import { candlesOf, plain } from "./candles.mjs";
import { range, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService({ build: "faulty" });
  await publishWhatCanNotBeWritten();
});
after(stopServices);

/** Trade `n`, of one of the last minutes. */
const trade = (n) => ({
  type: "TRADE",
  price: 1 + (n % 7) / 10,
  amount: String(n),
  timestamp: Math.floor(Date.now() / 1000) - (n % 4) * 60,
  slot: n,
  signature: `t${n}`,
});

/** A token that is traded, and what its chart has to be. */
class Token {
  posted = [];

  constructor(name, to = service) {
    Object.assign(this, { name, service: to });
  }

  async trade(count) {
    for (const n of range(this.posted.length + 1, this.posted.length + count)) {
      const payload = trade(n);
      let answer = await this.service.publish(this.name, payload);
      // While the room is lost nothing is acknowledged, and its publisher posts again.
      while (answer.status !== 200) answer = await this.service.publish(this.name, payload);
      this.posted.push(payload);
    }
  }

  async hasEachOnce() {
    const response = await this.service.request(`/tokens/${this.name}/prices?range=1h&interval=1m`);
    if (response.status !== 200) return false;
    assert.deepEqual((await response.json()).candles.map(plain), candlesOf(this.posted).map(plain));
    return true;
  }

  async written() {
    const [row] = await rows(
      this.service,
      "SELECT SUM(trades) AS trades, SUM(volume) AS volume FROM prices WHERE mint = ?",
      this.name,
    );
    return [row.trades ?? 0, row.volume ?? 0];
  }

  /** The table has all of it once, and until then the chart does. */
  async settles() {
    const volume = this.posted.reduce((sum, { amount }) => sum + Number(amount), 0);
    const isWritten = async () => {
      const written = await this.written();
      assert.ok(written[0] <= this.posted.length, `${written[0]} of ${this.posted.length}`);
      await this.hasEachOnce();
      return written.join() === [this.posted.length, volume].join();
    };
    await until(`${this.name} is in the table`, isWritten);
    await this.service.evict(this.name);
    assert.ok(await this.hasEachOnce());
  }
}

/** A slot that no chain gets to, and trades of an hour whose row nobody can read, beside others. */
async function publishWhatCanNotBeWritten() {
  const now = Math.floor(Date.now() / 1000);
  const broken = now - (now % HOUR) - 2 * HOUR;
  await writeRows((await service.harness.getWorker().getEnv()).DATABASE, [
    ["ODD", "", broken, "1", "1", "1", "1", "1", 1, 1, "no minutes"],
  ]);
  for (const timestamp of [broken, now]) {
    const trade = `{"type":"TRADE","price":1,"amount":1,"slot":10000000000000000000,"timestamp":${timestamp}}`;
    assert.equal((await service.publish("ODD", trade)).status, 200);
  }
}

test("a crash before and after the table was written", async () => {
  const hasCrashed = (where) =>
    service.rawLog().some((line) => line.includes(`fault was injected into the room of a topic: ${where}`));
  const tokens = ["FAULTbeforeTab1e", "FAULTafterTab1e"].map((name) => new Token(name));
  for (const token of tokens) await token.trade(20);
  for (const token of tokens) assert.ok(await token.hasEachOnce());
  await until("one has crashed", () => hasCrashed("BeforeTable") || hasCrashed("AfterTable"));
  for (const token of tokens) await token.trade(5);
  await Promise.all(tokens.map((token) => token.settles()));
  assert.ok(hasCrashed("BeforeTable") && hasCrashed("AfterTable"));
});

test("while the table is away publishing goes on, and nothing is lost", async () => {
  const others = await startService({ build: "faulty" });
  const away = new Token("AWAY", others);
  await away.trade(20);
  await rows(others, "ALTER TABLE prices RENAME TO prices_away");
  const hasFailed = () => others.rawLog().some((line) => line.includes("minutes could not be written down"));
  await until("writing has failed", hasFailed);
  const subscriber = await others.subscribe("AWAY");
  await subscriber.soFar();
  await away.trade(5);
  const places = (await subscriber.soFar()).map((frame) => JSON.parse(frame).seq);
  assert.deepEqual(places, range(21, 25), "publishing goes on");
  await others.evict("AWAY");
  await rows(others, "ALTER TABLE prices_away RENAME TO prices");
  await away.settles();
});

test("what can never be written down is in the way of nothing else", async () => {
  const isWritten = async () => {
    const found = await rows(service, "SELECT trades FROM prices WHERE mint = 'ODD' ORDER BY hour DESC");
    return found.length === 2 && found[0].trades === 1;
  };
  await until("the hour that can be is written", isWritten);
  const [token] = await rows(service, "SELECT priced_slot FROM tokens WHERE mint = 'ODD'");
  assert.equal(token.priced_slot, 0);
  const lines = service
    .rawLog()
    .filter((line) => line.includes("minutes were left out that can't be written down"));
  // A room that sleeps between the write and the next publication writes the same again when it wakes, and logs it again.
  const reasons = new Set(lines.map((line) => line.slice(line.indexOf("minutes were left out"))));
  assert.equal(reasons.size, 1, "the log names the one hour that can't be written");
});
