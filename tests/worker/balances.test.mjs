// What a wallet had at a time, and what it won or lost since.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, ODD_TEXTS, refused, rows, User } from "./api.mjs";
import { bearer, inSeconds, SECRETS, walletToken } from "./identity.mjs";
import { range, SECRET, startService, stopServices } from "./service.mjs";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const INSERT = "INSERT INTO balance_snapshots (wallet, id, taken_at, payload) VALUES (?, ?, ?, ?)";

let service;
before(async () => {
  service = await startService({ secrets: SECRETS });
});
after(stopServices);

/** Somebody with snapshots: each `[seconds ago, payload, id]`. */
async function holder(...snapshots) {
  const user = await User.signedIn(service);
  user.now = Math.floor(Date.now() / 1000);
  for (const [index, [ago, payload, id = `e-${index}`]] of snapshots.entries()) {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    await rows(service, INSERT, user.address, id, user.now - ago, text);
  }
  user.balances = (query = "") => user.get(`${user.path}/balances${query && `?${query}`}`);
  return user;
}

const worth = (valueUsd) => ({ type: "BALANCE_UPDATE", balances: [], valueUsd });

test("snapshots are kept for BALANCES_RETENTION, a year", async () => {
  const user = await holder([366 * DAY, worth(1)], [364 * DAY, worth(2)]);
  await service.harness.getWorker().scheduled({ cron: "*/10 * * * *" });
  const { snapshots } = (await user.balances("range=all")).body;
  assert.deepEqual(
    snapshots.map(({ id }) => id),
    ["e-1"],
  );
});

test("snapshots are listed newest first, with what was won between the ends", async () => {
  const user = await holder(
    [
      2 * HOUR,
      '{"type":"BALANCE_UPDATE","balances":[{"mint":"A","amount":1.10,"valueUsd":"10.1"}],"sol":0.5,"valueUsd":100.10}',
    ],
    [
      HOUR,
      '{"type":"BALANCE_UPDATE","balances":[{"mint":"A","amount":"12345678901234567890.5","valueUsd":11}],"sol":1,"totalUsd":"100.4"}',
    ],
  );
  const { status, body, headers } = await user.balances();
  assert.equal(status, 200);
  assert.deepEqual(body, {
    snapshots: [
      {
        id: "e-1",
        timestamp: user.now - HOUR,
        balances: [
          { mint: "A", amount: "12345678901234567890.5", valueUsd: "11" },
          { mint: "SOL", amount: "1", valueUsd: null },
        ],
        valueUsd: "100.4",
      },
      {
        id: "e-0",
        timestamp: user.now - 2 * HOUR,
        balances: [
          { mint: "A", amount: "1.1", valueUsd: "10.1" },
          { mint: "SOL", amount: "0.5", valueUsd: null },
        ],
        valueUsd: "100.1",
      },
    ],
    profitAndLoss: {
      from: { id: "e-0", timestamp: user.now - 2 * HOUR, valueUsd: "100.1" },
      to: { id: "e-1", timestamp: user.now - HOUR, valueUsd: "100.4" },
      valueUsd: "0.3",
      percent: "0.2997002997002997003",
      tokens: [
        { mint: "A", amount: "12345678901234567889.4", valueUsd: "0.9" },
        { mint: "SOL", amount: "0.5", valueUsd: null },
      ],
    },
    next: null,
  });
  assert.equal(headers.get("cache-control"), "private, no-cache");
  const known = await user.get(`${user.path}/balances`, { "if-none-match": headers.get("etag") });
  assert.deepEqual([known.status, known.text], [304, ""]);
  const head = await user.ask("HEAD", `${user.path}/balances`);
  assert.deepEqual([head.status, head.text], [200, ""]);
});

test("who has no snapshots has an empty list and won nothing", async () => {
  const user = await holder();
  assert.deepEqual((await user.balances()).body, { snapshots: [], profitAndLoss: null, next: null });
});

test("one snapshot alone is no profit and no loss", async () => {
  const user = await holder([HOUR / 2, worth("5")]);
  for (const query of ["", "range=1h", "range=7d", "range=all"]) {
    const { snapshots, profitAndLoss } = (await user.balances(query)).body;
    assert.deepEqual([snapshots.length, profitAndLoss], [1, null], query);
  }
});

test("a range lists what is in it, and compares with what there was when it began", async () => {
  const user = await holder(
    [20 * DAY, worth("1")],
    [10 * DAY, worth("2")],
    [2 * DAY, worth("4")],
    [2 * HOUR, worth("8")],
    [60, worth("16")],
  );
  for (const [query, ids, from, won] of [
    ["range=1h", ["e-4"], "e-3", "8"],
    ["range=1d", ["e-4", "e-3"], "e-2", "12"],
    ["range=7d", ["e-4", "e-3", "e-2"], "e-1", "14"],
    ["range=14d", ["e-4", "e-3", "e-2", "e-1"], "e-0", "15"],
    ["range=all", ["e-4", "e-3", "e-2", "e-1", "e-0"], "e-0", "15"],
  ]) {
    const { snapshots, profitAndLoss } = (await user.balances(query)).body;
    assert.deepEqual(
      [snapshots.map(({ id }) => id), profitAndLoss.from.id, profitAndLoss.valueUsd],
      [ids, from, won],
      query,
    );
  }
});

