// The peer that our users would write themselves: a Durable Object in JavaScript, with hibernating sockets and a plain
// loop. It compares the bearer as one text, writes the payload anew, keeps no order and stores nothing.

import { DurableObject } from "cloudflare:workers";

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
  fetch(request, env) {
    const [, kind, token] = new URL(request.url).pathname.split("/");
    if (kind === "broadcast" && request.headers.get("authorization") !== `Bearer ${env.WEBHOOK_SECRET}`) {
      return new Response("Unauthorized", { status: 401 });
    }
    return env.ROOM.getByName(token).fetch(request);
  },
};
