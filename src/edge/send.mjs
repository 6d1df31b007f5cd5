// The hot loop: one frame to many sockets. It is JavaScript because each call from WebAssembly into the runtime costs
// something, and there is one for each socket. It must not know what a frame says.

/**
 * Sends to the sockets at the places from `start` to before `end`. A socket that is closing throws: it is left out, and
 * the others are served.
 * @param {WebSocket[]} sockets
 * @param {string[]} each a frame for each publication
 * @param {string} all one frame with all of them
 * @param {boolean | Set<WebSocket>} takesAll who gets that one: everybody, nobody, or these
 * @returns {number} how many sockets took everything.
 */
export function sendToMany(sockets, start, end, each, all, takesAll) {
  let taken = 0;
  for (let place = start; place < end; place += 1) {
    const socket = sockets[place];
    try {
      if (takesAll === true || (takesAll && takesAll.has(socket))) socket.send(all);
      else for (const frame of each) socket.send(frame);
      taken += 1;
    } catch {
      // It is closing.
    }
  }
  return taken;
}
