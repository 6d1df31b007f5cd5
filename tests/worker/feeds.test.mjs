// The feeds, which carry one kind of publication for all tokens together, and sockets that have a token and a feed that
// it goes to: they get it once, by its own topic.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { range, startService, stopServices, until } from "./service.mjs";

let service;
before(async () => {
  service = await startService();
});
after(stopServices);

/** Where `feed:trades` is before a test: tests share it. */
let start;
beforeEach(async () => {
  start = (await service.standing("feed:trades")).seq;
});

const trade = (n) => ({ type: "TRADE", n });

/** Trade `n` as it comes by its own topic. */
const byTopic = (n, token, seq) => `{"type":"TRADE","n":${n},"token":"${token}","seq":${seq}}`;

/** Trade `n` as it comes by the feed; `place` counts what the test has published to the feed. */
const byFeed = (n, token, tokenSeq, place) =>
  `{"type":"TRADE","n":${n},"token":"${token}","tokenSeq":${tokenSeq},"feed":"feed:trades","seq":${start + place}}`;

/** Frames without what was said on subscribing. */
const publications = (frames) =>
  frames.filter((frame) => !/^\{"type":"(subscribed|gap|position)"/.test(frame));

/** What says that the feed was brought up to a place, by the tokens' own topics. */
const upTo = (place) => `{"type":"position","token":"feed:trades","seq":${start + place}}`;

test("trades, new tokens and alerts of all public topics come by their feed, with their place and their digits", async () => {
  const subscriber = await service.many();
  await subscriber.have(["feed:trades", "feed:tokens", "feed:alerts"]);
  await service.post("/broadcast/FEED-A", '{"type":"TRADE", "price":0.10e-9}');
  await service.publish("FEED-A", { type: "PRICE_UPDATE", price: 1 });
  await service.publish("FEED-A", { type: "NEW_TOKEN", name: "Meme" });
  await service.publish("market:SOL-USDC", { type: "ALERT", alertType: "whale" });
  assert.deepEqual(await subscriber.soFar(), [
    `{"type":"TRADE", "price":0.10e-9,"token":"FEED-A","tokenSeq":1,"feed":"feed:trades","seq":${start + 1}}`,
    '{"type":"NEW_TOKEN","name":"Meme","token":"FEED-A","tokenSeq":3,"feed":"feed:tokens","seq":1}',
    '{"type":"ALERT","alertType":"whale","token":"market:SOL-USDC","tokenSeq":1,"feed":"feed:alerts","seq":1}',
  ]);
});

test("a feed is a topic like any other: it is followed on a socket of its own, and published to", async () => {
  const alone = await startService();
  const direct = await alone.subscribe("feed:tokens");
  const answer = await alone.publish("FEED-B", { type: "NEW_TOKEN" });
  assert.equal(answer.connections, 0, "who has the feed alone does not count for the token");
  assert.equal(
    await direct.next(),
    '{"type":"NEW_TOKEN","token":"FEED-B","tokenSeq":1,"feed":"feed:tokens","seq":1}',
  );
  assert.equal((await alone.publish("feed:tokens", { type: "NEW_TOKEN" })).connections, 1);
  assert.equal((await alone.publish("feed:tokens", { last: true })).connections, 1);
  assert.deepEqual(
    await direct.take(2),
    ['{"type":"NEW_TOKEN","token":"feed:tokens","seq":2}', '{"last":true,"token":"feed:tokens","seq":3}'],
    "what is published to a feed goes to no feed again",
  );
});

test("a repeat is forwarded no second time", async () => {
  const subscriber = await service.many();
  await subscriber.have(["feed:trades"]);
  const payload = { type: "TRADE", signature: "5xy", n: 1 };
  for (const duplicate of [undefined, true]) {
    assert.equal((await service.publish("FEED-REPEAT", payload)).duplicate, duplicate);
  }
  await service.evict("FEED-REPEAT");
  assert.equal((await service.publish("FEED-REPEAT", payload)).duplicate, true);
  assert.equal((await subscriber.soFar()).length, 1);
});

for (const [name, evicted] of [
  ["while the relay stays awake", false],
  ["when the relay is taken out of memory", true],
]) {
  const suffix = evicted ? "SLEPT" : "AWAKE";
  const [own, other] = [`OWN-${suffix}`, `OTHER-${suffix}`];
  const away = async () => {
    if (evicted) await service.evictRelaysOf(own);
  };

  test(`who has a token and the feed gets its trades once, by the token, ${name}`, async () => {
    const [both, feed, token] = [await service.many(), await service.many(), await service.many()];
    await both.have([own, "feed:trades"]);
    await feed.have(["feed:trades"]);
    await token.have([own]);
    await service.publish(own, trade(1));
    await service.publish(other, trade(2));
    await away();
    assert.equal((await service.publish(own, trade(3))).connections, 2);
    await away();
    await service.publish(other, trade(4));
    await service.publish(own, { type: "PRICE_UPDATE", n: 5 });

    const price = `{"type":"PRICE_UPDATE","n":5,"token":"${own}","seq":3}`;
    const [one, three] = [byTopic(1, own, 1), byTopic(3, own, 2)];
    const [two, four] = [byFeed(2, other, 1, 2), byFeed(4, other, 2, 4)];
    const soFar = await both.soFar();
    assert.deepEqual(publications(soFar), [one, two, three, four, price]);
    assert.deepEqual(
      soFar.filter((frame) => !publications([frame]).length),
      [upTo(1), upTo(3)],
    );
    assert.deepEqual(await token.soFar(), [one, three, price]);
    assert.deepEqual(await feed.soFar(), [byFeed(1, own, 1, 1), two, byFeed(3, own, 2, 3), four]);
  });

  test(`it is so too when many trades come together, ${name}`, async () => {
    const [token, stranger] = [`${own}-TOGETHER`, `${other}-TOGETHER`];
    const both = await service.many();
    const batching = await service.many();
    await both.have([token, "feed:trades"]);
    await batching.have([token, "feed:trades"], { batch: true });
    await away();
    const messages = range(1, 6).map((n) => ({ token: n % 3 === 0 ? stranger : token, payload: trade(n) }));
    const { results } = await (await service.post("/broadcast", { messages })).json();
    assert.ok(results.every(({ success }) => success));

    const frames = publications(await both.soFar());
    const mine = [1, 2, 4, 5].map((n, index) => byTopic(n, token, index + 1));
    assert.deepEqual(
      frames.filter((frame) => frame.includes(`"token":"${token}"`)),
      mine,
    );
    const theirs = frames.filter((frame) => frame.includes(`"token":"${stranger}"`));
    assert.deepEqual(
      theirs.map((frame) => JSON.parse(frame)).map(({ n, tokenSeq, feed }) => [n, tokenSeq, feed]),
      [
        [3, 1, "feed:trades"],
        [6, 2, "feed:trades"],
      ],
    );
    assert.equal(frames.length, 6);

    const shared = publications(await batching.soFar()).map((frame) => JSON.parse(frame));
    const updates = shared.flatMap((frame) => (frame.type === "BATCH_UPDATE" ? frame.updates : [frame]));
    assert.deepEqual(updates.map(({ n }) => n).toSorted(), range(1, 6));
    const together = shared.find((frame) => frame.token === token);
    assert.equal(JSON.stringify(together.updates), `[${mine}]`);
  });

  test(`who comes back to both gets what it missed of both, each trade once, ${name}`, async () => {
    const [token, stranger] = [`${own}-BACK`, `${other}-BACK`];
    const gone = await service.many();
    await gone.have([token, "feed:trades"]);
    await service.publish(token, trade(1));
    await service.publish(stranger, trade(2));
    assert.equal(publications(await gone.soFar()).length, 2);
    const [{ epoch }, { epoch: epochOfFeed }] = [
      await service.standing(token),
      await service.standing("feed:trades"),
    ];
    const since = {
      [token]: { seq: 1, epoch },
      "feed:trades": { seq: start + 2, epoch: epochOfFeed },
    };
    gone.cut();
    await service.publish(token, trade(3));
    await service.publish(stranger, trade(4));
    await service.publish(token, trade(5));
    await away();

    for (const topics of [
      [token, "feed:trades"],
      ["feed:trades", token],
    ]) {
      const back = await service.many();
      const missed = publications(await back.have(topics, { since })).toSorted();
      const expected = [byTopic(3, token, 2), byFeed(4, stranger, 2, 4), byTopic(5, token, 3)];
      assert.deepEqual(missed, expected.toSorted(), topics.join());
      back.cut();
    }

    // Who names both in one frame has had the token up to there, and who asks for the token alone may not have.
    const further = { ...since, [token]: { seq: 3, epoch } };
    const late = await service.many();
    const some = await late.have([token, "feed:trades"], { since: further });
    assert.deepEqual(publications(some), [byFeed(4, stranger, 2, 4)]);
    assert.ok(some.includes(upTo(5)), "the feed was brought up to there by the token");
    await service.publish(token, trade(6));
    assert.deepEqual(publications(await late.soFar()), [byTopic(6, token, 4)]);
    const apart = await service.many();
    await apart.have([token], { since: { [token]: further[token] } });
    const all = await apart.have(["feed:trades"], { since: { "feed:trades": since["feed:trades"] } });
    assert.deepEqual(publications(all), [
      byFeed(3, token, 2, 3),
      byFeed(4, stranger, 2, 4),
      byFeed(5, token, 3, 5),
    ]);
  });

  test(`a token and its feed resumed from where they were give the missed ones once and no gap, ${name}`, async () => {
    const token = `${own}-RESUMED`;
    const gone = await service.many();
    const places = {};
    const follow = (frames) => {
      for (const frame of frames.map((text) => JSON.parse(text))) {
        assert.notEqual(frame.type, "gap");
        const topic = frame.topic ?? frame.feed ?? frame.token;
        if (frame.type === "subscribed") places[topic] ??= { seq: frame.seq, epoch: frame.epoch };
        else places[topic].seq = frame.seq;
      }
      return publications(frames);
    };
    follow(await gone.have([token, "feed:trades"]));
    // More than are held.
    for (const first of [1, 101, 201]) {
      await service.post("/broadcast", {
        messages: range(first, first + 99).map((n) => ({ token, payload: trade(n) })),
      });
    }
    await until("the feed has them", async () => (await service.standing("feed:trades")).seq === start + 300);
    assert.equal(follow(await gone.soFar()).length, 300);
    assert.deepEqual([places[token].seq, places["feed:trades"].seq], [300, start + 300]);
    gone.cut();
    await away();
    const back = await service.many();
    assert.deepEqual(follow(await back.have([token, "feed:trades"], { since: places })), []);
    back.cut();
    await service.publish(token, trade(301));
    const again = await service.many();
    const missed = follow(await again.have(["feed:trades", token], { since: places }));
    assert.deepEqual(missed, [byTopic(301, token, 301)]);
    assert.equal(places["feed:trades"].seq, start + 301);
  });
}

test("who gives up the token gets its trades by the feed, and who takes it up by the token", async () => {
  const subscriber = await service.many();
  await subscriber.have(["CHANGING", "feed:trades"]);
  await service.publish("CHANGING", trade(1));
  subscriber.say({ type: "unsubscribe", topics: ["CHANGING"] });
  await subscriber.soFar();
  await service.publish("CHANGING", trade(2));
  assert.deepEqual(await subscriber.soFar(), [byFeed(2, "CHANGING", 2, 2)]);
  await subscriber.have(["CHANGING"]);
  await service.publish("CHANGING", trade(3));
  assert.deepEqual(publications(await subscriber.soFar()), [byTopic(3, "CHANGING", 3)]);
});
