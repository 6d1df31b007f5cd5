// A room under load: what waits is carried in batches, one row and for those who want it one frame each; what is held
// stays bounded, and so does what waits.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { range, startService, stopServices, until } from "./service.mjs";

after(stopServices);

/** How many publications each row of a room's history holds. */
async function rowSizes(service, token) {
  const storage = await service.storage(token);
  const rows = await storage.exec("SELECT publications FROM history ORDER BY first");
  return rows.map(({ publications }) => JSON.parse(publications).length);
}

/** Takes frames until `count` publications have come, and returns both. */
async function takePublications(subscriber, count) {
  const [frames, publications] = [[], []];
  while (publications.length < count) {
    const frame = JSON.parse(await subscriber.next());
    frames.push(frame);
    publications.push(...(frame.type === "BATCH_UPDATE" ? frame.updates : [frame]));
  }
  return { frames, publications };
}

test("200 posts at the same time are stored and sent in far fewer batches, and each is answered with its own place", async () => {
  const service = await startService();
  await service.subscribeMany("BUSY", 200);
  const [plain, batching] = [
    await service.subscribe("BUSY"),
    await service.subscribe("BUSY", { query: { batch: 1 } }),
  ];
  const answers = await Promise.all(range(1, 200).map((n) => service.publish("BUSY", { n })));
  const numberAt = new Map(answers.map(({ seq }, index) => [seq, index + 1]));

  const sizes = await rowSizes(service, "BUSY");
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    200,
  );
  assert.ok(sizes.length <= 100, `${sizes.length} rows`);

  const { frames, publications } = await takePublications(batching, 200);
  assert.equal(frames.length, sizes.length, "a frame for each batch");
  assert.deepEqual(
    frames.map((frame) => frame.updates?.length ?? 1),
    sizes,
  );
  assert.deepEqual(
    publications,
    range(1, 200).map((seq) => ({ n: numberAt.get(seq), token: "BUSY", seq })),
  );
  const alone = await takePublications(plain, 200);
  assert.equal(alone.frames.length, 200);
  assert.deepEqual(alone.publications, publications);
});

test("however publications come, a room never has more rows than HISTORY_SIZE, and its past is whole", async () => {
  const service = await startService({ vars: { HISTORY_SIZE: "4" } });
  const { epoch } = JSON.parse((await service.subscribe("RING")).greeting);
  let last = 0;
  for (const size of [1, 1, 1, 1, 1, 3, 1, 10, 2, 2, 1, 1, 1, 1, 1]) {
    const messages = range(1, size).map((n) => ({ token: "RING", payload: { n: last + n } }));
    await service.post("/broadcast", { messages });
    last += size;
    const sizes = await rowSizes(service, "RING");
    assert.ok(sizes.length <= 4, `${sizes.length} rows after ${last} publications`);

    await service.evict("RING");
    const back = await service.subscribe("RING", { query: { since: Math.max(0, last - 4), epoch } });
    const held = (await back.take(Math.min(4, last))).map((frame) => JSON.parse(frame).seq);
    assert.deepEqual(held, range(Math.max(1, last - 3), last));
  }
});

for (const [bound, { vars, payload, largestBatch }] of Object.entries({
  "OUTBOX_MESSAGES=4": { vars: { OUTBOX_MESSAGES: "4" }, payload: {}, largestBatch: 4 },
  "OUTBOX_BYTES=1024": {
    vars: { OUTBOX_BYTES: "1024" },
    payload: { text: "x".repeat(600) },
    largestBatch: 1,
  },
})) {
  test(`${bound}: of a flood, what is refused can be sent again and was sent to nobody, what is taken reaches everybody once`, async () => {
    const service = await startService({ vars: { ...vars, ENVIRONMENT: "staging" } });
    const subscribers = await service.subscribeMany("FLOODED", 300);
    const placeOf = new Map();
    let refused = 0;
    let posted = 0;
    // Whether the room is too slow for a flood is for the machine to say; before long it is.
    await until("some are refused", async () => {
      const flood = range(posted + 1, posted + 100);
      posted += flood.length;
      await Promise.all(
        flood.map(async (n) => {
          const response = await service.post("/broadcast/FLOODED", { n, ...payload });
          const answer = await response.json();
          if (response.status === 200) return placeOf.set(answer.seq, n);
          assert.deepEqual([response.status, answer.code], [503, "unavailable"]);
          assert.match(response.headers.get("retry-after"), /^\d+$/);
          refused += 1;
        }),
      );
      return refused > 0;
    });
    assert.equal(placeOf.size + refused, posted);
    const last = await service.publish("FLOODED", { n: "last" });
    assert.deepEqual([last.status, last.seq], [200, placeOf.size + 1]);
    placeOf.set(last.seq, "last");

    for (const subscriber of subscribers) {
      const got = (await subscriber.take(last.seq)).map((frame) => JSON.parse(frame));
      assert.deepEqual(
        got.map(({ seq, n }) => [seq, n]),
        range(1, last.seq).map((seq) => [seq, placeOf.get(seq)]),
      );
    }
    const sizes = await rowSizes(service, "FLOODED");
    assert.ok(sizes.every((size) => size <= largestBatch));
  });
}

test("one request may be larger than the outbox: it is taken when nothing waits", async () => {
  const service = await startService({ vars: { OUTBOX_MESSAGES: "4", OUTBOX_BYTES: "1024" } });
  const messages = range(1, 100).map((n) => ({ token: "LARGE", payload: { n, text: "x".repeat(100) } }));
  const { success, results } = await (await service.post("/broadcast", { messages })).json();
  assert.equal(success, true);
  assert.deepEqual(
    results.map(({ seq }) => seq),
    range(1, 100),
  );
});
