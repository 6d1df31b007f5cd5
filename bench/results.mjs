// What is kept of a run: bench/results.json, which says what was measured where, and nothing that names the machine.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { SERVERS } from "./servers.mjs";
import { figureOf, rounded } from "./table.mjs";

/** What whoever reads the figures has to know. Printed under every table, and kept with the figures. */
export const NOTES = [
  "Server and all it needs on one core, the load generator on another; TCP over loopback, no TLS.",
  "Every run has a server of its own, fresh; peers take turns. A figure is the median over the runs, (low–high) its ends.",
  "×N is ours divided by that peer (one room divided by relays, where these are compared). Messages have about 200 bytes, each is its own POST unless a run says otherwise.",
  "Warm-ups that don't count: 8 posts before fan-out's rounds, 1 to 3 s before sustained and paced load.",
  "Garbage is collected when the engines want; nothing forces it, and its pauses are in the figures.",
  "Ours keeps its order and history on disk; history is on in every figure. No peer stores anything: a peer can't resume.",
  "A generator that is nearly 100% busy was the limit itself: the epoll loop's sustained figures are at least those.",
  "CPU is what the kernel counts for all processes of a server. Memory is their RSS, without the kernel's buffers.",
];

const require = createRequire(import.meta.url);

/** Medians and spreads of one run's lanes, and the ratios of the lane `base` to them. */
export function summarise(figures, reports, base) {
  const ours = Object.fromEntries(
    figures.map((figure) => [figure.title, figureOf(figure, reports[base] ?? [])]),
  );
  return Object.fromEntries(
    Object.entries(reports).map(([lane, list]) => {
      if (list.every(({ error }) => error)) return [lane, { error: list[0].error }];
      const entries = figures.map((figure) => {
        const value = figureOf(figure, list);
        const own = ours[figure.title];
        const ratio = lane !== base && own && value?.median > 0 ? own.median / value.median : undefined;
        return [figure.title, value && { unit: figure.unit, ...rounded(value), ratio: rounded(ratio) }];
      });
      return [lane, Object.fromEntries(entries)];
    }),
  );
}

export function machine() {
  return {
    processor: cpus()[0].model,
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split(".", 2).join(".")}`,
  };
}

export function versions() {
  const installed = (name) => {
    const path = join(import.meta.dirname, "..", "node_modules", name, "package.json");
    return JSON.parse(readFileSync(path, "utf8")).version;
  };
  return {
    glow: require("../package.json").version,
    workerd: installed("workerd"),
    partyserver: installed("partyserver"),
    node: process.versions.node,
    ws: installed("ws"),
    "socket.io": installed("socket.io"),
    "redis (client)": installed("redis"),
    redis: redisVersion(),
  };
}

function redisVersion() {
  try {
    return /v=(\S+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }))?.[1];
  } catch {
    return undefined;
  }
}

/** Names of the lanes for people. */
export function laneName(lane) {
  const [key, batch] = lane.split("+");
  return SERVERS[key].name + (batch ? ", ?batch=1" : "");
}

export function write(path, results) {
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}
