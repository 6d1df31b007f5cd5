// A server between a browser and the service that does to sockets what networks and servers do. It asserts nothing.

import { once } from "node:events";
import { createServer } from "node:http";
import WebSocket, { WebSocketServer } from "ws";

/** What happens to a handshake. */
export const HANDSHAKES = {
  /** It goes to the service, and so do the frames. */
  pass: "pass",
  /** It is never answered. */
  hold: "hold",
  /** The socket opens, and nothing ever comes. */
  silence: "silence",
  /** The socket is greeted and lost. */
  loseGreeted: "loseGreeted",
};

export class BadNetwork {
  /** What happens to the next handshakes. */
  handshakes = HANDSHAKES.pass;
  /** The handshakes that came: when, in milliseconds, and for which URL. */
  arrivals = [];
  /** How many pings came. */
  pings = 0;
  /** What becomes of a frame of the service's. */
  rewrite = (text) => text;
  #http;
  #sockets = new WebSocketServer({ noServer: true });
  #held = [];
  #clients = new Set();

  constructor(service) {
    this.service = service;
    this.#http = createServer((request, response) => this.#answer(request, response));
    this.#http.on("upgrade", (request, socket, head) => this.#shakeHands(request, socket, head));
  }

  async listen() {
    this.#http.listen(0, "localhost");
    await once(this.#http, "listening");
    this.origin = `http://localhost:${this.#http.address().port}`;
    return this;
  }

  /** Cuts all open sockets off; with a code, by a close frame. */
  cut(code, reason) {
    for (const { client } of this.#clients) code ? client.close(code, reason) : client.terminate();
  }

  /** Nothing goes through the sockets that are open now any more, and neither end hears of it. */
  mute() {
    for (const open of this.#clients) open.isMute = true;
  }

  /** Sends a text to all open sockets, as if the service did. */
  inject(text) {
    for (const { client } of this.#clients) client.send(text);
  }

  close() {
    for (const socket of this.#held) socket.destroy();
    this.cut();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  async #answer(request, response) {
    const answer = await fetch(this.service.origin + request.url).catch(() => undefined);
    if (!answer) return response.destroy();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  #shakeHands(request, socket, head) {
    this.arrivals.push({ at: Date.now(), url: request.url });
    if (this.handshakes === HANDSHAKES.hold) this.#held.push(socket);
    else this.#sockets.handleUpgrade(request, socket, head, (client) => this.#open(request.url, client));
  }

  #open(url, client) {
    const open = { client, isMute: this.handshakes === HANDSHAKES.silence };
    const isLost = this.handshakes === HANDSHAKES.loseGreeted;
    this.#clients.add(open);
    const server = new WebSocket(this.service.origin.replace("http", "ws") + url);
    server.on("message", (data) => {
      if (open.isMute) return;
      client.send(this.rewrite(String(data)));
      if (isLost) client.close(1011);
    });
    server.on("error", () => client.terminate());
    server.on("close", () => open.isMute || client.close());
    client.on("message", async (data) => {
      if (String(data) === '{"type":"ping"}') this.pings += 1;
      if (server.readyState === WebSocket.CONNECTING) await once(server, "open");
      if (!open.isMute) server.send(String(data));
    });
    client.on("close", () => {
      this.#clients.delete(open);
      server.close();
    });
  }
}
