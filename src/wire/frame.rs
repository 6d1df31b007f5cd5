//! The native dialect of a subscriber's socket: the frames of the service, and what the client's frames say. It must
//! not know a socket.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::problem::ErrorCode;
use super::shared_frame::shared_frames;
use super::{ObjectError, from_object};
use crate::core::client_frame::ClientFrame;
use crate::core::epoch::Epoch;
use crate::core::publication::{Publication, Seq};
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

/// The ping that the runtime answers by itself, without waking a room: what `JSON.stringify({type:"ping"})` gives.
pub const PING: &str = r#"{"type":"ping"}"#;

/// The runtime's answer to [`PING`].
pub const PONG: &str = r#"{"type":"pong"}"#;

/// A publication as subscribers get it: the payload as it was posted, and the service's fields after it.
#[must_use]
pub fn publication(publication: &Publication, seq: Seq) -> String {
    let mut frame = String::with_capacity(publication.as_json().len() + SERVICE_FIELDS);
    push_publication(&mut frame, publication, seq);
    frame
}

/// Several publications in one frame, or in as few as hold them, each at its own place, for subscribers that asked for it.
#[must_use]
pub fn batch_updates<'a>(
    topic: &Topic,
    updates: impl IntoIterator<Item = (Seq, &'a Publication)>,
) -> Vec<String> {
    let head = format!(r#"{{"type":"BATCH_UPDATE","token":"{topic}","updates":["#);
    shared_frames(&head, updates, "]}", |frame, (seq, publication)| push_publication(frame, publication, seq))
}

/// The last publication once more, for a newcomer.
#[must_use]
pub fn snapshot(publication: &Publication, seq: Seq) -> String {
    format!("{},\"seq\":{},\"snapshot\":true}}", open_object(publication), seq.get())
}

/// What a returning subscriber missed and can't be given. Without `from`, its own order is over.
#[must_use]
pub fn gap(topic: &Topic, from: Option<Seq>, to: Seq) -> String {
    #[derive(Serialize)]
    struct Gap<'a> {
        r#type: &'static str,
        token: &'a str,
        from: Option<u64>,
        to: u64,
    }
    super::to_json(&Gap { r#type: "gap", token: topic.as_str(), from: from.map(Seq::get), to: to.get() })
}

/// How far a subscriber has a feed, where the last publications come to it by their own topics.
#[must_use]
pub fn position(topic: &Topic, seq: Seq) -> String {
    #[derive(Serialize)]
    struct Position<'a> {
        r#type: &'static str,
        token: &'a str,
        seq: u64,
    }
    super::to_json(&Position { r#type: "position", token: topic.as_str(), seq: seq.get() })
}

/// Room for what the service adds to a payload, in bytes.
const SERVICE_FIELDS: usize = 48;

fn push_publication(frame: &mut String, publication: &Publication, seq: Seq) {
    frame.push_str(open_object(publication));
    frame.push_str(",\"seq\":");
    frame.push_str(&seq.get().to_string());
    frame.push('}');
}

/// A publication without its closing brace. It always has its `token`, so a comma is right after it.
fn open_object(publication: &Publication) -> &str {
    let object = publication.as_json();
    object.strip_suffix('}').unwrap_or(object)
}

/// The first frame on every socket.
#[must_use]
pub fn connected(connection: &str, topic: &Topic, epoch: Epoch, seq: Seq, now: UnixMillis) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Connected<'a> {
        r#type: &'static str,
        connection_id: &'a str,
        token: &'a str,
        epoch: String,
        seq: u64,
        timestamp: u64,
    }
    super::to_json(&Connected {
        r#type: "connected",
        connection_id: connection,
        token: topic.as_str(),
        epoch: epoch.to_string(),
        seq: seq.get(),
        timestamp: now.seconds(),
    })
}

/// The answer to a ping.
#[must_use]
pub fn pong(id: Option<&str>, now: UnixMillis) -> String {
    let id = id.map(|id| format!("\"id\":{id},")).unwrap_or_default();
    format!("{{\"type\":\"pong\",{id}\"timestamp\":{}}}", now.seconds())
}

/// The answer to a frame that was not understood.
#[must_use]
pub fn fault(fault: FrameFault) -> String {
    let code = match fault {
        FrameFault::NotJson => ErrorCode::InvalidJson,
        FrameFault::Binary | FrameFault::NoType | FrameFault::UnknownType => ErrorCode::InvalidPayload,
    };
    error(code, &fault.to_string())
}

/// The warning before a subscriber that sends too much is closed.
#[must_use]
pub fn slow_down(per_minute: NonZeroU32) -> String {
    let message = format!("more than {per_minute} frames in a minute: the next one closes the connection");
    error(ErrorCode::RateLimited, &message)
}

fn error(code: ErrorCode, message: &str) -> String {
    #[derive(Serialize)]
    struct Error<'a> {
        r#type: &'static str,
        code: ErrorCode,
        message: &'a str,
    }
    super::to_json(&Error { r#type: "error", code, message })
}

/// Why a frame of this dialect was not understood. The text is what the subscriber is told.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FrameFault {
    /// A binary frame.
    #[error("binary frames are not accepted: send JSON as text")]
    Binary,
    /// Not JSON.
    #[error("the frame is not JSON")]
    NotJson,
    /// JSON, but no object with a string `type`.
    #[error("a frame is a JSON object with a string `type`, such as {PING}")]
    NoType,
    /// A `type` that this socket does not take.
    #[error("this socket takes frames of type `ping` only")]
    UnknownType,
}

/// What a subscriber's text frame of at most `limit` bytes says.
///
/// # Errors
/// The fault of a frame that says nothing.
pub fn client_frame(text: &str, limit: usize) -> Result<ClientFrame, FrameFault> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        r#type: String,
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
    }
    if text.len() > limit {
        return Ok(ClientFrame::Oversized);
    }
    let Fields { r#type, id } = from_object(text).map_err(|error| match error {
        ObjectError::NotJson { .. } => FrameFault::NotJson,
        ObjectError::Shape => FrameFault::NoType,
    })?;
    match r#type.as_str() {
        "ping" => Ok(ClientFrame::Ping { id: id.map(|id| id.get().to_owned()) }),
        _ => Err(FrameFault::UnknownType),
    }
}

