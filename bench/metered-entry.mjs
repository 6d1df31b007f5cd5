// Ours with a meter: the built Worker as it is, in a runtime where each SQL statement's written rows, each alarm that is
// set, each room that is built or asked and what the database writes are counted, and a route that tells the counts. Only
// scenarios that show them run it.

import Glow, * as exported from "./entry.mjs";

let rows = 0;
let roomsBuilt = 0;
let roomsAsked = 0;
let databaseRows = 0;
let isDatabaseWatched = false;
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

/** The same of the database, where there is one. */
function watchDatabase(database) {
  if (!database || isDatabaseWatched) return;
  isDatabaseWatched = true;
  const count = (answer) => {
    for (const { meta } of [answer].flat()) databaseRows += meta?.rows_written ?? 0;
    return answer;
  };
  const watched = [
    [Object.getPrototypeOf(database), ["batch"]],
    [Object.getPrototypeOf(database.prepare("SELECT 1")), ["run", "all"]],
  ];
  for (const [prototype, names] of watched) {
    for (const name of names) {
      const original = prototype[name];
      prototype[name] = async function (...words) {
        return count(await original.apply(this, words));
      };
    }
  }
}

// The other classes, as they are.
export * from "./entry.mjs";

export class BroadcastRoom extends exported.BroadcastRoom {
  constructor(state, env) {
    watch(state.storage);
    watchDatabase(env.DATABASE);
    roomsBuilt += 1;
    super(state, env);
  }

  fetch(request) {
    roomsAsked += 1;
    return super.fetch(request);
  }
}

export default class extends Glow {
  fetch(request) {
    watchDatabase(this.env.DATABASE);
    if (new URL(request.url).pathname === "/bench/meter") {
      return Response.json({ rows, roomsBuilt, roomsAsked, databaseRows });
    }
    return super.fetch(request);
  }
}
