//! The service's own access tokens: what a wallet gets for signing in. It must not know how the wallet proved itself.

use serde::Serialize;

use super::json_web_token::{self, Algorithm, Token, TokenError};
use super::signing_secret::SigningSecrets;
use crate::core::access::{Identity, Subject};
use crate::core::time::UnixMillis;
use crate::core::wallet::Wallet;

/// How long a token is valid, in seconds.
pub const LIFETIME_SECONDS: u64 = 3_600;

/// The issuer and the audience of these tokens. No token of a provider that says so is taken.
pub const ISSUER: &str = "glow-broadcast";

/// The type of an access token (RFC 9068 §2.1): nothing else that is signed with the same secret passes for one.
const TYPE: &str = "at+jwt";

const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

#[derive(Serialize)]
struct Issued<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: u64,
    exp: u64,
}

/// A token for a wallet that signed in.
#[must_use]
pub fn issue(secrets: &SigningSecrets, wallet: &Wallet, now: UnixMillis) -> String {
    let iat = now.seconds();
    let claims = Issued { iss: ISSUER, aud: ISSUER, sub: wallet.as_str(), iat, exp: iat + LIFETIME_SECONDS };
    let signed = json_web_token::encode_signed(HEADER, &claims);
    let signature = secrets.current().sign(&[signed.as_bytes()]);
    json_web_token::encode(&signed, &signature)
}

/// Whether a token says that it is one of these.
pub(super) fn is_own(token: &Token<'_>) -> bool {
    token.claims.iss.as_deref() == Some(ISSUER)
}

/// Who has a token.
pub(super) fn verify(
    token: &Token<'_>,
    secrets: &SigningSecrets,
    now: UnixMillis,
) -> Result<Identity, TokenError> {
    if token.algorithm != Algorithm::Hs256 {
        return Err(TokenError::Algorithm);
    }
    if token.r#type.as_deref() != Some(TYPE) {
        return Err(TokenError::Type);
    }
    let mut secrets = secrets.iter();
    if !secrets.any(|secret| secret.verifies(&[token.signed.as_bytes()], &token.signature)) {
        return Err(TokenError::Signature);
    }
    token.claims.check_parties(Some(ISSUER), Some(ISSUER))?;
    let expires = token.claims.check_time(now)?;
    let wallet = token.claims.sub.as_deref().and_then(|text| Wallet::parse(text).ok());
    Ok(Identity { subject: Subject::Wallet(wallet.ok_or(TokenError::Subject)?), expires })
}
