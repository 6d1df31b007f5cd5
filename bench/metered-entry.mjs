// Ours with a meter: the built Worker as it is, in a runtime where each SQL statement's written rows, each alarm that is
// set and each room that is built are counted, and a route that tells the counts. Only scenarios that show them run it.

import Glow, * as exported from "./entry.mjs";

let rows = 0;
let roomsBuilt = 0;
const watched = new WeakSet();

/** Counts from now on what anything of this runtime writes. */
function watch(storage) {
  const statements = Object.getPrototypeOf(storage.sql);
  const alarms = Object.getPrototypeOf(storage);
  if (watched.has(statements)) return;
  watched.add(statements);
  const { exec } = statements;
  statements.exec = function (...words) {
    const cursor = exec.apply(this, words);
    rows += cursor.rowsWritten;
    return cursor;
  };
  const { setAlarm } = alarms;
  alarms.setAlarm = function (...words) {
    rows += 1;
    return setAlarm.apply(this, words);
  };
}

// The other classes, as they are.
export * from "./entry.mjs";

export class BroadcastRoom extends exported.BroadcastRoom {
  constructor(state, env) {
    watch(state.storage);
    roomsBuilt += 1;
    super(state, env);
  }
}

export default class extends Glow {
  fetch(request) {
    if (new URL(request.url).pathname === "/bench/meter") return Response.json({ rows, roomsBuilt });
    return super.fetch(request);
  }
}
