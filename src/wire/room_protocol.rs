//! What the Worker and a room say to each other. Worker and room may run different versions for some minutes after a
//! deployment, so a change here has to be understood by the version before it. It must not know how either is reached.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::core::event::{Outcome, Refusal};
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Publication, Seq};

/// The room's path for [`encode_publications`].
pub const PUBLISH_PATH: &str = "/publish";

/// The room's path for a subscriber's handshake.
pub const SUBSCRIBE_PATH: &str = "/subscribe";

/// The header that carries a subscriber's hashed address.
pub const ADDRESS_HEADER: &str = "x-room-address";

/// A message between Worker and room that the other one does not understand.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a message between Worker and room was not understood")]
pub struct NotUnderstood;

/// The header that carries the publications' idempotency keys, where one has any. A version that doesn't know it
/// publishes all the same.
pub const KEYS_HEADER: &str = "x-room-keys";

/// The request body for publications to one room, in order: the array of their objects.
#[must_use]
pub fn encode_publications(publications: &[Keyed]) -> String {
    let objects: Vec<&str> = publications.iter().map(|keyed| keyed.publication.as_json()).collect();
    format!("[{}]", objects.join(","))
}

/// [`KEYS_HEADER`]'s value: the keys in the publications' order, empty for none.
#[must_use]
pub fn encode_keys(publications: &[Keyed]) -> Option<String> {
    if publications.iter().all(|keyed| keyed.key.is_none()) {
        return None;
    }
    let stored = |keyed: &Keyed| keyed.key.map(IdempotencyKey::to_stored).unwrap_or_default();
    let keys: Vec<String> = publications.iter().map(stored).collect();
    Some(keys.join(","))
}

/// Reads [`encode_publications`] and [`encode_keys`]. The payloads were checked by the Worker and are not checked
/// again.
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_publications(body: &str, keys: Option<&str>) -> Result<Vec<Keyed>, NotUnderstood> {
    let objects: Vec<&RawValue> = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    let mut keys = keys.unwrap_or_default().split(',');
    let publication = |object: &RawValue| {
        let key = keys.next().and_then(|key| IdempotencyKey::from_stored(key).ok());
        Keyed { publication: Publication::from_checked_object(object.get()), key }
    };
    Ok(objects.into_iter().map(publication).collect())
}

/// The room's answer: what became of the publications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Sockets that they were handed to.
    pub connections: u32,
    /// The place of the first. Where there are no `outcomes`, the others follow it without a hole.
    first_seq: u64,
    /// The place of each, and whether it repeats a publication; given where one does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outcomes: Vec<(u64, bool)>,
}

impl Published {
    /// The answer for publications, at least one, that became `outcomes` and were handed to `connections` sockets.
    #[must_use]
    pub fn new(connections: u32, outcomes: &[Outcome]) -> Self {
        let first_seq = outcomes.first().map_or(0, |outcome| outcome.seq.get());
        let follow = outcomes
            .iter()
            .zip(0..)
            .all(|(outcome, place)| !outcome.duplicate && outcome.seq.get() == first_seq + place);
        let listed = outcomes.iter().map(|outcome| (outcome.seq.get(), outcome.duplicate));
        Self { connections, first_seq, outcomes: if follow { vec![] } else { listed.collect() } }
    }

    /// What became of the publication at this place among those that were sent, from 0.
    #[must_use]
    pub fn outcome(&self, place: usize) -> Outcome {
        let following = Outcome { seq: Seq::new(self.first_seq).after(place), duplicate: false };
        self.outcomes
            .get(place)
            .map_or(following, |(seq, duplicate)| Outcome { seq: Seq::new(*seq), duplicate: *duplicate })
    }

    /// The response body.
    #[must_use]
    pub fn encode(&self) -> String {
        super::to_json(self)
    }

    /// Reads a response body.
    ///
    /// # Errors
    /// [`NotUnderstood`].
    pub fn decode(body: &str) -> Result<Self, NotUnderstood> {
        serde_json::from_str(body).map_err(|_| NotUnderstood)
    }
}

/// The body, with [`REFUSED_STATUS`], of a room whose outbox is full.
pub const BUSY: &str = "busy";

/// The status with which a room turns a socket or a publisher away; the body says why.
pub const REFUSED_STATUS: u16 = 409;

/// The response body for a socket that is turned away.
#[must_use]
pub fn encode_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Full => "full",
        Refusal::TooManyFromAddress => "address",
        Refusal::FromTheFuture => "future",
    }
}

/// Reads [`encode_refusal`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_refusal(body: &str) -> Result<Refusal, NotUnderstood> {
    match body {
        "full" => Ok(Refusal::Full),
        "address" => Ok(Refusal::TooManyFromAddress),
        "future" => Ok(Refusal::FromTheFuture),
        _ => Err(NotUnderstood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(object: &str, key: Option<&str>) -> Keyed {
        let key = key.map(|key| IdempotencyKey::given(key).unwrap());
        Keyed { publication: Publication::from_checked_object(object), key }
    }

    fn outcome(seq: u64, duplicate: bool) -> Outcome {
        Outcome { seq: Seq::new(seq), duplicate }
    }

    #[test]
    fn the_language_between_versions_is_unchanged() {
        let publications =
            [keyed(r#"{"a":1e-9,"token":"T"}"#, None), keyed(r#"{"b":"],[","token":"T"}"#, Some("k"))];
        let (body, keys) = (encode_publications(&publications), encode_keys(&publications));
        assert_eq!(body, r#"[{"a":1e-9,"token":"T"},{"b":"],[","token":"T"}]"#);
        let key = IdempotencyKey::given("k").unwrap().to_stored();
        assert_eq!(keys, Some(format!(",{key}")));
        assert_eq!(decode_publications(&body, keys.as_deref()).unwrap(), publications);
        assert_eq!(decode_publications("[{]", None), Err(NotUnderstood));
        for refusal in [Refusal::Full, Refusal::TooManyFromAddress, Refusal::FromTheFuture] {
            assert_eq!(decode_refusal(encode_refusal(refusal)), Ok(refusal));
        }
        assert_eq!((encode_refusal(Refusal::Full), BUSY, REFUSED_STATUS), ("full", "busy", 409));
    }

    #[test]
    fn a_worker_or_a_room_without_keys_is_understood() {
        let object = r#"{"token":"T"}"#;
        assert_eq!(encode_keys(&[keyed(object, None)]), None);
        assert_eq!(decode_publications(&format!("[{object}]"), None).unwrap(), [keyed(object, None)]);
        let published = Published::decode(r#"{"connections":3,"first_seq":7,"later":1}"#).unwrap();
        assert_eq!(published.connections, 3);
        assert_eq!(published.outcome(1), outcome(8, false));
    }

    #[test]
    fn an_answer_lists_places_only_where_they_do_not_follow_one_another() {
        let published = Published::new(3, &[outcome(7, false), outcome(8, false)]);
        assert_eq!(published.encode(), r#"{"connections":3,"first_seq":7}"#);
        let repeated = [outcome(7, false), outcome(2, true), outcome(8, false)];
        let published = Published::new(3, &repeated);
        assert_eq!(
            published.encode(),
            r#"{"connections":3,"first_seq":7,"outcomes":[[7,false],[2,true],[8,false]]}"#
        );
        let read = Published::decode(&published.encode()).unwrap();
        assert_eq!([0, 1, 2].map(|place| read.outcome(place)), repeated);
    }
}
