//! The publisher socket's frames: `{"id":1,"token":"A","payload":{…}}` and the answers to them. It must not know a
//! socket or how a room is reached.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::batch::{Delivery, MessageError, OutcomeFields, content};
use super::problem::Problem;
use super::{ObjectError, from_object};
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;

/// What a frame may hold besides its payload, in bytes.
pub const ENVELOPE_BYTES: usize = 4_096;

/// A publisher's frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherFrame {
    /// The JSON text of its `id`, to be echoed with the characters that came.
    pub id: Option<String>,
    /// Where it goes and what it says, or why not.
    pub content: Result<(Topic, Keyed), PublisherFrameError>,
}

/// Why a frame is not published. The next ones are.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PublisherFrameError {
    /// A binary frame.
    #[error("binary frames are not accepted: send JSON as text")]
    Binary,
    /// Not JSON.
    #[error("the frame is not JSON: {reason}")]
    NotJson {
        /// The parser's words.
        reason: String,
    },
    /// JSON of another shape.
    #[error("a frame is an object {{\"id\":…,\"token\":…,\"payload\":{{…}}}}")]
    Shape,
    /// A frame larger than the largest payload and its envelope.
    #[error("a frame has at most {limit} bytes, this one has {bytes}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A message that breaks a rule of its own.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Reads a text frame with a payload of at most `max_payload_bytes`. A message is known by its string `key`, and
/// without one by its payload's own key; an `id` is no key, as it may be another message's on the next connection.
#[must_use]
pub fn frame(text: &str, max_payload_bytes: usize) -> PublisherFrame {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
        #[serde(borrow, default)]
        token: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        payload: Option<&'a RawValue>,
        #[serde(borrow, default)]
        key: Option<Cow<'a, str>>,
    }
    let (bytes, limit) = (text.len(), max_payload_bytes + ENVELOPE_BYTES);
    if bytes > limit {
        return PublisherFrame { id: None, content: Err(PublisherFrameError::TooLarge { bytes, limit }) };
    }
    let Fields { id, token, payload, key } = match from_object(text) {
        Ok(fields) => fields,
        Err(error) => return PublisherFrame { id: None, content: Err(error.into()) },
    };
    let content = match (token, payload) {
        (Some(token), Some(payload)) => key
            .map(|key| IdempotencyKey::given(&key))
            .transpose()
            .map_err(MessageError::Key)
            .and_then(|key| content(&token, payload.get(), max_payload_bytes, key))
            .map_err(PublisherFrameError::Message),
        _ => Err(PublisherFrameError::Shape),
    };
    PublisherFrame { id: id.map(|id| id.get().to_owned()), content }
}

impl From<ObjectError> for PublisherFrameError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::NotJson { reason } => Self::NotJson { reason },
            ObjectError::Shape => Self::Shape,
        }
    }
}

/// The answer to a frame.
#[must_use]
pub fn answer(id: Option<&str>, outcome: &Result<Delivery, Problem>) -> String {
    let answer = super::to_json(&OutcomeFields::of(outcome));
    // An id goes in front as the text that it is.
    let rest = answer.strip_prefix('{').unwrap_or(&answer);
    format!("{{\"id\":{},{rest}", id.unwrap_or("null"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Outcome;
    use crate::core::publication::Seq;
    use crate::core::topic::TopicError;
    use crate::wire::problem::ErrorCode;

    #[test]
    fn a_frame_is_a_message_with_an_id_of_any_kind() {
        let read = frame(r#"{"id":1.0,"token":"A","payload":{"p":1e-9},"key":"k"}"#, 64);
        assert_eq!(read.id.as_deref(), Some("1.0"));
        let (topic, keyed) = read.content.unwrap();
        assert_eq!((topic.as_str(), keyed.publication.as_json()), ("A", r#"{"p":1e-9,"token":"A"}"#));
        assert_eq!(keyed.key, IdempotencyKey::given("k").ok());
        assert_eq!(frame(r#"{"token":"A","payload":{}}"#, 64).id, None);
    }

    #[test]
    fn what_can_not_be_published_keeps_its_id_where_it_has_one() {
        let read = |text: &str| {
            let PublisherFrame { id, content } = frame(text, 64);
            (id, content.unwrap_err())
        };
        let id = || Some(r#""a""#.to_owned());
        assert!(matches!(read("{"), (None, PublisherFrameError::NotJson { .. })));
        assert_eq!(read("[1]"), (None, PublisherFrameError::Shape));
        assert_eq!(read(r#"{"id":"a","token":"A"}"#), (id(), PublisherFrameError::Shape));
        let empty = MessageError::Topic(TopicError::Empty);
        assert_eq!(
            read(r#"{"id":"a","token":"","payload":{}}"#),
            (id(), PublisherFrameError::Message(empty))
        );
        let key = read(&format!(r#"{{"id":"a","token":"A","payload":{{}},"key":"{}"}}"#, "x".repeat(300)));
        assert!(matches!(key, (Some(_), PublisherFrameError::Message(MessageError::Key(_)))));
        let large = read(&" ".repeat(64 + ENVELOPE_BYTES + 1));
        assert!(matches!(large, (None, PublisherFrameError::TooLarge { .. })));
    }

    #[test]
    fn answers_have_the_shapes_of_the_contract() {
        let delivery = Delivery::new(3, Outcome { seq: Seq::new(42), duplicate: false });
        assert_eq!(
            answer(Some("1.0"), &Ok(delivery)),
            r#"{"id":1.0,"success":true,"connections":3,"seq":42}"#
        );
        assert_eq!(
            answer(None, &Err(Problem::new(ErrorCode::InvalidTopic, "no"))),
            r#"{"id":null,"success":false,"code":"invalid_topic","detail":"no"}"#
        );
    }
}
