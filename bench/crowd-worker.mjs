// A Worker that holds sockets to the service from inside the runtime, where they need no file descriptors: as many as
// memory allows, spread over objects, of which none may hold more than 32,768. They count what each socket gets, keep
// none of it, and note when it came by the clock that they share.

import { DurableObject } from "cloudflare:workers";

/** Handshakes under way at once. */
const AT_ONCE = 64;
/** How many frames that nobody expected are shown. */
const SHOWN = 5;

export class Crowd extends DurableObject {
  #sockets = [];
  /** Greetings and publications of each socket. */
  #greeted = new Uint8Array(0);
  #heard = new Uint8Array(0);
  #closed = 0;
  #unexpected = [];
  #expected = null;

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const token = searchParams.get("token");
    const number = (name) => Number(searchParams.get(name));
    if (pathname === "/open") return this.#open(token, number("count"));
    if (pathname === "/expect") return this.#expect(token, number("n"));
    if (pathname === "/hear") return this.#report(number("afterwards"));
    return Response.json({ error: "no such route" }, { status: 404 });
  }

  /** Opens sockets until there are `count`. */
  async #open(token, count) {
    this.#greeted = grown(this.#greeted, count);
    this.#heard = grown(this.#heard, count);
    while (this.#sockets.length < count) {
      const missing = Math.min(AT_ONCE, count - this.#sockets.length);
      await Promise.all(Array.from({ length: missing }, () => this.#connect(token)));
    }
    return Response.json({ open: this.#sockets.length });
  }

  async #connect(token) {
    const response = await this.env.SERVICE.fetch(`http://service/ws/${token}`, {
      headers: { upgrade: "websocket" },
    });
    const socket = response.webSocket;
    if (!socket) throw new Error(`no upgrade: ${response.status} ${await response.text()}`);
    const index = this.#sockets.push(socket) - 1;
    socket.addEventListener("message", ({ data }) => this.#hear(index, data));
    socket.addEventListener("close", () => {
      this.#closed += 1;
    });
    socket.accept();
  }

  /** From now on every socket is to get publication `n`, once. */
  #expect(token, n) {
    this.#heard.fill(0);
    const frame = `{"type":"PRICE_UPDATE","price":1e-9,"n":${n},"token":"${token}","seq":${n}}`;
    this.#expected = { frame, count: 0, arrivals: new Map(), complete: Promise.withResolvers() };
    return Response.json({});
  }

  #hear(index, text) {
    if (this.#greeted[index] === 0 && text.startsWith('{"type":"connected"')) {
      this.#greeted[index] = 1;
      return;
    }
    const expected = this.#expected;
    if (text !== expected?.frame) {
      // Who comes after a post gets it once more as a snapshot.
      if (text.includes('"snapshot":true')) return;
      if (this.#unexpected.length < SHOWN) this.#unexpected.push(text.slice(0, 200));
      return;
    }
    this.#heard[index] += 1;
    const now = Date.now();
    expected.arrivals.set(now, (expected.arrivals.get(now) ?? 0) + 1);
    expected.count += 1;
    if (expected.count === this.#sockets.length) expected.complete.resolve();
  }

  /** Waits until everybody has it, and `afterwards` milliseconds for what comes twice; what came, and when. */
  async #report(afterwards) {
    const { complete, arrivals } = this.#expected;
    await Promise.race([complete.promise, scheduler.wait(Number(this.env.PATIENCE_MS))]);
    await scheduler.wait(afterwards);
    const { length: open } = this.#sockets;
    return Response.json({
      open,
      greeted: this.#greeted.reduce((sum, count) => sum + count, 0),
      once: this.#heard.reduce((sum, count) => sum + Number(count === 1), 0),
      closed: this.#closed,
      unexpected: this.#unexpected,
      arrivals: [...arrivals],
    });
  }
}

function grown(counts, length) {
  const larger = new Uint8Array(Math.max(length, counts.length));
  larger.set(counts);
  return larger;
}

/** A request of a publisher's, or of an operator's, and when it was sent and answered. */
async function ask(env, path, body) {
  const sent = Date.now();
  const response = await env.SERVICE.fetch(`http://service${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${env.WEBHOOK_SECRET}`, "content-type": "application/json" },
    body,
  });
  const answer = await response.json();
  return Response.json({ sent, answered: Date.now(), answer });
}

export default {
  fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const token = searchParams.get("token");
    if (pathname === "/standing") return ask(env, `/rooms/${token}`);
    if (pathname === "/post") {
      const payload = { type: "PRICE_UPDATE", price: 1e-9, n: Number(searchParams.get("n")) };
      return ask(env, `/broadcast/${token}`, JSON.stringify(payload));
    }
    return env.CROWD.getByName(`crowd-${searchParams.get("part")}`).fetch(request);
  },
};
