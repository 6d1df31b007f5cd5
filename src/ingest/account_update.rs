//! What an indexer of one's own posts when an account changes: one object, published as it is, whose transaction is
//! called `txSignature`. It must not make up a price where the object has none.

use thiserror::Error;

use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Publication};
use crate::core::topic::Topic;
use crate::wire::from_object;
use crate::wire::object::{Object, text_of};
use crate::wire::payload::{self, PayloadError};

/// Why bytes are no such object.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AccountUpdateError {
    /// It breaks a rule that every payload keeps.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// No `type`, or one that is no string.
    #[error("the payload's `type` has to be a string")]
    NoType,
}

/// Checks an object that is published to `topic`, and gives it the `signature` that it calls `txSignature`, where it has
/// none: its transaction and its type are its key, so that posted twice it is published once.
///
/// # Errors
/// The first rule that it breaks.
pub fn publication(topic: &Topic, body: &[u8]) -> Result<Keyed, AccountUpdateError> {
    let keyed = payload::publication(topic, body)?;
    let json = keyed.publication.as_json();
    // A publication is a checked object, so there is always one.
    let object = from_object::<Object<'_>>(json).map_err(|_| AccountUpdateError::NoType)?;
    let kind = object.get("type").and_then(text_of).ok_or(AccountUpdateError::NoType)?;
    let posted = object.get("txSignature").filter(|_| object.get("signature").is_none());
    let Some((posted, signature)) = posted.and_then(|posted| Some((posted, text_of(posted)?))) else {
        return Ok(keyed);
    };
    if signature.is_empty() {
        return Ok(keyed);
    }
    let open = json.strip_suffix('}').ok_or(PayloadError::NotAnObject)?;
    let completed = format!("{open},\"signature\":{posted}}}");
    Ok(Keyed {
        key: Some(IdempotencyKey::of_transaction(&signature, &kind)),
        feed: keyed.feed,
        ..Keyed::bare(Publication::from_checked_object(completed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str) -> Result<Keyed, AccountUpdateError> {
        publication(&Topic::parse("TEST").unwrap(), body.as_bytes())
    }

    #[test]
    fn an_update_is_published_as_it_was_posted_and_known_by_its_transaction() {
        let posted = r#"{"type":"PRICE_UPDATE","accounts":[{"address":"vault","nativeBalanceChange":1000000000}],
            "txSignature":"5xy","slot":123456}"#;
        let keyed = check(posted).unwrap();
        let json = keyed.publication.as_json();
        assert!(json.starts_with(posted.trim_end_matches('}')), "every digit: {json}");
        assert!(json.ends_with(r#","token":"TEST","signature":"5xy"}"#), "{json}");
        assert_eq!(keyed.key, Some(IdempotencyKey::of_transaction("5xy", "PRICE_UPDATE")));
        assert_eq!(payload::publication(&Topic::parse("TEST").unwrap(), json.as_bytes()).unwrap(), keyed);
    }

    #[test]
    fn a_signature_of_its_own_stays_and_one_that_says_nothing_is_no_key() {
        let keyed = check(r#"{"type":"T","txSignature":"a","signature":"b"}"#).unwrap();
        assert_eq!(keyed.key, Some(IdempotencyKey::of_transaction("b", "T")));
        for body in [r#"{"type":"T"}"#, r#"{"type":"T","txSignature":""}"#, r#"{"type":"T","txSignature":7}"#]
        {
            assert_eq!(check(body).unwrap().key, None, "{body}");
        }
    }

    #[test]
    fn an_object_without_a_type_and_what_is_no_payload_are_errors() {
        for body in ["{}", r#"{"type":7}"#, r#"{"type":null,"txSignature":"5xy"}"#] {
            assert_eq!(check(body), Err(AccountUpdateError::NoType), "{body}");
        }
        assert_eq!(check("[]"), Err(PayloadError::NotAnObject.into()));
        assert_eq!(
            check(r#"{"type":"T","seq":1}"#),
            Err(PayloadError::ReservedField { field: "seq" }.into())
        );
    }
}
