//! What the frames of a subscriber of many topics say, in each of the three dialects, which are told apart by the shape
//! of the frame alone. It must not know a socket, nor whether what is asked for can be had.

mod action;
mod channel;
mod fault;
mod native;

use std::collections::BTreeSet;

use serde_json::value::RawValue;

pub use fault::{MAX_FAULTS, SocketFault, TopicFault};

use self::fault::Faults;
use super::object::{Object, text_of};
use super::{ObjectError, from_object};
use crate::core::socket_request::{Past, SocketRequest, Subscribe, Unsubscribe, Wanted};
use crate::core::topic::Topic;
use crate::core::view::View;

/// What a frame says, and what of it was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What it says; [`SocketRequest::NotUnderstood`] where there are only faults.
    pub request: SocketRequest,
    /// What was not understood, each fault to be told; one topic's fault does not stop the others.
    pub faults: Vec<SocketFault>,
}

/// What a text frame of at most `limit` bytes says.
#[must_use]
pub fn decode(text: &str, limit: usize) -> Decoded {
    if text.len() > limit {
        return Decoded { request: SocketRequest::Oversized, faults: Vec::new() };
    }
    let mut faults = Faults::default();
    let understood = object(text).and_then(|frame| request(&frame, &mut faults));
    let request = faults.good(understood).unwrap_or(SocketRequest::NotUnderstood);
    Decoded { request, faults: faults.into_list() }
}

/// What a binary frame of `bytes` says: nothing, but a large one is closed all the same.
#[must_use]
pub fn decode_binary(bytes: usize, limit: usize) -> Decoded {
    if bytes > limit {
        return Decoded { request: SocketRequest::Oversized, faults: Vec::new() };
    }
    Decoded { request: SocketRequest::NotUnderstood, faults: vec![SocketFault::Binary] }
}

fn object(text: &str) -> Result<Object<'_>, SocketFault> {
    from_object(text).map_err(|error| match error {
        ObjectError::NotJson { .. } => SocketFault::NotJson,
        ObjectError::Shape => SocketFault::Shape,
    })
}

fn request(frame: &Object<'_>, faults: &mut Faults) -> Result<SocketRequest, SocketFault> {
    match (frame.get("type"), frame.get("action")) {
        (Some(_), Some(_)) => Err(SocketFault::TypeAndAction),
        (None, None) => Err(SocketFault::Shape),
        (None, Some(action)) => action::request(&name(action)?, frame),
        (Some(kind), None) => match name(kind)?.as_str() {
            "ping" => Ok(ping(frame)),
            "authenticate" => authenticate(frame),
            "subscribe" if is_channel(frame)? => channel::subscribe(frame, faults),
            "subscribe" => native::subscribe(frame, faults),
            "unsubscribe" if is_channel(frame)? => channel::unsubscribe(frame, faults),
            "unsubscribe" => native::unsubscribe(frame, faults),
            _ => Err(SocketFault::UnknownType),
        },
    }
}

fn name(value: &RawValue) -> Result<String, SocketFault> {
    text_of(value).map(String::from).ok_or(SocketFault::Shape)
}

/// Whether a subscription is one of the channel dialect.
fn is_channel(frame: &Object<'_>) -> Result<bool, SocketFault> {
    match (frame.get("topics"), frame.get("channel")) {
        (Some(_), Some(_)) => Err(SocketFault::TopicsAndChannel),
        (None, None) => Err(SocketFault::NeitherTopicsNorChannel),
        (_, channel) => Ok(channel.is_some()),
    }
}

fn ping(frame: &Object<'_>) -> SocketRequest {
    SocketRequest::Ping { id: frame.given("id").map(|id| id.get().to_owned()) }
}

fn authenticate(frame: &Object<'_>) -> Result<SocketRequest, SocketFault> {
    let token = frame.get("token").and_then(text_of).filter(|token| !token.is_empty());
    let token = token.ok_or(SocketFault::AccessToken)?.into_owned();
    Ok(SocketRequest::Authenticate { token })
}

/// The items of a list that has some.
fn list(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok().filter(|items: &Vec<_>| !items.is_empty())
}

/// The topics that `read` finds in a list, each once; the faults of the others are noted.
fn topics(
    items: &[&RawValue],
    read: impl Fn(&RawValue) -> Result<Topic, SocketFault>,
    faults: &mut Faults,
) -> Vec<Topic> {
    let mut seen = BTreeSet::new();
    let good = items.iter().filter_map(|item| faults.good(read(item)));
    good.filter(|topic| seen.insert(topic.clone())).collect()
}

fn topic(value: &RawValue) -> Result<Topic, SocketFault> {
    let text = text_of(value).ok_or_else(|| SocketFault::of(value.get(), TopicFault::NotText))?;
    Topic::parse(&text).map_err(|error| SocketFault::of(&text, error))
}

/// A topic that is a token: one without a namespace.
fn token(value: &RawValue) -> Result<Topic, SocketFault> {
    let topic = topic(value)?;
    match topic.namespace() {
        None => Ok(topic),
        Some(_) => Err(SocketFault::of(topic.as_str(), TopicFault::NotAToken)),
    }
}

