// A Worker that holds sockets to the service from inside the runtime, where they need no file descriptors: as many as
// memory allows. It counts what each gets, keeps none of it, and times one post by its own clock. Its object is one, so
// that all of them are seen together.

import { DurableObject } from "cloudflare:workers";

/** Handshakes under way at once. */
const AT_ONCE = 64;
/** How many frames that nobody expected are shown. */
const SHOWN = 5;
/** Whatever comes twice comes within this, in milliseconds. */
const AFTERWARDS_MS = 500;

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
    if (pathname === "/open") return this.#open(searchParams.get("token"), Number(searchParams.get("count")));
    return this.#publish(searchParams.get("token"), Number(searchParams.get("n")));
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

  /** Posts once and waits until everybody has it; what came of it. */
  async #publish(token, n) {
    const { promise, resolve } = Promise.withResolvers();
    const frame = `{"type":"PRICE_UPDATE","price":1e-9,"n":${n},"token":"${token}","seq":${n}}`;
    this.#heard.fill(0);
    const post = { frame, count: 0, started: Date.now(), complete: resolve };
    this.#post = post;
    const response = await this.env.SERVICE.fetch(`http://service/broadcast/${token}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.env.WEBHOOK_SECRET}`, "content-type": "application/json" },
      body: JSON.stringify({ type: "PRICE_UPDATE", price: 1e-9, n }),
    });
    const answer = await response.json();
    const answered = Date.now() - post.started;
    await Promise.race([promise, scheduler.wait(Number(this.env.PATIENCE_MS))]);
    await scheduler.wait(AFTERWARDS_MS);
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
