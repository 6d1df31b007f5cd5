// What our users would write themselves for many topics on one socket: one Durable Object in JavaScript that holds all
// sockets and knows which topics each has. The topics are attached to the sockets, so that they outlive its sleep. It
// writes the payload anew, keeps no order and stores nothing.

import { DurableObject } from "cloudflare:workers";

const MAX_BYTES = 65_536;
const MAX_BATCH_BYTES = 1_048_576;

export class Room extends DurableObject {
  #sockets = new Map();

  constructor(ctx, env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"ping"}', '{"type":"pong"}'));
    for (const socket of ctx.getWebSockets()) this.#join(socket, socket.deserializeAttachment());
  }

  async fetch(request) {
    if (request.headers.get("upgrade") === "websocket") {
      const { 0: client, 1: server } = new WebSocketPair();
      this.ctx.acceptWebSocket(server);
      server.serializeAttachment([]);
      server.send(JSON.stringify({ type: "connected", connectionId: crypto.randomUUID() }));
      return new Response(null, { status: 101, webSocket: client });
    }
    const [, , topic] = new URL(request.url).pathname.split("/");
    const body = await request.json();
    if (topic) return Response.json({ success: true, connections: this.#publish(topic, body) });
    const results = body.messages.map(({ token, payload }) => ({
      token,
      success: true,
      connections: this.#publish(token, payload),
    }));
    return Response.json({ success: true, results });
  }

  webSocketMessage(socket, text) {
    const frame = JSON.parse(text);
    if (frame.type !== "subscribe") return;
    const topics = new Set([...socket.deserializeAttachment(), ...frame.topics]);
    socket.serializeAttachment([...topics]);
    this.#join(socket, frame.topics);
    for (const topic of frame.topics) socket.send(JSON.stringify({ type: "subscribed", topic }));
  }

  webSocketClose(socket) {
    for (const topic of socket.deserializeAttachment()) this.#sockets.get(topic)?.delete(socket);
    socket.close();
  }

  #join(socket, topics) {
    for (const topic of topics) {
      if (!this.#sockets.has(topic)) this.#sockets.set(topic, new Set());
      this.#sockets.get(topic).add(socket);
    }
  }

  #publish(topic, payload) {
    const frame = JSON.stringify(payload);
    let connections = 0;
    for (const socket of this.#sockets.get(topic) ?? []) {
      try {
        socket.send(frame);
        connections += 1;
      } catch {
        // It is closing.
      }
    }
    return connections;
  }
}

export default {
  async fetch(request, env) {
    const [, kind, token] = new URL(request.url).pathname.split("/");
    const room = env.ROOM.getByName("everything");
    if (kind === "ws") return room.fetch(request);
    if (request.headers.get("authorization") !== `Bearer ${env.WEBHOOK_SECRET}`) {
      return new Response("Unauthorized", { status: 401 });
    }
    if (Number(request.headers.get("content-length")) > (token ? MAX_BYTES : MAX_BATCH_BYTES)) {
      return new Response("Payload Too Large", { status: 413 });
    }
    try {
      return await room.fetch(request);
    } catch {
      return new Response("Bad Request", { status: 400 });
    }
  },
};
