// Users: what they tell of themselves, and who referred them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, BAD_TEXTS, ODD_TEXTS, refused, rows, User } from "./api.mjs";
import { accountToken, bearer, inSeconds, SECRETS, walletToken } from "./identity.mjs";
import { range, SECRET, startService, stopServices } from "./service.mjs";
import { Wallet } from "./wallet.mjs";

const CODE = /^[2-9A-HJ-NP-Z]{8}$/;

let service;
before(async () => {
  service = await startService({ secrets: SECRETS });
});
after(stopServices);

/** Users who have a profile, each with their referral code. */
async function users(count) {
  const all = await Promise.all(range(1, count).map(() => User.signedIn(service)));
  for (const user of all) {
    const { status, body } = await user.put({});
    assert.equal(status, 200);
    user.code = body.referralCode;
  }
  return all;
}

test("a user comes to be with the first PUT, and everybody can look at the profile", async () => {
  const ana = await User.signedIn(service);
  refused(await ask(service, "GET", ana.path), 404, "not_found", /user/);
  const before = Math.floor(Date.now() / 1000);
  const { status, body } = await ana.put({ name: "Ana", bio: "one\ntwo" });
  assert.equal(status, 200);
  const { referralCode, createdAt, updatedAt, ...others } = body;
  assert.match(referralCode, CODE);
  assert.ok(createdAt >= before && createdAt <= before + 10 && updatedAt === createdAt);
  const shown = {
    wallet: ana.address,
    name: "Ana",
    bio: "one\ntwo",
    image: null,
    referrer: null,
    referrals: 0,
  };
  assert.deepEqual(others, shown);
  const seen = await ask(service, "GET", ana.path);
  assert.deepEqual([seen.status, seen.body], [200, body]);

  const changed = await ana.put({ bio: null });
  assert.deepEqual(
    [changed.body.name, changed.body.bio, changed.body.referralCode],
    ["Ana", null, referralCode],
  );
});

test("a profile has a tag, and who has it already gets 304", async () => {
  const [ana] = await users(1);
  const { headers } = await ask(service, "GET", ana.path);
  const tag = headers.get("etag");
  assert.match(tag, /^W\/"[\w-]{16}"$/);
  assert.equal(headers.get("cache-control"), "public, max-age=10");
  for (const known of [tag, `"x", ${tag}`, "*", tag.slice(2)]) {
    const again = await ask(service, "GET", ana.path, undefined, { "if-none-match": known });
    assert.deepEqual([again.status, again.text, again.headers.get("etag")], [304, "", tag], known);
  }
  const head = await ask(service, "HEAD", ana.path);
  assert.deepEqual([head.status, head.text, head.headers.get("etag")], [200, "", tag]);
  await ana.put({ name: "Ana" });
  const other = await ask(service, "GET", ana.path, undefined, { "if-none-match": tag });
  assert.deepEqual([other.status, other.body.name], [200, "Ana"]);
});

test("every odd text comes back to the letter", async () => {
  const [ana] = await users(1);
  for (const text of ODD_TEXTS) {
    const { status, body } = await ana.put({ name: text, bio: text });
    assert.deepEqual([status, body.name, body.bio], [200, text, text]);
    const seen = await ask(service, "GET", ana.path);
    assert.deepEqual([seen.body.name, seen.body.bio], [text, text]);
  }
  const [{ count }] = await rows(
    service,
    "SELECT COUNT(*) AS count FROM users WHERE wallet = ?",
    ana.address,
  );
  assert.equal(count, 1);
});

test("texts have bounds in characters, whatever their bytes", async () => {
  const [ana] = await users(1);
  assert.equal((await ana.put({ name: "😀".repeat(50), bio: "é".repeat(500) })).status, 200);
  refused(await ana.put({ name: "😀".repeat(51) }), 400, "invalid_payload", /`name`.*50/);
  refused(await ana.put({ bio: "é".repeat(501) }), 400, "invalid_payload", /`bio`.*500/);
});

test("what is no change of a profile is refused with the field's name", async () => {
  const [ana] = await users(1);
  const { body: before } = await ana.put({ name: "Ana" });
  for (const field of ["name", "bio", "image", "referralCode"]) {
    for (const [why, text] of Object.entries(BAD_TEXTS)) {
      const answer = await ana.put(`{"${field}":${text}}`);
      refused(answer, 400, "invalid_payload", new RegExp(`^\`${field}\``), `${field}: ${why}`);
    }
  }
  refused(await ana.put({ name: "a\nb" }), 400, "invalid_payload", /`name`/);
  refused(await ana.put({ wallet: "x" }), 400, "invalid_payload", /`wallet`/);
  refused(await ana.put({ "'; --": 1 }), 400, "invalid_payload", /`'; --`/);
  refused(await ana.put("[]"), 400, "invalid_payload");
  refused(await ana.put("{"), 400, "invalid_json");
  refused(await ana.put(""), 400, "invalid_json");
  refused(await ana.put(Uint8Array.from([0x7b, 0xff])), 400, "invalid_json");
  refused(await ana.put(" ".repeat(16_385)), 413, "payload_too_large");
  for (const image of ["https://elsewhere.example/a.webp", `users/${ana.address}/profile-1.webp`])
    refused(await ana.put({ image }), 400, "invalid_payload", /`image`/);
  assert.deepEqual((await ana.get()).body, before);
});

