// Life for the page: posts a simulated market to the service that `npm start` runs on this machine, by the routes that every
// publisher has, until Ctrl-C or for `-- --seconds 60`. `--seed 7` gives the same market again, `--rate 20` more trades a
// second; PORT says where the service is.

import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { devVar, readDevVars } from "./dev-vars.mjs";
import { fail, say } from "./shell.mjs";
import { SimulatedMarket, STEP } from "./simulated-market.mjs";

/** The most messages in one request. */
const BATCH = 100;

const base = `http://localhost:${process.env.PORT || 8787}`;
const { seed, rate, seconds } = options();
const secret = devVar(readDevVars(), "WEBHOOK_SECRET");
if (!secret) fail("there is no WEBHOOK_SECRET in .dev.vars: run npm start first, and leave it running");
await call("/health");

let isOver = false;
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    isOver = true;
  });

const opened = Date.now();
const market = new SimulatedMarket({ seed, start: unixSeconds(), rate });
const past = Map.groupBy(market.past(await knownCandles()), ({ token }) => token);
const [first, ...others] = market.tokens;
// The page's own token comes first: somebody is looking at it. The rest follows while it is traded.
await publish([...(past.get(first.token) ?? []), ...market.next(unixSeconds()).messages]);
const rest = Promise.all([
  describe(market.tokens),
  ...others.map(({ token }) => publish(past.get(token) ?? [])),
]);
say(`a simulated market, seed ${seed}, is on ${base}/ (Ctrl-C closes it)`);
for (let due = Date.now(); !isOver && Date.now() - opened < seconds * 1000; due += STEP) {
  const { tokens, messages } = market.next(unixSeconds());
  await describe(tokens);
  await publish(messages);
  await sleep(Math.max(0, due + STEP - Date.now()));
}
await rest;
say("the simulated market is closed");
process.exit(0);

/** What follows `--`. */
function options() {
  const names = { seed: { type: "string" }, rate: { type: "string" }, seconds: { type: "string" } };
  let values;
  try {
    ({ values } = parseArgs({ options: names }));
  } catch (error) {
    fail(error.message);
  }
  return {
    seed: wholeNumber("seed", values.seed ?? String(Math.floor(Math.random() * 1_000_000)), 0, 2 ** 32 - 1),
    rate: wholeNumber("rate", values.rate ?? "4", 1, 200),
    seconds: values.seconds === undefined ? Infinity : wholeNumber("seconds", values.seconds, 1, 1e6),
  };
}

function wholeNumber(name, text, least, most) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  return fail(`--${name} is a whole number from ${least} to ${most}`);
}

function unixSeconds() {
  return Math.floor(Date.now() / 1000);
}

/** Gives names to tokens that have none. */
async function describe(tokens) {
  const described = tokens.map(async ({ token, description }) => {
    const known = await call(`/tokens/${token}`, { missing: {} });
    if (known.name === undefined) await call(`/tokens/${token}`, { method: "PUT", body: description });
  });
  await Promise.all(described);
}

/** The candles of the last hour, by token. */
async function knownCandles() {
  const known = market.tokens.map(async ({ token }) => {
    const { candles } = await call(`/tokens/${token}/prices?range=1h`, { missing: { candles: [] } });
    return [token, candles];
  });
  return new Map(await Promise.all(known));
}

/** Publishes messages in order. */
async function publish(messages) {
  for (let from = 0; from < messages.length; from += BATCH) {
    const { results } = await call("/broadcast", {
      method: "POST",
      body: { messages: messages.slice(from, from + BATCH) },
    });
    const refused = results.find(({ success }) => !success);
    if (refused) fail(`${refused.token} was not published: ${refused.code}, ${refused.detail}`);
  }
}

/** Asks the service as a publisher; `missing` is the answer where there is nothing. */
async function call(path, { method = "GET", body, missing } = {}) {
  let response;
  try {
    response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return fail(`nothing answers on ${base}: run npm start first, and leave it running`);
  }
  if (response.status === 404 && missing) return missing;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (response.status === 401)
    fail(`the service on ${base} has another WEBHOOK_SECRET than .dev.vars: start it again with npm start`);
  return fail(`${method} ${path} was answered ${response.status}: ${answer.detail ?? "no reason was given"}`);
}
