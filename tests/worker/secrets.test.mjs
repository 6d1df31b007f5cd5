// Secrets that can be guessed, that two parties share, or that say too little: /health names each, and until it is mended
// nobody is let in with one.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SignJWT } from "jose";
import { SECRET, startService, stopServices } from "./service.mjs";

const LONG = "a secret of more than 32 bytes, for the tests";
after(stopServices);

async function mistakesOf(service) {
  const response = await service.request("/health");
  const text = await response.text();
  const { status, mistakes = [] } = JSON.parse(text);
  assert.deepEqual(
    [response.status, status],
    mistakes.length > 0 ? [503, "misconfigured"] : [200, "healthy"],
  );
  return { names: mistakes.map(({ name }) => name), text };
}

for (const [name, secrets, mistakes] of [
  ["a publisher's secret of one byte", { WEBHOOK_SECRET: "a" }, ["WEBHOOK_SECRET"]],
  ["a signing key of one byte", { WEBHOOK_SECRET: "whsec_AA==" }, ["WEBHOOK_SECRET"]],
  ["a word for Helius of one byte", { WEBHOOK_SECRET: SECRET, HELIUS_AUTH: "b" }, ["HELIUS_AUTH"]],
  ["Helius' word as the publishers'", { WEBHOOK_SECRET: SECRET, HELIUS_AUTH: SECRET }, ["HELIUS_AUTH"]],
  ["the same behind Bearer", { WEBHOOK_SECRET: SECRET, HELIUS_AUTH: `Bearer ${SECRET}` }, ["HELIUS_AUTH"]],
  ["the provider's secret as the publishers'", { WEBHOOK_SECRET: LONG, JWT_SECRET: LONG }, ["JWT_SECRET"]],
  [
    "a secret before that everybody could guess",
    { WEBHOOK_SECRET: LONG, WEBHOOK_SECRET_PREVIOUS: "c" },
    ["WEBHOOK_SECRET_PREVIOUS"],
  ],
]) {
  test(`${name} is a mistake, and nobody publishes with it`, async () => {
    const service = await startService({ secrets });
    const { names, text } = await mistakesOf(service);
    assert.deepEqual(names, mistakes);
    for (const secret of Object.values(secrets)) assert.ok(secret.length < 3 || !text.includes(secret));
    for (const secret of Object.values(secrets)) {
      for (const path of ["/broadcast/A", "/webhook/helius", "/webhook/price"]) {
        const headers = {
          authorization: path === "/broadcast/A" ? `Bearer ${secret}` : secret,
          "x-token": "A",
        };
        const response = await service.request(path, { method: "POST", headers, body: '{"type":"TRADE"}' });
        assert.deepEqual([response.status, (await response.json()).code], [503, "not_configured"], path);
      }
    }
    await service.stop();
  });
}

test("while a secret is rotated the two may be the same", async () => {
  const service = await startService({
    secrets: { WEBHOOK_SECRET: SECRET, WEBHOOK_SECRET_PREVIOUS: SECRET },
  });
  assert.deepEqual((await mistakesOf(service)).names, []);
  await service.stop();
});

test("a provider that does not say whom its tokens are from and for lets nobody in", async () => {
  const secrets = { WEBHOOK_SECRET: SECRET, JWT_SECRET: LONG };
  const token = await new SignJWT({ iss: "https://attacker.example", aud: "other-app", sub: "victim" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(LONG));
  const headers = { authorization: `Bearer ${token}` };
  const open = await startService({ secrets, vars: { JWT_ISSUER: "", JWT_AUDIENCE: "" } });
  assert.deepEqual((await mistakesOf(open)).names, ["JWT_ISSUER", "JWT_AUDIENCE"]);
  assert.equal((await open.refused("/ws/user:victim", { headers })).status, 503);
  await open.stop();
  const half = await startService({ secrets, vars: { JWT_ISSUER: "https://id.example", JWT_AUDIENCE: "" } });
  assert.deepEqual((await mistakesOf(half)).names, ["JWT_AUDIENCE"]);
  await half.stop();
  const any = await startService({ secrets, vars: { JWT_ISSUER: "*", JWT_AUDIENCE: "*" } });
  assert.deepEqual((await mistakesOf(any)).names, []);
  assert.match((await any.subscribe("user:victim", { headers })).greeting, /connected/);
});
