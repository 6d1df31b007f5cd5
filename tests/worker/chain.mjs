// A chain as Helius tells of it: made-up tokens, pools and traders, and the transactions of their swaps. It knows nothing of
// the service. Amounts are whole units, as bigint.

import { randomBytes } from "node:crypto";

export const SOL = "So11111111111111111111111111111111111111112";
export const USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
export const PUMP_FUN = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
export const PUMP_SWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA";

const DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Bytes in base58. */
export function base58(bytes) {
  let number = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = DIGITS[Number(number % 58n)] + text;
  return "1".repeat(bytes.findIndex((byte) => byte !== 0)) + text;
}

const PRIME = 2n ** 255n - 19n;

function power(base, exponent) {
  let result = 1n;
  for (let square = base % PRIME, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}

const D = (-121665n * power(121666n, PRIME - 2n)) % PRIME;

/** Whether 32 bytes are a point of ed25519: the key of a wallet is one, a program's address is none. */
function isOnCurve(bytes) {
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`) & (2n ** 255n - 1n);
  const numerator = y * y - 1n;
  const denominator = (((D * y * y + 1n) % PRIME) + PRIME) % PRIME;
  const square = (((numerator * power(denominator, PRIME - 2n)) % PRIME) + PRIME) % PRIME;
  return square === 0n || power(square, (PRIME - 1n) / 2n) === 1n;
}

function address(onCurve) {
  for (;;) {
    const bytes = randomBytes(32);
    if (bytes[0] !== 0 && isOnCurve(bytes) === onCurve) return base58(bytes);
  }
}

/** The address of somebody's wallet. */
export const trader = () => address(true);

/** The address of something that a program owns: a pool, a curve. */
export const pool = () => address(false);

/** The address of a token. */
export const mint = () => address(true);

/** A transaction's signature. */
export const signature = () => base58([1, ...randomBytes(63)]);

let slot = 400_000_000;

function nextSlot() {
  slot += 1;
  return slot;
}

/**
 * A swap of a token against SOL in a pool: the trader gives one and gets the other. `sol` and `token` are what changes
 * hands, in units; a negative `token` is a sale.
 */
export function swap({ token, sol, of, by = trader(), with: place = pool(), decimals = 6, ...rest }) {
  const change = (userAccount, asset, amount, places) => ({
    userAccount,
    tokenAccount: address(false),
    mint: asset,
    rawTokenAmount: { tokenAmount: String(amount), decimals: places },
  });
  return {
    signature: signature(),
    slot: nextSlot(),
    timestamp: Math.floor(Date.now() / 1000),
    type: "SWAP",
    source: "PUMP_AMM",
    fee: 5000,
    feePayer: by,
    nativeTransfers: [],
    tokenTransfers: [],
    accountData: [
      {
        account: by,
        nativeBalanceChange: Number((token > 0n ? -sol : sol) - 5000n),
        tokenBalanceChanges: [],
      },
      {
        account: address(false),
        nativeBalanceChange: 0,
        tokenBalanceChanges: [change(by, of, token, decimals)],
      },
      {
        account: address(false),
        nativeBalanceChange: 0,
        tokenBalanceChanges: [change(place, of, -token, decimals)],
      },
      {
        account: address(false),
        nativeBalanceChange: Number(token > 0n ? sol : -sol),
        tokenBalanceChanges: [change(place, SOL, token > 0n ? sol : -sol, 9)],
      },
    ],
    transactionError: null,
    instructions: [{ programId: PUMP_SWAP, accounts: [place, by, of], data: "", innerInstructions: [] }],
    events: {},
    ...rest,
  };
}

/** A trade of SOL against USDC: what one SOL costs. */
export function solPrice(dollars, rest = {}) {
  const place = pool();
  const by = trader();
  const change = (userAccount, asset, amount, decimals) => ({
    userAccount,
    tokenAccount: address(false),
    mint: asset,
    rawTokenAmount: { tokenAmount: String(amount), decimals },
  });
  const usdc = BigInt(Math.round(dollars * 1e6)) * 10n;
  return {
    ...swap({ token: 1n, sol: 1n, of: mint(), by }),
    accountData: [
      { account: by, nativeBalanceChange: 9_999_995_000, tokenBalanceChanges: [] },
      { account: address(false), nativeBalanceChange: 0, tokenBalanceChanges: [change(by, USDC, -usdc, 6)] },
      {
        account: address(false),
        nativeBalanceChange: 0,
        tokenBalanceChanges: [change(place, USDC, usdc, 6)],
      },
      {
        account: address(false),
        nativeBalanceChange: -10_000_000_000,
        tokenBalanceChanges: [change(place, SOL, -10_000_000_000n, 9)],
      },
    ],
    instructions: [],
    ...rest,
  };
}
