// The command that the page shows, as a shell takes it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { publishLine } from "../../site/publish-line.ts";

const ORIGIN = "https://broadcast.example.com";

/** What the command gives to curl. */
function argumentsOf(line) {
  const shell = `curl() { printf '%s\\0' "$@"; }\n${line}`;
  const env = { PATH: process.env.PATH, WEBHOOK_SECRET: "a $(secret)!" };
  // An interactive shell would also replace what follows an exclamation mark.
  const output = execFileSync("bash", ["-c", `set -H -o history\n${shell}`], { env, encoding: "utf8" });
  return output.split("\0").slice(0, -1);
}

test("a shell gives curl the topic's address and a message", () => {
  for (const token of ["SOL", "feed:trades", "wallet:7xKX", "a.b_c-d", "x".repeat(128)])
    assert.deepEqual(argumentsOf(publishLine(ORIGIN, token)), [
      "-X",
      "POST",
      `${ORIGIN}/broadcast/${token}`,
      "-H",
      "Authorization: Bearer a $(secret)!",
      "-H",
      "Content-Type: application/json",
      "-d",
      '{"type":"PRICE_UPDATE","price":123.45}',
    ]);
});

test("there is no command for what is no topic", () => {
  const none = [
    "",
    "it's",
    "now!",
    "$(id)",
    "`id`",
    'a"b',
    "a b",
    "a\nb",
    "a/b",
    "%2e",
    ".",
    "..",
    "x".repeat(129),
    "ß",
  ];
  for (const token of none) assert.equal(publishLine(ORIGIN, token), undefined, token);
});

test("whatever the page's own address is, a shell takes it as it is", () => {
  for (const origin of ["http://it's", "http://$(id)", "http://a!!b"])
    assert.equal(argumentsOf(publishLine(origin, "SOL"))[2], `${origin}/broadcast/SOL`);
});