test("only the wallet itself changes its profile, with a token that holds", async () => {
  const [ana, ben] = await users(2);
  const put = (headers) => ask(service, "PUT", ana.path, { name: "Mallory" }, headers);
  const anonymous = await put();
  refused(anonymous, 401, "unauthorized");
  assert.match(anonymous.headers.get("www-authenticate"), /^Bearer/);
  refused(await put(bearer(SECRET)), 401, "unauthorized");
  refused(await put(bearer(await walletToken(ana.wallet, inSeconds(-120)))), 401, "unauthorized");
  refused(await put(bearer(ben.token)), 403, "forbidden");
  refused(await put(bearer(await accountToken(ana.address))), 403, "forbidden");
  refused(await ana.put({}, "/users/ana"), 400, "invalid_payload");
  assert.equal((await ana.get()).body.name, null);
});

test("other methods are refused with those that there are", async () => {
  const [ana] = await users(1);
  const answer = await ana.ask("DELETE", ana.path);
  refused(answer, 405, "method_not_allowed");
  assert.equal(answer.headers.get("allow"), "GET, HEAD, PUT, OPTIONS");
  const preflight = await ask(service, "OPTIONS", ana.path, undefined, { origin: "https://app.glow.trade" });
  assert.equal(preflight.status, 204);
  assert.match(
    preflight.headers.get("access-control-allow-headers"),
    /authorization.*content-type.*if-none-match/,
  );
  const seen = await ask(service, "GET", ana.path, undefined, { origin: "https://app.glow.trade" });
  assert.match(seen.headers.get("access-control-expose-headers"), /etag.*location/);
});

test("a referrer is set once, by their code, and counted", async () => {
  const [ana, ben] = await users(2);
  const cleo = await User.signedIn(service);
  const { body } = await cleo.put({ referralCode: ana.code.toLowerCase() });
  assert.equal(body.referrer, ana.address);
  assert.equal((await ana.get()).body.referrals, 1);
  assert.equal((await ben.put({ referralCode: ana.code })).body.referrer, ana.address);
  assert.equal((await ana.get()).body.referrals, 2);

  assert.equal(
    (await cleo.put({ referralCode: ana.code, name: "Cleo" })).body.name,
    "Cleo",
    "the same again",
  );
  refused(await cleo.put({ referralCode: ben.code, name: "C" }), 400, "invalid_payload", /already/);
  assert.equal((await cleo.put({ referralCode: null })).body.referrer, ana.address);
  assert.deepEqual([(await cleo.get()).body.name, (await ana.get()).body.referrals], ["Cleo", 2]);
});

test("nobody is referred by themselves, by nobody, or in a circle", async () => {
  const [ana, ben, cleo, dan] = await users(4);
  refused(await ana.put({ referralCode: ana.code }), 400, "invalid_payload", /your own/);
  refused(await ana.put({ referralCode: "22222222" }), 400, "invalid_payload", /nobody's/);
  for (const code of ["", "' OR 1=1", "22222220", "2222222"])
    refused(await ana.put({ referralCode: code }), 400, "invalid_payload", /`referralCode`/);
  for (const [user, referrer] of [
    [ben, ana],
    [cleo, ben],
    [dan, cleo],
  ])
    assert.equal((await user.put({ referralCode: referrer.code })).status, 200);
  for (const { code } of [ben, cleo, dan])
    refused(await ana.put({ referralCode: code, name: "A" }), 400, "invalid_payload", /has referred/);
  assert.equal((await ana.get()).body.name, null);
});

test("somebody who has referred others has no more than 1,000 referrers above them", async () => {
  const [first, second, below] = await users(3);
  assert.equal((await below.put({ referralCode: first.code })).status, 200);
  const insert =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001) " +
    "INSERT INTO users (wallet, referral_code, referrer, referred_at, created_at, updated_at) " +
    "SELECT 'above-' || i, 'CODE-' || i, CASE WHEN i > 1 THEN 'above-' || (i - 1) END, 1, 1, 1 FROM n";
  await rows(service, insert);
  const link = (wallet) =>
    rows(service, "UPDATE users SET referrer = ?, referred_at = 1 WHERE wallet = ?", wallet, second.address);
  await link("above-1001");
  refused(await first.put({ referralCode: second.code }), 400, "invalid_payload", /1000/);
  const [fresh, other] = await users(2);
  assert.equal((await fresh.put({ referralCode: second.code })).status, 200, "who has referred nobody");
  await rows(
    service,
    "UPDATE users SET referrer = 'above-999', referred_at = 1 WHERE wallet = ?",
    other.address,
  );
  assert.equal((await first.put({ referralCode: other.code })).status, 200, "exactly 1,000");
});

