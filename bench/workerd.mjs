// A Worker in the bare runtime: no proxy of a development server is between it and its clients, and ours and its peers
// are configured by the same lines. Objects are stored on disk.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const COMPATIBILITY_DATE = "2026-11-17";

/**
 * Writes a configuration, and the modules beside it.
 * @param {string} folder an empty one, which the storage goes into as well
 * @param {object} worker
 * @param {Record<string, string | Buffer>} worker.modules by name; the first is the entry
 * @param {{name: string, class_name: string}[]} worker.objects the Durable Objects' bindings
 * @param {Record<string, string>} worker.variables
 * @param {number} worker.port
 * @returns {string} the path of the configuration
 */
export function configure(folder, { modules, objects, variables, port }) {
  mkdirSync(join(folder, "storage"), { recursive: true });
  for (const [name, content] of Object.entries(modules)) writeFileSync(join(folder, name), content);
  const parts = {
    modules: Object.keys(modules).map((name) => {
      const kind = name.endsWith(".wasm") ? "wasm" : "esModule";
      return `(name = ${quoted(name)}, ${kind} = embed ${quoted(name)})`;
    }),
    classes: objects.map(
      ({ class_name }) =>
        `(className = ${quoted(class_name)}, uniqueKey = ${quoted(class_name)}, enableSql = true)`,
    ),
    bindings: [
      ...objects.map(
        ({ name, class_name }) => `(name = ${quoted(name)}, durableObjectNamespace = ${quoted(class_name)})`,
      ),
      ...Object.entries(variables).map(
        ([name, value]) => `(name = ${quoted(name)}, text = ${quoted(String(value))})`,
      ),
    ],
  };
  const path = join(folder, "config.capnp");
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = ${quoted(join(folder, "storage"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${parts.modules.join(", ")}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  durableObjectNamespaces = [${parts.classes.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${parts.bindings.join(", ")}],
);
`,
  );
  return path;
}

function quoted(text) {
  return JSON.stringify(text);
}
