// What is private to a wallet or an account: it reaches its owner for as long as the sign-in holds, and nobody else by
// any route; nothing of it stands in a log.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accountToken, bearer, inSeconds, SECRETS, signIn, walletToken } from "./identity.mjs";
import { range, SECRET, startService, stopServices, until } from "./service.mjs";
import { Wallet } from "./wallet.mjs";

const PAGE = { origin: "https://app.glow.trade" };
/** What stands in private publications, and nowhere else. */
const CONTENT = "only-for-its-owner";

let service;
const secrets = new Set([CONTENT]);
before(async () => {
  service = await startService({ secrets: SECRETS });
});
after(stopServices);

/** A wallet whose address may stand in no log. */
function newWallet() {
  const wallet = new Wallet();
  secrets.add(wallet.address);
  return wallet;
}

const byTopic = (topic, seq) =>
  `{"type":"BALANCE_UPDATE","content":"${CONTENT}","token":"${topic}","seq":${seq}}`;
const publishTo = (topic) => service.publish(topic, { type: "BALANCE_UPDATE", content: CONTENT });
const typesOf = (frames) => frames.map((frame) => JSON.parse(frame).type);

/** The frame that says that a sign-in has ended, and these topics with it. */
const expired = (subject, topics) => ({
  type: "error",
  code: "unauthorized",
  message: `the sign-in of ${subject} has expired: authenticate again, then subscribe again`,
  topics,
});

/** The end of a socket for one topic whose token has expired. */
const ENDED = { code: 4501, reason: "the access token has expired" };

/** What a relay may go through before a sign-in ends. */
const absences = {
  "while the relay stays awake": async () => {},
  "when the relay was taken out of memory": (topic) => service.evictRelaysOf(topic),
};

test("a private topic is told to nobody but its owner, by whatever route one asks for it", async () => {
  const [ana, ben] = [newWallet(), newWallet()];
  const wrongs = {
    nobody: {},
    "another wallet": bearer(await signIn(service, ben)),
    "an account": bearer(await accountToken("u-1")),
    "an account that is called like the wallet": bearer(await accountToken(ana.address)),
  };
  const topics = [
    `wallet:${ana.address}`,
    `wallet:${ana.address}:orders`,
    `user:${ana.address}`,
    `automation:${ana.address}:7`,
    "user:u-2",
  ];
  const heard = [];
  for (const topic of topics) {
    await publishTo(topic);
    const { epoch } = await service.standing(topic);
    const since = { [topic]: { seq: 0, epoch } };
    for (const [who, headers] of Object.entries(wrongs)) {
      const code = who === "nobody" ? "unauthorized" : "forbidden";
      const status = who === "nobody" ? 401 : 403;
      for (const query of ["", `?since=0&epoch=${epoch}&batch=1`]) {
        const refusal = await service.refused(`/ws/${topic}${query}`, { headers });
        assert.deepEqual([refusal.status, JSON.parse(refusal.text).code], [status, code], who);
        heard.push(refusal.text);
      }
      const subscriber = await service.many({ headers });
      for (const more of [{}, { since, batch: true }]) {
        const frames = await subscriber.have([topic], more);
        assert.deepEqual(typesOf(frames), ["error"]);
        assert.equal(JSON.parse(frames[0]).code, code, who);
        heard.push(...frames);
      }
      subscriber.say({ type: "subscribe", channel: "prices", params: { tokens: [topic] } });
      subscriber.say({ action: "subscribePrice", token: topic });
      subscriber.say({ type: "unsubscribe", topics: [topic] });
      assert.equal((await publishTo(topic)).connections, 0);
      heard.push(...(await subscriber.soFar()));
      subscriber.cut();
    }
    for (const path of [`/rooms/${topic}`, `/broadcast/${topic}`]) {
      const response = await service.request(path, { headers: wrongs["another wallet"] });
      assert.ok([401, 405].includes(response.status), path);
      heard.push(await response.text());
    }
    heard.push(JSON.stringify(await service.standing(topic)));
  }
  assert.ok(heard.length > 80);
  assert.ok(!heard.join("\n").includes(CONTENT));
});