test("of changes at once that would close a circle, one is refused", async () => {
  for (let round = 0; round < 5; round += 1) {
    const circle = await users(3);
    const answers = await Promise.all(
      circle.map((user, index) => user.put({ referralCode: circle[(index + 1) % circle.length].code })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 400]);
    refused(
      answers.find(({ status }) => status === 400),
      400,
      "invalid_payload",
      /has referred/,
    );
  }
});

test("of two referrers at once one stays, and of two first changes at once both are kept", async () => {
  const [ana, ben, cleo] = await users(3);
  const dan = await User.signedIn(service);
  const [name, bio] = await Promise.all([dan.put({ name: "Dan" }), dan.put({ bio: "d" })]);
  assert.deepEqual([name.status, bio.status, name.body.referralCode], [200, 200, bio.body.referralCode]);
  const answers = await Promise.all([ana, ben, cleo].map(({ code }) => dan.put({ referralCode: code })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400]);
  const { body } = await dan.get();
  assert.deepEqual([body.name, body.bio], ["Dan", "d"]);
  const counts = await Promise.all([ana, ben, cleo].map(async (user) => (await user.get()).body.referrals));
  assert.deepEqual(counts.sort(), [0, 0, 1]);
});

test("whom a user has referred is listed for that user, newest first, page by page", async () => {
  const [ana, ben] = await users(2);
  const referred = await Promise.all(range(1, 7).map(() => User.signedIn(service)));
  for (const [index, user] of referred.entries()) {
    await user.put({ referralCode: ana.code, name: `user ${index}` });
    const at = 1000 + Math.floor(index / 2);
    await rows(service, "UPDATE users SET referred_at = ? WHERE wallet = ?", at, user.address);
  }
  const path = `${ana.path}/referrals`;
  const all = (await ana.get(path)).body;
  assert.equal(all.next, null);
  assert.deepEqual(
    all.referrals.map(({ referredAt }) => referredAt),
    [1003, 1002, 1002, 1001, 1001, 1000, 1000],
  );
  assert.deepEqual(
    new Set(all.referrals.map(({ wallet }) => wallet)),
    new Set(referred.map(({ address }) => address)),
  );
  const pages = [];
  for (let next = ""; next !== null; ) {
    const page = await ana.get(`${path}?limit=2${next && `&cursor=${next}`}`);
    assert.equal(page.status, 200);
    assert.equal(page.headers.get("cache-control"), "private, no-cache");
    pages.push(...page.body.referrals);
    next = page.body.next;
  }
  assert.deepEqual(pages, all.referrals);
  assert.deepEqual((await ben.get(`${ben.path}/referrals`)).body, { referrals: [], next: null });

  for (const query of [
    "limit=0",
    "limit=101",
    "limit=x",
    "cursor=x",
    "cursor=",
    "cursor=%00",
    "limit=1&limit=2",
  ])
    refused(await ana.get(`${path}?${query}`), 400, "invalid_query", /limit|cursor/, query);
  refused(await ben.get(path), 403, "forbidden");
  refused(await ask(service, "GET", path), 401, "unauthorized");
});

test("a user's own list is not kept for somebody else, and its tag is known again", async () => {
  const [ana] = await users(1);
  const { headers } = await ana.get(`${ana.path}/referrals`);
  assert.match(headers.get("vary"), /authorization/);
  const again = await ana.get(`${ana.path}/referrals`, { "if-none-match": headers.get("etag") });
  assert.equal(again.status, 304);
});

test("a wallet is not confused with another one that is written alike", async () => {
  const [ana] = await users(1);
  const other = new Wallet();
  refused(await ana.get(`/users/${other.address}`), 404, "not_found");
  for (const path of ["/users/%00", `/users/${ana.address}%00`, `/users/${ana.address}'--`, "/users/%ff"])
    refused(await ana.get(path), 400, "invalid_payload", /wallet/, path);
});

test("without a secret to sign tokens with nobody is let in", async () => {
  const bare = await startService({});
  const wallet = new Wallet();
  const headers = bearer(await walletToken(wallet, inSeconds(3600)));
  refused(await ask(bare, "PUT", `/users/${wallet.address}`, {}, headers), 401, "unauthorized");
  await bare.stop();
});
