//! What a room keeps with a socket while it sleeps: the socket's attachment, at most 16,384 bytes. Sockets outlive
//! deployments, so a later version has to read what an earlier one attached. It must not know a socket.

use serde::{Deserialize, Serialize};

use crate::core::client_frame::FrameBudget;
use crate::core::time::UnixMillis;

/// One socket's attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// The `connectionId` that its subscriber was given.
    pub connection: String,
    /// What it has left to send.
    pub budget: FrameBudget,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    connection: String,
    began: u64,
    frames: u32,
}

impl Attachment {
    /// The text to attach.
    #[must_use]
    pub fn encode(&self) -> String {
        let FrameBudget { began, frames, .. } = self.budget;
        super::to_json(&Stored { connection: self.connection.clone(), began: began.0, frames })
    }

    /// Reads what was attached. What can't be read counts as nothing: a socket is not lost for its attachment.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        let Stored { connection, began, frames } = serde_json::from_str(text).unwrap_or_default();
        Self { connection, budget: FrameBudget { began: UnixMillis(began), frames, given: 0 } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_unchanged() {
        let attachment = Attachment {
            connection: "c-1".to_owned(),
            budget: FrameBudget { began: UnixMillis(1_700_000_000_000), frames: 3, given: 0 },
        };
        let stored = r#"{"connection":"c-1","began":1700000000000,"frames":3}"#;
        assert_eq!(attachment.encode(), stored);
        assert_eq!(Attachment::decode(stored), attachment);
        assert_eq!(Attachment::decode("nonsense"), Attachment::default());
    }
}
