// The live page: one token's connection, price, chart and messages. It works with the service's own routes only.

import { PriceChart } from "./chart";
import { formatChange, formatPrice, priceOf } from "./price";
import { type Frame, type State, Subscription } from "./subscription";

const DEFAULT_TOKEN = "SOL";

const NO_PRICE = "No price yet. Publish one with the curl line on this page.";

/** How many messages are shown. */
const SHOWN_MESSAGES = 50;

/** A price of more characters than this is shown a little smaller, to stay on one line of a phone. */
const LONG_PRICE = 10;

/** How often a price is read out to a screen reader at the most, in milliseconds. */
const SPOKEN_EVERY = 10_000;

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

const state = element("state");
const stateText = element("state-text");
const picker = element<HTMLFormElement>("picker");
const input = element<HTMLInputElement>("token");
const watched = element("watched");
const priceText = element("price");
const changeText = element("change");
const spoken = element("spoken");
const messages = element("messages");
const empty = element("empty");
const curl = element("curl");
const copy = element<HTMLButtonElement>("copy");
const chart = new PriceChart(element("chart"));

let subscription: Subscription | undefined;
let token = "";
let first: number | undefined;
let lastSpoken = 0;

function watch(next: string): void {
  subscription?.end();
  token = next;
  first = undefined;
  input.value = token;
  watched.textContent = token;
  document.title = `${token} · Glow Broadcast`;
  priceText.textContent = "–";
  changeText.textContent = NO_PRICE;
  delete changeText.dataset.direction;
  messages.replaceChildren();
  empty.hidden = false;
  chart.clear();
  curl.textContent = curlLine();
  const base = location.origin.replace(/^http/, "ws");
  subscription = new Subscription(`${base}/ws/${encodeURIComponent(token)}`, {
    state: showState,
    frame: receive,
  });
}

function curlLine(): string {
  return [
    `curl -X POST ${location.origin}/broadcast/${encodeURIComponent(token)} \\`,
    `  -H "Authorization: Bearer $WEBHOOK_SECRET" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"type":"PRICE_UPDATE","price":123.45}'`,
  ].join("\n");
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

function receive(text: string, message: Frame): void {
  if (message.type === "connected" || message.type === "pong") return;
  const now = new Date();
  show(text, now);
  const price = priceOf(message);
  if (price !== undefined) showPrice(price, now);
}

function show(text: string, now: Date): void {
  empty.hidden = true;
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.dateTime = now.toISOString();
  time.textContent = now.toLocaleTimeString();
  const code = document.createElement("code");
  code.textContent = text;
  item.append(time, code);
  messages.prepend(item);
  while (messages.children.length > SHOWN_MESSAGES) messages.lastElementChild?.remove();
}

function showPrice(price: number, now: Date): void {
  first ??= price;
  priceText.textContent = formatPrice(price);
  priceText.classList.toggle("long", priceText.textContent.length > LONG_PRICE);
  changeText.dataset.direction = price > first ? "up" : price < first ? "down" : "none";
  const arrow = price > first ? "▲ " : price < first ? "▼ " : "";
  changeText.textContent = `${arrow}${formatChange(first, price)} since you opened this`;
  document.title = `${formatPrice(price)} ${token} · Glow Broadcast`;
  chart.add(Math.floor(now.getTime() / 1000), price);
  if (now.getTime() - lastSpoken >= SPOKEN_EVERY) {
    lastSpoken = now.getTime();
    spoken.textContent = `${token}: ${formatPrice(price)}`;
  }
}

picker.addEventListener("submit", (event) => {
  event.preventDefault();
  const next = input.value.trim();
  history.pushState(null, "", `?token=${encodeURIComponent(next)}`);
  watch(next);
});

// Browsers give the clipboard to secure pages only: not to one that a phone has opened over http.
copy.hidden = navigator.clipboard === undefined;
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(curlLine());
  copy.textContent = "Copied";
  setTimeout(() => {
    copy.textContent = "Copy";
  }, 2000);
});

function tokenOfLocation(): string {
  return new URLSearchParams(location.search).get("token")?.trim() || DEFAULT_TOKEN;
}

addEventListener("popstate", () => watch(tokenOfLocation()));
watch(tokenOfLocation());
