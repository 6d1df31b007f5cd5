//! The native dialect of a subscriber's socket: the frames of the service, and what the client's frames say. It must
//! not know a socket.

use serde::Deserialize;
use serde::Serialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::problem::ErrorCode;
use crate::core::client_frame::{ClientFrame, FrameFault};
use crate::core::publication::{Publication, Seq};
use crate::core::room::Reply;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

/// The ping that the runtime answers by itself, without waking a room: what `JSON.stringify({type:"ping"})` gives.
pub const PING: &str = r#"{"type":"ping"}"#;

/// The runtime's answer to [`PING`].
pub const PONG: &str = r#"{"type":"pong"}"#;

/// A publication as subscribers get it: the payload as it was posted, and the service's fields after it.
#[must_use]
pub fn publication(publication: &Publication, seq: Seq) -> String {
    let object = publication.as_json();
    // A publication always has its `token`, so a comma is always right.
    let open = object.strip_suffix('}').unwrap_or(object);
    format!("{open},\"seq\":{}}}", seq.get())
}

/// The first frame on every socket.
#[must_use]
pub fn connected(connection: &str, topic: &Topic, seq: Seq, now: UnixMillis) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Connected<'a> {
        r#type: &'static str,
        connection_id: &'a str,
        token: &'a str,
        seq: u64,
        timestamp: u64,
    }
    super::to_json(&Connected {
        r#type: "connected",
        connection_id: connection,
        token: topic.as_str(),
        seq: seq.get(),
        timestamp: now.seconds(),
    })
}

/// An answer to one subscriber.
#[must_use]
pub fn reply(reply: &Reply, now: UnixMillis) -> String {
    match reply {
        Reply::Pong { id } => pong(id.as_deref(), now),
        Reply::Fault(fault) => error(fault_code(fault), &fault.to_string()),
        Reply::SlowDown { per_minute } => error(
            ErrorCode::RateLimited,
            &format!("more than {per_minute} frames in a minute: the next one closes the connection"),
        ),
    }
}

fn pong(id: Option<&str>, now: UnixMillis) -> String {
    let id = id.map(|id| format!("\"id\":{id},")).unwrap_or_default();
    format!("{{\"type\":\"pong\",{id}\"timestamp\":{}}}", now.seconds())
}

fn error(code: ErrorCode, message: &str) -> String {
    #[derive(Serialize)]
    struct Error<'a> {
        r#type: &'static str,
        code: ErrorCode,
        message: &'a str,
    }
    super::to_json(&Error {
        r#type: "error",
        code,
        message,
    })
}

fn fault_code(fault: &FrameFault) -> ErrorCode {
    match fault {
        FrameFault::NotJson => ErrorCode::InvalidJson,
        FrameFault::Binary | FrameFault::NoType | FrameFault::UnknownType => ErrorCode::InvalidPayload,
    }
}

/// What a subscriber's text frame of at most `limit` bytes says.
#[must_use]
pub fn client_frame(text: &str, limit: usize) -> ClientFrame {
    #[derive(Deserialize)]
    struct Fields<'a> {
        r#type: String,
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
    }
    if text.len() > limit {
        return ClientFrame::Oversized;
    }
    match serde_json::from_str::<Fields<'_>>(text) {
        Ok(fields) if fields.r#type == "ping" => ClientFrame::Ping {
            id: fields.id.map(|id| id.get().to_owned()),
        },
        Ok(_) => ClientFrame::Faulty(FrameFault::UnknownType),
        Err(error) if error.classify() == Category::Data => ClientFrame::Faulty(FrameFault::NoType),
        Err(_) => ClientFrame::Faulty(FrameFault::NotJson),
    }
}

/// What a subscriber's binary frame of `bytes` says: nothing, but a large one is closed all the same.
#[must_use]
pub fn binary_client_frame(bytes: usize, limit: usize) -> ClientFrame {
    if bytes > limit {
        ClientFrame::Oversized
    } else {
        ClientFrame::Faulty(FrameFault::Binary)
    }
}

