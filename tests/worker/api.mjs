// Users of the REST resources, as an app makes them: a wallet, its access token, and requests with it. It asserts only
// what every refusal has.

import assert from "node:assert/strict";
import { bearer, signIn } from "./identity.mjs";
import { Wallet } from "./wallet.mjs";

/** Texts that are stored and come back to the letter, whatever they look like to SQL, JSON or a terminal. */
export const ODD_TEXTS = [
  "'; DROP TABLE users; --",
  '" OR 1=1 /*',
  "%_\\?1 ?2 $1 :name @name",
  "NULL, x'00', TRUE",
  "{{7*7}} <script>alert(1)</script>",
  "👩‍👩‍👧‍👦 🏳️‍🌈",
  "שלום \u202eabc\u202c مرحبا",
  "e\u0301 é \u1100\u1161\u11a8",
  "𝕏 𐍈 \u{10ffff}",
  "\ufeff\u200b\u2028\u2029",
];

/** JSON texts that no text field takes, each with why. */
export const BAD_TEXTS = {
  "a NUL": '"a\\u0000b"',
  "an escape": '"\\u001b[31m"',
  "a C1 control character": '"\\u0085"',
  "half of a surrogate pair": '"\\ud83d"',
  "the other half alone": '"a\\ude00b"',
  "halves in the wrong order": '"\\ude00\\ud83d"',
  "no characters": '""',
  "a number": "1",
  true: "true",
  "a list": '["a"]',
  "an object": '{"a":"b"}',
};

/** Somebody who has signed in. */
export class User {
  constructor(service, wallet, token) {
    this.service = service;
    this.wallet = wallet;
    this.token = token;
    this.address = wallet.address;
    this.path = `/users/${wallet.address}`;
  }

  static async signedIn(service) {
    const wallet = new Wallet();
    return new User(service, wallet, await signIn(service, wallet));
  }

  /** A request with this user's token; a body that is no text or bytes is sent as JSON. */
  async ask(method, path, body, headers = {}) {
    return ask(this.service, method, path, body, { ...bearer(this.token), ...headers });
  }

  get = (path = this.path, headers) => this.ask("GET", path, undefined, headers);
  put = (body, path = this.path) => this.ask("PUT", path, body);
  post = (path, body) => this.ask("POST", path, body);
}

/** A request; `body` of the answer is its JSON where it has some. */
export async function ask(service, method, path, body, headers = {}) {
  const isRaw = body === undefined || typeof body === "string" || body instanceof Uint8Array;
  const response = await service.request(path, {
    method,
    headers,
    body: isRaw ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text ? JSON.parse(text) : text,
  };
}

/** Asserts that an answer is a refusal with this code; `detail` is what its detail has to match. */
export function refused(answer, status, code, detail = /./, name = "") {
  assert.equal(answer.headers.get("content-type"), "application/problem+json", `${name} ${answer.text}`);
  assert.deepEqual(
    [answer.status, answer.body.status, answer.body.code],
    [status, status, code],
    `${name} ${answer.text}`,
  );
  assert.match(answer.body.detail, detail, name);
}

/** The rows of a statement on the service's database. */
export async function rows(service, statement, ...values) {
  const { DATABASE } = await service.harness.getWorker().getEnv();
  return (
    await DATABASE.prepare(statement)
      .bind(...values)
      .all()
  ).results;
}
