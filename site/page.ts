// The live page: one token's connection, price, chart, trades, alerts and messages. It works with the service's own routes
// only.

import { Announcer } from "./announcer.ts";
import type { Candle } from "./candles.ts";
import { CandleChart } from "./chart.ts";
import { element, plainText } from "./element.ts";
import type { Frame } from "./frame.ts";
import { Headline } from "./headline.ts";
import { LatestList } from "./list.ts";
import { Market, type PastState } from "./market.ts";
import { compactPrice, formatAmount, formatPrice } from "./price.ts";
import { publishLine } from "./publish-line.ts";
import { RANGES, type Range, readToken } from "./rest.ts";
import { alertRow, messageRow, tradeRow, worth } from "./rows.ts";
import type { State } from "./subscription.ts";
import { CandleTable } from "./table.ts";
import { alertOf, numberOf, type Phase, phaseOf, timestampOf, tradeOf } from "./told.ts";

const DEFAULT_TOKEN = "SOL";

/** What a name is cut to. */
const LONGEST_NAME = 100;

/** How long what comes is gathered before it is drawn, in milliseconds. */
const GATHERED = 50;

const PHASES = { bonding: "Bonding curve", amm: "AMM" } as const;

const state = element("state");
const stateText = element("state-text");
const picker = element<HTMLFormElement>("picker");
const input = element<HTMLInputElement>("token");
const watched = element("watched");
const nameText = element("name");
const phaseText = element("phase");
const headline = new Headline(element("price"), element("change"));
const pastText = element("past");
const ranges = element("ranges");
const values = element("candle").querySelectorAll("dd");
const life = element("life");
const simulated = element("simulated");
const publishing = element("publishing");
const curl = element("curl");
const copy = element<HTMLButtonElement>("copy");
const chart = new CandleChart(element("chart"), inspect);
const table = new CandleTable(element<HTMLDetailsElement>("candles"), element("candle-rows"));
const trades = new LatestList(element("trades"), element("no-trades"), 30);
const alerts = new LatestList(element("alerts"), element("no-alerts"), 20);
const messages = new LatestList(element("messages"), element("empty"), 50);
const announcer = new Announcer(element("spoken"), 10_000);
const alertAnnouncer = new Announcer(element("spoken-alert"), 1_000);

let market: Market | undefined;
let asked: AbortController | undefined;
let token = "";
let range: Range = "1h";
/** The price that the service knows, for when the chart has none. */
let known: number | undefined;
let phase: Phase | undefined;
let drawing: ReturnType<typeof setTimeout> | undefined;
/** The range that the chart was last fitted to. */
let fitted: number | undefined;

function watch(next: { token: string; range: Range }): void {
  market?.end();
  asked?.abort();
  ({ token, range } = next);
  known = undefined;
  phase = undefined;
  fitted = undefined;
  input.value = token;
  watched.textContent = token;
  nameText.textContent = "";
  phaseText.dataset.phase = "unknown";
  phaseText.textContent = "–";
  simulated.hidden = true;
  showPublishLine();
  checkRange();
  clearLists();
  market = new Market(token, range, {
    state: showState,
    frame: receive,
    candles: drawSoon,
    past: showPast,
    restart: clearLists,
  });
  draw();
  ask();
}

function clearLists(): void {
  for (const list of [trades, alerts, messages]) list.clear();
}

/** Asks what is known of the token. The page is as good without it. */
async function ask(): Promise<void> {
  asked = new AbortController();
  const { signal } = asked;
  const answer = await readToken(token, signal).catch(() => undefined);
  if (!answer || signal.aborted) return;
  nameText.textContent = plainText(String(answer.name ?? answer.symbol ?? "").slice(0, LONGEST_NAME));
  known = numberOf(answer.price);
  showPhase(phaseOf(answer));
  drawSoon();
}

/** Shows how to publish to the token, where there can be one of that name. */
function showPublishLine(): void {
  const line = publishLine(location.origin, token);
  curl.textContent = line ?? "";
  publishing.hidden = line === undefined;
}

function showState(now: State): void {
  const text = describe(now);
  if (state.dataset.state === now.name && stateText.textContent === text) return;
  state.dataset.state = now.name;
  stateText.textContent = text;
}

function describe(now: State): string {
  switch (now.name) {
    case "connecting":
      return "Connecting…";
    case "live":
      return "Live";
    case "waiting":
      return navigator.onLine ? `Reconnecting in ${now.seconds} s` : "Offline";
    case "refused":
      return `Refused: ${now.reason}`;
  }
}

