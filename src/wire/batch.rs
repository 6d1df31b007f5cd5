//! `POST /broadcast`: many messages in one request, and the answers to publishers. It must not know how a room is
//! reached.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::object::{Object, text_of};
use super::payload::{PayloadError, publication};
use super::problem::{ErrorCode, Problem};
use super::{ObjectError, from_object, request_body};
use crate::core::event::Outcome;
use crate::core::idempotency::{IdempotencyKey, KeyError};
use crate::core::publication::Keyed;
use crate::core::topic::{Topic, TopicError};

use thiserror::Error;

/// The largest batch, in bytes.
pub const MAX_BATCH_BYTES: usize = 1_048_576;

/// Why a body is no batch.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BatchError {
    /// The text of the body can't be read.
    #[error(transparent)]
    Text(#[from] PayloadError),
    /// JSON of another shape.
    #[error("a batch is an object {{\"messages\":[{{\"token\":…,\"payload\":{{…}}}},…]}}")]
    Shape,
    /// More messages than one batch may hold.
    #[error("a batch has at most {limit} messages, this one has {count}")]
    TooMany {
        /// How many it has.
        count: usize,
        /// How many it may have.
        limit: usize,
    },
}

/// Why one message of a batch is not published. The others are.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MessageError {
    /// No object.
    #[error("a message is an object {{\"token\":…,\"payload\":{{…}}}}")]
    Shape,
    /// It lacks a field.
    #[error("a message has a `{field}`, and this one has none")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A field is no text: it has another kind of value, or is written with half of a surrogate pair.
    #[error("`{field}` is not a text")]
    NotText {
        /// Which.
        field: &'static str,
    },
    /// Its `token` is no topic.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Its payload is larger than one message may be.
    #[error("a payload has at most {limit} bytes, this one has {bytes}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// Its payload breaks a rule.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// What it names itself by is no idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What a message is called in the answer to it: the JSON texts of its fields, to be echoed with the characters that came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Its `token`.
    pub token: Option<String>,
    /// Its `id`.
    pub id: Option<String>,
    /// Its `key`.
    pub key: Option<String>,
}

impl Names {
    pub(super) fn of(message: &Object<'_>) -> Self {
        let written = |name| message.given(name).map(|value| value.get().to_owned());
        Self { token: written("token"), id: written("id"), key: written("key") }
    }
}

/// One message of a batch, in the order posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is called.
    pub names: Names,
    /// Where it goes and what it says, or why not.
    pub content: Result<(Topic, Keyed), MessageError>,
}

/// Reads a batch of at most `max_messages` messages with payloads of at most `max_payload_bytes`. A message is known by
/// its `id`; without one, by `request_key` and what it says; without that, by its payload's own key. So a message keeps
/// its key wherever it stands, and one that failed can be sent again alone under the same `request_key`.
///
/// # Errors
/// [`BatchError`] when the body as a whole can't be read. A bad message is no error of the batch.
pub fn messages(
    body: &[u8],
    max_messages: usize,
    max_payload_bytes: usize,
    request_key: Option<IdempotencyKey>,
) -> Result<Vec<Message>, BatchError> {
    #[derive(Deserialize)]
    struct Batch<'a> {
        #[serde(borrow)]
        messages: Vec<&'a RawValue>,
    }
    let text = request_body::text_of(body).map_err(|_| PayloadError::NotUtf8)?;
    let batch: Batch<'_> = from_object(text).map_err(|error| match error {
        ObjectError::NotJson { reason } => BatchError::Text(PayloadError::NotJson { reason }),
        ObjectError::Shape => BatchError::Shape,
    })?;
    let count = batch.messages.len();
    if count > max_messages {
        return Err(BatchError::TooMany { count, limit: max_messages });
    }
    let mut keys = Keys { request_key, said: BTreeMap::new() };
    Ok(batch.messages.into_iter().map(|raw| message(raw.get(), max_payload_bytes, &mut keys)).collect())
}

/// The keys of messages without one of their own.
struct Keys<'a> {
    request_key: Option<IdempotencyKey>,
    /// How often each thing was said to each topic in the batch so far.
    said: BTreeMap<(String, &'a str), usize>,
}

