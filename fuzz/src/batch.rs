//! What has to hold of a batch: as many results as messages, each as if it were alone. It must not know who posted it.

use glow_broadcast::core::event::Outcome;
use glow_broadcast::core::idempotency::IdempotencyKey;
use glow_broadcast::core::publication::{Keyed, Seq};
use glow_broadcast::core::topic::Topic;
use glow_broadcast::wire::batch::{
    BatchError, Delivery, Message, MessageError, MessageResult, Names, batch_results, messages,
};
use glow_broadcast::wire::payload::{self, PayloadError};
use glow_broadcast::wire::problem::{ErrorCode, Problem};
use glow_broadcast::wire::request_body;
use serde_json::Value;

use super::json;

const MOST_MESSAGES: usize = 8;
const MOST_PAYLOAD_BYTES: usize = 512;

/// The input is the body of `POST /broadcast`.
pub fn batch(bytes: &[u8]) {
    let result = read(bytes);
    let Ok(text) = request_body::text_of(bytes) else {
        assert_eq!(result, Err(BatchError::Text(PayloadError::NotUtf8)));
        return;
    };
    match (result, items(text)) {
        (Ok(messages), Some(items)) => {
            assert!(items.len() <= MOST_MESSAGES, "{} messages are too many", items.len());
            each_is_as_if_alone(&messages, &items);
            a_request_key_names_those_without_an_id(bytes, &messages, &items);
            is_answered_line_by_line(&messages);
        }
        (Err(BatchError::TooMany { count, limit }), Some(items)) => {
            assert_eq!((count, limit), (items.len(), MOST_MESSAGES));
            assert!(count > limit, "{count} messages are not too many");
        }
        (Err(BatchError::Shape), None) => {}
        (Err(BatchError::Text(PayloadError::NotJson { .. })), None) => {
            // Half of a surrogate pair and a number beyond a double are JSON by the letter.
            assert!(!json::is_json(text) || serde_json::from_str::<Value>(text).is_err(), "it is JSON");
        }
        (result, items) => panic!("{result:?} for the messages {items:?}"),
    }
}

fn read(bytes: &[u8]) -> Result<Vec<Message>, BatchError> {
    messages(bytes, MOST_MESSAGES, MOST_PAYLOAD_BYTES, None)
}

/// The messages of a text that is a batch: an object of readable names, one of which, once, is `messages`, an array.
fn items(text: &str) -> Option<Vec<&str>> {
    json::items(field(text, "messages")?)
}

/// The value of the one field of this name in an object of readable names.
fn field<'a>(object: &'a str, wanted: &str) -> Option<&'a str> {
    let mut found = None;
    for (name, value) in json::fields(object)? {
        if json::string(name)? == wanted && found.replace(value).is_some() {
            return None;
        }
    }
    found
}

/// The value of the last field of this name in an object of readable names; `null` is none.
fn given<'a>(object: &'a str, wanted: &str) -> Option<&'a str> {
    let fields = json::fields(object)?;
    let names: Option<Vec<String>> = fields.iter().map(|(name, _)| json::string(name)).collect();
    let place = names?.iter().rposition(|name| name == wanted)?;
    Some(fields[place].1).filter(|value| *value != "null")
}

fn each_is_as_if_alone(messages: &[Message], items: &[&str]) {
    assert_eq!(messages.len(), items.len());
    for (message, item) in messages.iter().zip(items) {
        let alone = read(format!("{{\"messages\":[{item}]}}").as_bytes()).unwrap();
        assert_eq!(alone.as_slice(), std::slice::from_ref(message), "{item}");
        says_what_it_says(message, item);
    }
    let mut backwards = items.to_vec();
    backwards.reverse();
    let backwards = read(format!("{{\"messages\":[{}]}}", backwards.join(",")).as_bytes()).unwrap();
    assert!(backwards.iter().rev().eq(messages));
    if items.len() < MOST_MESSAGES {
        let with_bad = [items, &["{\"token\":1}"]].concat();
        let with_bad = read(format!("{{\"messages\":[{}]}}", with_bad.join(",")).as_bytes()).unwrap();
        assert_eq!(&with_bad[..messages.len()], messages);
        assert_eq!(with_bad[messages.len()].content, Err(MessageError::NotText { field: "token" }));
    }
}

