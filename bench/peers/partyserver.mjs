// Peer (c): the same room on partyserver, as its documentation shows it, with hibernation. Requests go straight to the
// named object, which saves the extra call of getServerByName(). It keeps no order and stores nothing.

import { Server } from "partyserver";

const MAX_BYTES = 65_536;

export class Room extends Server {
  static options = { hibernate: true };

  onConnect(connection) {
    connection.send(JSON.stringify({ type: "connected", connectionId: connection.id }));
  }

  async onRequest(request) {
    this.broadcast(JSON.stringify(await request.json()));
    return Response.json({ success: true });
  }
}

export default {
  async fetch(request, env) {
    const [, kind, token] = new URL(request.url).pathname.split("/");
    const room = env.ROOM.getByName(token);
    if (kind === "ws") return room.fetch(request);
    if (request.headers.get("authorization") !== `Bearer ${env.WEBHOOK_SECRET}`) {
      return new Response("Unauthorized", { status: 401 });
    }
    if (Number(request.headers.get("content-length")) > MAX_BYTES) {
      return new Response("Payload Too Large", { status: 413 });
    }
    return room.fetch(request);
  },
};
