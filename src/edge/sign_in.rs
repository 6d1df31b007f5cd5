//! The Durable Object of one wallet's sign-ins: it uses up nonces, each once, and forgets them when they are good for
//! nothing. It must not know how a nonce was proved.

use worker::wasm_bindgen;
use worker::{DurableObject, Env, Headers, Request, Response, State, durable_object};

use super::bindings::SIGN_IN_BINDING;
use super::http::problems::HttpError;
use super::store::spent_nonces::SpentNonces;
use super::{log, objects, runtime};
use crate::auth::nonce::{LIFETIME_SECONDS, Nonce};
use crate::auth::sign_in::{NotSignedIn, Proof};
use crate::core::time::UnixMillis;
use crate::core::wallet::Wallet;
use crate::wire::sign_in_protocol::{self, REPEATED_STATUS, SPENT_STATUS};

/// How much longer than it is good for a nonce is remembered, in milliseconds: the clocks of those who ask may differ.
const SLACK: u64 = 60_000;

/// Uses up the nonce of a sign-in, and returns whose it is.
///
/// # Errors
/// [`NotSignedIn`] where it was used before; what the runtime throws.
pub async fn spend(env: &Env, Proof { wallet, nonce }: Proof) -> Result<Wallet, HttpError> {
    match ask(env, &wallet, &nonce).await? {
        SPENT_STATUS => Ok(wallet),
        REPEATED_STATUS => Err(NotSignedIn.into()),
        status => Err(HttpError::SignInStatus(status)),
    }
}

async fn ask(env: &Env, wallet: &Wallet, nonce: &Nonce) -> worker::Result<u16> {
    let object = env.durable_object(SIGN_IN_BINDING)?.get_by_name(wallet.as_str())?;
    let body = sign_in_protocol::encode(nonce.as_str(), nonce.expires());
    Ok(objects::post(object, "/", Headers::new(), &body.into()).await?.status)
}

/// One wallet's sign-ins as the runtime knows them.
#[durable_object(alarm)]
pub struct SignIn {
    state: State,
}

impl DurableObject for SignIn {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = request.text().await?;
        let answer = match sign_in_protocol::decode(&body) {
            Ok((nonce, expires)) => self.use_up(&nonce, expires).await,
            Err(error) => Response::error(error.to_string(), 400),
        };
        answer.or_else(|error| {
            log::sign_in_failed(&error);
            Response::error(error.to_string(), 500)
        })
    }

    /// Every nonce that was used up has expired by now: the alarm is set anew with each one.
    async fn alarm(&self) -> worker::Result<Response> {
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

impl SignIn {
    /// Nothing is awaited between the question whether a nonce is new and the answer, and the answer leaves when it is
    /// durable: the runtime's output gate holds it back.
    async fn use_up(&self, nonce: &str, expires: UnixMillis) -> worker::Result<Response> {
        let now = runtime::now();
        let storage = self.state.storage();
        let table = SpentNonces::of(storage.sql());
        table.forget_before(UnixMillis(now.0.saturating_sub(SLACK)))?;
        if !table.insert(nonce, expires)? {
            return Ok(Response::empty()?.with_status(REPEATED_STATUS));
        }
        let forgotten = now.later_by(LIFETIME_SECONDS * 1_000 + SLACK);
        storage.set_alarm(runtime::alarm_time(forgotten)).await?;
        Ok(Response::empty()?.with_status(SPENT_STATUS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::bindings::SIGN_IN_CLASS;

    #[test]
    fn the_class_has_the_name_that_wrangler_toml_is_checked_against() {
        assert_eq!(std::any::type_name::<SignIn>().rsplit("::").next(), Some(SIGN_IN_CLASS));
    }
}
