//! What has to hold of a batch: as many results as messages, each as if it were alone. It must not know who posted it.

use glow_broadcast::core::event::Outcome;
use glow_broadcast::core::idempotency::IdempotencyKey;
use glow_broadcast::core::publication::{Keyed, Seq};
use glow_broadcast::core::topic::Topic;
use glow_broadcast::wire::batch::{
    BatchError, Delivery, Message, MessageError, MessageResult, batch_results, messages,
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
        assert_eq!(with_bad[messages.len()].content, Err(MessageError::Shape));
    }
}

fn says_what_it_says(message: &Message, item: &str) {
    if let Some(token) = &message.token {
        assert_eq!(field(item, "token").and_then(json::string).as_ref(), Some(token));
    }
    let payload = field(item, "payload");
    match &message.content {
        Ok((topic, Keyed { publication, key, .. })) => {
            assert_eq!(Some(topic.as_str()), message.token.as_deref());
            let payload = payload.unwrap();
            assert!(payload.len() <= MOST_PAYLOAD_BYTES);
            let posted = payload::publication(topic, payload.as_bytes()).unwrap();
            assert_eq!(*publication, posted.publication);
            match field(item, "id").and_then(json::string) {
                Some(id) => assert_eq!(key.as_ref(), IdempotencyKey::given(&id).ok().as_ref()),
                None => assert_eq!(*key, posted.key),
            }
        }
        Err(MessageError::Shape) => {
            let is_text = |name| field(item, name).and_then(json::string).is_some();
            let id_is_good = field(item, "id").is_none_or(|id| id == "null" || json::string(id).is_some());
            let repeated = json::fields(item).unwrap_or_default().iter().any(|(name, _)| {
                json::string(name).is_none_or(|name| {
                    ["token", "payload", "id"].contains(&name.as_str()) && field(item, &name).is_none()
                })
            });
            let has_payload = payload.is_some_and(|payload| payload != "null");
            assert!(repeated || !(is_text("token") && has_payload && id_is_good), "{item} has its shape");
        }
        Err(MessageError::Topic(error)) => {
            assert_eq!(Topic::parse(message.token.as_deref().unwrap()).as_ref(), Err(error));
        }
        Err(MessageError::TooLarge { bytes, limit }) => {
            assert_eq!((*bytes, *limit), (payload.unwrap().len(), MOST_PAYLOAD_BYTES));
            assert!(bytes > limit);
        }
        Err(MessageError::Payload(error)) => {
            let topic = Topic::parse(message.token.as_deref().unwrap()).unwrap();
            assert_eq!(payload::publication(&topic, payload.unwrap().as_bytes()).as_ref(), Err(error));
        }
        Err(MessageError::Key(error)) => {
            let id = field(item, "id").and_then(json::string).unwrap();
            assert_eq!(IdempotencyKey::given(&id), Err(*error));
        }
    }
}

fn a_request_key_names_those_without_an_id(bytes: &[u8], plain: &[Message], items: &[&str]) {
    let key = IdempotencyKey::given("request").unwrap();
    let named = messages(bytes, MOST_MESSAGES, MOST_PAYLOAD_BYTES, Some(key)).unwrap();
    for (place, ((named, plain), item)) in named.iter().zip(plain).zip(items).enumerate() {
        let before = items[..place].iter().filter(|other| says_the_same_without_an_id(other, item)).count();
        let has_id = field(item, "id").is_some_and(|id| id != "null");
        let expected = plain.content.clone().map(|(topic, keyed)| {
            let key = if has_id {
                keyed.key
            } else {
                Some(key.of_message(field(item, "payload").unwrap(), before))
            };
            (topic, Keyed { key, ..keyed })
        });
        assert_eq!(named.content, expected);
    }
}

/// Whether another message of a batch goes by what it says, and says what this one does.
fn says_the_same_without_an_id(other: &str, item: &str) -> bool {
    let said = |item| {
        let has_id = field(item, "id").is_some_and(|id| id != "null");
        Some((field(item, "token").and_then(json::string)?, field(item, "payload")?)).filter(|_| !has_id)
    };
    said(other).is_some() && said(other) == said(item)
}

fn is_answered_line_by_line(messages: &[Message]) {
    let delivery = Delivery::new(3, Outcome { seq: Seq::new(42), duplicate: false });
    let results: Vec<MessageResult> = messages
        .iter()
        .map(|Message { token, content }| MessageResult {
            token: token.clone(),
            outcome: content
                .as_ref()
                .map(|_| delivery)
                .map_err(|error| Problem::new(ErrorCode::InvalidPayload, error.to_string())),
        })
        .collect();
    let answer = batch_results(&results);
    let lines = json::items(field(&answer, "results").unwrap()).unwrap();
    assert_eq!(lines.len(), messages.len());
    for (line, Message { token, content }) in lines.iter().zip(messages) {
        assert_eq!(field(line, "token").and_then(json::string), *token);
        assert_eq!(field(line, "success"), Some(if content.is_ok() { "true" } else { "false" }));
    }
    let success = if messages.iter().all(|message| message.content.is_ok()) { "true" } else { "false" };
    assert_eq!(field(&answer, "success"), Some(success));
}
