// A Worker that holds sockets to the service from inside the runtime, where they need no file descriptors: as many as
// memory allows. It counts what each gets, keeps none of it, and times one post by its own clock. Its object is one, so
// that all of them are seen together.

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
  #post = null;

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const token = searchParams.get("token");
    const number = (name) => Number(searchParams.get(name));
    if (pathname === "/open") return this.#open(token, number("count"));
    if (pathname === "/standing") return this.#ask(`/rooms/${token}`);
    return this.#publish(token, number("n"), number("afterwards"));
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

  #hear(index, text) {
    if (this.#greeted[index] === 0 && text.startsWith('{"type":"connected"')) {
      this.#greeted[index] = 1;
      return;
    }
    if (text !== this.#post?.frame) {
      // Who comes after a post gets it once more as a snapshot.
      if (text.includes('"snapshot":true')) return;
      if (this.#unexpected.length < SHOWN) this.#unexpected.push(text.slice(0, 200));
      return;
    }
    this.#heard[index] += 1;
    const post = this.#post;
    post.count += 1;
    const all = this.#sockets.length;
    const after = Date.now() - post.started;
    if (post.count === 1) post.first = after;
    if (post.count === all >> 1) post.half = after;
    if (post.count === all) {
      post.last = after;
      post.complete();
    }
  }

  /** A request of a publisher's. */
  #ask(path, body) {
    return this.env.SERVICE.fetch(`http://service${path}`, {
      method: body ? "POST" : "GET",
      headers: { authorization: `Bearer ${this.env.WEBHOOK_SECRET}`, "content-type": "application/json" },
      body,
    });
  }

  /** Posts once, waits until everybody has it, and `afterwards` milliseconds for what comes twice; what came of it. */
  async #publish(token, n, afterwards) {
    const { promise, resolve } = Promise.withResolvers();
    const frame = `{"type":"PRICE_UPDATE","price":1e-9,"n":${n},"token":"${token}","seq":${n}}`;
    this.#heard.fill(0);
    const post = { frame, count: 0, started: Date.now(), complete: resolve };
    this.#post = post;
    const payload = JSON.stringify({ type: "PRICE_UPDATE", price: 1e-9, n });
    const response = await this.#ask(`/broadcast/${token}`, payload);
    const answer = await response.json();
    const answered = Date.now() - post.started;
    await Promise.race([promise, scheduler.wait(Number(this.env.PATIENCE_MS))]);
    await scheduler.wait(afterwards);
    const once = this.#heard.subarray(0, this.#sockets.length).reduce((sum, count) => sum + (count === 1), 0);
    const greeted = this.#greeted.reduce((sum, count) => sum + count, 0);
    const { first = null, half = null, last = null } = post;
    const timing = { first, half, last, answered };
    const { length: open } = this.#sockets;
    return Response.json({
      answer,
      open,
      greeted,
      once,
      closed: this.#closed,
      unexpected: this.#unexpected,
      timing,
    });
  }
}

function grown(counts, length) {
  const larger = new Uint8Array(Math.max(length, counts.length));
  larger.set(counts);
  return larger;
}

export default {
  fetch(request, env) {
    return env.CROWD.getByName("crowd").fetch(request);
  },
};