test("no spelling of a private topic is a way around it", async () => {
  const [ana, ben] = [newWallet(), newWallet()];
  const topic = `wallet:${ana.address}`;
  const wide = (text) => text.replace(":", "\uff1a");
  const spellings = [
    topic.replace(":", "%3A"),
    topic.replace(":", "%253A"),
    topic.replace("w", "%77"),
    topic.replace("wallet", "WALLET"),
    topic.replace("wallet", "Wallet"),
    topic.replace(":", "::"),
    wide(topic),
    encodeURIComponent(wide(topic)),
    `${topic}:`,
    `${topic}:orders`,
    `${topic}::`,
    `${topic}%00`,
    `${topic}%20`,
    `${topic}%0a`,
    `${topic}%2f`,
    `${topic}/`,
    `/${topic}`,
    `./${topic}`,
    `A/../${topic}`,
    `A%2f..%2f${topic}`,
    `${topic};v=1`,
    `${topic},A`,
    `${topic}?token=A`,
    `${topic}%23A`,
    `%20${topic}`,
    `:${topic}`,
    `A:${topic}`,
    `${topic}:${"x".repeat(128 - topic.length - 1)}`,
    `${topic}:${"x".repeat(129 - topic.length - 1)}`,
    `user:${ana.address}`,
    `automation:${ana.address}:1`,
  ];
  await publishTo(topic);
  const { epoch } = await service.standing(topic);
  const heard = [];
  for (const headers of [{}, bearer(await signIn(service, ben))]) {
    for (const spelling of spellings) {
      const many = await service.many({ headers });
      for (const query of ["", `${spelling.includes("?") ? "&" : "?"}since=0&epoch=${epoch}`]) {
        const { subscriber, status, text } = await service.attempt(spelling + query, { headers });
        assert.ok(!subscriber && [400, 401, 403, 404].includes(status), spelling);
        heard.push(text);
      }
      for (const name of new Set([spelling, decoded(spelling)])) {
        many.say({ type: "subscribe", topics: [name] });
        many.say({ type: "subscribe", channel: "prices", params: { tokens: [name] } });
        many.say({ action: "subscribePrice", token: name });
        heard.push(...(await many.soFar()));
      }
    }
  }
  assert.equal((await publishTo(topic)).connections, 0);
  assert.ok(!heard.join().includes(CONTENT));
});

