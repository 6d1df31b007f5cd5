// Peer (e): Socket.IO with its own protocol, WebSocket only, a room for each topic.

import { Server } from "socket.io";
import { serve, takingPosts } from "./posts.mjs";

const server = takingPosts((topic, payload) => {
  io.to(topic).emit("message", payload);
  return { connections: io.sockets.adapter.rooms.get(topic)?.size ?? 0 };
});
const io = new Server(server, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => {
  socket.join(socket.handshake.query.topic);
});
serve(server);
