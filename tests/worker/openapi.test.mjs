// site/openapi.json describes all of the service and nothing else: its routes are the service's, and whatever
// schemathesis makes of it, good requests and bad ones, is answered as it says.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { pythonTool, pythonTools } from "../../scripts/setup.mjs";
import { errorCodes, fragment, load, source, validatorFor } from "./documents.mjs";
import { bearer, SECRETS, signIn } from "./identity.mjs";
import { SECRET, startService, stopServices, storeInMemory } from "./service.mjs";
import { base58, Wallet } from "./wallet.mjs";

const document = load("openapi.json");
const validator = validatorFor("openapi.json");
const HELIUS_AUTH = "what helius sends, for the tests";
/** A picture of one pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/** What a request is sent with that is asked for a method only. */
const SAMPLES = { token: "SOL", mint: "DROP", wallet: new Wallet().address };

let service;
before(async () => {
  storeInMemory();
  service = await startService({ secrets: { ...SECRETS, HELIUS_AUTH } });
});
after(stopServices);

/** Each operation, with its path and its method. */
function operations() {
  return Object.entries(document.paths).flatMap(([path, { parameters, ...item }]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
  );
}

test("the document is OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.match(document.openapi, /^3\.1\./);
  assert.equal(document.info.version, JSON.parse(source("package.json")).version);
  const ids = operations().map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
});

test("every example in it is by its own schema", () => {
  let seen = 0;
  const walk = (node, pointer) => {
    if (node === null || typeof node !== "object") return;
    const named = Object.values(node.examples ?? {}).map((example) => example.value);
    const examples = node.schema ? [...named, node.example].filter((example) => example !== undefined) : [];
    for (const example of examples) {
      const schema = `openapi.json${fragment(...pointer, "schema")}`;
      assert.ok(validator.validate(schema, example), `${schema}: ${validator.errorsText()}`);
      seen += 1;
    }
    for (const [name, child] of Object.entries(node)) walk(child, [...pointer, name]);
  };
  walk(document, []);
  for (const [name, { examples = [] }] of Object.entries(document.components.schemas)) {
    const schema = `openapi.json${fragment("components", "schemas", name)}`;
    for (const example of examples) {
      assert.ok(validator.validate(schema, example), `${schema}: ${validator.errorsText()}`);
    }
  }
  assert.ok(seen > 20);
});

test("it has the codes of problems that the service has", () => {
  assert.deepEqual(document.components.schemas.ErrorCode.enum, errorCodes());
  const told = Object.values(document.components.responses).flatMap(({ content }) => {
    return content?.["application/problem+json"]?.schema.properties.code.enum ?? [];
  });
  assert.deepEqual([...new Set(told)].toSorted(), errorCodes().toSorted());
});

test("it lists each route that the service has, with its methods, and no others", async () => {
  const patterns = ["route.rs", "api/resource.rs"].flatMap((file) => {
    const [, body] = /fn pattern\(&self\) -> &'static str \{([\s\S]*?)\n {4}\}/.exec(
      source(`src/edge/http/${file}`),
    );
    return [...body.matchAll(/=> "([^"]+)"/g)].map(([, pattern]) => pattern);
  });
  assert.ok(patterns.includes("/ws/:token") && patterns.includes("/webhook/helius"));
  const listed = new Set();
  for (const [path, { parameters, ...item }] of Object.entries(document.paths)) {
    if (isFile(path)) continue;
    const sample = path.replace(/\{(\w+)\}/g, (_, name) => SAMPLES[name] ?? "sample");
    const response = await service.request(sample, { method: "OPTIONS" });
    const allowed = response.headers.get("allow").toLowerCase().split(", ");
    const explicit = allowed.filter((method) => !["head", "options"].includes(method));
    assert.deepEqual(Object.keys(item).toSorted(), explicit.toSorted(), path);
    listed.add(routeOf(path));
  }
  assert.deepEqual([...listed].toSorted(), patterns.toSorted());
});

/** Whether a path is a file of dist/site, and no route of the Worker. */
const isFile = (path) => path.endsWith(".json");

/** A path as the service's routes have it: the key of an image has slashes, which no parameter of a path may have. */
function routeOf(path) {
  if (path.startsWith("/images/")) return "/images/:key";
  return path.replace(/\{(\w+)\}/g, ":$1");
}

test("it is served to pages of any origin, as what describes the sockets is", async () => {
  for (const name of ["openapi.json", "asyncapi.json"]) {
    const response = await service.request(`/${name}`, { headers: { origin: "https://elsewhere.example" } });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.match(response.headers.get("content-type"), /^application\/json/);
    assert.deepEqual(await response.json(), load(name));
  }
});

