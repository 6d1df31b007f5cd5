// What a subscriber that comes, or comes back, is told of what was before it: the last publication, what it missed, or
// how much of that is gone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbered, startService, stopServices } from "./service.mjs";

let service;
let small;
before(async () => {
  service = await startService();
  small = await startService({ vars: { HISTORY_SIZE: "4" } });
});
after(stopServices);

/** A subscriber's place by its greeting, as the query with which it comes back. */
function placeOf(subscriber) {
  const { seq, epoch } = JSON.parse(subscriber.greeting);
  return { since: seq, epoch };
}

const gap = (token, from, to) => JSON.stringify({ type: "gap", token, from, to });

/** What a room may go through while a subscriber is away. */
const absences = {
  "while the room stays awake": async () => {},
  "when the room was taken out of memory": (room, token) => room.evict(token),
};

test("a newcomer is shown the last publication once more, with the digits that were posted", async () => {
  await service.publish("SHOWN", { price: 1 });
  await service.post("/broadcast/SHOWN", '{"price":0.10e-9, "n":12345678901234567890}');
  const newcomer = await service.subscribe("SHOWN");
  await service.publish("SHOWN", { price: 3 });
  assert.deepEqual(await newcomer.take(2), [
    '{"price":0.10e-9, "n":12345678901234567890,"token":"SHOWN","seq":2,"snapshot":true}',
    '{"price":3,"token":"SHOWN","seq":3}',
  ]);
});

test("where nothing was published yet, a newcomer is shown nothing", async () => {
  const newcomer = await service.subscribe("BLANK");
  assert.equal(JSON.parse(newcomer.greeting).seq, 0);
  await service.publishNumbers("BLANK", 1, 1);
  assert.deepEqual(await newcomer.take(1), numbered("BLANK", 1, 1));
});

for (const [name, away] of Object.entries(absences)) {
  const suffix = name.includes("memory") ? "SLEPT" : "AWAKE";

  test(`who comes back gets exactly what it missed, in order, then what is live, ${name}`, async () => {
    const token = `BACK-${suffix}`;
    const gone = await service.subscribe(token);
    await service.publishNumbers(token, 1, 3);
    await gone.take(3);
    gone.cut();
    await service.publishNumbers(token, 4, 6);
    await away(service, token);

    const { epoch } = placeOf(await service.subscribe(token));
    const back = await service.subscribe(token, { query: { since: 3, epoch } });
    assert.equal(JSON.parse(back.greeting).seq, 6);
    await service.publishNumbers(token, 7, 8);
    assert.deepEqual(await back.take(5), numbered(token, 4, 8));

    const upToDate = await service.subscribe(token, { query: { since: 8, epoch } });
    await service.publishNumbers(token, 9, 9);
    assert.deepEqual(
      await upToDate.take(1),
      numbered(token, 9, 9),
      "who missed nothing is told nothing twice",
    );
    assert.deepEqual(await back.take(1), numbered(token, 9, 9));
  });

  test(`who was greeted before the very first publication misses nothing either, ${name}`, async () => {
    const token = `UNBORN-${suffix}`;
    const gone = await service.subscribe(token);
    const place = placeOf(gone);
    assert.match(place.epoch, /^0./);
    gone.cut();
    await away(service, token);
    await service.publishNumbers(token, 1, 2);
    await away(service, token);

    const back = await service.subscribe(token, { query: place });
    assert.doesNotMatch(placeOf(back).epoch, /^0/);
    await service.publishNumbers(token, 3, 3);
    assert.deepEqual(await back.take(3), numbered(token, 1, 3));
  });

  test(`who was away for too long is told which are gone, and gets the rest, ${name}`, async () => {
    const token = `GAP-${suffix}`;
    const place = placeOf(await small.subscribe(token));
    await small.publishNumbers(token, 1, 10);
    await away(small, token);

    const { epoch } = placeOf(await small.subscribe(token));
    const [before, late, justInTime] = await Promise.all([
      small.subscribe(token, { query: place }),
      small.subscribe(token, { query: { since: 2, epoch } }),
      small.subscribe(token, { query: { since: 6, epoch } }),
    ]);
    await small.publishNumbers(token, 11, 11);
    assert.deepEqual(await before.take(6), [gap(token, 1, 6), ...numbered(token, 7, 11)]);
    assert.deepEqual(await late.take(6), [gap(token, 3, 6), ...numbered(token, 7, 11)]);
    assert.deepEqual(await justInTime.take(5), numbered(token, 7, 11));
  });
}

