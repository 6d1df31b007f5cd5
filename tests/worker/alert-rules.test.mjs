// What users want to be told of a token: rules of their own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, BAD_TEXTS, ODD_TEXTS, refused, rows, User } from "./api.mjs";
import { bearer, inSeconds, SECRETS, walletToken } from "./identity.mjs";
import { range, SECRET, startService, stopServices } from "./service.mjs";

const RULE = { token: "DROP", condition: "price_above", threshold: 0.0001 };
const DAY = 86_400;

let service;
let ana;
before(async () => {
  service = await startService({ secrets: SECRETS });
  ana = await User.signedIn(service);
});
after(stopServices);

const alertsOf = (user) => `${user.path}/alerts`;

/** Has a rule wait, and returns it. */
async function wait(user, rule = RULE) {
  const answer = await user.post(alertsOf(user), rule);
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

test("a rule waits, is listed, and can be taken away", async () => {
  const user = await User.signedIn(service);
  const before = Math.floor(Date.now() / 1000);
  const { status, headers, body } = await user.post(alertsOf(user), { ...RULE, quote: "SOL" });
  assert.equal(status, 201);
  const { id, createdAt, ...others } = body;
  assert.deepEqual(others, { ...RULE, threshold: "0.0001", quote: "SOL", firedAt: null });
  assert.ok(createdAt >= before && createdAt <= before + 10);
  assert.equal(headers.get("location"), `${service.origin}${alertsOf(user)}/${id}`);

  const listed = await user.get(alertsOf(user));
  assert.deepEqual([listed.status, listed.body], [200, { alerts: [body], next: null }]);
  assert.equal(listed.headers.get("cache-control"), "private, no-cache");
  const known = await user.get(alertsOf(user), { "if-none-match": listed.headers.get("etag") });
  assert.equal(known.status, 304);

  const gone = await user.ask("DELETE", `${alertsOf(user)}/${id}`);
  assert.deepEqual([gone.status, gone.text], [204, ""]);
  refused(await user.ask("DELETE", `${alertsOf(user)}/${id}`), 404, "not_found", /alert/);
  assert.deepEqual((await user.get(alertsOf(user))).body, { alerts: [], next: null });
});

test("a threshold keeps every digit, and what has no quote is in dollars", async () => {
  const user = await User.signedIn(service);
  for (const [threshold, shown] of [
    ["0.000055398041599614002231", "0.000055398041599614002231"],
    ["12345678901234567890.5", "12345678901234567890.5"],
    ["1e-9", "0.000000001"],
  ]) {
    const { body } = await user.post(alertsOf(user), { ...RULE, threshold });
    assert.deepEqual([body.threshold, body.quote], [shown, "USD"]);
  }
  const raw = await user.post(
    alertsOf(user),
    '{"token":"A","condition":"volume_above","threshold":9007199254740993}',
  );
  assert.deepEqual([raw.body.threshold, raw.body.quote], ["9007199254740993", null]);
});

test("the same rule again is the one that waits, also where it comes several times at once", async () => {
  const user = await User.signedIn(service);
  const first = await wait(user);
  const again = await user.post(alertsOf(user), { ...RULE, threshold: "0.00010" });
  assert.deepEqual([again.status, again.body], [200, first]);
  const rule = { ...RULE, condition: "price_below" };
  const answers = await Promise.all(range(1, 6).map(() => user.post(alertsOf(user), rule)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 201]);
  assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);

  await rows(service, "UPDATE alert_rules SET fired_at = 1 WHERE id = ?", first.id);
  assert.notEqual((await wait(user)).id, first.id, "one that has fired does not wait");
});

test("a wallet has at most 100 rules waiting, also where more come at once", async () => {
  const user = await User.signedIn(service);
  const post = (threshold) => user.post(alertsOf(user), { ...RULE, threshold });
  const answers = await Promise.all(range(1, 105).map(post));
  const count = (wanted) => answers.filter(({ status }) => status === wanted).length;
  assert.deepEqual([count(201), count(403)], [100, 5]);
  refused(
    answers.find(({ status }) => status === 403),
    403,
    "forbidden",
    /100 alerts/,
  );
  const { body } = answers.find(({ status }) => status === 201);
  assert.equal((await post(body.threshold)).status, 200, "one of them again is no more");
  await rows(service, "UPDATE alert_rules SET fired_at = 1 WHERE id = ?", body.id);
  assert.equal((await post(1_000)).status, 201, "one that has fired makes room");
  assert.equal((await ana.post(alertsOf(ana), RULE)).status, 201, "others have their own hundred");
});

