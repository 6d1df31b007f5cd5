// What the runtime knows of sockets' other ends: when it last answered a ping without waking anybody, and how much the
// network has not taken yet. It must not decide who is lost.

/** Numbers that sockets have here, each its own as long as the object is in memory. */
let numbers = 0;

/** `WebSocket.OPEN`. */
const OPEN = 1;

/** How many numbers there are for each socket. */
const FIELDS = 3;

/**
 * The number of a socket.
 * @param {WebSocket} socket
 * @returns {number}
 */
export function livenessNumber(socket) {
  socket.livenessNumber ??= numbers++ >>> 0;
  return socket.livenessNumber;
}

/**
 * What is known of sockets: three numbers each, in their order. Nothing is known of one that is closing.
 * @param {DurableObjectState} state
 * @param {WebSocket[]} sockets
 * @returns {Float64Array} the socket's number, when its last ping was answered (Unix milliseconds, NaN for never), and the
 *   bytes that wait to be sent to it.
 */
export function sightings(state, sockets) {
  const seen = new Float64Array(FIELDS * sockets.length);
  for (let place = 0; place < sockets.length; place += 1) {
    const socket = sockets[place];
    const isOpen = socket.readyState === OPEN;
    const pinged = isOpen ? state.getWebSocketAutoResponseTimestamp(socket)?.getTime() : undefined;
    const waiting = isOpen ? socket.bufferedAmount : 0;
    const first = FIELDS * place;
    seen[first] = livenessNumber(socket);
    seen[first + 1] = pinged ?? Number.NaN;
    seen[first + 2] = waiting ?? 0;
  }
  return seen;
}
