//! What differs between the servers that are measured: the URL of a socket, the greeting, the heartbeats. It must not
//! know about bytes on the wire or about any measurement.

use std::str::FromStr;

use serde_json::json;

use crate::arguments::Target;
use crate::failure::Failure;

/// How a server speaks to its subscribers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// JSON frames; the first is `{"type":"connected",…}`.
    Native,
    /// Socket.IO 5 over Engine.IO 4, WebSocket only.
    SocketIo,
}

/// What a text frame means to the socket that got it.
pub enum Meaning<'a> {
    /// The greeting is complete: from now on publications arrive.
    Welcome(&'a [u8]),
    /// Something to answer at once.
    Answer(&'static [u8]),
    /// Something published, or said about publications.
    News(&'a [u8]),
    Nothing,
}

impl FromStr for Dialect {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        match name {
            "native" => Ok(Self::Native),
            "socketio" => Ok(Self::SocketIo),
            _ => Err(Failure::new(format!("no such dialect: {name}"))),
        }
    }
}

impl Dialect {
    /// The path and query of a socket for `topic`; `since` is `(seq, epoch)` of what it had before.
    pub fn socket_path(self, topic: &str, batch: bool, since: Option<(u64, &str)>) -> String {
        if self == Self::SocketIo {
            return format!("/socket.io/?EIO=4&transport=websocket&topic={topic}");
        }
        let mut query = Vec::new();
        if batch {
            query.push("batch=1".to_owned());
        }
        if let Some((seq, epoch)) = since {
            query.push(format!("since={seq}&epoch={epoch}"));
        }
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/ws/{topic}{mark}{}", query.join("&"))
    }

    /// The path of a socket for as many topics as are asked for on it.
    pub fn many_topics_path(self) -> &'static str {
        match self {
            Self::Native => "/ws",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// The frame that asks for topics on such a socket.
    pub fn subscribe_frame(self, topics: &[String], batch: bool) -> String {
        let topics = json!(topics);
        match (self, batch) {
            (Self::Native, false) => json!({ "type": "subscribe", "topics": topics }).to_string(),
            (Self::Native, true) => {
                json!({ "type": "subscribe", "topics": topics, "batch": true }).to_string()
            }
            // An event that is to be acknowledged with the number 0.
            (Self::SocketIo, _) => format!("420{}", json!(["subscribe", topics])),
        }
    }

    /// How many of a socket's `asked` topics a frame confirms.
    pub fn confirmed(self, text: &[u8], asked: usize) -> usize {
        match self {
            Self::Native => usize::from(text.starts_with(br#"{"type":"subscribed""#)),
            Self::SocketIo => usize::from(text.starts_with(b"430")) * asked,
        }
    }

    /// Understands a frame on a socket that is `greeted` or not yet.
    pub fn understand(self, text: &[u8], greeted: bool) -> Meaning<'_> {
        match (self, greeted) {
            (Self::Native, false) => Meaning::Welcome(text),
            (Self::Native, true) => Meaning::News(text),
            (Self::SocketIo, _) => match text {
                [b'0', ..] => Meaning::Answer(b"40"),
                [b'2', ..] => Meaning::Answer(b"3"),
                [b'4', b'0', ..] => Meaning::Welcome(text),
                [b'4', b'2' | b'3', ..] => Meaning::News(text),
                _ => Meaning::Nothing,
            },
        }
    }
}

impl Target {
    /// The path of a socket for this target's topic.
    pub fn path(&self) -> String {
        self.dialect.socket_path(&self.topic, self.batch, None)
    }
}
