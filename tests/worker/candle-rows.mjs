// Rows of the table of candles as the service writes them (`wire::candle_row`), made in bulk.

/** Seconds of an hour. */
export const HOUR = 3600;

/** The row of an hour of which each minute in `minutes` is `{minute, prices, group?}`: its prices one trade of 1 each. */
export function hourRow(mint, quote, hour, minutes, version = 1) {
  const candles = minutes.map(({ minute, prices, group = hour / 60 + minute }) => {
    const [first, last] = [hour + minute * 60 + 1, hour + minute * 60 + prices.length];
    const [open, high, low, close] = span(prices).map(String);
    return [minute, group, open, high, low, close, String(prices.length), prices.length, first, 1, last, 2];
  });
  const all = span(minutes.flatMap(({ prices }) => prices)).map(String);
  const trades = minutes.reduce((sum, { prices }) => sum + prices.length, 0);
  return [mint, quote, hour, ...all, String(trades), trades, version, JSON.stringify(candles)];
}

/** Open, high, low and close. */
function span(prices) {
  return [prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1)];
}

/** Writes rows down, and what their tokens cost as if it had been the last. */
export async function writeRows(database, rows) {
  const price = database.prepare(
    `INSERT INTO tokens (mint, price, quote, priced_at, priced_slot, created_at, updated_at)
     VALUES (?1, ?2, ?3, ?4, 0, ?4, ?4) ON CONFLICT (mint) DO UPDATE SET
     price = excluded.price, quote = excluded.quote, priced_at = excluded.priced_at`,
  );
  const latest = new Map(rows.map((row) => [row[0], row]));
  await insertRows(database, rows);
  await database.batch([...latest.values()].map((row) => price.bind(row[0], row[6], row[1], row[2])));
}

/** Writes rows down, many with each statement. */
async function insertRows(database, rows) {
  const columns = 11;
  const fields = Array.from({ length: columns }, (_, index) => `value ->> ${index}`).join(", ");
  const insert = database.prepare(
    `INSERT INTO prices (mint, quote, hour, open, high, low, close, volume, trades, version, minutes)
     SELECT ${fields} FROM json_each(?)`,
  );
  // A parameter has at most 2 MB.
  for (let from = 0; from < rows.length; from += 100) {
    await insert.bind(JSON.stringify(rows.slice(from, from + 100))).run();
  }
}
