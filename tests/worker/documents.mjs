// What describes the service, site/openapi.json and site/asyncapi.json, as the tests use it. It knows no route and no
// message.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

const root = join(import.meta.dirname, "..", "..");

/** A file of the repository, as text. */
export function source(path) {
  return readFileSync(join(root, path), "utf8");
}

/** A document of site/. */
export function load(name) {
  return JSON.parse(source(`site/${name}`));
}

/** A validator that knows the document by the name of its file, so that `openapi.json#/components/…` is a schema. */
export function validatorFor(name) {
  const validator = new Ajv2020({ strict: false, allErrors: true });
  formats.default(validator);
  return validator.addSchema(load(name), name);
}

/** What a JSON pointer's parts lead to, as the fragment of a URL. */
export function fragment(...parts) {
  const escaped = parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"));
  return `#/${escaped.map(encodeURIComponent).join("/")}`;
}

/** The codes of `wire::problem`, as they are told. */
export function errorCodes() {
  const [, variants] = /pub enum ErrorCode \{([^}]*)\}/.exec(source("src/wire/problem.rs"));
  const names = [...variants.matchAll(/^ {4}([A-Z]\w+),$/gm)].map(([, name]) => name);
  return names.map((name) => name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase());
}
