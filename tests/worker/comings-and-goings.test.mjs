// Phones come and go while publishers post: whenever one breaks off, and whenever it comes back, it ends up with every
// publication exactly once and in order.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Follower } from "./follower.mjs";
import { range, startService, stopServices, until } from "./service.mjs";

const PUBLISHERS = 64;
const POSTS_EACH = 8;
const FOLLOWERS = 40;
/** Those who stay make so large a room that it sends in several turns, between which others come and go. */
const STAYING = 160;

let service;
before(async () => {
  service = await startService({ vars: { HISTORY_SIZE: "10000", ENVIRONMENT: "staging" } });
});
after(stopServices);

test("followers that lose their connection at random moments of a busy topic miss nothing and get nothing twice", async () => {
  const staying = await Promise.all(range(1, STAYING).map(() => service.subscribe("BUSY")));
  // Half of them take several publications in a frame.
  const followers = await Promise.all(
    range(1, FOLLOWERS).map((n) => Follower.start(service, "BUSY", n % 2 ? {} : { batch: 1 })),
  );
  const acknowledged = new Map();
  let publishing = PUBLISHERS;
  const publishers = range(1, PUBLISHERS).map(async (publisher) => {
    for (let post = 1; post <= POSTS_EACH; post += 1) {
      const { status, seq } = await service.publish("BUSY", { publisher, post });
      assert.equal(status, 200);
      acknowledged.set(seq, `${publisher}/${post}`);
    }
    publishing -= 1;
  });
  const commotion = (async () => {
    while (publishing > 0) {
      for (const follower of followers) if (Math.random() < 0.1) follower.cut();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  await Promise.all([...publishers, commotion]);

  const last = PUBLISHERS * POSTS_EACH;
  assert.deepEqual(
    [...acknowledged.keys()].sort((a, b) => a - b),
    range(1, last),
  );
  await until("everybody has the last one", () =>
    followers.every(({ publications }) => publications.at(-1)?.seq === last),
  );
  for (const follower of followers) {
    follower.stop();
    assert.ok(
      follower.hasAll(last),
      `${follower.gaps.length} gaps, ${follower.publications.length} of ${last}`,
    );
    for (const { publisher, post, seq } of follower.publications) {
      assert.equal(acknowledged.get(seq), `${publisher}/${post}`);
    }
  }
  for (const subscriber of staying) {
    const frames = (await subscriber.take(last)).map((frame) => JSON.parse(frame).seq);
    assert.deepEqual(frames, range(1, last));
  }
  const comings = followers.reduce((sum, { closings }) => sum + closings.length, 0);
  assert.ok(comings > FOLLOWERS, `they came back ${comings} times`);
  console.log(`# they came back ${comings} times`);
});
