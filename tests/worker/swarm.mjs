// A Worker that holds sockets to the service from inside the runtime, where they need no file descriptors: a whole
// room's worth of them. Its object counts what they get.

import { DurableObject } from "cloudflare:workers";

/** Handshakes under way at once. */
const AT_ONCE = 64;

export class Swarm extends DurableObject {
  #sockets = [];
  #received = [];

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/open") await this.#open(searchParams.get("token"), Number(searchParams.get("count")));
    if (pathname === "/next") return this.#next(searchParams.get("token"));
    return Response.json(this.#report());
  }

  async #open(token, count) {
    while (this.#sockets.length < count) {
      const missing = Math.min(AT_ONCE, count - this.#sockets.length);
      await Promise.all(Array.from({ length: missing }, () => this.#connect(token)));
    }
  }

  async #connect(token) {
    const response = await this.#handshake(token);
    const index = this.#sockets.push(response.webSocket) - 1;
    this.#received[index] = [];
    response.webSocket.addEventListener("message", ({ data }) => this.#received[index].push(data));
    response.webSocket.accept();
  }

  /** One more handshake, and the first two frames on its socket. */
  async #next(token) {
    const { status, webSocket } = await this.#handshake(token);
    const frames = [];
    await new Promise((resolve) => {
      webSocket.addEventListener("message", ({ data }) => {
        if (frames.push(data) === 2) resolve();
      });
      webSocket.accept();
    });
    return Response.json({ status, frames });
  }

  #handshake(token) {
    return this.env.SERVICE.fetch(`http://service/ws/${token}`, { headers: { upgrade: "websocket" } });
  }

  /** How many sockets have got which frames after the greeting. */
  #report() {
    const frames = {};
    for (const [greeting, ...rest] of this.#received) {
      const key = greeting?.startsWith('{"type":"connected"') ? rest.join("\n") : "no greeting";
      frames[key] = (frames[key] ?? 0) + 1;
    }
    return { open: this.#sockets.length, frames };
  }
}

export default {
  fetch(request, env) {
    // One object holds as many sockets as a full room: what is asked past those, another has to ask.
    const { pathname } = new URL(request.url);
    return env.SWARM.getByName(pathname === "/next" ? "latecomer" : "swarm").fetch(request);
  },
};