test("what takes more than one request is answered as it says too", async () => {
  const wallet = new Wallet();
  const asJson = { "content-type": "application/json" };
  const { nonce, message } = await answered("/auth/nonce", "/auth/nonce", {
    method: "POST",
    headers: asJson,
    body: JSON.stringify({ wallet: wallet.address }),
  });
  const signature = base58(wallet.sign(message));
  const { accessToken } = await answered("/auth/verify", "/auth/verify", {
    method: "POST",
    headers: asJson,
    body: JSON.stringify({ wallet: wallet.address, nonce, signature }),
  });
  const headers = bearer(accessToken);
  await service.publish(SAMPLES.mint, { type: "TRADE", price: 1.5, amount: 2, quote: "SOL", side: "buy" });
  await answered("/tokens/{mint}/price", `/tokens/${SAMPLES.mint}/price`);
  const { candles } = await answered("/tokens/{mint}/prices", `/tokens/${SAMPLES.mint}/prices?range=1h`);
  assert.equal(candles.length, 1);
  const { uploadUrl, publicUrl } = await answered("/users/{wallet}/image", `/users/${wallet.address}/image`, {
    method: "POST",
    headers,
  });
  const body = Buffer.from(PIXEL, "base64");
  const upload = { method: "PUT", headers: { "content-type": "image/png" }, body };
  await answered("/uploads/{permission}", new URL(uploadUrl).pathname, upload);
  await answered("/uploads/{permission}", new URL(uploadUrl).pathname, upload, 403);
  const picture = new URL(publicUrl).pathname;
  const path = "/images/users/{wallet}/{file}";
  const { tag } = await answered(path, picture);
  await answered(path, picture, { headers: { "if-none-match": tag } }, 304);
  const profile = await answered("/users/{wallet}", `/users/${wallet.address}`);
  assert.equal(profile.image, publicUrl);
  await answered("/users/{wallet}", `/users/${wallet.address}`, { headers: { "if-none-match": "*" } }, 304);
  await Promise.all([service.subscribe("SOL"), service.many(), service.publisher()]);
});

/** Sends a request, and returns what of its answer is JSON, or its tag, after holding it against the document. */
async function answered(path, sent, init = {}, status = 200) {
  const response = await service.request(sent, init);
  assert.equal(response.status, status, `${sent}: ${response.status}`);
  const method = (init.method ?? "GET").toLowerCase();
  const reference = document.paths[path][method].responses[status];
  const pointer = reference.$ref?.slice(2).split("/") ?? ["paths", path, method, "responses", String(status)];
  const { content = {}, headers = {} } = pointer.reduce((node, part) => node[part], document);
  for (const name of Object.keys(headers)) assert.ok(response.headers.has(name), `${sent}: ${name}`);
  const type = response.headers.get("content-type");
  assert.ok(status === 304 || type in content, `${sent}: ${type}`);
  if (!/json$/.test(type)) return { tag: response.headers.get("etag") };
  const value = await response.json();
  const schema = `openapi.json${fragment(...pointer, "content", type, "schema")}`;
  assert.ok(validator.validate(schema, value), `${sent}: ${validator.errorsText()}`);
  return value;
}

test("whatever is asked by the document or against it is answered as it says", {
  timeout: 300_000,
}, async () => {
  await pythonTools();
  const wallet = new Wallet();
  const accessToken = await signIn(service, wallet);
  const folder = join(import.meta.dirname, "..", "..", "build", "test");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "wallets.txt"), `"${wallet.address}"\n`);
  const { code, output } = await schemathesis({ ACCESS_TOKEN: accessToken, HELIUS_AUTH, PUBLISHER: SECRET });
  assert.equal(code, 0, output);
  const failed = service.logLines().filter(({ level }) => level === "error");
  assert.deepEqual(failed, []);
});

test("each operation was tried with success", () => {
  const requests = service.logLines().filter(({ event }) => event === "request");
  const succeeded = new Set(
    requests.filter(({ status }) => status < 300).map(({ method, route }) => `${method} ${route}`),
  );
  const routes = operations().filter(({ path }) => !isFile(path));
  for (const { method, path } of routes) {
    const operation = `${method.toUpperCase()} ${routeOf(path)}`;
    assert.ok(succeeded.has(operation), operation);
  }
});

/** Tries the service, with these credentials; what is tried is in schemathesis.toml. */
function schemathesis(credentials) {
  const config = join(import.meta.dirname, "schemathesis.toml");
  const described = join(import.meta.dirname, "..", "..", "site", "openapi.json");
  const options = ["--config-file", config, "run", described, "--url", service.origin, "--no-color"];
  const child = spawn(pythonTool("schemathesis"), options, { env: { ...process.env, ...credentials } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
