// A batch that can't be stored: its publisher is told to come back, and its subscribers notice nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Follower } from "./follower.mjs";
import { numbered, range, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

/** Publishes while a room can't store anything. */
async function publishInVain(token, payload) {
  const storage = await service.storage(token);
  await storage.exec("ALTER TABLE history RENAME TO hidden");
  const response = await service.post(`/broadcast/${token}`, payload);
  await storage.exec("ALTER TABLE hidden RENAME TO history");
  return response;
}

test("what can't be stored is sent to nobody, and what comes next takes its place", async () => {
  await service.publishNumbers("LOST", 1, 2);
  const followers = await Promise.all(range(1, 10).map(() => Follower.start(service, "LOST")));
  const response = await publishInVain("LOST", { n: 3, lost: true });
  assert.deepEqual([response.status, (await response.json()).code], [503, "unavailable"]);
  assert.match(response.headers.get("retry-after"), /^\d+$/);

  assert.equal((await service.publish("LOST", { n: 3 })).seq, 3);
  const got = ({ publications }) => publications.map((publication) => JSON.stringify(publication));
  await until("they have what came next", () => followers.every((follower) => got(follower).length > 0));
  for (const follower of followers) {
    assert.deepEqual(got(follower), numbered("LOST", 3, 3));
    assert.deepEqual(follower.gaps, []);
    assert.deepEqual(follower.closings, []);
    follower.stop();
  }
});
