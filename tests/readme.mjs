// The examples of README.md, for the tests that run them.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const text = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");

/** README.md. */
export const readme = text;

/** The code blocks of a language. */
export function blocks(language) {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, "gm");
  return [...text.matchAll(fence)].map(([, indent, code]) =>
    code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** The commands of the shell blocks, each with its continuation lines. */
export function commands() {
  return blocks("sh").flatMap((block) => block.trim().split(/(?<!\\)\n/));
}
