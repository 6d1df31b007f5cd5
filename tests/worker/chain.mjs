// A chain as Helius tells of it: made-up tokens, pools and traders, and the transactions of their swaps. It knows nothing of
// the service. Amounts are whole units, as bigint.

import { randomBytes } from "node:crypto";

export const SOL = "So11111111111111111111111111111111111111112";
export const USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
export const PUMP_FUN = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P";
export const PUMP_SWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA";
const METEORA = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo";

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

/** The address of a token; one that begins with a text of letters from before "K" is a key all the same. */
export function mint(begins = "") {
  if (!begins) return address(true);
  return (
    begins + Array.from(randomBytes(44 - begins.length), (byte) => DIGITS[byte % DIGITS.length]).join("")
  );
}

/** A transaction's signature. */
export const signature = () => base58([1, ...randomBytes(63)]);

let slot = 400_000_000;

function nextSlot() {
  slot += 1;
  return slot;
}

/** How much an account's tokens have changed. */
const change = (userAccount, asset, amount, decimals) => ({
  userAccount,
  tokenAccount: address(false),
  mint: asset,
  rawTokenAmount: { tokenAmount: String(amount), decimals },
});

/** An account whose lamports have changed, and no tokens. */
const lamports = (account, amount) => ({
  account,
  nativeBalanceChange: Number(amount),
  tokenBalanceChanges: [],
});

/** An account for tokens, with the lamports that it wraps where they are SOL. */
const tokens = (owner, asset, amount, decimals) => ({
  ...lamports(address(false), asset === SOL ? amount : 0),
  tokenBalanceChanges: [change(owner, asset, amount, decimals)],
});

/** The same of an account whose address is known. */
const vault = (address, owner, asset, amount, decimals) => ({
  account: address,
  nativeBalanceChange: 0,
  tokenBalanceChanges: [{ ...change(owner, asset, amount, decimals), tokenAccount: address }],
});

/** Accounts of an instruction that nobody looks at. */
const others = (count) => Array.from({ length: count }, () => address(false));

/** A transaction of one instruction. */
function transaction({ by, program, accounts, data = "", accountData, ...rest }) {
  return {
    signature: signature(),
    slot: nextSlot(),
    timestamp: Math.floor(Date.now() / 1000),
    type: "UNKNOWN",
    source: "UNKNOWN",
    fee: 5000,
    feePayer: by,
    nativeTransfers: [],
    tokenTransfers: [],
    accountData,
    transactionError: null,
    instructions: program ? [{ programId: program, accounts, data, innerInstructions: [] }] : [],
    events: {},
    ...rest,
  };
}

/**
 * A swap of a token against SOL in a pool: the trader gives one and gets the other. `sol` and `token` are what changes
 * hands, in units; a negative `token` is a sale.
 */
export function swap({ token, sol, of, by = trader(), with: place = pool(), decimals = 6, ...rest }) {
  const paid = token > 0n ? sol : -sol;
  const accountData = [
    lamports(by, -paid - 5000n),
    tokens(by, of, token, decimals),
    tokens(place, of, -token, decimals),
    tokens(place, SOL, paid, 9),
  ];
  return transaction({
    type: "SWAP",
    source: "PUMP_AMM",
    by,
    program: PUMP_SWAP,
    accounts: [place, by, of],
    accountData,
    ...rest,
  });
}

/** The same against a bonding curve, which holds its SOL in an account of its own. */
export function curveSwap({ token, sol, of, by = trader(), with: curve = pool(), ...rest }) {
  const paid = token > 0n ? sol : -sol;
  const accountData = [
    lamports(by, -paid - 5000n),
    lamports(curve, paid),
    tokens(curve, of, -token, 6),
    tokens(by, of, token, 6),
  ];
  const accounts = [address(false), address(true), of, curve, address(false), address(false), by];
  return transaction({ by, program: PUMP_FUN, accounts, accountData, ...rest });
}

/** Liquidity that comes into a pool; negative amounts are withdrawn. */
export function liquidity({ token, sol, of, by = trader(), with: place, ...rest }) {
  const accountData = [
    lamports(by, -sol - 5000n),
    tokens(by, of, -token, 6),
    tokens(place, of, token, 6),
    tokens(place, SOL, sol, 9),
  ];
  return transaction({ by, program: PUMP_SWAP, accounts: [place, by, of], accountData, ...rest });
}

/** A text as programs made with Borsh read it: its length in four bytes, the lowest first, then UTF-8. */
function borsh(text) {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A token that is made on pump.fun: all of it is in its curve then. */
export function create({
  of,
  by = trader(),
  with: curve = pool(),
  name = "Drop",
  symbol = "DROP",
  uri = "https://example.com/drop.json",
  supply = 1_000_000_000_000_000n,
  ...rest
}) {
  const tag = Buffer.from("181ec828051c0777", "hex");
  const data = base58(Buffer.concat([tag, ...[name, symbol, uri].map(borsh)]));
  const [held, ...more] = others(6);
  const accounts = [of, more[0], curve, held, ...more.slice(1, 4), by, more[4]];
  const accountData = [lamports(by, -20_005_000n), vault(held, curve, of, supply, 6)];
  return transaction({ by, program: PUMP_FUN, accounts, data, accountData, ...rest });
}

const BINS = { swap: "f8c69e91e17587c8", add: "b59d59438fb63448", remove: "5055d14818ceb16c" };

/**
 * An instruction of Meteora's pools of bins, where one side may move alone: `token` and `sol` are what the pool's two
 * `vaults` get.
 */
export function bins(kind, { token = 0n, sol = 0n, of, by = trader(), with: place, vaults, ...rest }) {
  const [one, other] = vaults;
  const accounts =
    kind === "swap"
      ? [place, ...others(1), one, other, ...others(2), of, SOL, ...others(2), by]
      : [...others(1), place, ...others(3), one, other, of, SOL, ...others(2), by];
  const accountData = [
    lamports(by, -5000n),
    tokens(by, of, -token, 6),
    tokens(by, SOL, -sol, 9),
    vault(one, place, of, token, 6),
    vault(other, place, SOL, sol, 9),
  ].filter(({ nativeBalanceChange, tokenBalanceChanges: [{ rawTokenAmount } = {}] }) => {
    return nativeBalanceChange !== 0 || rawTokenAmount?.tokenAmount !== "0";
  });
  const data = base58(Buffer.from(BINS[kind], "hex"));
  return transaction({ by, program: METEORA, accounts, data, accountData, ...rest });
}

/** A trade of SOL against USDC: what one SOL costs. */
export function solPrice(dollars, { by = trader(), ...rest } = {}) {
  const place = pool();
  const usdc = BigInt(Math.round(dollars * 1e6)) * 10n;
  const accountData = [
    lamports(by, 9_999_995_000n),
    tokens(by, USDC, -usdc, 6),
    tokens(place, USDC, usdc, 6),
    tokens(place, SOL, -10_000_000_000n, 9),
  ];
  return transaction({ type: "SWAP", by, accountData, ...rest });
}
