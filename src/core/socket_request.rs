//! What the subscriber of a socket with many topics asks for, in whichever dialect it asked. It must not know how a
//! dialect is written, nor whether what is asked for can be had.

use super::event::Resume;
use super::topic::Topic;
use super::view::View;

/// One frame of such a subscriber, as `wire` understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketRequest {
    /// A ping, to be answered with the time.
    Ping {
        /// The JSON text of its `id`, to be echoed with the digits that came.
        id: Option<String>,
    },
    /// It wants topics: at least one.
    Subscribe(Subscribe),
    /// It wants them no longer.
    Unsubscribe(Unsubscribe),
    /// It says who it is.
    Authenticate {
        /// The access token that proves it.
        token: String,
    },
    /// A frame larger than is taken.
    Oversized,
    /// A frame that says nothing that is understood. Why is the dialect's own affair.
    NotUnderstood,
}

/// Topics that are wanted in one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// Which, each once: at least one.
    pub topics: Vec<Wanted>,
    /// In which shape.
    pub view: View,
}

/// A topic that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub topic: Topic,
    /// What of its past is wanted.
    pub past: Past,
}

/// What of a topic's past a subscriber wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// The last publication, so that a screen has something to show.
    Latest,
    /// Nothing.
    Nothing,
    /// What is held of the recent past.
    Recent,
    /// What came after the place where it left off.
    Since(Resume),
}

impl Past {
    /// Whether it is said what of the past is wanted: then that is given also to somebody who has the topic already.
    #[must_use]
    pub fn is_named(self) -> bool {
        matches!(self, Self::Recent | Self::Since(_))
    }
}

/// Topics that are wanted no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Which; `None` for all that it has in this shape.
    pub topics: Option<Vec<Topic>>,
    /// In which shape.
    pub view: View,
}
