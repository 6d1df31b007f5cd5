//! What of a relay outlives memory: a note with each socket, which lives exactly as long as the socket does. It must not
//! know how a note is written.

use crate::core::access::Identity;
use crate::core::client_frame::FrameBudget;
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::publication::Seq;
use crate::core::topic::Topic;
use crate::core::view::Views;

/// What is kept with a socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredSocket {
    /// Its `connectionId`.
    pub connection: String,
    /// What it has left to send.
    pub budget: FrameBudget,
    /// Who its subscriber is.
    pub identity: Option<Identity>,
    /// Whether it is for one topic alone.
    pub is_for_one: bool,
    /// What it has.
    pub topics: Vec<StoredTopic>,
}

/// A topic that a socket has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTopic {
    /// Which.
    pub topic: Topic,
    /// In which shapes.
    pub views: Views,
    /// The place after which this socket gets everything.
    pub after: Seq,
    /// How far the relay has brought the topic to all its sockets: noted with one of them.
    pub position: Option<Position>,
}

/// How far a relay has followed a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The epoch of the order.
    pub epoch: Epoch,
    /// The last place that it has brought to all.
    pub seq: Seq,
}

impl Position {
    /// Whether somebody's place is after this one: further in the same order, or in one that began later.
    pub(super) fn is_before(self, resume: Resume, retention_millis: u64) -> bool {
        if self.epoch.continues(resume.epoch, retention_millis) {
            return resume.since > self.seq;
        }
        resume.epoch.is_later_than(self.epoch)
    }
}
