// Sockets by topic, for the peers on `ws`: a Set for each topic, and a plain loop over it.

import { randomUUID } from "node:crypto";
import { WebSocketServer } from "ws";

export class Rooms {
  #topics = new Map();

  /**
   * Takes the upgrades of an HTTP server.
   * @param {{opened?: (topic: string) => Promise<void>, emptied?: (topic: string) => void}} watch hears of a topic's
   *   first socket, which is greeted when that is done, and of its last one's end
   */
  constructor(server, { opened, emptied } = {}) {
    const sockets = new WebSocketServer({ server, perMessageDeflate: false });
    sockets.on("connection", async (socket, request) => {
      const topic = request.url.split("?")[0].split("/")[2];
      let room = this.#topics.get(topic);
      if (!room) {
        room = { sockets: new Set(), ready: opened?.(topic) };
        this.#topics.set(topic, room);
      }
      room.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        room.sockets.delete(socket);
        if (room.sockets.size > 0) return;
        this.#topics.delete(topic);
        emptied?.(topic);
      });
      if (room.ready) await room.ready;
      socket.send(JSON.stringify({ type: "connected", connectionId: randomUUID() }));
    });
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