#[cfg(test)]
mod tests {
    use super::super::payload;
    use super::*;
    use std::num::NonZeroU32;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_999);

    #[test]
    fn a_publication_is_the_payload_and_then_the_services_fields() {
        let topic = Topic::parse("T").unwrap();
        let body = br#"{"type":"PRICE_UPDATE","price":123.45,"timestamp":1234567890}"#;
        let posted = payload::publication(&topic, body).unwrap();
        assert_eq!(
            publication(&posted, Seq::new(42)),
            r#"{"type":"PRICE_UPDATE","price":123.45,"timestamp":1234567890,"token":"T","seq":42}"#
        );
    }

    #[test]
    fn the_service_greets_and_answers_in_seconds() {
        let topic = Topic::parse("T").unwrap();
        assert_eq!(
            connected("c-1", &topic, Seq::new(41), NOW),
            r#"{"type":"connected","connectionId":"c-1","token":"T","seq":41,"timestamp":1700000000}"#
        );
        let pong = |id: Option<&str>| {
            reply(
                &Reply::Pong {
                    id: id.map(str::to_owned),
                },
                NOW,
            )
        };
        assert_eq!(
            pong(Some("7")),
            r#"{"type":"pong","id":7,"timestamp":1700000000}"#
        );
        assert_eq!(pong(None), r#"{"type":"pong","timestamp":1700000000}"#);
    }

    #[test]
    fn every_answer_is_json_with_a_type() {
        let per_minute = NonZeroU32::new(100).unwrap();
        let faults = [
            FrameFault::Binary,
            FrameFault::NotJson,
            FrameFault::NoType,
            FrameFault::UnknownType,
        ];
        let replies = faults
            .map(Reply::Fault)
            .into_iter()
            .chain([Reply::SlowDown { per_minute }]);
        for text in replies.map(|one| reply(&one, NOW)) {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["type"], "error");
            assert!(
                value["code"].is_string() && value["message"].is_string(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_ping_keeps_its_id_as_it_was_written() {
        let ping = |id: Option<&str>| ClientFrame::Ping {
            id: id.map(str::to_owned),
        };
        assert_eq!(
            client_frame(r#"{"type":"ping","id":7.10}"#, 4_096),
            ping(Some("7.10"))
        );
        assert_eq!(
            client_frame(r#"{"id":{"a":[1]},"type":"ping"}"#, 4_096),
            ping(Some(r#"{"a":[1]}"#))
        );
        assert_eq!(client_frame(r#"{ "type": "ping" }"#, 4_096), ping(None));
    }

    #[test]
    fn other_frames_are_told_apart() {
        let fault = |fault| ClientFrame::Faulty(fault);
        assert_eq!(client_frame("hello", 4_096), fault(FrameFault::NotJson));
        assert_eq!(client_frame("", 4_096), fault(FrameFault::NotJson));
        assert_eq!(
            client_frame(r#"{"type":"ping""#, 4_096),
            fault(FrameFault::NotJson)
        );
        assert_eq!(client_frame("[1]", 4_096), fault(FrameFault::NoType));
        assert_eq!(client_frame("{}", 4_096), fault(FrameFault::NoType));
        assert_eq!(client_frame(r#"{"type":7}"#, 4_096), fault(FrameFault::NoType));
        assert_eq!(
            client_frame(r#"{"type":"pong"}"#, 4_096),
            fault(FrameFault::UnknownType)
        );
        assert_eq!(client_frame(&" ".repeat(4_097), 4_096), ClientFrame::Oversized);
        assert_eq!(binary_client_frame(10, 4_096), fault(FrameFault::Binary));
        assert_eq!(binary_client_frame(4_097, 4_096), ClientFrame::Oversized);
    }

    #[test]
    fn the_runtimes_ping_is_what_clients_send() {
        assert_eq!(client_frame(PING, 4_096), ClientFrame::Ping { id: None });
        assert_eq!(PONG, r#"{"type":"pong"}"#);
    }
}
