//! What the Worker and a `SignedRequests` object say to each other. It must not know for how long a request is remembered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::room_protocol::NotUnderstood;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Seq;
use crate::core::signed_request::{Claim, Receipt};
use crate::core::time::UnixMillis;

/// The path of a [`Claiming`].
pub const CLAIM_PATH: &str = "/claim";

/// The path of a [`Settling`].
pub const SETTLE_PATH: &str = "/settle";

/// A request that wants to be good.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Claiming {
    /// Its name, as a stored key.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// When its signature ends, in Unix milliseconds.
    pub expires: u64,
}

/// What was done of a request.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Settling {
    /// Its name, as a stored key.
    pub id: String,
    /// The receipt's text.
    pub receipt: String,
}

/// The answer to a [`Claiming`].
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    First,
    Repeat(String),
    Used,
}

impl Claiming {
    /// For a request of this name.
    #[must_use]
    pub fn new(id: IdempotencyKey, purpose: &str, expires: UnixMillis) -> Self {
        Self { id: id.to_stored(), purpose: purpose.to_owned(), expires: expires.0 }
    }
}

/// A message as its text.
#[must_use]
pub fn encode(message: &impl Serialize) -> String {
    super::to_json(message)
}

/// Reads [`encode`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, NotUnderstood> {
    serde_json::from_str(text).map_err(|_| NotUnderstood)
}

/// The answer to a request that wants to be good.
#[must_use]
pub fn encode_claim(claim: &Claim) -> String {
    super::to_json(&match claim {
        Claim::First => Answer::First,
        Claim::Repeat(receipt) => Answer::Repeat(encode_receipt(receipt)),
        Claim::Used => Answer::Used,
    })
}

/// Reads [`encode_claim`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_claim(text: &str) -> Result<Claim, NotUnderstood> {
    Ok(match decode(text)? {
        Answer::First => Claim::First,
        Answer::Repeat(receipt) => Claim::Repeat(decode_receipt(&receipt)?),
        Answer::Used => Claim::Used,
    })
}

/// A receipt as it is sent and stored.
#[must_use]
pub fn encode_receipt(receipt: &Receipt) -> String {
    let entries = receipt.entries().map(|(key, place)| (key.to_stored(), place.get()));
    super::to_json(&entries.collect::<BTreeMap<_, _>>())
}

/// Reads [`encode_receipt`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_receipt(text: &str) -> Result<Receipt, NotUnderstood> {
    let entries: BTreeMap<String, u64> = decode(text)?;
    let read = |(key, place): (String, u64)| {
        Ok((IdempotencyKey::from_stored(&key).map_err(|_| NotUnderstood)?, Seq::new(place)))
    };
    Ok(Receipt::new(entries.into_iter().map(read).collect::<Result<Vec<_>, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::topic::Topic;

    #[test]
    fn what_is_written_is_read() {
        let key = IdempotencyKey::given("msg_1").unwrap();
        let mut receipt = Receipt::default();
        receipt.note(&Topic::parse("A").unwrap(), key, Seq::new(7));
        assert_eq!(decode_receipt(&encode_receipt(&receipt)), Ok(receipt.clone()));
        for claim in [Claim::First, Claim::Repeat(receipt), Claim::Used] {
            assert_eq!(decode_claim(&encode_claim(&claim)), Ok(claim));
        }
        let claiming = Claiming::new(key, "POST /broadcast", UnixMillis(7));
        assert_eq!(decode(&encode(&claiming)), Ok(claiming));
        assert_eq!(decode_claim("{}"), Err(NotUnderstood));
        assert_eq!(decode_receipt(r#"{"x":1}"#), Err(NotUnderstood));
    }
}