/** A text without its escapes, where they are some. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

test("who shows two proofs at once has only what is the last one's", async () => {
  const [ana, ben] = [newWallet(), newWallet()];
  const topic = `wallet:${ana.address}`;
  const [hers, his] = [await signIn(service, ana), await signIn(service, ben)];
  for (const tokens of [
    [hers, his],
    [his, hers],
    [hers, his, hers],
    [his, hers, his],
  ]) {
    const many = await service.many();
    for (const token of tokens) {
      many.say({ type: "subscribe", topics: [topic] });
      many.say({ type: "authenticate", token });
      many.say({ type: "subscribe", topics: [topic] });
    }
    const frames = [];
    const authenticated = () => frames.filter((frame) => frame.includes('"authenticated"'));
    while (authenticated().length < tokens.length) frames.push(await many.next());
    frames.push(...(await many.soFar()));
    const isHers = authenticated().at(-1).includes(ana.address);
    const { connections } = await publishTo(topic);
    assert.ok(connections === 0 || isHers, frames.join("\n"));
    many.cut();
    await until("it is gone", async () => (await publishTo(topic)).connections === 0);
  }
});

test("an account that is a DID reads its own topic, and an account that is called as it begins does not", async () => {
  const topic = "user:did:privy:abc";
  await publishTo(topic);
  const { subscriber } = await service.attempt(topic, {
    headers: bearer(await accountToken("did:privy:abc")),
  });
  assert.match(subscriber.greeting, /connected/);
  assert.match(await subscriber.next(), new RegExp(CONTENT));
  for (const name of ["did", "did:privy", "did:privy:ab"]) {
    const { status } = await service.refused(`/ws/${topic}`, { headers: bearer(await accountToken(name)) });
    assert.equal(status, 403, name);
  }
  const other = await service.refused("/ws", { headers: bearer(await accountToken("us-east-1:abc")) });
  assert.equal(other.status, 401, "a name with a colon that is none could be two people's");
});

test("a token that proves nothing opens nothing", async () => {
  const ana = newWallet();
  const topic = `wallet:${ana.address}`;
  const good = await signIn(service, ana);
  const unsigned = (header) => `${Buffer.from(header).toString("base64url")}.${good.split(".")[1]}.`;
  const bad = [
    "no.token.atall",
    good.slice(0, -4),
    unsigned('{"alg":"none","typ":"at+jwt"}'),
    await walletToken(ana, inSeconds(-120)),
    await accountToken("u-1", inSeconds(-120)),
    SECRET,
  ];
  const subscriber = await service.many();
  for (const token of bad) {
    assert.equal((await service.refused("/ws", { headers: bearer(token) })).status, 401);
    assert.equal((await service.refused(`/ws/${topic}`, { headers: bearer(token) })).status, 401);
    subscriber.say({ type: "authenticate", token });
    assert.deepEqual(await subscriber.hear(), {
      type: "error",
      code: "unauthorized",
      message: "the access token is not valid",
    });
  }
  assert.equal(JSON.parse((await subscriber.have([topic]))[0]).code, "unauthorized");
  const page = service.many({ protocols: [`bearer.${bad[0]}`], ...PAGE });
  await assert.rejects(page, /closed with 4501/, "a page is told by a close code");

  subscriber.say({ type: "authenticate", token: good });
  assert.equal((await subscriber.hear()).type, "authenticated");
  await subscriber.have([topic]);
  subscriber.say({ type: "authenticate", token: bad[0] });
  assert.equal((await subscriber.hear()).code, "unauthorized");
  assert.equal((await publishTo(topic)).connections, 1, "a slip takes nothing away");
});

test("a token is over when it says so, on every route and socket alike", async () => {
  const ana = newWallet();
  const path = `/users/${ana.address}/balances`;
  const status = async (expires) => {
    const headers = bearer(await walletToken(ana, expires));
    const [rest, socket] = [
      await service.request(path, { headers }),
      await service.refused(`/ws/wallet:${ana.address}`, { headers }),
    ];
    return [rest.status, socket.status];
  };
  for (const seconds of [-1, -30, -59]) assert.deepEqual(await status(inSeconds(seconds)), [401, 401]);
  const good = bearer(await walletToken(ana, inSeconds(30)));
  assert.equal((await service.request(path, { headers: good })).status, 200);
});

test("a token that a provider lets last longer than any alarm is as good as another, and no line of the log says otherwise", async () => {
  const topic = "user:u-forever";
  const token = await accountToken("u-forever", 1e15);
  const many = await service.many({ headers: bearer(token) });
  assert.equal(typesOf(await many.have([topic]))[0], "subscribed");
  const single = await service.subscribe(topic, { headers: bearer(token) });
  assert.equal((await publishTo(topic)).connections, 2);
  for (const owner of [many, single]) assert.equal(JSON.parse(await owner.next()).seq, 1);
  many.say({ type: "authenticate", token });
  assert.equal((await many.hear()).expires, 6911049599);
  const failures = service.logLines().filter(({ level }) => level === "error");
  assert.deepEqual(failures, []);
});

test("what is private goes into no feed, however it is published", async () => {
  const ana = newWallet();
  const topics = [`wallet:${ana.address}`, `user:${ana.address}`, `automation:${ana.address}:7`, "user:u-3"];
  const [native, channels] = [await service.many(), await service.many()];
  await native.have(["feed:alerts", "feed:trades", "feed:tokens"]);
  for (const channel of ["alerts", "tokens"]) channels.say({ type: "subscribe", channel });
  channels.say({ type: "subscribe", channel: "trades", params: { tokens: ["*"] } });
  assert.deepEqual(typesOf(await channels.take(3)), ["subscribed", "subscribed", "subscribed"]);

  const publisher = await service.publisher();
  for (const token of topics) {
    for (const type of ["ALERT", "TRADE", "NEW_TOKEN"]) {
      const payload = { type, content: CONTENT, feed: "feed:alerts" };
      await service.publish(token, payload);
      await service.post("/broadcast", {
        messages: [
          { token, payload },
          { token: "PUBLIC", payload: { n: 1 } },
        ],
      });
      publisher.say({ id: 1, token, payload });
      assert.equal((await publisher.hear()).success, true);
    }
  }
  await service.publish("PUBLIC", { type: "ALERT", alertType: "rug" });
  const frames = await native.soFar();
  assert.deepEqual(frames, [
    '{"type":"ALERT","alertType":"rug","token":"PUBLIC","tokenSeq":13,"feed":"feed:alerts","seq":1}',
  ]);
  assert.equal((await channels.soFar()).length, 1);
});

test("an owner is known by the header, by the subprotocol that a page can send, and by a frame", async () => {
  const ana = newWallet();
  const token = await signIn(service, ana);
  const topic = `wallet:${ana.address}`;
  const byHeader = await service.many({ headers: bearer(token) });
  const byProtocol = await service.many({ protocols: [`bearer.${token}`], ...PAGE });
  assert.equal(byProtocol.socket.protocol, `bearer.${token}`);
  const byOther = await service.many({ protocols: ["glow", `bearer.${token}`], ...PAGE });
  assert.equal(byOther.socket.protocol, "glow", "the token is not repeated where there is another name");
  const byFrame = await service.many();
  byFrame.say({ type: "authenticate", token });
  const { exp } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.deepEqual(await byFrame.hear(), { type: "authenticated", subject: ana.address, expires: exp });

  const owners = [byHeader, byProtocol, byOther, byFrame];
  for (const owner of owners) assert.equal(typesOf(await owner.have([topic]))[0], "subscribed");
  const single = await service.subscribe(topic, { headers: bearer(token) });
  assert.equal(JSON.parse(single.greeting).token, topic);
  for (const seq of [1, 2]) {
    assert.equal((await publishTo(topic)).connections, 5);
    for (const owner of owners) assert.deepEqual(await owner.soFar(), [byTopic(topic, seq)]);
    assert.equal(await single.next(), byTopic(topic, seq));
    await service.evictRelaysOf(topic);
    await service.evict(topic);
  }
  const { connections, relays } = await service.standing(topic);
  assert.equal(connections.here, 0, "a private topic's room holds nobody: a relay sees to it that it ends");
  assert.deepEqual(relays.map(({ name }) => name.split("-")[0]).toSorted(), ["overflow", "relay"]);
});

test("an account reads what is its own, and resumes it", async () => {
  secrets.add("u-ana-4711");
  const topic = "user:u-ana-4711:orders";
  for (let n = 1; n <= 3; n += 1) await publishTo(topic);
  const { epoch } = await service.standing(topic);
  const token = await accountToken("u-ana-4711");
  const many = await service.many({ headers: bearer(token) });
  const frames = await many.have([topic], { since: { [topic]: { seq: 1, epoch } } });
  assert.deepEqual(frames.slice(1), [byTopic(topic, 2), byTopic(topic, 3)]);
  const single = await service.subscribe(topic, { headers: bearer(token), query: { since: 2, epoch } });
  assert.equal(await single.next(), byTopic(topic, 3));
  assert.equal(JSON.parse((await many.have(["user:u-ana-4712"]))[0]).code, "forbidden");
});

test("an account whose name is in another script keeps as many topics through a wake as any other", async () => {
  const name = "Zoë ☀ 4711";
  secrets.add(name);
  const subscriber = await service.many({ headers: bearer(await accountToken(name)) });
  const topics = range(1, 90).map((n) => String(n).padStart(128, "y"));
  for (const part of range(0, 2)) await subscriber.have(topics.slice(part * 30, part * 30 + 30));
  await service.evictRelaysOf(topics[0]);
  for (const topic of [topics[0], topics[89]]) {
    assert.equal((await service.publish(topic, { n: 1 })).connections, 1);
    assert.deepEqual(await subscriber.soFar(), [`{"n":1,"token":"${topic}","seq":1}`]);
  }
});

for (const [name, away] of Object.entries(absences)) {
  test(`when a sign-in ends, its subscriptions end with a frame that says so, and nothing else does, ${name}`, async () => {
    const [ana, ben, cleo] = [newWallet(), newWallet(), newWallet()];
    const [topic, orders] = [`wallet:${ana.address}`, `user:${ana.address}:orders`];
    // The one that ends last comes first, and the one that ends first last.
    const late = await service.many({ headers: bearer(await walletToken(cleo, inSeconds(3))) });
    await late.have([`wallet:${cleo.address}`]);
    const lasting = await service.many({ headers: bearer(await signIn(service, ben)) });
    await lasting.have([`wallet:${ben.address}`]);
    const token = await walletToken(ana, inSeconds(2));
    const single = await service.subscribe(topic, { headers: bearer(token) });
    const many = await service.many({ headers: bearer(token) });
    await many.have([topic, orders, "OPEN"]);
    assert.equal((await publishTo(topic)).connections, 2);
    await away(topic);

    assert.deepEqual(await single.take(1), [byTopic(topic, 1)]);
    assert.equal(await many.next(), byTopic(topic, 1));
    assert.deepEqual(await many.hear(), expired(ana.address, [orders, topic]));
    assert.equal((await publishTo(topic)).connections, 0);
    assert.equal((await publishTo(orders)).connections, 0);
    await service.publish("OPEN", { n: 1 });
    assert.match((await many.soFar()).join(), /^\{"n":1,"token":"OPEN","seq":\d+\}$/);
    assert.equal((await publishTo(`wallet:${ben.address}`)).connections, 1, "others' sign-ins go on");

    await away(`wallet:${cleo.address}`);
    assert.deepEqual(await late.hear(), expired(cleo.address, [`wallet:${cleo.address}`]));
    assert.deepEqual(typesOf(await many.have([topic])), ["error"]);
    many.say({ type: "authenticate", token: await walletToken(ana, inSeconds(60)) });
    assert.equal((await many.hear()).type, "authenticated");
    assert.equal(
      typesOf(await many.have([topic]))[0],
      "subscribed",
      "after another sign-in it can be had again",
    );
    assert.deepEqual(await single.closed, ENDED, "it could not authenticate again");
  });

  test(`who signs in again in time keeps everything, ${name}`, async () => {
    const ana = newWallet();
    const topic = `wallet:${ana.address}`;
    const ends = inSeconds(1.5);
    const many = await service.many({ headers: bearer(await walletToken(ana, ends)) });
    await many.have([topic]);
    await away(topic);
    many.say({ type: "authenticate", token: await walletToken(ana, inSeconds(60)) });
    assert.equal((await many.hear()).type, "authenticated");
    await away(topic);
    await until("the first sign-in is over", () => Date.now() / 1000 > ends + 0.2);
    assert.equal((await publishTo(topic)).connections, 1);
    assert.deepEqual(await many.soFar(), [byTopic(topic, 1)]);
  });

  test(`who signs in as somebody else has no more what was the first one's, ${name}`, async () => {
    const [ana, ben] = [newWallet(), newWallet()];
    const [hers, his] = [`wallet:${ana.address}`, `wallet:${ben.address}`];
    const many = await service.many({ headers: bearer(await signIn(service, ana)) });
    await many.have([hers, "STAYS"]);
    await away(hers);
    many.say({ type: "authenticate", token: await signIn(service, ben) });
    const { type, subject } = await many.hear();
    assert.deepEqual([type, subject], ["authenticated", ben.address]);
    assert.deepEqual(await many.hear(), expired(ana.address, [hers]));
    await away("STAYS");
    assert.equal((await publishTo(hers)).connections, 0);
    assert.equal(JSON.parse((await many.have([hers]))[0]).code, "forbidden");
    await many.have([his]);
    assert.equal((await publishTo(his)).connections, 1);
    await service.publish("STAYS", {});
    assert.deepEqual(typesOf(await many.soFar()), ["BALANCE_UPDATE", undefined]);
  });
}

test("no wallet, private topic or token stands in a log", async () => {
  const log = service.rawLog().join("\n");
  assert.ok(log.includes('"route":"/ws/:token"') && log.includes('"wallet:'), "there is something in it");
  for (const secret of [...secrets, ...Object.values(SECRETS)]) assert.ok(!log.includes(secret), secret);
  assert.doesNotMatch(log, /eyJ[A-Za-z0-9_-]{10}/);
  assert.deepEqual(
    service.logLines().filter(({ level }) => level === "error"),
    [],
  );
});
