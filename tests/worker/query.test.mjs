// A handshake's query that is not understood is refused, not guessed at: `since`, `epoch` and `batch`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startService, stopServices } from "./service.mjs";

let service;
let epoch;
before(async () => {
  service = await startService();
  await service.publishNumbers("ASKED", 1, 3);
  ({ epoch } = JSON.parse((await service.subscribe("ASKED")).greeting));
});
after(stopServices);

const misunderstood = {
  "since is negative": () => `since=-1&epoch=${epoch}`,
  "since is 2^53": () => `since=9007199254740992&epoch=${epoch}`,
  "since has a hundred digits": () => `since=${"9".repeat(100)}&epoch=${epoch}`,
  "since is no number": () => `since=abc&epoch=${epoch}`,
  "since is a fraction": () => `since=1.0&epoch=${epoch}`,
  "since is empty": () => `since=&epoch=${epoch}`,
  "since is repeated": () => `since=1&since=1&epoch=${epoch}`,
  "since is without epoch": () => "since=1",
  "since is with an empty epoch": () => "since=1&epoch=",
  "since is from the future": () => `since=4&epoch=${epoch}`,
  "epoch is without since": () => `epoch=${epoch}`,
  "epoch is repeated": () => `since=1&epoch=${epoch}&epoch=${epoch}`,
  "batch is true": () => "batch=true",
  "batch is empty": () => "batch=",
  "batch is repeated": () => "batch=1&batch=1",
};

for (const [name, query] of Object.entries(misunderstood)) {
  test(`${name}: a client is told so by a status, a page by a close code`, async () => {
    const { status, headers, text } = await service.refused(`/ws/ASKED?${query()}`);
    assert.match(headers["content-type"], /^application\/problem\+json/);
    const { code, detail } = JSON.parse(text);
    assert.deepEqual([status, code], [400, "invalid_query"]);
    assert.match(detail, new RegExp(name.split(" ")[0]), "the detail names what is wrong");

    const page = service.subscribe("ASKED", { query: query(), origin: "https://app.glow.trade" });
    await assert.rejects(page, /^Error: closed with 4505$/);
  });
}

test("nobody of them got a socket, and parameters of other names are none of the service's business", async () => {
  const welcome = ["", "since=3&epoch=EPOCH", "since=0&epoch=EPOCH&batch=0", "token=x&batch=1&batches=2"];
  for (const query of welcome) {
    const { greeting } = await service.subscribe("ASKED", { query: query.replace("EPOCH", epoch) });
    assert.match(greeting, /^\{"type":"connected"/, query);
  }
  const opened = 1 + welcome.length;
  assert.equal((await service.publish("ASKED", { n: 4 })).connections, opened);
});
