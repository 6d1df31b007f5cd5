// A wallet that is not ours: it signs with tweetnacl, and knows of the service only what a wallet is shown.

import nacl from "tweetnacl";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Bytes in base58, as Solana writes keys and signatures. */
export function base58(bytes) {
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = "";
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return "1".repeat(zeros === -1 ? bytes.length : zeros) + text;
}

export class Wallet {
  #pair = nacl.sign.keyPair();

  /** Its address. */
  address = base58(this.#pair.publicKey);

  /** The signature of a text, as bytes. */
  sign(message) {
    return nacl.sign.detached(new TextEncoder().encode(message), this.#pair.secretKey);
  }
}
