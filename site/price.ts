// Prices and amounts as people read them. It knows no page.

const plain = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 10 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

/** Below this, a price is told by how many zeros it has. */
const MANY_ZEROS = 1e-5;

/** A price with up to ten significant digits; very small and very large ones in scientific notation. */
export function formatPrice(price: number): string {
  const size = Math.abs(price);
  if (size !== 0 && (size < 1e-12 || size >= 1e15)) return price.toExponential(4);
  return plain.format(price);
}

/**
 * A price for the eye: of many zeros after the point, their number is written instead, 0.000000055 as 0.0₇55. It has up
 * to so many significant digits.
 */
export function compactPrice(price: number, digits = 10): string {
  const size = Math.abs(price);
  if (size >= MANY_ZEROS || size === 0)
    return size < 1e15 ? formatPrice(Number(price.toPrecision(digits))) : price.toExponential(4);
  const [mantissa = "", exponent] = size.toExponential(digits - 1).split("e-");
  const zeros = [...String(Number(exponent) - 1)].map((digit) =>
    String.fromCodePoint(0x2080 + Number(digit)),
  );
  const sign = price < 0 ? "−" : "";
  return `${sign}0.0${zeros.join("")}${mantissa.replace(".", "").replace(/0+$/, "")}`;
}

/** An amount of a token, such as `1.25M`. */
export function formatAmount(amount: number): string {
  const size = Math.abs(amount);
  if (size !== 0 && (size < MANY_ZEROS || size >= 1e15)) return amount.toExponential(2);
  return short.format(amount);
}

/** What something is worth in dollars. */
export function formatDollars(value: number): string {
  return Math.abs(value) < 1e15 ? dollars.format(value) : `$${value.toExponential(2)}`;
}

/** The change from one price to another, such as `+1.25 %`; empty where there is none to tell. */
export function formatChange(from: number, to: number): string {
  if (from === 0) return "";
  const percent = (100 * (to - from)) / Math.abs(from);
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(2)} %`;
}