function receive(text: string, frame: Frame, isNew: boolean): void {
  messages.add(...messageRow(text, timestampOf(frame)));
  showPhase(phaseOf(frame));
  if (frame.simulated === true) simulated.hidden = false;
  const trade = tradeOf(frame);
  if (trade) {
    trades.add(...tradeRow(trade));
    if (isNew) announcer.say(`${trade.side ?? "trade"} for ${worth(trade)}`);
  }
  const alert = alertOf(frame);
  if (alert) {
    alerts.add(...alertRow(alert));
    if (isNew) alertAnnouncer.say(`${alert.severity}: ${alert.title}. ${alert.message}`);
  }
}

/** A token never goes back to its curve, whatever is told late. */
function showPhase(told: Phase | undefined): void {
  if (!told || phase === "amm") return;
  phase = told;
  phaseText.dataset.phase = told;
  phaseText.textContent = PHASES[told];
}

function showPast(now: PastState): void {
  pastText.dataset.past = now;
  drawSoon();
}

function describePast(isEmpty: boolean, name: string): string {
  switch (pastText.dataset.past as PastState) {
    case "reading":
      return isEmpty ? "Reading the past…" : "";
    case "failed":
      return "The past can’t be read now. What comes is drawn.";
    default:
      return isEmpty ? `No price in the last ${name}.` : "";
  }
}

function drawSoon(): void {
  drawing ??= setTimeout(draw, GATHERED);
}

function draw(): void {
  clearTimeout(drawing);
  drawing = undefined;
  if (!market) return;
  const { candles } = market;
  const { step, name } =
    Object.values(RANGES).find(({ seconds }) => seconds === candles.range) ?? RANGES[range];
  const steps = candles.steps(step);
  chart.draw(steps, step);
  if (fitted !== candles.range && steps.length > 0) {
    fitted = candles.range;
    chart.fit(candles.range / step);
  }
  table.draw(steps);
  const text = describePast(steps.length === 0, name);
  if (pastText.textContent !== text) pastText.textContent = text;
  life.hidden = steps.length > 0 || pastText.dataset.past === "reading" || publishing.hidden;
  const price = steps.at(-1)?.close ?? known;
  const first = steps[0]?.open ?? price ?? 0;
  headline.show(price === undefined ? undefined : { price, first, quote: candles.quote ?? "", period: name });
  showTitle(price);
}

function showTitle(price: number | undefined): void {
  const text = price === undefined ? token : `${formatPrice(price)} ${token}`;
  const title = `${text} · Glow Broadcast`;
  if (document.title === title) return;
  document.title = title;
  if (price !== undefined) announcer.say(`${token}: ${formatPrice(price)}`);
}

/** Shows the numbers of one candle. */
function inspect(candle: Candle | undefined): void {
  const { open, high, low, close, volume, trades } = candle ?? {};
  const prices = [open, high, low, close].map((price) => price && compactPrice(price, 6));
  const texts = [...prices, volume === undefined ? volume : formatAmount(volume), trades?.toString()];
  for (const [place, value] of values.entries()) value.textContent = texts[place] || "–";
}

picker.addEventListener("submit", (event) => {
  event.preventDefault();
  const next = { token: input.value.trim(), range };
  history.pushState(null, "", queryOf(next));
  watch(next);
});

ranges.addEventListener("change", (event) => {
  range = (event.target as HTMLInputElement).value as Range;
  history.replaceState(null, "", queryOf({ token, range }));
  market?.show(range);
});

function checkRange(): void {
  for (const radio of ranges.querySelectorAll("input")) radio.checked = radio.value === range;
}

// Browsers give the clipboard to secure pages only: not to one that a phone has opened over http.
copy.hidden = navigator.clipboard === undefined;
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(curl.textContent ?? "");
  copy.textContent = "Copied";
  setTimeout(() => {
    copy.textContent = "Copy";
  }, 2000);
});

function queryOf(watching: { token: string; range: Range }): string {
  const isUsual = watching.range === "1h";
  return `?token=${encodeURIComponent(watching.token)}${isUsual ? "" : `&range=${watching.range}`}`;
}

function ofLocation(): { token: string; range: Range } {
  const query = new URLSearchParams(location.search);
  const named = query.get("range") ?? "";
  return {
    token: query.get("token")?.trim() || DEFAULT_TOKEN,
    range: Object.hasOwn(RANGES, named) ? (named as Range) : "1h",
  };
}

// Only where the service runs on this machine is there somebody to run it.
element("demo").hidden = !["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

addEventListener("popstate", () => watch(ofLocation()));
watch(ofLocation());