impl<'a> Keys<'a> {
    /// The key of the next message that says this.
    fn next(&mut self, token: &str, payload: &'a str) -> Option<IdempotencyKey> {
        let request_key = self.request_key?;
        let before = self.said.entry((token.to_owned(), payload)).or_default();
        let key = request_key.of_message(payload, *before);
        *before += 1;
        Some(key)
    }
}

fn message<'a>(raw: &'a str, max_payload_bytes: usize, keys: &mut Keys<'a>) -> Message {
    match from_object::<Object<'a>>(raw) {
        Ok(message) => Message {
            names: Names::of(&message),
            content: content(&message, "id", max_payload_bytes, |token, payload| keys.next(token, payload)),
        },
        Err(_) => Message { names: Names::default(), content: Err(MessageError::Shape) },
    }
}

/// What a message says: its topic, and its payload of at most `limit` bytes. It is known by the field that is named so;
/// without that by the key that `other_key` has for its token and payload, or by the payload's own.
pub(super) fn content<'a>(
    message: &Object<'a>,
    key_field: &'static str,
    limit: usize,
    other_key: impl FnOnce(&str, &'a str) -> Option<IdempotencyKey>,
) -> Result<(Topic, Keyed), MessageError> {
    let token = text(message, "token")?.ok_or(MessageError::Missing { field: "token" })?;
    let payload = message.given("payload").ok_or(MessageError::Missing { field: "payload" })?.get();
    let own_key = text(message, key_field)?.map(|key| IdempotencyKey::given(&key)).transpose()?;
    let key = own_key.or_else(|| other_key(&token, payload));
    let topic = Topic::parse(&token)?;
    let bytes = payload.len();
    if bytes > limit {
        return Err(MessageError::TooLarge { bytes, limit });
    }
    let keyed = publication(&topic, payload.as_bytes())?;
    Ok((topic, Keyed { key: key.or(keyed.key), ..keyed }))
}

/// The text of a field, where there is one.
fn text<'a>(message: &Object<'a>, field: &'static str) -> Result<Option<Cow<'a, str>>, MessageError> {
    let text = message.given(field).map(|value| text_of(value).ok_or(MessageError::NotText { field }));
    text.transpose()
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Sockets that it was handed to.
    pub connections: u32,
    /// Its place in its topic, or that of the publication which it repeats.
    pub seq: u64,
    /// Whether it repeats one, and was therefore handed to nobody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
}

impl Delivery {
    /// What became of a publication of a batch that was handed to `connections` sockets.
    #[must_use]
    pub fn new(connections: u32, outcome: Outcome) -> Self {
        let Outcome { seq, duplicate } = outcome;
        Self { connections: if duplicate { 0 } else { connections }, seq: seq.get(), duplicate }
    }
}

/// The answer to `POST /broadcast/:token`.
#[must_use]
pub fn delivered(delivery: Delivery) -> String {
    #[derive(Serialize)]
    struct Answer {
        success: bool,
        #[serde(flatten)]
        delivery: Delivery,
    }
    super::to_json(&Answer { success: true, delivery })
}

/// What became of one message of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageResult {
    /// What it is called.
    pub names: Names,
    /// Its delivery, or why there is none.
    pub outcome: Result<Delivery, Problem>,
}

/// What all answers to publishers share: whether it worked, and what became of it or why not.
#[derive(Serialize)]
struct OutcomeFields<'a> {
    success: bool,
    #[serde(flatten)]
    delivery: Option<Delivery>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// An answer to one message: its `names`, each a field and the JSON text of its value, and then what became of it.
pub(super) fn answer(names: &[(&str, Option<&str>)], outcome: &Result<Delivery, Problem>) -> String {
    let mut answer = String::from("{");
    for (name, value) in names {
        answer.extend(["\"", name, "\":", value.unwrap_or("null"), ","]);
    }
    let outcome = super::to_json(&OutcomeFields::of(outcome));
    answer.push_str(outcome.strip_prefix('{').unwrap_or(&outcome));
    answer
}

