// The servers under test: how each is started, pinned to the first core, and ended. Whatever a server needs besides
// itself runs on the same core.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { unstable_readConfig } from "wrangler";
import { configure, WORKERD } from "./workerd.mjs";

export const SECRET = "bench-secret-of-more-than-24-bytes";
const SERVER_CORE = "0";
const PATIENCE_MS = 15_000;

/** Sockets in each object where relays are measured. */
export const FEW = 500;

const root = join(import.meta.dirname, "..");
/** Another build of the Worker can be measured by naming its folder. */
const ours = process.env.BENCH_WORKER || join(root, "build", "worker");

/** The load generator, which is a server too. */
export const GENERATOR = join(root, "target", "load", "release", "glow-load");

/**
 * Every server that is measured, ours first. `as` another one are those that a scenario of its own needs, set up in
 * another way.
 */
export const SERVERS = {
  ours: { name: "Glow Broadcast", start: startOurs },
  limit: { name: "one epoll loop", start: startLimit },
  object: { name: "Durable Object by hand", start: (place) => startPeer(place, "durable-object.mjs") },
  partyserver: { name: "partyserver", start: (place) => startPeer(place, "partyserver.mjs") },
  ws: { name: "Node ws", start: (place) => [node(place, "ws.mjs")] },
  socketio: { name: "socket.io", start: (place) => [node(place, "socket-io.mjs")], dialect: "socketio" },
  redis: { name: "Node ws + Redis", start: startRedis },
  hub: {
    name: "Durable Object for all",
    as: "object",
    start: (place) => startPeer(place, "durable-object-topics.mjs"),
  },
  one: {
    name: "Glow, one room",
    as: "ours",
    start: (place) => startOurs(place, { ROOM_CAPACITY: "32768" }),
  },
  relays: {
    name: "Glow, relays",
    as: "ours",
    start: (place) => startOurs(place, { ROOM_CAPACITY: String(FEW) }),
  },
};

/** The servers that can be chosen. */
export const CHOICES = Object.keys(SERVERS).filter((key) => !SERVERS[key].as);

/** Starts a server on a free port, and waits until it takes connections. */
export async function startServer(key, { metered = false } = {}) {
  const place = { folder: mkdtempSync(join(tmpdir(), "glow-bench-")), port: await freePort(), metered };
  const children = await SERVERS[key].start(place);
  const stop = async () => {
    await Promise.all(children.map(end));
    rmSync(place.folder, { recursive: true, force: true });
  };
  try {
    await listening(place.port, children);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address: `127.0.0.1:${place.port}`,
    dialect: SERVERS[key].dialect ?? "native",
    processes: children.map(({ pid }) => pid),
    stop,
  };
}

/** Ours as wrangler.toml configures it, but for some `variables`. */
function startOurs({ folder, port, metered }, variables = {}) {
  const { modules, ...worker } = builtWorker(variables);
  const entry = metered ? ["metered-entry.mjs", import.meta.dirname] : ["entry.mjs", ours];
  return [
    runtime(folder, {
      modules: { [entry[0]]: readFileSync(join(entry[1], entry[0])), ...modules },
      ...worker,
      port,
    }),
  ];
}

/** The built Worker, configured by wrangler.toml but for some `variables`. */
export function builtWorker(variables) {
  const { durable_objects, vars } = unstable_readConfig({ config: join(root, "wrangler.toml") });
  const entry = "entry.mjs";
  const names = readdirSync(ours).filter((name) => /\.(m?js|wasm)$/.test(name) && name !== entry);
  return {
    modules: Object.fromEntries([entry, ...names].map((name) => [name, readFileSync(join(ours, name))])),
    objects: durable_objects.bindings,
    variables: { ...vars, WEBHOOK_SECRET: SECRET, ...variables },
  };
}

async function startPeer({ folder, port }, file) {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "peers", file)],
    bundle: true,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:*"],
    write: false,
  });
  return [
    runtime(folder, {
      modules: { "entry.mjs": outputFiles[0].text },
      objects: [{ name: "ROOM", class_name: "Room" }],
      variables: { WEBHOOK_SECRET: SECRET },
      port,
    }),
  ];
}

function runtime(folder, worker) {
  return pinned(WORKERD, ["serve", configure(folder, worker)]);
}

function startLimit({ port }) {
  return [pinned(GENERATOR, ["serve", "--address", `127.0.0.1:${port}`, "--secret", SECRET])];
}

function node({ port, folder }, file) {
  return pinned(process.execPath, [join(import.meta.dirname, "peers", file)], {
    PORT: String(port),
    WEBHOOK_SECRET: SECRET,
    REDIS_SOCKET: join(folder, "redis.sock"),
    NODE_ENV: "production",
  });
}

async function startRedis(place) {
  const options = ["--port", "0", "--unixsocket", join(place.folder, "redis.sock"), "--save", ""];
  const redis = pinned("redis-server", [...options, "--appendonly", "no", "--dir", place.folder]);
  await sleep(200);
  return [node(place, "ws-redis.mjs"), redis];
}

/** Whether Redis is on this machine. */
export function hasRedis() {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function pinned(program, args, environment = {}) {
  const child = spawn("taskset", ["-c", SERVER_CORE, program, ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", process.env.BENCH_DEBUG ? "inherit" : "ignore"],
  });
  child.on("error", () => {});
  return child;
}

/** Ends a process. */
export function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGKILL");
  });
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits until somebody takes connections on a port, which these processes were started to do. */
export async function listening(port, children) {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    if (children.some(({ exitCode }) => exitCode !== null)) throw new Error("the server ended at once");
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await sleep(20);
  }
  throw new Error("the server does not listen");
}
