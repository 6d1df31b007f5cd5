// The hot loop: the same publications to many sockets, a chunk at a time. It is JavaScript because each call from
// WebAssembly into the runtime costs something, and there is one for each socket. It must not know what a frame says.

/**
 * Sends to every socket. After each chunk the runtime gets a turn of the event loop to write the frames out, and to take
 * in what has come. A socket that is closing throws, as does one that is gone: it is left out, and the others are served.
 * @param {WebSocket[]} sockets
 * @param {number} chunk how many sockets are sent to between two turns
 * @param {string[]} each a frame for each publication
 * @param {string[]} all as few frames as hold them all
 * @param {true | Set<WebSocket> | null} takesAll who gets those: everybody, these, or nobody
 * @returns {Promise<number>} how many sockets took everything.
 */
export async function sendToAll(sockets, chunk, each, all, takesAll) {
  let taken = 0;
  for (let start = 0; start < sockets.length; start += chunk) {
    if (start > 0) await scheduler.wait(0);
    const end = Math.min(start + chunk, sockets.length);
    for (let place = start; place < end; place += 1) {
      const socket = sockets[place];
      try {
        const frames = takesAll === true || takesAll?.has(socket) ? all : each;
        for (const frame of frames) socket.send(frame);
        taken += 1;
      } catch {
        // It is closing, or gone.
      }
    }
  }
  return taken;
}

/**
 * Sends frames to some sockets of many, as `sendToAll` does.
 * @param {Map<number, WebSocket>} sockets by number
 * @param {Uint32Array} numbers to whom
 * @param {number} chunk how many sockets are sent to between two turns
 * @param {string[]} frames
 * @returns {Promise<number>} how many sockets took everything.
 */
export function sendToSome(sockets, numbers, chunk, frames) {
  const some = Array.from(numbers, (number) => sockets.get(number));
  return sendToAll(some, chunk, frames, [], null);
}