impl<'a> OutcomeFields<'a> {
    fn of(outcome: &'a Result<Delivery, Problem>) -> Self {
        let problem = outcome.as_ref().err();
        Self {
            success: problem.is_none(),
            delivery: outcome.as_ref().ok().copied(),
            code: problem.map(|problem| problem.code),
            detail: problem.map(|problem| problem.detail.as_str()),
        }
    }
}

/// The answer to `POST /broadcast`: one result per message, in the order posted.
#[must_use]
pub fn batch_results(results: &[MessageResult]) -> String {
    let success = results.iter().all(|result| result.outcome.is_ok());
    let line = |MessageResult { names, outcome }: &MessageResult| {
        let mut told = vec![("token", names.token.as_deref())];
        if outcome.is_err() && names.id.is_some() {
            told.push(("id", names.id.as_deref()));
        }
        answer(&told, outcome)
    };
    let lines: Vec<String> = results.iter().map(line).collect();
    format!("{{\"success\":{success},\"results\":[{}]}}", lines.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::publication::Seq;

    fn read(body: &str) -> Result<Vec<Message>, BatchError> {
        messages(body.as_bytes(), 3, 64, None)
    }

    #[test]
    fn one_bad_message_does_not_stop_the_others() {
        let messages = read(
            r#"{"messages":[{"token":"A","payload":{"p":1e-9},"id":"x"},{"token":"B"},{"token":"A/B","payload":{}}]}"#,
        )
        .unwrap();
        let (topic, keyed) = messages[0].content.clone().unwrap();
        assert_eq!((topic.as_str(), keyed.publication.as_json()), ("A", r#"{"p":1e-9,"token":"A"}"#));
        assert_eq!(keyed.key, IdempotencyKey::given("x").ok());
        let names = Names { token: Some(r#""B""#.into()), ..Names::default() };
        let content = Err(MessageError::Missing { field: "payload" });
        assert_eq!(messages[1], Message { names, content });
        assert!(matches!(messages[2].content, Err(MessageError::Topic(TopicError::Character { .. }))));
    }

    #[test]
    fn each_kind_of_bad_message_is_told_apart() {
        let fault = |message: &str| {
            let messages = read(&format!(r#"{{"messages":[{message}]}}"#)).unwrap();
            messages[0].content.clone().unwrap_err()
        };
        for shape in ["1", "[]", r#"["A",{}]"#] {
            assert_eq!(fault(shape), MessageError::Shape, "{shape}");
        }
        for (message, field) in
            [(r#"{"payload":{}}"#, "token"), (r#"{"token":null}"#, "token"), (r#"{"token":"A"}"#, "payload")]
        {
            assert_eq!(fault(message), MessageError::Missing { field }, "{message}");
        }
        for (message, field) in [
            (r#"{"token":5,"payload":{}}"#, "token"),
            (r#"{"token":"\ud800","payload":{}}"#, "token"),
            (r#"{"token":"A","payload":{},"id":7}"#, "id"),
            (r#"{"token":"A","payload":{},"id":"\ud800"}"#, "id"),
        ] {
            assert_eq!(fault(message), MessageError::NotText { field }, "{message}");
        }
        assert_eq!(fault(r#"{"token":"A","payload":{},"id":7}"#).to_string(), "`id` is not a text");
        let array = r#"{"token":"A","payload":[1]}"#;
        assert_eq!(fault(array), MessageError::Payload(PayloadError::NotAnObject));
        let (open, close) = ("[".repeat(200), "]".repeat(200));
        let deep = format!(r#"{{"messages":[{{"token":"A","payload":{{"a":{open}{close}}}}}]}}"#);
        let deep = messages(deep.as_bytes(), 3, 1_000, None).unwrap().remove(0).content;
        assert_eq!(deep, Err(MessageError::Payload(PayloadError::TooDeep)));
        let large = format!(r#"{{"token":"A","payload":{{"a":"{}"}}}}"#, "x".repeat(64));
        assert_eq!(fault(&large), MessageError::TooLarge { bytes: 72, limit: 64 });
    }

    #[test]
    fn a_message_is_known_by_its_id_its_request_or_its_transaction_in_this_order() {
        let request = IdempotencyKey::given("r").unwrap();
        let body = r#"{"messages":[{"token":"A","payload":{"type":"T","signature":"s"}},{"token":"A","payload":{},"id":"x"}]}"#;
        let keys = |request: Option<IdempotencyKey>| {
            let messages = messages(body.as_bytes(), 3, 64, request).unwrap();
            messages.into_iter().map(|message| message.content.unwrap().1.key).collect::<Vec<_>>()
        };
        let id = IdempotencyKey::given("x").ok();
        let said = request.of_message(r#"{"type":"T","signature":"s"}"#, 0);
        assert_eq!(keys(Some(request)), [Some(said), id]);
        assert_eq!(keys(None), [Some(IdempotencyKey::of_transaction("s", "T")), id]);
        let long = format!(r#"{{"messages":[{{"token":"A","payload":{{}},"id":"{}"}}]}}"#, "x".repeat(300));
        let long = messages(long.as_bytes(), 3, 64, None).unwrap().remove(0).content;
        assert_eq!(long, Err(MessageError::Key(KeyError::Length { length: 300 })));
    }

    #[test]
    fn under_a_requests_key_a_message_is_known_by_what_it_says_wherever_it_stands() {
        let request = IdempotencyKey::given("r").unwrap();
        let keys = |items: &[&str]| {
            let body = format!(r#"{{"messages":[{}]}}"#, items.join(","));
            let messages = messages(body.as_bytes(), 9, 64, Some(request)).unwrap();
            messages.into_iter().map(|message| message.content.unwrap().1.key).collect::<Vec<_>>()
        };
        let (one, two) = (r#"{"token":"A","payload":{"n":1}}"#, r#"{"token":"A","payload":{"n":2}}"#);
        let elsewhere = r#"{"token":"B","payload":{"n":1}}"#;
        let whole = keys(&[one, two, one, elsewhere]);
        assert_eq!(keys(&[two]), [whole[1]], "alone");
        assert_eq!(keys(&[elsewhere, two, one]), [whole[3], whole[1], whole[0]], "in another order");
        assert_eq!(keys(&[one, one]), [whole[0], whole[2]], "what is said twice is two messages");
        assert_ne!(whole[0], whole[2]);
        assert_eq!(whole[0], whole[3], "each topic's room knows its own");
    }

    #[test]
    fn a_body_that_is_no_batch_is_one_error() {
        assert!(matches!(read("{"), Err(BatchError::Text(PayloadError::NotJson { .. }))));
        for body in ["[]", "[[]]", "{}", r#"{"messages":{}}"#, r#"{"messages":null}"#] {
            assert_eq!(read(body), Err(BatchError::Shape), "{body}");
        }
        let four = r#"{"messages":[1,2,3,4]}"#;
        assert_eq!(read(four), Err(BatchError::TooMany { count: 4, limit: 3 }));
    }

    #[test]
    fn answers_have_the_shapes_of_the_contract() {
        let delivery = Delivery::new(3, Outcome { seq: Seq::new(42), duplicate: false });
        assert_eq!(delivered(delivery), r#"{"success":true,"connections":3,"seq":42}"#);
        let repeated = Delivery::new(3, Outcome { seq: Seq::new(42), duplicate: true });
        assert_eq!(delivered(repeated), r#"{"success":true,"connections":0,"seq":42,"duplicate":true}"#);
        let named = |token: &str, id: &str| Names {
            token: Some(token.into()),
            id: Some(id.into()),
            ..Names::default()
        };
        let good = MessageResult { names: named(r#""A""#, r#""x""#), outcome: Ok(delivery) };
        let problem = Err(Problem::new(ErrorCode::InvalidPayload, "no"));
        let bad = MessageResult { names: named("5", "7.0"), outcome: problem.clone() };
        let nameless = MessageResult { names: Names::default(), outcome: problem };
        assert_eq!(
            batch_results(&[good, bad, nameless]),
            concat!(
                r#"{"success":false,"results":[{"token":"A","success":true,"connections":3,"seq":42},"#,
                r#"{"token":5,"id":7.0,"success":false,"code":"invalid_payload","detail":"no"},"#,
                r#"{"token":null,"success":false,"code":"invalid_payload","detail":"no"}]}"#
            ),
            "what was refused keeps its names"
        );
        assert_eq!(batch_results(&[]), r#"{"success":true,"results":[]}"#);
    }
}
