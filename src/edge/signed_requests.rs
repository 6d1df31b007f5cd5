//! The Durable Objects that remember signed requests: a few for the whole service, so that one which was captured is good
//! nowhere else, and not for a second time. They are asked only once a signature was found valid, so a stranger makes them
//! store nothing. It must not know how a request is signed.

use std::cell::Cell;

use worker::wasm_bindgen;
use worker::{DurableObject, Env, Headers, Request, Response, State, durable_object};

use super::bindings::SIGNED_REQUESTS_BINDING;
use super::http::problems::HttpError;
use super::object_error::ObjectError;
use super::objects::Reply;
use super::store::signed_requests::{Remembered, Table};
use super::{log, objects, runtime};
use crate::auth::webhook_signature::SignatureError;
#[cfg(not(feature = "fault-injection"))]
use crate::auth::webhook_signature::TOLERANCE_SECONDS;
use crate::core::idempotency::IdempotencyKey;
use crate::core::signed_request::{Claim, Receipt};
use crate::core::time::UnixMillis;
use crate::wire::room_protocol::NotUnderstood;
use crate::wire::signed_request_protocol::{
    CLAIM_PATH, Claiming, SETTLE_PATH, Settling, decode, decode_claim, decode_receipt, encode, encode_claim,
    encode_receipt,
};

/// How many objects share the requests by their names. One takes some hundreds of signed requests a second.
const OBJECTS: u64 = 16;

/// How much longer than its signature a request is remembered, in milliseconds: clocks of Workers may differ.
#[cfg(not(feature = "fault-injection"))]
const SLACK: u64 = 60_000;

/// How often an object looks for what it can forget, in milliseconds: when the first request has ended for certain.
#[cfg(not(feature = "fault-injection"))]
const PERIOD: u64 = 2 * TOLERANCE_SECONDS * 1_000 + SLACK;

/// The tests' build does not let them wait.
#[cfg(feature = "fault-injection")]
const SLACK: u64 = 0;

#[cfg(feature = "fault-injection")]
const PERIOD: u64 = 500;

/// A request whose signature is valid.
#[derive(Clone, Copy, Debug)]
pub struct Signed {
    /// The key of its signed name.
    pub key: IdempotencyKey,
    /// When its signature ends.
    pub expires: UnixMillis,
}

/// What was done of a signed request before; nothing where it is new.
///
/// # Errors
/// [`SignatureError::Used`] where its name was used for another `purpose`; what the runtime throws.
pub async fn claim(env: &Env, signed: Signed, purpose: &str) -> Result<Receipt, HttpError> {
    match ask(env, signed, purpose).await? {
        Claim::First => Ok(Receipt::default()),
        Claim::Repeat(receipt) => Ok(receipt),
        Claim::Used => Err(SignatureError::Used.into()),
    }
}

/// Lets a signed request go on, once.
///
/// # Errors
/// [`SignatureError::Used`] where its name was used before; what the runtime throws.
pub async fn claim_once(env: &Env, signed: Signed, purpose: &str) -> Result<(), HttpError> {
    match ask(env, signed, purpose).await? {
        Claim::First => Ok(()),
        Claim::Repeat(_) | Claim::Used => Err(SignatureError::Used.into()),
    }
}

/// Remembers what was done of a signed request. Where that fails, a repeat is known by its topics' rooms alone.
pub async fn settle(env: &Env, signed: Signed, receipt: &Receipt) {
    let settling = Settling { id: signed.key.to_stored(), receipt: encode_receipt(receipt) };
    match post(env, signed, SETTLE_PATH, &encode(&settling)).await {
        Ok(Reply { status: 200, .. }) => {}
        Ok(Reply { status, .. }) => log::signed_request_failed(&format!("the object answered {status}")),
        Err(error) => log::signed_request_failed(&error),
    }
}

async fn ask(env: &Env, signed: Signed, purpose: &str) -> Result<Claim, HttpError> {
    let claiming = Claiming::new(signed.key, purpose, signed.expires);
    let reply = post(env, signed, CLAIM_PATH, &encode(&claiming)).await?;
    match (reply.status, decode_claim(&reply.text)) {
        (200, Ok(claim)) => Ok(claim),
        (status, _) => Err(HttpError::SignedRequestStatus(status)),
    }
}

async fn post(env: &Env, signed: Signed, path: &str, body: &str) -> worker::Result<Reply> {
    let name = format!("signed-{}", signed.key.fingerprint() % OBJECTS);
    let object = env.durable_object(SIGNED_REQUESTS_BINDING)?.get_by_name(&name)?;
    objects::post(object, path, Headers::new(), &body.into()).await
}

/// Some of the signed requests as the runtime knows them.
#[durable_object(alarm)]
pub struct SignedRequests {
    state: State,
    /// Whether an alarm is set for certain.
    has_alarm: Cell<bool>,
}

impl DurableObject for SignedRequests {
    fn new(state: State, _: Env) -> Self {
        Self { state, has_alarm: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = request.text().await?;
        let answer = match request.path().as_str() {
            CLAIM_PATH => self.claim(&body).await,
            SETTLE_PATH => self.settle(&body),
            _ => Err(NotUnderstood.into()),
        };
        answer.or_else(|error| {
            log::signed_request_failed(&error);
            Response::error(error.to_string(), 500)
        })
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.has_alarm.set(false);
        let now = runtime::now();
        if self.table()?.forget_before(UnixMillis(now.0.saturating_sub(SLACK)))? {
            self.set_alarm().await?;
        } else {
            self.state.storage().delete_all().await?;
        }
        Response::empty()
    }
}

impl SignedRequests {
    /// Nothing is awaited between the question whether a request is new and the note that it came, and the answer leaves
    /// when that is durable: the runtime's output gate holds it back.
    async fn claim(&self, body: &str) -> Result<Response, ObjectError> {
        let Claiming { id, purpose, expires } = decode(body)?;
        let table = self.table()?;
        let claim = match table.get(&id)? {
            None => {
                let receipt = encode_receipt(&Receipt::default());
                table.insert(&id, &Remembered { purpose, receipt, expires })?;
                Claim::First
            }
            Some(known) => {
                if known.expires < expires {
                    table.extend(&id, expires)?;
                }
                Claim::judge(&purpose, Some((&known.purpose, decode_receipt(&known.receipt)?)))
            }
        };
        if !self.has_alarm.get() {
            self.set_alarm().await?;
        }
        Ok(Response::ok(encode_claim(&claim))?)
    }

    fn settle(&self, body: &str) -> Result<Response, ObjectError> {
        let Settling { id, receipt } = decode(body)?;
        let table = self.table()?;
        if let Some(known) = table.get(&id)? {
            let mut whole = decode_receipt(&known.receipt)?;
            whole.absorb(decode_receipt(&receipt)?);
            table.settle(&id, &encode_receipt(&whole))?;
        }
        Ok(Response::ok("")?)
    }

    fn table(&self) -> worker::Result<Table> {
        Table::of(self.state.storage().sql())
    }

    /// Sets the alarm, unless there is one.
    async fn set_alarm(&self) -> worker::Result<()> {
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none() {
            storage.set_alarm(runtime::alarm_time(runtime::now().later_by(PERIOD))).await?;
        }
        self.has_alarm.set(true);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::bindings::SIGNED_REQUESTS_CLASS;

    #[test]
    fn the_class_has_the_name_that_wrangler_toml_is_checked_against() {
        assert_eq!(std::any::type_name::<SignedRequests>().rsplit("::").next(), Some(SIGNED_REQUESTS_CLASS));
    }
}