test("what is no rule is refused with the field's name", async () => {
  for (const [why, text] of Object.entries(BAD_TEXTS))
    for (const field of ["token", "condition", "quote"]) {
      const body = `{"token":"A","condition":"price_above","threshold":1,"${field}":${text}}`;
      refused(
        await ana.post(alertsOf(ana), body),
        400,
        "invalid_payload",
        new RegExp(`^\`${field}\``),
        `${field}: ${why}`,
      );
    }
  for (const text of ODD_TEXTS)
    for (const field of ["token", "condition", "threshold"]) {
      const answer = await ana.post(alertsOf(ana), { ...RULE, [field]: text });
      refused(answer, 400, "invalid_payload", new RegExp(`^\`${field}\``), `${field}: ${text}`);
    }
  for (const threshold of [0, -1, null, true, "", "NaN", "1e400", "0x1", [1], `1${"0".repeat(64)}`])
    refused(await ana.post(alertsOf(ana), { ...RULE, threshold }), 400, "invalid_payload", /`threshold`/);
  for (const field of ["token", "condition", "threshold"])
    refused(
      await ana.post(alertsOf(ana), { ...RULE, [field]: undefined }),
      400,
      "invalid_payload",
      new RegExp(`\`${field}\``),
    );
  refused(
    await ana.post(alertsOf(ana), { ...RULE, token: `wallet:${ana.address}` }),
    400,
    "invalid_payload",
    /`token`/,
  );
  refused(await ana.post(alertsOf(ana), { ...RULE, wallet: "x" }), 400, "invalid_payload", /`wallet`/);
  refused(await ana.post(alertsOf(ana), "{"), 400, "invalid_json");
  refused(await ana.post(alertsOf(ana), "[]"), 400, "invalid_payload");
  refused(await ana.post(alertsOf(ana), " ".repeat(16_385)), 413, "payload_too_large");
});

test("rules are their wallet's own", async () => {
  const [cleo, ben] = [await User.signedIn(service), await User.signedIn(service)];
  const { id } = await wait(cleo);
  const path = `${alertsOf(cleo)}/${id}`;
  refused(await ben.ask("DELETE", path), 403, "forbidden");
  refused(await ben.ask("DELETE", `${alertsOf(ben)}/${id}`), 404, "not_found");
  refused(await ben.get(alertsOf(cleo)), 403, "forbidden");
  refused(await ben.post(alertsOf(cleo), RULE), 403, "forbidden");
  for (const headers of [{}, bearer(SECRET), bearer(await walletToken(cleo.wallet, inSeconds(-120)))])
    for (const [method, url, body] of [
      ["GET", alertsOf(cleo)],
      ["POST", alertsOf(cleo), RULE],
      ["DELETE", path],
    ])
      refused(await ask(service, method, url, body, headers), 401, "unauthorized");
  for (const odd of ["%00", "'%20OR%201=1--", "%F0%9F%91%A9", "%ff", `${id}%00`])
    refused(await cleo.ask("DELETE", `${alertsOf(cleo)}/${odd}`), 404, "not_found", /alert/, odd);
  assert.equal((await cleo.get(alertsOf(cleo))).body.alerts.length, 1);
  const other = await cleo.ask("GET", path);
  refused(other, 405, "method_not_allowed");
  assert.equal(other.headers.get("allow"), "DELETE, OPTIONS");
});

test("rules are listed newest first, page by page", async () => {
  const user = await User.signedIn(service);
  for (const index of range(1, 7)) {
    const { id } = await wait(user, { ...RULE, threshold: index });
    await rows(
      service,
      "UPDATE alert_rules SET created_at = ? WHERE id = ?",
      1_000 + Math.floor(index / 2),
      id,
    );
  }
  const { alerts } = (await user.get(alertsOf(user))).body;
  assert.deepEqual(
    alerts.map(({ createdAt }) => createdAt),
    [1003, 1003, 1002, 1002, 1001, 1001, 1000],
  );
  const pages = [];
  for (let next = ""; next !== null; ) {
    const { body } = await user.get(`${alertsOf(user)}?limit=3${next && `&cursor=${next}`}`);
    pages.push(...body.alerts);
    next = body.next;
  }
  assert.deepEqual(pages, alerts);
  for (const query of ["limit=0", "limit=101", "cursor=!", "cursor=", "limit=1&limit=1"])
    refused(await user.get(`${alertsOf(user)}?${query}`), 400, "invalid_query", /limit|cursor/, query);
});

