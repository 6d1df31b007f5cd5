// The commands and the client code of the documents that users of the older systems have, as they stand there but for
// the host.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { SECRET, startService, stopServices } from "./service.mjs";

const run = promisify(execFile);
let service;
before(async () => {
  service = await startService();
});
after(stopServices);

/** Runs a command of a document in a shell, with our host and secret in the place of theirs. */
async function shell(command) {
  const ours = command
    .replaceAll(/https:\/\/broadcast\.(glow\.trade|yourdomain\.com)/g, service.origin)
    .replaceAll("YOUR_WEBHOOK_SECRET", SECRET);
  const { stdout } = await run("bash", ["-c", ours]);
  return JSON.parse(stdout);
}

test("edge broadcast, Verify Deployment; integration guide, Test 2", async () => {
  for (const host of ["https://broadcast.glow.trade", "https://broadcast.yourdomain.com"]) {
    const health = await shell(`curl ${host}/health`);
    assert.equal(health.status, "healthy");
    assert.match(health.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
});

test("integration guide, Test 3", async () => {
  const answer = await shell(`curl -X POST https://broadcast.yourdomain.com/broadcast/TEST_TOKEN \\
  -H "Authorization: Bearer YOUR_WEBHOOK_SECRET" \\
  -H "Content-Type: application/json" \\
  -d '{"type":"PRICE_UPDATE","price":123.45,"timestamp":1234567890}'`);
  const { success, connections } = answer;
  assert.deepEqual({ success, connections }, { success: true, connections: 0 });
});

test("edge broadcast, the Lambda's handler and the app's socket", async () => {
  const received = [];
  const token = "So11111111111111111111111111111111111111112";
  const ws = new WebSocket(`${service.origin.replace("http", "ws")}/ws/${token}`);
  const price = new Promise((resolve) => {
    ws.onmessage = (event) => {
      const data = JSON.parse(event.data);
      received.push(data.type);
      switch (data.type) {
        case "connected":
          ws.send(JSON.stringify({ type: "ping" }));
          break;
        case "PRICE_UPDATE":
          resolve(data);
          break;
      }
    };
  });
  await new Promise((resolve) => ws.addEventListener("open", resolve));

  const payload = {
    type: "PRICE_UPDATE",
    token,
    price: 125.45,
    timestamp: Date.now(),
    slot: 1,
    signature: "sig",
  };
  const response = await fetch(`${service.origin}/broadcast/${token}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${SECRET}`, "Content-Type": "application/json" },
    body: JSON.stringify(payload),
  });
  assert.equal(response.status, 200);
  assert.deepEqual(await price, { ...payload, seq: 1 });
  assert.equal(received[0], "connected");
  ws.close();
});

test("edge broadcast, one socket for each of several tokens, as a browser's own client does it", async () => {
  const tokens = ["SOL", "BONK", "WIF"];
  const connections = tokens.map(
    (token) => new WebSocket(`${service.origin.replace("http", "ws")}/ws/${token}`),
  );
  const greetings = await Promise.all(
    connections.map(
      (ws) => new Promise((resolve) => ws.addEventListener("message", ({ data }) => resolve(data))),
    ),
  );
  assert.deepEqual(
    greetings.map((greeting) => JSON.parse(greeting).token),
    tokens,
  );
  for (const ws of connections) ws.close();
});
