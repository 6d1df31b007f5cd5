// A panic while a batch is on its way to its subscribers: nobody knows who has got it, so all of them are asked to come
// back, and whoever does has everything exactly once. Run on the build that panics on request.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Follower } from "./follower.mjs";
import { range, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService({ build: "faulty", vars: { HISTORY_SIZE: "10000", ENVIRONMENT: "staging" } });
});
after(stopServices);

/** Has the WebAssembly instance panic, and with it every room. */
const panic = () => service.request("/health?fault=panic");

test("subscribers of an interrupted batch are closed with 4000, come back, and have everything once", {
  timeout: 120_000,
}, async () => {
  // So many that one batch takes many turns of the event loop, between which the panic may fall.
  const followers = [];
  while (followers.length < 1500) {
    const some = range(1, 100).map((n) => Follower.start(service, "CROWD", n % 2 ? {} : { batch: 1 }));
    followers.push(...(await Promise.all(some)));
  }
  const lookouts = [followers[0], followers.at(-1)];
  const crowd = followers.slice(1, -1);
  const got = () => Math.max(...lookouts.map(({ publications }) => publications.length));

  const acknowledged = [];
  let rounds = 0;
  await until("a panic has hit a batch on its way", async () => {
    rounds += 1;
    // This process has to be quick: the crowd reads later.
    for (const follower of crowd) follower.pause();
    const before = got();
    const post = service.publish("CROWD", { rounds });
    await until("somebody has got it", () => got() > before);
    await panic();
    const answer = await post;
    if (answer.status === 200) acknowledged.push(answer.seq);
    for (const follower of crowd) follower.resume();
    return answer.status !== 200;
  });
  const wereAsked = () => followers.filter(({ closings }) => closings.join() === "4000").length;
  await until("all were asked to come back", () => wereAsked() === followers.length);
  const { seq: last } = await service.publish("CROWD", { last: true });
  await until("everybody is back and has the last one", () =>
    followers.every(({ publications }) => publications.at(-1)?.seq === last),
  );
  const incomplete = followers.filter((follower) => !follower.hasAll(last));
  assert.equal(incomplete.length, 0, "everybody has all of it, once and in order");
  assert.equal(
    last,
    acknowledged.length + 2,
    "what was interrupted has a place, though nobody acknowledged it",
  );
  for (const follower of followers) follower.stop();
  console.log(`# hit in round ${rounds}`);
});

test("a room that lost a batch to a panic can still be taken out of memory", {
  timeout: 10_000,
}, async () => {
  await service.evict("CROWD");
});

test("a panic that falls on no batch on its way closes nobody, and whoever stays misses nothing", async () => {
  const follower = await Follower.start(service, "WATCHED");
  const acknowledged = [];
  let isOver = false;
  const publishers = range(1, 8).map(async (publisher) => {
    while (!isOver) {
      const { status, seq } = await service.publish("WATCHED", { publisher });
      if (status === 200) acknowledged.push(seq);
    }
  });
  for (let round = 1; round <= 30; round += 1) {
    // At a moment of its own in the life of a batch.
    await new Promise((resolve) => setTimeout(resolve, 20 * Math.random()));
    await panic();
  }
  isOver = true;
  await Promise.all(publishers);
  const { seq: last } = await service.publish("WATCHED", { last: true });
  await until("it has the last one", () => follower.publications.at(-1)?.seq === last);
  follower.stop();
  assert.ok(follower.hasAll(last), `${follower.publications.length} of ${last}`);
  assert.deepEqual(follower.closings, []);
  assert.equal(new Set(acknowledged).size, acknowledged.length, "no place was given twice");
});

test("a publisher whose frame was lost without an answer is asked to come back", async () => {
  const publisher = await service.publisher(undefined, { closeTimeout: 500 });
  publisher.send(JSON.stringify({ id: 1, token: "FAULT", payload: { fault: "panic" } }));
  assert.equal((await publisher.closed).code, 4000);
  const next = await service.publisher();
  next.send(JSON.stringify({ id: 1, token: "FAULT", payload: {} }));
  assert.equal(await next.next(), '{"id":1,"success":true,"connections":0,"seq":1}');
});