test("a rule that fired is shown for a month, and then thrown away", async () => {
  const user = await User.signedIn(service);
  const now = Math.floor(Date.now() / 1000);
  const [old, recent] = [await wait(user), await wait(user, { ...RULE, threshold: 2 })];
  const waiting = await wait(user, { ...RULE, threshold: 3 });
  const fire = (id, at) => rows(service, "UPDATE alert_rules SET fired_at = ? WHERE id = ?", at, id);
  await fire(old.id, now - 31 * DAY);
  await fire(recent.id, now - 29 * DAY);
  for (let time = 0; time < 2; time += 1) {
    await service.harness.getWorker().scheduled({ cron: "*/10 * * * *" });
    const { alerts } = (await user.get(alertsOf(user))).body;
    assert.deepEqual(new Set(alerts.map(({ id }) => id)), new Set([recent.id, waiting.id]));
    assert.equal(alerts.find(({ id }) => id === recent.id).firedAt, now - 29 * DAY);
  }
});

test("a rule waits for 90 days, and then it is thrown away", async () => {
  const user = await User.signedIn(service);
  const now = Math.floor(Date.now() / 1000);
  const [old, recent] = [await wait(user), await wait(user, { ...RULE, threshold: 2 })];
  const age = (id, days) =>
    rows(service, "UPDATE alert_rules SET created_at = ? WHERE id = ?", now - days * DAY - 60, id);
  await age(old.id, 90);
  await age(recent.id, 89);
  await service.harness.getWorker().scheduled({ cron: "*/10 * * * *" });
  const { alerts } = (await user.get(alertsOf(user))).body;
  assert.deepEqual(
    alerts.map(({ id }) => id),
    [recent.id],
  );
});

test("one round throws away more than an address can make in ten minutes, of all kinds", async () => {
  // A hundred requests a minute.
  const most = 1_000;
  const make = (statement) =>
    rows(
      service,
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) ${statement}`,
      5 * most,
    );
  for (const [name, fired] of [
    ["fired", 1],
    ["waits", "NULL"],
  ])
    await make(
      `INSERT INTO alert_rules SELECT '${name}-' || n, 'w' || n, 'MUCH', 'price_above', n, 'USD', 1, ${fired} FROM numbers`,
    );
  await make(
    "INSERT INTO uploads SELECT 'users/much/profile-' || n || '.png', 'users', 'w' || n, 1 FROM numbers",
  );
  await make("INSERT INTO balance_snapshots SELECT 'w' || n, 'much', 1, '{}' FROM numbers");
  await service.harness.getWorker().scheduled({ cron: "*/10 * * * *" });
  for (const [table, which] of [
    ["alert_rules", "mint = 'MUCH'"],
    ["uploads", "key LIKE 'users/much/%'"],
    ["balance_snapshots", "id = 'much'"],
  ]) {
    const [{ left }] = await rows(service, `SELECT count(*) AS left FROM ${table} WHERE ${which}`);
    assert.equal(left, 0, table);
  }
});

test("thresholds are in the database's order of numbers, whatever they look like", async () => {
  const thresholds = [
    "0.000055398041599614002231",
    "0.00007",
    "0.5",
    "0.51",
    "1",
    "1.5",
    "9",
    "10",
    "10.05",
    "10.5",
  ];
  thresholds.push("99", "100", "12345678901234567890.5", "12345678901234567891");
  const user = await User.signedIn(service);
  for (const threshold of thresholds.toReversed()) await wait(user, { ...RULE, token: "ORDER", threshold });
  const text = readFileSync(join(import.meta.dirname, "..", "..", "migrations", "0002_bounds.sql"), "utf8");
  const [, order] = /'USD', quote\),\n([\s\S]+?)\n\) WHERE/.exec(text);
  const sorted = `SELECT threshold FROM alert_rules
    WHERE mint = ? AND condition = 'price_above' AND iif(quote IN ('USDC', 'USDT'), 'USD', quote) = 'USD' AND fired_at IS NULL
    ORDER BY ${order}`;
  const found = await rows(service, sorted, "ORDER");
  assert.deepEqual(
    found.map(({ threshold }) => threshold),
    thresholds,
  );
  const plan = await rows(service, `EXPLAIN QUERY PLAN ${sorted}`, "ORDER");
  assert.deepEqual(
    plan.map(({ detail }) => /USING INDEX alert_rules_by_threshold|TEMP B-TREE/.exec(detail)?.[0]),
    ["USING INDEX alert_rules_by_threshold"],
    "nothing is sorted",
  );
});
