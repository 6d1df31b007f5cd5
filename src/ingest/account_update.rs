//! What an indexer of one's own posts when an account changes: one object, published as it is, whose transaction is
//! called `txSignature`. It must not make up a price where the object has none.

use thiserror::Error;

use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Publication};
use crate::core::topic::Topic;
use crate::wire::from_object;
use crate::wire::object::{Object, text_of};
use crate::wire::payload::{self, PayloadError};

/// The types that the service itself gives to what it sees on the chain. An alert is not among them: rooms make those.
const CHAIN_TYPES: [&str; 5] = ["TRADE", "PRICE_UPDATE", "NEW_TOKEN", "LIQUIDITY", "PHASE"];

/// Who posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A publisher, who may publish anything.
    Publisher,
    /// Whoever has the word that Helius was given, and can see it there: nothing goes out but what the service would make
    /// of a webhook, and that to tokens alone.
    Helius,
}

/// Why bytes are no such object.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AccountUpdateError {
    /// It breaks a rule that every payload keeps.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// No `type`, or one that is no string.
    #[error("the payload's `type` has to be a string")]
    NoType,
    /// A topic that is no token, from who may publish to tokens alone.
    #[error(
        "HELIUS_AUTH publishes to tokens only, which have no colon: publish to this topic with WEBHOOK_SECRET"
    )]
    NotAToken,
    /// A type that nothing on the chain is, from who may publish no other.
    #[error("HELIUS_AUTH publishes {} only: publish this type with WEBHOOK_SECRET", CHAIN_TYPES.join(", "))]
    NotOfTheChain,
}

/// Checks an object that is published to `topic`, and gives it the `signature` that it calls `txSignature`, where it has
/// none: its transaction and its type are its key, so that posted twice it is published once.
///
/// # Errors
/// The first rule that it breaks.
pub fn publication(topic: &Topic, body: &[u8], author: Author) -> Result<Keyed, AccountUpdateError> {
    if author == Author::Helius && topic.namespace().is_some() {
        return Err(AccountUpdateError::NotAToken);
    }
    let keyed = payload::publication(topic, body)?;
    let json = keyed.publication.as_json();
    // A publication is a checked object, so there is always one.
    let object = from_object::<Object<'_>>(json).map_err(|_| AccountUpdateError::NoType)?;
    let kind = object.get("type").and_then(text_of).ok_or(AccountUpdateError::NoType)?;
    if author == Author::Helius && !CHAIN_TYPES.contains(&kind.as_ref()) {
        return Err(AccountUpdateError::NotOfTheChain);
    }
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
        publication(&Topic::parse("TEST").unwrap(), body.as_bytes(), Author::Publisher)
    }

    #[test]
    fn the_word_that_helius_has_publishes_what_is_of_the_chain_to_tokens_and_nothing_else() {
        let publish = |author, topic: &str, kind: &str| {
            let body = format!(r#"{{"type":"{kind}"}}"#);
            publication(&Topic::parse(topic).unwrap(), body.as_bytes(), author).err()
        };
        for topic in ["wallet:ana", "user:ana", "feed:alerts", "market:SOL-USD", "system:status"] {
            assert_eq!(
                publish(Author::Helius, topic, "TRADE"),
                Some(AccountUpdateError::NotAToken),
                "{topic}"
            );
            assert_eq!(publish(Author::Publisher, topic, "ALERT"), None, "{topic}");
        }
        for kind in CHAIN_TYPES {
            assert_eq!(publish(Author::Helius, "SOL", kind), None, "{kind}");
        }
        for kind in ["ALERT", "BALANCE_UPDATE", "NEWS", "trade", ""] {
            assert_eq!(
                publish(Author::Helius, "SOL", kind),
                Some(AccountUpdateError::NotOfTheChain),
                "{kind}"
            );
        }
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
