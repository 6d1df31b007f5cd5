// Peer (f), the reference architecture: Node and `ws`, and Redis between the post and the sockets, so that there may be
// many such processes. A post is answered when Redis has taken it.

import { createClient } from "redis";
import { serve, takingPosts } from "./posts.mjs";
import { Rooms } from "./rooms.mjs";

const publisher = createClient({ socket: { path: process.env.REDIS_SOCKET } });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const server = takingPosts(async (topic, payload) => {
  await publisher.publish(topic, JSON.stringify(payload));
  return {};
});
const rooms = new Rooms(server, {
  opened: (topic) => subscriber.subscribe(topic, (text) => rooms.send(topic, text)),
  emptied: (topic) => subscriber.unsubscribe(topic),
});
serve(server);
