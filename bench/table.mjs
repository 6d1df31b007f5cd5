// Many reports made one table: medians over the runs, their spread, and the ratio of ours to each peer.

/** The middle of the values that there are, and the ends. */
export function spread(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  return { median: sorted[sorted.length >> 1], low: sorted[0], high: sorted.at(-1) };
}

/** A figure of all reports of a lane. */
export function figureOf(figure, reports) {
  return spread(reports.filter(({ error }) => !error).map(figure.read));
}

/** The text of a table; a row for each lane, in each cell `median (low–high) ×ratio of the lane base to it`. */
export function table(title, figures, reports, base) {
  const ours = figures.map((figure) => (reports[base] ? figureOf(figure, reports[base]) : null));
  const rows = Object.entries(reports).map(([lane, list]) => {
    if (list.every(({ error }) => error)) return [lane, `failed: ${list[0].error}`];
    const cells = figures.map((figure, index) =>
      cell(figureOf(figure, list), lane === base ? null : ours[index]),
    );
    return [lane, ...cells];
  });
  const head = [title, ...figures.map(({ title, unit }) => (unit ? `${title} ${unit}` : title))];
  const widths = head.map((_, column) =>
    Math.max(
      ...[head, ...rows.filter((row) => row.length > 2)].map((row) => row[column]?.length ?? 0),
      column ? 0 : 12,
    ),
  );
  return [head, ...rows]
    .map((row) => row.map((text, column) => text.padEnd(widths[column])).join("  "))
    .join("\n");
}

function cell(value, ours) {
  if (!value) return "–";
  const ends = value.low === value.high ? "" : ` (${short(value.low)}–${short(value.high)})`;
  const ratio = ours && value.median > 0 ? ` ×${short(ours.median / value.median)}` : "";
  return `${short(value.median)}${ends}${ratio}`;
}

/** Numbers, or an object of numbers, with no more digits than were measured. */
export function rounded(value) {
  if (typeof value === "number") return Number(value.toPrecision(4));
  if (value === undefined || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, number]) => [name, rounded(number)]));
}

/** Three digits that mean something. */
export function short(value) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(value < 1 ? 2 : 3)));
}
