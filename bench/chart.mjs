// bench/results.svg: six figures as bars, drawn by hand, so that it needs no package. It reads the results alone, and is
// readable on light and on dark.

import { short } from "./table.mjs";

const PANELS = [
  {
    title: "One post: the last of 4,000 sockets has it",
    hint: "ms, less is better",
    read: (results) => column(results, "fanout", "4000 sockets", "last"),
  },
  {
    title: "Deliveries a second: 64 publishers, 500 sockets",
    hint: "more is better",
    read: (results) => column(results, "sustained", " 500 sockets", "deliveries"),
  },
  {
    title: "Publishers wait for their answer, p99, 500 sockets",
    hint: "ms, less is better",
    read: (results) => column(results, "sustained", " 500 sockets", "ack p99"),
  },
  {
    title: "Deliveries a second held with p99 < 250 ms, 1,000 sockets",
    hint: "more is better",
    read: (results) => column(results, "knee", "1000 sockets", "held"),
  },
  {
    title: "Deliveries a second: 500 topics, 50 on each of 1,000 sockets",
    hint: "20 messages a post; more is better",
    read: (results) => column(results, "topics", "20 messages", "deliveries"),
  },
  {
    title: "Deliveries a second: 4,000 sockets in one room, in 7 relays",
    hint: "all on one core; more is better",
    read: (results) => column(results, "relays", "64 publishers", "deliveries"),
  },
];

const WIDTH = 1040;
const PANEL = { width: 500, row: 22, head: 52, gap: 24 };
const LABEL = 190;
const BAR = 230;

/** Medians of the lanes of a run. The epoll loop is a limit, and would make all others invisible: it becomes a note. */
function column(results, scenario, run, title) {
  const found = Object.entries(results.scenarios[scenario]?.runs ?? {}).find(([name]) => name.includes(run));
  const lanes = Object.entries(found?.[1] ?? {}).map(([lane, figures]) => [lane, figures[title]?.median]);
  return {
    bars: lanes.filter(([lane, value]) => lane !== "limit" && Number.isFinite(value)),
    limit: lanes.find(([lane]) => lane === "limit")?.[1],
  };
}

/** @param {(lane: string) => string} laneName */
export function chart(results, laneName) {
  const panels = PANELS.map((panel) => ({ ...panel, ...panel.read(results) })).filter(
    ({ bars }) => bars.length > 0,
  );
  const rows = Math.max(0, ...panels.map(({ bars }) => bars.length));
  const height = PANEL.head + rows * PANEL.row + PANEL.gap;
  const drawn = panels.map((panel, index) => {
    const x = 16 + (index % 2) * (PANEL.width + 20);
    const y = 8 + Math.floor(index / 2) * height;
    return draw(panel, x, y, laneName);
  });
  const whole = 8 + Math.ceil(panels.length / 2) * height + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${whole}" width="${WIDTH}" height="${whole}" role="img" aria-label="Glow Broadcast beside its peers">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .hint { fill: #656d76; }
  .ours { fill: #0a7d5a; }
  .peer { fill: #8c959f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .hint { fill: #9198a1; }
    .ours { fill: #3fd09f; }
    .peer { fill: #6e7681; }
  }
</style>
${drawn.join("\n")}
</svg>
`;
}

function draw({ title, hint, bars, limit }, x, y, laneName) {
  const most = Math.max(...bars.map(([, value]) => value));
  const note = limit === undefined ? hint : `${hint}; one epoll loop: ${short(limit)}`;
  const lines = bars.map(([lane, value], index) => {
    const top = y + PANEL.head + index * PANEL.row;
    const width = Math.max(1, Math.round((value / most) * BAR));
    const name = laneName(lane);
    const kind = name.startsWith("Glow") ? "ours" : "peer";
    return `<text x="${x + LABEL - 8}" y="${top + 12}" text-anchor="end">${name}</text>
<rect class="${kind}" x="${x + LABEL}" y="${top}" width="${width}" height="16" rx="2"/>
<text x="${x + LABEL + width + 6}" y="${top + 12}">${short(value)}</text>`;
  });
  return `<text class="title" x="${x}" y="${y + 18}">${title.replace("<", "&lt;")}</text>
<text class="hint" x="${x}" y="${y + 36}">${note}</text>
${lines.join("\n")}`;
}