test("two times are compared by what there was then", async () => {
  const user = await holder([400, worth("1")], [300, worth("2")], [200, worth("4")], [100, worth("8")]);
  const between = async (from, to) => {
    const query = new URLSearchParams({
      ...(from && { from: user.now - from }),
      ...(to && { to: user.now - to }),
    });
    const { snapshots, profitAndLoss } = (await user.balances(String(query))).body;
    return [
      snapshots.map(({ id }) => id),
      profitAndLoss && [profitAndLoss.from.id, profitAndLoss.to.id, profitAndLoss.percent],
    ];
  };
  assert.deepEqual(await between(300, 100), [
    ["e-3", "e-2", "e-1"],
    ["e-1", "e-3", "300"],
  ]);
  assert.deepEqual(await between(150, 50), [["e-3"], ["e-2", "e-3", "100"]]);
  assert.deepEqual(await between(250, 150), [["e-2"], ["e-1", "e-2", "100"]]);
  assert.deepEqual(await between(190, 110), [[], null], "one snapshot is at both ends");
  assert.deepEqual(await between(500, 450), [[], null], "before the first");
  assert.deepEqual(await between(500, 300), [
    ["e-1", "e-0"],
    ["e-0", "e-1", "100"],
  ]);
  assert.deepEqual(await between(150), [["e-3"], ["e-2", "e-3", "100"]]);
  assert.deepEqual(await between(undefined, 350), [["e-0"], null]);
});

test("a list goes on page by page, also within one second", async () => {
  const user = await holder(
    ...range(1, 9).map((index) => [100 + Math.floor(index / 4), worth(index), `e-${index}`]),
  );
  const { snapshots } = (await user.balances()).body;
  assert.deepEqual(
    snapshots.map(({ id }) => id),
    ["e-3", "e-2", "e-1", "e-7", "e-6", "e-5", "e-4", "e-9", "e-8"],
  );
  const pages = [];
  for (let next = ""; next !== null; ) {
    const { body } = await user.balances(`range=1d&limit=2${next && `&cursor=${next}`}`);
    pages.push(...body.snapshots);
    assert.equal(body.profitAndLoss.valueUsd, "-5", "of the whole range on every page");
    next = body.next;
  }
  assert.deepEqual(pages, snapshots);
});

test("what a publisher wrote oddly is shown as far as it is understood", async () => {
  const balances = ODD_TEXTS.map((mint) => ({ mint, amount: 1 }));
  const user = await holder(
    [3, { balances }],
    [2, { content: "x" }],
    [1, '{"balances":{"A":1e-9},"half":"\\ud800"}'],
  );
  const { snapshots, profitAndLoss } = (await user.balances()).body;
  assert.deepEqual(
    snapshots.map((snapshot) => snapshot.balances.map(({ mint }) => mint)),
    [["A"], [], ODD_TEXTS],
  );
  assert.deepEqual(snapshots[0].balances[0].amount, "0.000000001");
  assert.deepEqual([profitAndLoss.valueUsd, profitAndLoss.percent], [null, null]);
});

test("a query that is not understood is refused by name", async () => {
  const user = await holder();
  for (const [query, detail] of [
    ["range=2d", /^range/],
    ["range=", /^range/],
    ["range=1d'--", /^range/],
    ["range=1d&range=1d", /^range/],
    ["from=x", /^from/],
    ["from=-1", /^from/],
    ["to=1e3", /^to/],
    ["to=%00", /^to/],
    ["from=2&to=1", /^from/],
    ["range=1d&from=1", /^range/],
    ["limit=0", /^limit/],
    ["limit=101", /^limit/],
    ["cursor=x", /^cursor/],
    ["cursor=%F0%9F%91%A9", /^cursor/],
  ])
    refused(await user.balances(query), 400, "invalid_query", detail, query);
});

test("a balance is for its wallet alone", async () => {
  const [ana, ben] = [await holder([1, worth("1")]), await holder()];
  const path = `${ana.path}/balances`;
  refused(await ask(service, "GET", path), 401, "unauthorized");
  refused(await ask(service, "GET", path, undefined, bearer(SECRET)), 401, "unauthorized");
  refused(
    await ask(service, "GET", path, undefined, bearer(await walletToken(ana.wallet, inSeconds(-120)))),
    401,
    "unauthorized",
  );
  refused(await ben.get(path), 403, "forbidden");
  const tag = (await ana.get(path)).headers.get("etag");
  for (const known of [tag, `W/${tag}`, "*"]) {
    refused(await ask(service, "GET", path, undefined, { "if-none-match": known }), 401, "unauthorized");
    refused(await ben.get(path, { "if-none-match": known }), 403, "forbidden");
    assert.equal((await ben.ask("HEAD", path, undefined, { "if-none-match": known })).status, 403);
  }
  refused(await ana.get("/users/x/balances"), 400, "invalid_payload", /wallet/);
  refused(await ana.post(path, {}), 405, "method_not_allowed");
  assert.deepEqual((await ben.balances()).body.snapshots, []);
});

test("a snapshot can't be changed in the database", async () => {
  const user = await holder([1, worth("1")]);
  await assert.rejects(
    rows(service, "UPDATE balance_snapshots SET payload = '{}' WHERE wallet = ?", user.address),
    /never changed/,
  );
});
