// Frames are no larger than common clients take unless they are told otherwise: 1 MiB, the default of Python's `websockets`
// and of the socket of iOS, which close the connection for a larger one. Live and replayed, by rooms and relays, in all
// dialects.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { range, startService, stopServices, until } from "./service.mjs";

const MOST_BYTES = 1_048_576;
/** A client that closes with 1009 for a larger frame. */
const CLIENT = { maxPayload: MOST_BYTES };

let service;
before(async () => {
  const vars = { MAX_MESSAGE_BYTES: "1043456", HISTORY_BYTES: "16777216" };
  service = await startService({ vars });
});
after(stopServices);

const updatesOf = (frames) =>
  frames.map((frame) => JSON.parse(frame)).flatMap((frame) => frame.updates ?? frame.data?.tokens ?? [frame]);

/** Publishes 256 messages of a type, of 4,200 bytes each: more than fit a frame. */
async function publishMuch(token, type) {
  for (const first of [1, 65, 129, 193]) {
    const messages = range(first, first + 63).map((n) => ({
      token,
      payload: { type, n, a: "x".repeat(4_160) },
    }));
    const { success } = await (await service.post("/broadcast", { messages })).json();
    assert.ok(success);
  }
}

test("all that a room replays comes in frames that clients take", async () => {
  await publishMuch("MUCH", "PRICE_UPDATE");
  const { epoch } = await service.standing("MUCH");
  const subscriber = await service.subscribe("MUCH", { query: { since: 0, epoch, batch: 1 }, ...CLIENT });
  const frames = await subscriber.soFar();
  assert.ok(frames.length > 1 && frames.every((frame) => Buffer.byteLength(frame) <= MOST_BYTES));
  assert.deepEqual(
    updatesOf(frames).map(({ n }) => n),
    range(1, 256),
  );
});

test("and so does what a relay replays, also on channels", async () => {
  await publishMuch("MUCH-NEW", "NEW_TOKEN");
  const { epoch } = await service.standing("MUCH-NEW");
  const subscriber = await service.many(CLIENT);
  const since = { "MUCH-NEW": { seq: 0, epoch } };
  const [, ...frames] = await subscriber.have(["MUCH-NEW"], { since, batch: true });
  assert.ok(frames.length > 1);
  assert.deepEqual(
    updatesOf(frames).map(({ n }) => n),
    range(1, 256),
  );
  await until("the feed has them", async () => (await service.standing("feed:tokens")).seq === 256);
  subscriber.say({ type: "subscribe", channel: "tokens", params: { includeRecent: true } });
  assert.match(await subscriber.next(), /"subscribed"/);
  const recent = await subscriber.soFar();
  assert.ok(recent.length > 1);
  assert.deepEqual(
    updatesOf(recent).map(({ n }) => n),
    range(1, 256),
  );
});

test("what is published at once is split as well, and the largest payload fits in every dialect", async () => {
  const token = "T".repeat(128);
  const [room, relay] = [
    await service.subscribe(token, { query: { batch: 1 }, ...CLIENT }),
    await service.many(CLIENT),
  ];
  await relay.have([token, "feed:trades"], { batch: true });
  relay.say({ type: "subscribe", channel: "trades", params: { tokens: [token, "*"] } });
  await relay.take(2);
  const payload = (n, bytes) => {
    const begin = `{"type":"TRADE","n":${n},"a":"`;
    return `${begin}${"x".repeat(bytes - begin.length - 2)}"}`;
  };
  await Promise.all(range(1, 6).map((n) => service.post(`/broadcast/${token}`, payload(n, 600_000))));
  const largest = await service.post(`/broadcast/${token}`, payload(7, 1_043_456));
  assert.equal(largest.status, 200);
  const live = updatesOf(await room.soFar());
  assert.deepEqual(
    live.map(({ seq }) => seq),
    range(1, 7),
  );
  assert.equal(live.at(-1).n, 7);
  const shown = (await relay.soFar()).map((frame) => JSON.parse(frame));
  const natively = shown.filter(({ type }) => type !== "data" && type !== "position");
  assert.deepEqual(
    natively.flatMap((frame) => frame.updates ?? [frame]).map(({ seq }) => seq),
    range(1, 7),
  );
  const trades = shown.filter(({ type }) => type === "data").flatMap(({ data }) => data.trades);
  assert.equal(trades.length, 7);
  const feed = await service.many(CLIENT);
  await feed.have(["feed:trades"]);
  const posted = await service.post("/broadcast/FED-LARGE", payload(8, 1_043_456));
  assert.equal(posted.status, 200);
  await until("the feed has it", async () => (await service.standing("feed:trades")).seq === 8);
  assert.equal(updatesOf(await feed.soFar()).at(-1).n, 8);
});
