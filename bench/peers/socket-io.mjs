// Peer (e): Socket.IO with its own protocol, WebSocket only, a room for each topic. A socket is opened for
// one topic, or asks for many.

import { Server } from "socket.io";
import { serve, takingPosts } from "./posts.mjs";

const server = takingPosts((topic, payload) => {
  io.to(topic).emit("message", payload);
  return { connections: io.sockets.adapter.rooms.get(topic)?.size ?? 0 };
});
const io = new Server(server, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => {
  const { topic } = socket.handshake.query;
  if (topic) socket.join(topic);
  socket.on("subscribe", (topics, subscribed) => {
    socket.join(topics);
    subscribed();
  });
});
serve(server);
