// Candles as a client of the service draws them, and as anybody would compute them from trades. It knows no route.

/** The candles of ticks in whatever order they were told, by the rule that README.md gives, with exact volumes. */
export function candlesOf(ticks) {
  const candles = new Map();
  for (const tick of ticks) add(candles, tick);
  return [...candles.values()].sort((one, other) => one.timestamp - other.timestamp);
}

/** Adds one tick to candles by minute. */
export function add(candles, { type, price, amount = 0, timestamp, slot = 0 }) {
  const minute = timestamp - (timestamp % 60);
  const at = [timestamp, slot];
  const isTrade = type === "TRADE";
  const candle = candles.get(minute) ?? {
    timestamp: minute,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 0,
    trades: 0,
    first: at,
    last: at,
  };
  if (before(at, candle.first)) Object.assign(candle, { open: price, first: at });
  if (!before(at, candle.last)) Object.assign(candle, { close: price, last: at });
  candle.high = Math.max(candle.high, price);
  candle.low = Math.min(candle.low, price);
  candle.volume = Number((candle.volume + (isTrade ? Number(amount) : 0)).toFixed(6));
  candle.trades += isTrade ? 1 : 0;
  candles.set(minute, candle);
}

const before = ([timestamp, slot], [otherTimestamp, otherSlot]) =>
  timestamp < otherTimestamp || (timestamp === otherTimestamp && slot < otherSlot);

/** A candle as the contract has it. */
export const plain = ({ timestamp, open, high, low, close, volume, trades }) => ({
  timestamp,
  open,
  high,
  low,
  close,
  volume,
  trades,
});
