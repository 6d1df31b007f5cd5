// Proofs of who somebody is, for the tests: sign-ins of wallets, and tokens of an operator's identity provider.

import { SignJWT } from "jose";
import { SECRET } from "./service.mjs";
import { base58 } from "./wallet.mjs";

const AUTH_SECRET = "an auth secret of more than 32 bytes, for the tests";
const JWT_SECRET = "a provider's secret of more than 32 bytes, for the tests";

/** The secrets of a service where wallets and the provider's accounts can sign in. */
export const SECRETS = { WEBHOOK_SECRET: SECRET, AUTH_SECRET, JWT_SECRET };

/** The access token that a wallet gets from a service for its signature. */
export async function signIn(service, wallet) {
  const post = async (path, body) => {
    const headers = { "content-type": "application/json" };
    const response = await service.request(path, { method: "POST", headers, body: JSON.stringify(body) });
    return response.json();
  };
  const { nonce, message } = await post("/auth/nonce", { wallet: wallet.address });
  const signature = base58(wallet.sign(message));
  const { accessToken } = await post("/auth/verify", { wallet: wallet.address, nonce, signature });
  return accessToken;
}

/** When something that begins now and lasts so many seconds is over, in Unix seconds. */
export const inSeconds = (seconds) => Date.now() / 1000 + seconds;

/** A wallet's access token that ends at another time than an hour after its sign-in. */
export function walletToken(wallet, expires) {
  const claims = { iss: "glow-broadcast", aud: "glow-broadcast", sub: wallet.address, exp: expires };
  return sign(claims, "at+jwt", AUTH_SECRET);
}

/** A token that the provider gives an account. */
export const accountToken = (sub, expires = inSeconds(3600)) =>
  sign({ sub, exp: expires }, "JWT", JWT_SECRET);

function sign(claims, typ, secret) {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ }).sign(new TextEncoder().encode(secret));
}

/** The header that carries a token. */
export const bearer = (token) => ({ authorization: `Bearer ${token}` });
