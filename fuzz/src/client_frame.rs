//! What has to hold of a subscriber's frame: it is a ping, too large or a fault, and the answer is JSON. It must not know
//! a socket.

use glow_broadcast::core::client_frame::ClientFrame;
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::wire::frame::{self, FrameFault};
use serde_json::Value;

use super::json;

const MOST_BYTES: usize = 4_096;
const NOW: UnixMillis = UnixMillis(1_700_000_000_999);

/// The input is the frame: a text when it is UTF-8, a binary one when it is not.
pub fn client_frame(bytes: &[u8]) {
    a_binary_frame_says_nothing(bytes.len());
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if !text.is_empty() {
        assert_eq!(frame::client_frame(text, text.len() - 1), Ok(ClientFrame::Oversized));
    }
    let result = frame::client_frame(text, MOST_BYTES);
    if text.len() > MOST_BYTES {
        assert_eq!(result, Ok(ClientFrame::Oversized));
        return;
    }
    match &result {
        Ok(ClientFrame::Ping { id }) => is_echoed(text, id.as_deref()),
        Ok(other) => panic!("{other:?}"),
        Err(fault) => is_explained(*fault),
    }
    match (says(text), result) {
        // Of what is no JSON, the shape may be wrong before the end is.
        (Says::Ping, Ok(_))
        | (Says::NotJson, Err(FrameFault::NotJson | FrameFault::NoType))
        | (Says::NoType, Err(FrameFault::NoType))
        | (Says::UnknownType, Err(FrameFault::UnknownType)) => {}
        // Half of a surrogate pair is JSON by the letter, and no text.
        (Says::NoType, Err(FrameFault::NotJson)) => {
            assert!(serde_json::from_str::<Value>(text).is_err(), "it is JSON");
        }
        (expected, given) => panic!("{given:?}, expected {expected:?}"),
    }
}

#[derive(Debug)]
enum Says {
    NotJson,
    NoType,
    UnknownType,
    Ping,
}

fn says(text: &str) -> Says {
    if !json::is_json(text) {
        return Says::NotJson;
    }
    let fields = json::fields(text).unwrap_or_default();
    let names: Option<Vec<String>> = fields.iter().map(|(name, _)| json::string(name)).collect();
    let Some(names) = names else { return Says::NoType };
    let times = |wanted: &str| names.iter().filter(|name| *name == wanted).count();
    if times("type") != 1 || times("id") > 1 {
        return Says::NoType;
    }
    match json::string(value(&fields, "type").unwrap()).as_deref() {
        None => Says::NoType,
        Some("ping") => Says::Ping,
        Some(_) => Says::UnknownType,
    }
}

fn value<'a>(fields: &[(&str, &'a str)], wanted: &str) -> Option<&'a str> {
    let field = fields.iter().find(|(name, _)| json::string(name).as_deref() == Some(wanted));
    field.map(|(_, value)| *value)
}

/// The `id` of a ping comes back as it was written, in a pong that is JSON.
fn is_echoed(text: &str, id: Option<&str>) {
    let fields = json::fields(text).expect("a ping is an object");
    assert_eq!(id, value(&fields, "id").filter(|id| *id != "null"));
    let pong = frame::pong(id, NOW);
    let mut expected = vec![("\"type\"", "\"pong\"")];
    expected.extend(id.map(|id| ("\"id\"", id)));
    expected.push(("\"timestamp\"", "1700000000"));
    assert_eq!(json::fields(&pong).expect("a pong is an object"), expected);
    // Where an ordinary parser reads both, it reads the same.
    if let Ok(ping) = serde_json::from_str::<Value>(text) {
        let pong: Value = serde_json::from_str(&pong).expect("a pong is JSON");
        assert_eq!(ping["id"], pong["id"]);
        assert_eq!(ping["type"], "ping");
    }
}

fn is_explained(fault: FrameFault) {
    assert_ne!(fault, FrameFault::Binary);
    let answer = frame::fault(fault);
    let fields = json::fields(&answer).expect("a fault is an object");
    assert_eq!(value(&fields, "type"), Some("\"error\""));
    assert!(value(&fields, "message").and_then(json::string).is_some_and(|message| !message.is_empty()));
}

fn a_binary_frame_says_nothing(bytes: usize) {
    let expected = if bytes > MOST_BYTES { Ok(ClientFrame::Oversized) } else { Err(FrameFault::Binary) };
    assert_eq!(frame::binary_client_frame(bytes, MOST_BYTES), expected);
}
