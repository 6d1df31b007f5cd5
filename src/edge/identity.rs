//! Who somebody is, by their token: for the Worker and for every object that holds sockets. It must not decide what a
//! token proves, nor what its owner may do.

use thiserror::Error;
use worker::Request;

use super::config::Config;
use super::{provider_keys, runtime};
use crate::auth::credentials::Credentials;
use crate::auth::json_web_token::TokenError;
use crate::auth::key_refresh::Want;
use crate::auth::key_set::KeySet;
use crate::auth::trust;
use crate::core::access::Identity;

/// Why nobody knows who somebody is.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum IdentityError {
    /// The token proves nothing.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token may be good, but the provider's keys could not be had yet.
    #[error("the identity provider's keys could not be had")]
    NoKeys,
}

/// Who has a token. The time is the runtime's; the provider's keys are fetched where that is due.
///
/// # Errors
/// [`IdentityError`].
pub async fn verify(config: &Config, token: &str) -> Result<Identity, IdentityError> {
    let trust = &config.identity.trust;
    let Some(url) = config.identity.keys.as_ref().filter(|_| trust::takes_keys(token, trust)) else {
        return Ok(trust::verify(token, trust, &KeySet::default(), runtime::now())?);
    };
    let asked = runtime::now();
    let known = provider_keys::get(url, Want::Fresh).await;
    let identity = trust::verify(token, trust, &known.keys, runtime::now());
    // Where they were fetched only now, there are no newer ones.
    let are_newest = known.fetched.is_some_and(|fetched| fetched >= asked);
    if identity != Err(TokenError::UnknownKey) || are_newest {
        return Ok(identity?);
    }
    let newer = provider_keys::get(url, Want::Unknown { fetched: known.fetched }).await;
    if newer.fetched.is_none() {
        return Err(IdentityError::NoKeys);
    }
    Ok(trust::verify(token, trust, &newer.keys, runtime::now())?)
}

/// What a request carries to say who it is from.
///
/// # Errors
/// What the runtime throws.
pub fn credentials(request: &Request) -> worker::Result<Credentials> {
    let headers = request.headers();
    let (authorization, subprotocols) =
        (headers.get("authorization")?, headers.get("sec-websocket-protocol")?);
    Ok(Credentials::from_headers(authorization.as_deref(), subprotocols.as_deref()))
}
