// Webhooks in any number, made of a few transactions: signatures and slots are new each time, the time is now, and the token
// is one of ours. The transactions are the real ones beside the project, where they are, else made up.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mint, SOL, signature, solPrice, swap, USDC } from "../tests/worker/chain.mjs";

const USDT = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";
const MONEY = new Set([SOL, USDC, USDT]);

/** Where the real ones are, where somebody has them. */
export const SAMPLES = join(import.meta.dirname, "..", "..", "shared", "fixtures", "helius");

/** The transactions of a folder, as they were told; made-up ones where it is missing. */
export function samples(folder) {
  if (!existsSync(folder)) return [...Array.from({ length: 8 }, made), solPrice(150)];
  const files = readdirSync(folder).filter((name) => name !== "expected.json");
  return files.sort().flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

function made(_, place) {
  const token = BigInt(place + 1) * 33_970_733_092n * (place % 2 ? -1n : 1n);
  return swap({ token, sol: BigInt(place + 1) * 1_881_912_085n, of: mint() });
}

/** What has to be said anew each time. */
const HOLES = /(@signature@|"@slot@"|@token@)/;

let slot = 430_000_000;
let place = 0;

/** A transaction that can be told again and again. `token` is what it trades, where that is one token. */
export class Template {
  constructor(transaction) {
    const token = tokenOf(transaction);
    const again = { ...transaction, timestamp: Math.floor(Date.now() / 1000) };
    // A raw transaction has neither.
    if (transaction.signature) Object.assign(again, { signature: "@signature@", slot: "@slot@" });
    const text = JSON.stringify(again);
    this.parts = (token ? text.replaceAll(token, "@token@") : text).split(HOLES);
    this.token = token;
    this.bytes = text.length;
  }

  /** Its text, as another transaction of `token`. */
  told(token = this.token, signature = newSignature()) {
    const filled = { "@signature@": signature, '"@slot@"': String(slot++), "@token@": token };
    return this.parts.map((part) => filled[part] ?? part).join("");
  }
}

/** The only thing besides money whose balances a transaction changes. */
function tokenOf({ accountData = [] }) {
  const changes = accountData.flatMap(({ tokenBalanceChanges }) => tokenBalanceChanges ?? []);
  const tokens = new Set(changes.map((change) => change.mint).filter((name) => !MONEY.has(name)));
  return tokens.size === 1 ? [...tokens][0] : undefined;
}

const stem = signature().slice(0, 78);

/** As long as a signature, and no other has it. */
export function newSignature() {
  place += 1;
  return stem + String(place).padStart(9, "0").replaceAll("0", "A");
}

/** So many tokens. */
export const tokens = (count) => Array.from({ length: count }, () => mint());

/** The body of so many transactions, each of the next template and the next token. */
export class Stream {
  next = 0;

  constructor(templates, tokens) {
    this.templates = templates;
    this.tokens = tokens;
  }

  body(count, signature) {
    const told = Array.from({ length: count }, () => {
      const at = this.next++ % this.tokens.length;
      // A token's price is to stay what it is: each has a transaction of its own.
      const template = this.templates[at % this.templates.length];
      return template.told(this.tokens[at], signature);
    });
    return `[${told.join(",")}]`;
  }
}
