//! `POST /auth/nonce` and `POST /auth/verify`: a wallet signs in. It must not know what a signature is, nor what a token
//! opens.

use worker::{Env, Request, Response};

use super::body;
use super::cors::Page;
use super::problems::HttpError;
use super::respond;
use crate::auth::access_token::{self, LIFETIME_SECONDS};
use crate::auth::nonce::Audience;
use crate::auth::origin::Origin;
use crate::auth::sign_in::{self, Challenge, Offer};
use crate::auth::signing_secret::SigningSecrets;
use crate::core::wallet::Wallet;
use crate::edge::config::Config;
use crate::edge::runtime;
use crate::edge::sign_in::spend;
use crate::wire::sign_in::{self as bodies, MAX_SIGN_IN_BYTES, NonceAnswer, VerifyAnswer};

/// Gives a nonce and the message to be signed, in the name of the page that asks where that is a listed one. Nothing is
/// stored for it.
pub async fn nonce(
    mut request: Request,
    config: &Config,
    Page { origin, own }: Page<'_>,
) -> Result<Response, HttpError> {
    let secrets = secrets(config)?;
    let body = bodies::nonce_request(&body::read(&mut request, MAX_SIGN_IN_BYTES).await?)?;
    let wallet = Wallet::parse(&body.wallet)?;
    let audience = Audience { wallet: &wallet, origin: own };
    let page = config.origins.named(origin);
    let page = page.as_ref().map(Origin::as_str);
    let Challenge { nonce, message } =
        sign_in::challenge(secrets, audience, page, runtime::random_bytes()?, runtime::now());
    let answer =
        NonceAnswer { nonce: nonce.as_str(), message: &message, expires_at: nonce.expires().seconds() };
    Ok(respond::json(200, bodies::answer(&answer))?)
}

/// Gives an access token for a nonce whose message was signed, once.
pub async fn verify(
    mut request: Request,
    env: &Env,
    config: &Config,
    origin: &str,
) -> Result<Response, HttpError> {
    let secrets = secrets(config)?;
    let body = bodies::verify_request(&body::read(&mut request, MAX_SIGN_IN_BYTES).await?)?;
    let offer = Offer { wallet: &body.wallet, nonce: &body.nonce, signature: &body.signature };
    let proof = sign_in::verify(secrets, origin, offer, runtime::now())?;
    let wallet = spend(env, proof).await?;
    let access_token = access_token::issue(secrets, &wallet, runtime::now());
    let answer = VerifyAnswer {
        access_token: &access_token,
        token_type: "Bearer",
        expires_in: LIFETIME_SECONDS,
        wallet: wallet.as_str(),
    };
    Ok(respond::json(200, bodies::answer(&answer))?)
}

fn secrets(config: &Config) -> Result<&SigningSecrets, HttpError> {
    config.identity.trust.own.as_ref().ok_or(HttpError::NoAuthSecret)
}
