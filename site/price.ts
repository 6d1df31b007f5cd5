// Prices as people read them. It knows no page.

const plain = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 10 });

/** A price with up to ten significant digits; very small and very large ones in scientific notation. */
export function formatPrice(price: number): string {
  const size = Math.abs(price);
  if (size !== 0 && (size < 1e-12 || size >= 1e15)) return price.toExponential(4);
  return plain.format(price);
}

/** The change from one price to another, such as `+1.25 %`; empty where there is none to tell. */
export function formatChange(from: number, to: number): string {
  if (from === 0) return "";
  const percent = (100 * (to - from)) / Math.abs(from);
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(2)} %`;
}

/** The price in a message, where there is one. */
export function priceOf(message: unknown): number | undefined {
  if (typeof message !== "object" || message === null || !("price" in message)) return undefined;
  const { price } = message;
  const isText = typeof price === "string" && price.trim() !== "";
  if (typeof price !== "number" && !isText) return undefined;
  return Number.isFinite(Number(price)) ? Number(price) : undefined;
}
