// What was promised of the figures, and whether it is so. It reads the results, nothing else.

/** @returns {{promise: string, wanted: string, found: number | null, met: boolean}[]} as far as there are figures */
export function bars(scenarios) {
  const median = (scenario, run, lane, title) => {
    const runs = scenarios[scenario]?.runs ?? {};
    const found = Object.entries(runs).find(([name]) => name.includes(run));
    return found?.[1][lane]?.[title]?.median ?? null;
  };
  const list = [];
  const check = (promise, found, compare, limit) => {
    if (found === null || Number.isNaN(found)) return;
    const met = compare === "at most" ? found <= limit : found >= limit;
    list.push({ promise, wanted: `${compare} ${limit}`, found: Number(found.toPrecision(3)), met });
  };
  const ratio = (one, other) => (one === null || other === null || other === 0 ? null : one / other);

  for (const [title, limit] of [
    ["last", 0.95],
    ["p50", 0.75],
    ["first", 0.2],
  ]) {
    const of = (lane) => median("fanout", "4000 sockets", lane, title);
    check(
      `${title} of 4,000 sockets, times that of object`,
      ratio(of("ours"), of("object")),
      "at most",
      limit,
    );
  }
  for (const sockets of [500, 4000]) {
    const run = ` ${sockets} sockets`;
    const of = (lane, title) => median("sustained", run, lane, title);
    const versus = (lane, peer, title) => ratio(of(lane, title), of(peer, title));
    const at = `at 64 ×${run}`;
    check(
      `deliveries ${at}, ?batch=1, times object`,
      versus("ours+batch", "object", "deliveries"),
      "at least",
      10,
    );
    check(`deliveries ${at}, times object`, versus("ours", "object", "deliveries"), "at least", 1);
    check(
      `ack p99 ${at}, ?batch=1, times object`,
      versus("ours+batch", "object", "ack p99"),
      "at most",
      0.25,
    );
    check(`ack p99 ${at}, times object`, versus("ours", "object", "ack p99"), "at most", 0.25);
    for (const peer of ["socketio", "redis"]) {
      check(
        `deliveries ${at}, ?batch=1, times ${peer}`,
        versus("ours+batch", peer, "deliveries"),
        "at least",
        5,
      );
    }
  }
  const held = (title) => median("held", "60 s", "ours+batch", title);
  check("deliveries a second held for 60 s", held("deliveries"), "at least", 99_900);
  check("their p99 in ms", held("delivery p99"), "at most", 250);
  check("of these lost or twice", sum(held("missing"), held("wrong")), "at most", 0);
  for (const batch of ["", "+batch"]) {
    for (const run of ["single posts", "20 messages"]) {
      const of = (title) => median("topics", run, `ours${batch}`, title);
      const what = `lost or wrong on sockets of many topics, ${run}${batch && ", batch"}`;
      check(what, sum(of("missing"), of("wrong")), "at most", 0);
    }
    const of = (title) => median("relays", "64 publishers", `relays${batch}`, title);
    check(
      `lost or twice through relays${batch && ", ?batch=1"}`,
      sum(of("missing"), of("wrong")),
      "at most",
      0,
    );
  }
  const resumed = (title) => median("resume", "1000 clients", "ours", title);
  check("1,000 resume after an eviction, ms", resumed("all complete"), "at most", 2000);
  check("of their messages lost or twice", sum(resumed("missing"), resumed("wrong")), "at most", 0);
  return list;
}

function sum(one, other) {
  return one === null || other === null ? null : one + other;
}

export function barsText(list) {
  return list
    .map(({ promise, wanted, found, met }) => `${met ? "met   " : "NOT   "} ${promise}: ${found} (${wanted})`)
    .join("\n");
}