/// A request for what is left of a list: none where nothing is.
fn subscribe(wanted: Vec<Wanted>, view: View) -> SocketRequest {
    if wanted.is_empty() {
        return SocketRequest::NotUnderstood;
    }
    SocketRequest::Subscribe(Subscribe { topics: wanted, view })
}

fn wanted(topics: Vec<Topic>, past: Past) -> Vec<Wanted> {
    topics.into_iter().map(|topic| Wanted { topic, past }).collect()
}

fn unsubscribe(topics: Vec<Topic>, view: View) -> SocketRequest {
    if topics.is_empty() {
        return SocketRequest::NotUnderstood;
    }
    SocketRequest::Unsubscribe(Unsubscribe { topics: Some(topics), view })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Decoded {
        decode(text, 4_096)
    }

    fn understood(text: &str) -> SocketRequest {
        let Decoded { request, faults } = decoded(text);
        assert_eq!(faults, [], "{text}");
        request
    }

    fn fault(text: &str) -> SocketFault {
        let Decoded { request, faults } = decoded(text);
        assert_eq!((request, faults.len()), (SocketRequest::NotUnderstood, 1), "{text}");
        faults[0].clone()
    }

    #[test]
    fn a_ping_keeps_its_id_as_it_was_written() {
        let ping = |id: Option<&str>| SocketRequest::Ping { id: id.map(str::to_owned) };
        assert_eq!(understood(r#"{"type":"ping"}"#), ping(None));
        assert_eq!(understood(r#"{"id":7.10,"type":"ping"}"#), ping(Some("7.10")));
        assert_eq!(understood(r#"{"type":"ping","id":{"a":[1]}}"#), ping(Some(r#"{"a":[1]}"#)));
        assert_eq!(understood(r#"{"type":"ping","id":null}"#), ping(None));
        assert_eq!(understood(r#"{"action":"ping","id":7}"#), ping(Some("7")));
    }

    #[test]
    fn an_access_token_proves_who_somebody_is() {
        let token = "a.b.c".to_owned();
        assert_eq!(
            understood(r#"{"type":"authenticate","token":"a.b.c"}"#),
            SocketRequest::Authenticate { token }
        );
        for none in [
            r#"{"type":"authenticate"}"#,
            r#"{"type":"authenticate","token":""}"#,
            r#"{"type":"authenticate","token":7}"#,
            r#"{"type":"authenticate","accessToken":"a.b.c"}"#,
        ] {
            assert_eq!(fault(none), SocketFault::AccessToken, "{none}");
        }
    }

    #[test]
    fn a_frame_that_is_nothing_is_told_what_one_is() {
        for (text, expected) in [
            ("hello", SocketFault::NotJson),
            ("", SocketFault::NotJson),
            (r#"{"type":"ping""#, SocketFault::NotJson),
            ("[1]", SocketFault::Shape),
            (r#"["ping"]"#, SocketFault::Shape),
            ("{}", SocketFault::Shape),
            (r#"{"type":7}"#, SocketFault::Shape),
            (r#"{"action":null}"#, SocketFault::Shape),
            (r#"{"type":"pong"}"#, SocketFault::UnknownType),
            (r#"{"type":"Subscribe","topics":["A"]}"#, SocketFault::UnknownType),
            (r#"{"type":"subscribePrice","token":"A"}"#, SocketFault::UnknownType),
            (r#"{"action":"subscribe","token":"A"}"#, SocketFault::UnknownAction),
            (r#"{"type":"subscribe","action":"subscribePrice","token":"A"}"#, SocketFault::TypeAndAction),
            (r#"{"type":"subscribe","topic":"A"}"#, SocketFault::NeitherTopicsNorChannel),
            (r#"{"type":"unsubscribe"}"#, SocketFault::NeitherTopicsNorChannel),
            (r#"{"type":"subscribe","topics":["A"],"channel":"prices"}"#, SocketFault::TopicsAndChannel),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_read_and_what_is_binary_not_understood() {
        let oversized = Decoded { request: SocketRequest::Oversized, faults: Vec::new() };
        assert_eq!(decode(&" ".repeat(4_097), 4_096), oversized);
        assert_eq!(decode_binary(4_097, 4_096), oversized);
        let binary = decode_binary(4_096, 4_096);
        assert_eq!(
            (binary.request, binary.faults),
            (SocketRequest::NotUnderstood, vec![SocketFault::Binary])
        );
    }

    #[test]
    fn a_small_frame_has_no_large_answer() {
        let ones = vec!["1"; 1_000].join(",");
        let Decoded { request, faults } = decoded(&format!(r#"{{"type":"subscribe","topics":[{ones}]}}"#));
        assert_eq!((request, faults.len()), (SocketRequest::NotUnderstood, MAX_FAULTS + 1));
        assert_eq!(faults.last(), Some(&SocketFault::More { count: 900 }));
        let long = format!(r#"{{"type":"subscribe","topics":["{}"]}}"#, "é".repeat(1_000));
        assert_eq!(fault(&long).topic(), Some("é".repeat(128).as_str()));
    }
}