test("what is held is bounded in bytes too, and the last publication is held however large it is", async () => {
  const narrow = await startService({ vars: { HISTORY_BYTES: "1024" } });
  const { epoch } = placeOf(await narrow.subscribe("WIDE"));
  for (let n = 1; n <= 5; n += 1) await narrow.publish("WIDE", { n, text: "x".repeat(400) });
  const back = await narrow.subscribe("WIDE", { query: { since: 0, epoch } });
  const [first, ...held] = await back.take(3);
  assert.equal(first, gap("WIDE", 1, 3));
  assert.deepEqual(
    held.map((frame) => JSON.parse(frame).seq),
    [4, 5],
  );

  await narrow.publish("WIDE", { text: "x".repeat(5000) });
  const newcomer = await narrow.subscribe("WIDE");
  assert.match(await newcomer.next(), /^\{"text":"x{5000}","token":"WIDE","seq":6,"snapshot":true\}$/);
});

test("a place of another epoch says nothing: its owner is told so, and is shown the last publication", async () => {
  await service.publishNumbers("OTHER", 1, 3);
  for (const epoch of ["loyw3v28", "0loyw3v28", "no epoch of ours"]) {
    // A place that this epoch has not reached yet is as good as any: it is not this epoch's.
    for (const since of [0, 3, 700]) {
      const stranger = await service.subscribe("OTHER", { query: { since, epoch } });
      const [first, second] = await stranger.take(2);
      assert.equal(first, gap("OTHER", null, 3));
      assert.equal(second, '{"n":3,"token":"OTHER","seq":3,"snapshot":true}');
    }
  }
  const early = await service.subscribe("NO-ORDER", { query: { since: 5, epoch: "loyw3v28" } });
  await service.publishNumbers("NO-ORDER", 1, 1);
  assert.deepEqual(await early.take(2), [gap("NO-ORDER", null, 0), ...numbered("NO-ORDER", 1, 1)]);
});

test("batch=1 takes what was missed in one frame, and a single one as it is", async () => {
  const { epoch } = placeOf(await service.subscribe("FRAMES"));
  await service.publishNumbers("FRAMES", 1, 5);
  const back = await service.subscribe("FRAMES", { query: { since: 2, epoch, batch: 1 } });
  const missed = numbered("FRAMES", 3, 5).join(",");
  assert.equal(await back.next(), `{"type":"BATCH_UPDATE","token":"FRAMES","updates":[${missed}]}`);

  const one = await service.subscribe("FRAMES", { query: { since: 4, epoch, batch: 1 } });
  assert.deepEqual(await one.take(1), numbered("FRAMES", 5, 5));
  const newcomer = await service.subscribe("FRAMES", { query: { batch: 1 } });
  assert.equal(await newcomer.next(), '{"n":5,"token":"FRAMES","seq":5,"snapshot":true}');
  await service.publishNumbers("FRAMES", 6, 6);
  for (const subscriber of [back, one, newcomer]) {
    assert.deepEqual(await subscriber.take(1), numbered("FRAMES", 6, 6));
  }
});

test("a client that asks for nothing gets every publication in a frame of its own, whoever else is there", async () => {
  const [plain, batching] = await Promise.all([
    service.subscribe("BESIDE"),
    service.subscribe("BESIDE", { query: { batch: 1 } }),
  ]);
  const messages = [1, 2, 3].map((n) => ({ token: "BESIDE", payload: { n } }));
  await service.post("/broadcast", { messages });
  assert.deepEqual(await plain.take(3), numbered("BESIDE", 1, 3));
  const together = `{"type":"BATCH_UPDATE","token":"BESIDE","updates":[${numbered("BESIDE", 1, 3)}]}`;
  assert.equal(await batching.next(), together);
});