/// What a subscriber's binary frame of `bytes` says: nothing, but a large one is closed all the same.
///
/// # Errors
/// [`FrameFault::Binary`].
pub fn binary_client_frame(bytes: usize, limit: usize) -> Result<ClientFrame, FrameFault> {
    if bytes > limit { Ok(ClientFrame::Oversized) } else { Err(FrameFault::Binary) }
}

#[cfg(test)]
mod tests {
    use super::super::payload;
    use super::*;
    use crate::core::publication::in_places;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_999);

    #[test]
    fn a_publication_is_the_payload_and_then_the_services_fields() {
        let topic = Topic::parse("T").unwrap();
        let body = br#"{"type":"PRICE_UPDATE","price":123.45,"timestamp":1234567890}"#;
        let posted = payload::publication(&topic, body).unwrap().publication;
        assert_eq!(
            publication(&posted, Seq::new(42)),
            r#"{"type":"PRICE_UPDATE","price":123.45,"timestamp":1234567890,"token":"T","seq":42}"#
        );
        assert_eq!(
            snapshot(&posted, Seq::new(42)),
            r#"{"type":"PRICE_UPDATE","price":123.45,"timestamp":1234567890,"token":"T","seq":42,"snapshot":true}"#
        );
    }

    #[test]
    fn several_publications_in_one_frame_are_each_as_they_would_be_alone() {
        let topic = Topic::parse("T").unwrap();
        let posted = |body: &[u8]| payload::publication(&topic, body).unwrap().publication;
        let publications = [posted(br#"{"p":1e-9}"#), posted(br#"{"token":"T"}"#)];
        assert_eq!(
            batch_updates(&topic, in_places(Seq::new(9), &publications)),
            [
                r#"{"type":"BATCH_UPDATE","token":"T","updates":[{"p":1e-9,"token":"T","seq":9},{"token":"T","seq":10}]}"#
            ]
        );
    }

    #[test]
    fn a_gap_names_what_is_missing_or_says_that_nobody_knows() {
        let topic = Topic::parse("T").unwrap();
        assert_eq!(
            gap(&topic, Some(Seq::new(42)), Seq::new(60)),
            r#"{"type":"gap","token":"T","from":42,"to":60}"#
        );
        assert_eq!(gap(&topic, None, Seq::new(60)), r#"{"type":"gap","token":"T","from":null,"to":60}"#);
    }

    #[test]
    fn a_position_is_the_feeds() {
        let topic = Topic::parse("feed:trades").unwrap();
        assert_eq!(position(&topic, Seq::new(14)), r#"{"type":"position","token":"feed:trades","seq":14}"#);
    }

    #[test]
    fn the_service_greets_and_answers_in_seconds() {
        let topic = Topic::parse("T").unwrap();
        assert_eq!(
            connected("c-1", &topic, Epoch::Began(UnixMillis(36)), Seq::new(41), NOW),
            r#"{"type":"connected","connectionId":"c-1","token":"T","epoch":"10","seq":41,"timestamp":1700000000}"#
        );
        assert_eq!(pong(Some("7"), NOW), r#"{"type":"pong","id":7,"timestamp":1700000000}"#);
        assert_eq!(pong(None, NOW), r#"{"type":"pong","timestamp":1700000000}"#);
    }

    #[test]
    fn every_answer_is_json_with_a_type() {
        let faults = [FrameFault::Binary, FrameFault::NotJson, FrameFault::NoType, FrameFault::UnknownType];
        let warning = slow_down(NonZeroU32::new(100).unwrap());
        for text in faults.map(fault).into_iter().chain([warning]) {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["type"], "error");
            assert!(value["code"].is_string() && value["message"].is_string(), "{text}");
        }
    }

    #[test]
    fn a_ping_keeps_its_id_as_it_was_written() {
        let ping = |id: Option<&str>| Ok(ClientFrame::Ping { id: id.map(str::to_owned) });
        assert_eq!(client_frame(r#"{"type":"ping","id":7.10}"#, 4_096), ping(Some("7.10")));
        assert_eq!(client_frame(r#"{"id":{"a":[1]},"type":"ping"}"#, 4_096), ping(Some(r#"{"a":[1]}"#)));
        assert_eq!(client_frame(r#"{ "type": "ping" }"#, 4_096), ping(None));
    }

    #[test]
    fn other_frames_are_told_apart() {
        assert_eq!(client_frame("hello", 4_096), Err(FrameFault::NotJson));
        assert_eq!(client_frame("", 4_096), Err(FrameFault::NotJson));
        assert_eq!(client_frame(r#"["ping",1,2]"#, 4_096), Err(FrameFault::NoType), "an array is JSON");
        assert_eq!(client_frame(r#"{"type":"ping""#, 4_096), Err(FrameFault::NotJson));
        assert_eq!(client_frame("[1]", 4_096), Err(FrameFault::NoType));
        assert_eq!(client_frame(r#"["ping",7]"#, 4_096), Err(FrameFault::NoType));
        assert_eq!(client_frame("{}", 4_096), Err(FrameFault::NoType));
        assert_eq!(client_frame(r#"{"type":7}"#, 4_096), Err(FrameFault::NoType));
        assert_eq!(client_frame(r#"{"type":"pong"}"#, 4_096), Err(FrameFault::UnknownType));
        assert_eq!(client_frame(&" ".repeat(4_097), 4_096), Ok(ClientFrame::Oversized));
        assert_eq!(binary_client_frame(10, 4_096), Err(FrameFault::Binary));
        assert_eq!(binary_client_frame(4_097, 4_096), Ok(ClientFrame::Oversized));
    }

    #[test]
    fn the_runtimes_ping_is_what_clients_send() {
        assert_eq!(client_frame(PING, 4_096), Ok(ClientFrame::Ping { id: None }));
        assert_eq!(PONG, r#"{"type":"pong"}"#);
    }
}
