//! What happens to a relay: what `Relay::step` is handed. It must not decide what an event leads to.

use super::name::RelayName;
use crate::core::access::Identity;
use crate::core::address::Address;
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::publication::{Publication, Seq};
use crate::core::socket_request::{Past, SocketRequest};
use crate::core::topic::Topic;
use crate::core::view::{Kind, View};

/// One socket of a relay. A number is never given twice while the relay is in memory, so that an answer which comes late
/// can't reach somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// One question to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// One push of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PushId(pub u64);

/// One stay of a relay on a room's list. A room takes a relay off its list only for the stay that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(pub u64);

/// A publication, and what has to be known of it to show it to those who want it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The publication.
    pub publication: Publication,
    /// What it is about.
    pub kind: Kind,
    /// The topic it was published to and its place there, for one that is shown in a feed.
    pub origin: Option<(Topic, Seq)>,
}

/// Something that happened to a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants a socket for many topics.
    Open(Opening),
    /// Somebody wants a socket for one topic, which its room has no place for.
    OpenTopic {
        /// The socket.
        opening: Opening,
        /// The topic.
        topic: Topic,
        /// In which shape.
        view: View,
        /// From where on, where the subscriber was here before.
        resume: Option<Resume>,
    },
    /// A subscriber sent a frame.
    Request {
        /// Who.
        socket: SocketId,
        /// What it says.
        request: SocketRequest,
    },
    /// An access token was looked at.
    Verified {
        /// Who showed it.
        socket: SocketId,
        /// Whose it is; `None` when it is not valid.
        identity: Option<Identity>,
    },
    /// A room answered.
    Answered {
        /// Which question.
        ask: AskId,
        /// What it said.
        answer: Result<Answer, AskFailure>,
    },
    /// A room pushed publications, or none to hear how it stands.
    Push(Push),
    /// A socket is gone.
    Leave {
        /// Which.
        socket: SocketId,
    },
    /// The time came that was asked for with `Effect::Wake`.
    Tick {
        /// The connections of which a row is stored.
        rows: Vec<String>,
    },
    /// What is kept with a socket did not fit there, and the rest of it is a row now.
    RowStored,
    /// All effects so far were run: the relay may fall asleep after this.
    Settle,
}

/// A socket that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Its number.
    pub socket: SocketId,
    /// Its `connectionId`.
    pub connection: String,
    /// Sockets that are open from the same address; 0 when it is not known.
    pub open_from_address: u32,
    /// That address, where it is known.
    pub address: Option<Address>,
    /// Who its subscriber is, where that was proved.
    pub identity: Option<Identity>,
}

/// What a room pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Which push.
    pub id: PushId,
    /// The topic.
    pub topic: Topic,
    /// The epoch of its order.
    pub epoch: Epoch,
    /// The place of the first publication; where there is none, the next place to be given.
    pub first: Seq,
    /// The publications, one place after another.
    pub items: Vec<Item>,
}

impl Push {
    /// The last place that it reaches.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.first.after(self.items.len()).before(1)
    }
}

/// A room's answer: how it stands, and what was asked for of its past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The epoch of its order.
    pub epoch: Epoch,
    /// The place of the last publication.
    pub seq: Seq,
    /// What is missing and no longer held. Without a first place, the order that was asked for is over.
    pub gap: Option<(Option<Seq>, Seq)>,
    /// Publications one place after another, the last one at `seq`; none where nothing was asked for or held.
    pub items: Vec<Item>,
    /// Whether the publications are what came after the place that was asked for. Else they are for a first impression.
    pub is_continuation: bool,
}

impl Answer {
    /// The place of its first publication; the next place to be given, where it has none.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.seq.before(self.items.len()).next()
    }
}

/// Why a room gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskFailure {
    /// Nobody has published to it yet, and the address that asked has asked for as many such topics as it may.
    TooManyNew,
    /// The place that was asked for was not given yet.
    FromTheFuture,
    /// It could not be reached.
    Unreachable,
}

/// A relay's question to a room, which puts it on the room's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub relay: RelayName,
    /// Its stay on the room's list.
    pub lease: Lease,
    /// What it asks for of the past.
    pub past: Past,
    /// Whether it asks only in case somebody has published to the topic. A version that doesn't know of this puts it on the
    /// list in any case.
    pub only_born: bool,
}

/// What a relay is told: how the room stands, and what was asked for of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The epoch of the order.
    pub epoch: Epoch,
    /// The place of the last publication.
    pub seq: Seq,
    /// What is missing and no longer held. Without a first place, the order that was asked for is over.
    pub gap: Option<(Option<Seq>, Seq)>,
    /// Publications one place after another, up to the last.
    pub publications: Vec<Publication>,
    /// Whether they are what came after the place that was asked for.
    pub is_continuation: bool,
}