fn says_what_it_says(message: &Message, item: &str) {
    let Names { token, id, .. } = &message.names;
    assert_eq!([token.as_deref(), id.as_deref()], [given(item, "token"), given(item, "id")]);
    let token = token.as_deref().and_then(json::string);
    let payload = given(item, "payload");
    match &message.content {
        Ok((topic, Keyed { publication, key, .. })) => {
            assert_eq!(Some(topic.as_str()), token.as_deref());
            let payload = payload.unwrap();
            assert!(payload.len() <= MOST_PAYLOAD_BYTES);
            let posted = payload::publication(topic, payload.as_bytes()).unwrap();
            assert_eq!(*publication, posted.publication);
            match given(item, "id").and_then(json::string) {
                Some(id) => assert_eq!(key.as_ref(), IdempotencyKey::given(&id).ok().as_ref()),
                None => assert_eq!(*key, posted.key),
            }
        }
        Err(MessageError::Shape) => {
            let fields = json::fields(item);
            let is_readable =
                fields.is_some_and(|all| all.iter().all(|(name, _)| json::string(name).is_some()));
            assert!(!is_readable, "{item} has its shape");
        }
        Err(MessageError::Missing { field }) => assert_eq!(given(item, field), None),
        Err(MessageError::NotText { field }) => assert_eq!(json::string(given(item, field).unwrap()), None),
        Err(MessageError::Topic(error)) => {
            assert_eq!(Topic::parse(&token.unwrap()).as_ref(), Err(error));
        }
        Err(MessageError::TooLarge { bytes, limit }) => {
            assert_eq!((*bytes, *limit), (payload.unwrap().len(), MOST_PAYLOAD_BYTES));
            assert!(bytes > limit);
        }
        Err(MessageError::Payload(error)) => {
            let topic = Topic::parse(&token.unwrap()).unwrap();
            assert_eq!(payload::publication(&topic, payload.unwrap().as_bytes()).as_ref(), Err(error));
        }
        Err(MessageError::Key(error)) => {
            let id = given(item, "id").and_then(json::string).unwrap();
            assert_eq!(IdempotencyKey::given(&id), Err(*error));
        }
    }
}

fn a_request_key_names_those_without_an_id(bytes: &[u8], plain: &[Message], items: &[&str]) {
    let key = IdempotencyKey::given("request").unwrap();
    let named = messages(bytes, MOST_MESSAGES, MOST_PAYLOAD_BYTES, Some(key)).unwrap();
    for (place, ((named, plain), item)) in named.iter().zip(plain).zip(items).enumerate() {
        let before = items[..place].iter().filter(|other| says_the_same_without_an_id(other, item)).count();
        let has_id = given(item, "id").is_some();
        let expected = plain.content.clone().map(|(topic, keyed)| {
            let key = if has_id {
                keyed.key
            } else {
                Some(key.of_message(given(item, "payload").unwrap(), before))
            };
            (topic, Keyed { key, ..keyed })
        });
        assert_eq!(named.content, expected);
    }
}

/// Whether another message of a batch goes by what it says, and says what this one does.
fn says_the_same_without_an_id(other: &str, item: &str) -> bool {
    let said = |item| {
        let has_id = given(item, "id").is_some();
        Some((given(item, "token").and_then(json::string)?, given(item, "payload")?)).filter(|_| !has_id)
    };
    said(other).is_some() && said(other) == said(item)
}

fn is_answered_line_by_line(messages: &[Message]) {
    let delivery = Delivery::new(3, Outcome { seq: Seq::new(42), duplicate: false });
    let results: Vec<MessageResult> = messages
        .iter()
        .map(|Message { names, content }| MessageResult {
            names: names.clone(),
            outcome: content
                .as_ref()
                .map(|_| delivery)
                .map_err(|error| Problem::new(ErrorCode::InvalidPayload, error.to_string())),
        })
        .collect();
    let answer = batch_results(&results);
    let lines = json::items(field(&answer, "results").unwrap()).unwrap();
    assert_eq!(lines.len(), messages.len());
    for (line, Message { names, content }) in lines.iter().zip(messages) {
        assert_eq!(field(line, "token"), Some(names.token.as_deref().unwrap_or("null")));
        assert_eq!(field(line, "id"), names.id.as_deref().filter(|_| content.is_err()));
        assert_eq!(field(line, "success"), Some(if content.is_ok() { "true" } else { "false" }));
    }
    let success = if messages.iter().all(|message| message.content.is_ok()) { "true" } else { "false" };
    assert_eq!(field(&answer, "success"), Some(success));
}
