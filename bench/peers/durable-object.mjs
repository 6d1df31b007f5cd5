// Peer (b), what our users would write themselves: a Durable Object in JavaScript, with hibernating sockets and a plain
// loop. It compares the bearer as one text, writes the payload anew, keeps no order and stores nothing.

import { DurableObject } from "cloudflare:workers";

const MAX_BYTES = 65_536;

export class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'));
  }

  async fetch(request) {
    if (request.headers.get("upgrade") === "websocket") {
      const { 0: client, 1: server } = new WebSocketPair();
      this.ctx.acceptWebSocket(server);
      server.send(JSON.stringify({ type: "connected", connectionId: crypto.randomUUID() }));
      return new Response(null, { status: 101, webSocket: client });
    }
    const frame = JSON.stringify(await request.json());
    let connections = 0;
    for (const socket of this.ctx.getWebSockets()) {
      try {
        socket.send(frame);
        connections += 1;
      } catch {
        // It is closing.
      }
    }
    return Response.json({ success: true, connections });
  }

  webSocketMessage() {}

  webSocketClose(socket) {
    socket.close();
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
    try {
      return await room.fetch(request);
    } catch {
      return new Response("Bad Request", { status: 400 });
    }
  },
};
