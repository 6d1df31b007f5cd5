//! The publisher socket's frames: `{"id":1,"token":"A","payload":{…}}` and the answers to them. It must not know a
//! socket or how a room is reached.

use thiserror::Error;

use super::batch::{self, Delivery, MessageError, Names, content};
use super::object::Object;
use super::problem::Problem;
use super::{ObjectError, from_object};
use crate::core::publication::Keyed;
use crate::core::topic::Topic;

/// What a frame may hold besides its payload, in bytes.
pub const ENVELOPE_BYTES: usize = 4_096;

/// A publisher's frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherFrame {
    /// What it is called.
    pub names: Names,
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
    let (bytes, limit) = (text.len(), max_payload_bytes + ENVELOPE_BYTES);
    if bytes > limit {
        let names = names_in_front(text);
        return PublisherFrame { names, content: Err(PublisherFrameError::TooLarge { bytes, limit }) };
    }
    match from_object::<Object<'_>>(text) {
        Ok(message) => PublisherFrame {
            names: Names::of(&message),
            content: content(&message, "key", max_payload_bytes, |_, _| None)
                .map_err(PublisherFrameError::Message),
        },
        Err(error) => PublisherFrame { names: Names::default(), content: Err(error.into()) },
    }
}

/// The names of a frame of which no more is read than its envelope may have: those before its payload.
fn names_in_front(text: &str) -> Names {
    let end = (0..=ENVELOPE_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let front = text.get(..end).unwrap_or_default();
    Names::of(&Object::begun(front))
}

impl From<ObjectError> for PublisherFrameError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::NotJson { reason } => Self::NotJson { reason },
            ObjectError::Shape => Self::Message(MessageError::Shape),
        }
    }
}

/// The answer to a frame. What was refused keeps all its names.
#[must_use]
pub fn answer(names: &Names, outcome: &Result<Delivery, Problem>) -> String {
    let Names { token, id, key } = names;
    let mut told = vec![("id", id.as_deref())];
    if outcome.is_err() {
        let others = [("token", token.as_deref()), ("key", key.as_deref())];
        told.extend(others.into_iter().filter(|(_, value)| value.is_some()));
    }
    batch::answer(&told, outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Outcome;
    use crate::core::idempotency::IdempotencyKey;
    use crate::core::publication::Seq;
    use crate::core::topic::TopicError;
    use crate::wire::problem::ErrorCode;

    #[test]
    fn a_frame_is_a_message_with_an_id_of_any_kind() {
        let read = frame(r#"{"id":1.0,"token":"A","payload":{"p":1e-9},"key":"k"}"#, 64);
        assert_eq!(read.names.id.as_deref(), Some("1.0"));
        let (topic, keyed) = read.content.unwrap();
        assert_eq!((topic.as_str(), keyed.publication.as_json()), ("A", r#"{"p":1e-9,"token":"A"}"#));
        assert_eq!(keyed.key, IdempotencyKey::given("k").ok());
        assert_eq!(frame(r#"{"token":"A","payload":{}}"#, 64).names.id, None);
        let twice = frame(r#"{"id":1,"token":"A","id":2,"payload":{}}"#, 64);
        assert_eq!(twice.names.id.as_deref(), Some("2"), "the later word counts");
        assert!(twice.content.is_ok());
    }

    #[test]
    fn what_can_not_be_published_keeps_its_id_where_it_has_one() {
        let read = |text: &str| {
            let PublisherFrame { names, content } = frame(text, 64);
            (names.id, content.unwrap_err())
        };
        let id = || Some(r#""a""#.to_owned());
        let message = PublisherFrameError::Message;
        assert!(matches!(read("{"), (None, PublisherFrameError::NotJson { .. })));
        assert_eq!(read("[1]"), (None, message(MessageError::Shape)));
        let missing = message(MessageError::Missing { field: "payload" });
        assert_eq!(read(r#"{"id":"a","token":"A"}"#), (id(), missing));
        for (frame, field) in [
            (r#"{"id":"a","token":5,"payload":{}}"#, "token"),
            (r#"{"id":"a","token":"A","payload":{"a":1},"key":7}"#, "key"),
            (r#"{"id":"a","token":"A","payload":{},"key":"\ud800"}"#, "key"),
        ] {
            assert_eq!(read(frame), (id(), message(MessageError::NotText { field })), "{frame}");
        }
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
    fn a_frame_that_is_too_large_keeps_the_names_before_its_payload() {
        let large = |front: &str| {
            let PublisherFrame { names, content } = frame(&format!("{front}{}", "ö".repeat(4_000)), 64);
            assert!(matches!(content, Err(PublisherFrameError::TooLarge { .. })));
            [names.id, names.token, names.key].map(Option::unwrap_or_default)
        };
        let named = large(r#"{"id":{"a":1},"token":"A","key":7,"payload":{"a":""#);
        assert_eq!(named, [r#"{"a":1}"#, r#""A""#, "7"]);
        assert_eq!(large(r#"{"payload":{"a":""#), ["", "", ""], "what is behind is not looked for");
        assert_eq!(large(r#"{"id":1,"token":""#), ["1", "", ""]);
        assert_eq!(large(r#"["id",1,""#), ["", "", ""]);
    }

    #[test]
    fn answers_have_the_shapes_of_the_contract() {
        let delivery = Delivery::new(3, Outcome { seq: Seq::new(42), duplicate: false });
        let text = |text: &str| Some(text.to_owned());
        let names = Names { token: text("5"), id: text("1.0"), key: text(r#""k""#) };
        assert_eq!(answer(&names, &Ok(delivery)), r#"{"id":1.0,"success":true,"connections":3,"seq":42}"#);
        let refused = Err(Problem::new(ErrorCode::InvalidTopic, "no"));
        assert_eq!(
            answer(&names, &refused),
            r#"{"id":1.0,"token":5,"key":"k","success":false,"code":"invalid_topic","detail":"no"}"#
        );
        assert_eq!(
            answer(&Names::default(), &refused),
            r#"{"id":null,"success":false,"code":"invalid_topic","detail":"no"}"#
        );
    }
}
