// Sockets by topic, for the peers on `ws`: a Set for each topic, and a plain loop over it. A socket is opened for one
// topic, or asks for many.

import { randomUUID } from "node:crypto";
import { WebSocketServer } from "ws";

export class Rooms {
  #topics = new Map();
  #watch;

  /**
   * Takes the upgrades of an HTTP server.
   * @param {{opened?: (topic: string) => Promise<void>, emptied?: (topic: string) => void}} watch hears of a topic's
   *   first socket, which is told that it has the topic when that is done, and of its last one's end
   */
  constructor(server, watch = {}) {
    this.#watch = watch;
    const sockets = new WebSocketServer({ server, perMessageDeflate: false });
    sockets.on("connection", async (socket, request) => {
      const topic = request.url.split("?")[0].split("/")[2];
      const topics = new Set();
      socket.on("error", () => {});
      socket.on("close", () => this.#leave(socket, topics));
      socket.on("message", (data) => this.#hear(socket, topics, String(data)));
      if (topic) await this.#join(socket, topic, topics);
      socket.send(JSON.stringify({ type: "connected", connectionId: randomUUID() }));
    });
  }

  async #hear(socket, topics, text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (frame?.type !== "subscribe" || !Array.isArray(frame.topics)) return;
    await Promise.all(
      frame.topics.map(async (topic) => {
        await this.#join(socket, topic, topics);
        socket.send(JSON.stringify({ type: "subscribed", topic }));
      }),
    );
  }

  #join(socket, topic, topics) {
    let room = this.#topics.get(topic);
    if (!room) {
      room = { sockets: new Set(), ready: this.#watch.opened?.(topic) };
      this.#topics.set(topic, room);
    }
    room.sockets.add(socket);
    topics.add(topic);
    return room.ready;
  }

  #leave(socket, topics) {
    for (const topic of topics) {
      const room = this.#topics.get(topic);
      room.sockets.delete(socket);
      if (room.sockets.size > 0) continue;
      this.#topics.delete(topic);
      this.#watch.emptied?.(topic);
    }
  }

  /** Sends a text to all of a topic; to how many. */
  send(topic, text) {
    const room = this.#topics.get(topic)?.sockets ?? [];
    // One buffer for all: `ws` would otherwise encode the text for each.
    const bytes = Buffer.from(text);
    let connections = 0;
    for (const socket of room) {
      if (socket.readyState !== socket.OPEN) continue;
      socket.send(bytes, { binary: false });
      connections += 1;
    }
    return connections;
  }
}
