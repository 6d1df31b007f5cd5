// Peer (d): Node and `ws`, one process, everything in memory.

import { serve, takingPosts } from "./posts.mjs";
import { Rooms } from "./rooms.mjs";

const server = takingPosts((topic, payload) => ({ connections: rooms.send(topic, JSON.stringify(payload)) }));
const rooms = new Rooms(server);
serve(server);
