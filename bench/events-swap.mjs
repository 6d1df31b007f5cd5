// How others read a swap: what Helius says of it in `events.swap`. It is what bench/ingest.mjs compares with.

const SOL_DECIMALS = 9;

/** The token and its price in SOL as `events.swap` has them; `undefined` where it doesn't. */
export function naiveTrade({ events }) {
  const { nativeInput, nativeOutput, tokenInputs, tokenOutputs } = events?.swap ?? {};
  const sol = nativeInput ?? nativeOutput;
  const [token] = (nativeInput ? tokenOutputs : tokenInputs) ?? [];
  if (!sol || !token) return undefined;
  const { tokenAmount, decimals } = token.rawTokenAmount;
  return {
    token: token.mint,
    price: Number(sol.amount) / 10 ** SOL_DECIMALS / (Math.abs(tokenAmount) / 10 ** decimals),
  };
}
