// A Worker in the bare runtime: no proxy of a development server is between it and its clients, and ours and its peers
// are configured by the same lines. Objects are stored on disk.

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The very runtime that wrangler brings. */
export const WORKERD = createRequire(import.meta.resolve("wrangler"))("workerd").default;

const COMPATIBILITY_DATE = "2026-11-17";

/**
 * @typedef {object} Worker
 * @property {Record<string, string | Buffer>} modules by name; the first is the entry
 * @property {{name: string, class_name: string, stays?: boolean}[]} objects the Durable Objects' bindings; those of a
 *   class that `stays` are never taken out of memory
 * @property {Record<string, string>} variables
 */

/**
 * Writes a configuration, and the modules beside it.
 * @param {string} folder an empty one, which the storage goes into as well
 * @param {Worker & {port: number}} worker
 * @param {Worker} [client] a Worker that takes what comes to the port, and has the other one as its `SERVICE`
 * @returns {string} the path of the configuration
 */
export function configure(folder, { port, ...worker }, client) {
  mkdirSync(join(folder, "storage"), { recursive: true });
  const workers = client ? { client, main: worker } : { main: worker };
  const services = Object.keys(workers).map((name) => `(name = ${quoted(name)}, worker = .${name})`);
  const [taker] = Object.keys(workers);
  const path = join(folder, "config.capnp");
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(", ")},
    (name = "disk", disk = (path = ${quoted(join(folder, "storage"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = ${quoted(taker)})],
);
${Object.entries(workers)
  .map(([name, worker]) => described(folder, name, worker))
  .join("\n")}
`,
  );
  return path;
}

function described(folder, worker, { modules, objects, variables }) {
  // Two Workers may have modules of the same name.
  mkdirSync(join(folder, worker), { recursive: true });
  for (const [name, content] of Object.entries(modules)) writeFileSync(join(folder, worker, name), content);
  const parts = {
    modules: Object.keys(modules).map((name) => {
      const kind = name.endsWith(".wasm") ? "wasm" : "esModule";
      return `(name = ${quoted(name)}, ${kind} = embed ${quoted(`${worker}/${name}`)})`;
    }),
    classes: objects.map(
      ({ class_name, stays = false }) =>
        `(className = ${quoted(class_name)}, uniqueKey = ${quoted(class_name)}, enableSql = true, preventEviction = ${stays})`,
    ),
    bindings: [
      ...objects.map(
        ({ name, class_name }) => `(name = ${quoted(name)}, durableObjectNamespace = ${quoted(class_name)})`,
      ),
      ...Object.entries(variables).map(
        ([name, value]) => `(name = ${quoted(name)}, text = ${quoted(String(value))})`,
      ),
      ...(worker === "main" ? [] : ['(name = "SERVICE", service = "main")']),
    ],
  };
  return `const ${worker} :Workerd.Worker = (
  modules = [${parts.modules.join(", ")}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  durableObjectNamespaces = [${parts.classes.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${parts.bindings.join(", ")}],
);`;
}

function quoted(text) {
  return JSON.stringify(text);
}
