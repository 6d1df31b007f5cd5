//! What a relay's surroundings are to do: what `Relay::step` returns. It must not decide when something is done.

use std::num::NonZeroU32;
use std::rc::Rc;

use super::event::{AskId, Item, Lease, PushId, SocketId};
use crate::core::access::{Identity, Subject};
use crate::core::address::Address;
use crate::core::epoch::Epoch;
use crate::core::event::Closing;
use crate::core::publication::Seq;
use crate::core::socket_request::Past;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::core::view::{View, Views};

/// Something that a relay's surroundings are to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Accept the socket, and greet it as one for many topics.
    Welcome(SocketId),
    /// Accept the socket, and greet it as one for this topic.
    WelcomeTo {
        /// Which.
        socket: SocketId,
        /// Its topic.
        topic: Topic,
        /// The epoch of the order.
        epoch: Epoch,
        /// The place of the last publication before it came.
        seq: Seq,
    },
    /// Turn the socket away.
    TurnAway {
        /// Which.
        socket: SocketId,
        /// Why.
        why: TurnedAway,
    },
    /// Keep with the socket what `Relay::stored` gives for it.
    Remember(SocketId),
    /// Forget what was kept for the connection of a socket that is gone.
    Forget {
        /// Its `connectionId`.
        connection: String,
    },
    /// Delete everything that is stored: the relay holds nobody.
    Close,
    /// Ask a topic's room, which then has this relay on its list.
    Ask {
        /// The question's number.
        ask: AskId,
        /// The topic.
        topic: Topic,
        /// The stay on the list.
        lease: Lease,
        /// What is asked for of the past.
        past: Past,
        /// On whose account the topic's room comes to be, where nobody has published to it yet; `None` where that is not
        /// known, or the relay is on the list already.
        address: Option<Address>,
    },
    /// Tell the room of a topic that nobody has published to yet that nobody here wants it any more: it may be forgotten.
    LetGo {
        /// The topic.
        topic: Topic,
        /// The stay on the list that ends.
        lease: Lease,
    },
    /// Look at an access token.
    Verify {
        /// Who showed it.
        socket: SocketId,
        /// The token.
        token: String,
    },
    /// Have `Event::Tick` happen then.
    Wake {
        /// When.
        at: UnixMillis,
    },
    /// Send a frame to one socket.
    Tell {
        /// To which.
        socket: SocketId,
        /// What.
        word: Word,
    },
    /// Tell subscribers what they missed and can't be given.
    Gap {
        /// Whom.
        sockets: Vec<SocketId>,
        /// Of which topic.
        topic: Topic,
        /// The first place missed; `None` when its own order is over.
        from: Option<Seq>,
        /// The last one.
        to: Seq,
    },
    /// Send publications to subscribers.
    Deliver(Delivery),
    /// Tell subscribers of a feed how far they have it, where the last publications come to them by their own topics.
    Position {
        /// Whom.
        sockets: Vec<SocketId>,
        /// The feed.
        topic: Topic,
        /// The last place that need not come by it any more.
        seq: Seq,
    },
    /// Answer a push, once what it led to was sent.
    Answer {
        /// Which.
        push: PushId,
        /// How it went.
        pushed: Pushed,
    },
    /// Close a socket.
    Disconnect {
        /// Which.
        socket: SocketId,
        /// Why.
        closing: Closing,
    },
}

/// Publications on their way to subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Their topic.
    pub topic: Topic,
    /// The place of the first.
    pub first: Seq,
    /// The publications, one place after another.
    pub items: Rc<[Item]>,
    /// Who gets which of them.
    pub parcels: Vec<Parcel>,
    /// Whether it is the last publication once more, for a newcomer.
    pub is_snapshot: bool,
    /// The push that brought them.
    pub push: Option<PushId>,
}

/// The same publications in the same shapes, for some subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// In which shapes.
    pub views: Views,
    /// Which of the publications: their places in the list, ascending; `None` for all.
    pub selection: Option<Vec<usize>>,
    /// For whom.
    pub sockets: Vec<SocketId>,
}

/// How a push went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// What it brought was handed to those who want it, now or before.
    Handed {
        /// Subscribers that a push which came again was for. For any other, those count that take a frame.
        again: Option<u32>,
    },
    /// Nobody here wants the topic any more.
    Unwanted,
    /// What was missing before it could not be had: it may be pushed again.
    Failed,
}

/// Why a socket is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// The relay holds as many as it may: the next one has room.
    Full,
    /// Its address holds as many as it may.
    TooManyFromAddress,
    /// Its address has asked for as many topics that nobody has published to as it may.
    TooManyNew,
    /// It, or its address, was given as much of the past as it may be in a minute.
    TooMuchGiven,
    /// The place that it left off at was not given yet.
    FromTheFuture,
    /// The topic is private, and its subscriber may not read it.
    NotTheirs(Denial),
    /// The topic's room can't be reached.
    Unreachable,
}

/// What of somebody who may not read a private topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Nobody knows who it is.
    NotSignedIn,
    /// It is somebody else.
    SomebodyElse,
}

/// What a relay says to one socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It now has a topic.
    Subscribed {
        /// Which.
        topic: Topic,
        /// In which shape.
        view: View,
        /// The epoch of the order.
        epoch: Epoch,
        /// The place of the last publication before it came.
        seq: Seq,
    },
    /// It no longer has a topic.
    Unsubscribed {
        /// Which.
        topic: Topic,
        /// In which shape.
        view: View,
    },
    /// It gives up all that it has in a shape, and has nothing in it.
    HadNothing {
        /// In which shape.
        view: View,
    },
    /// It does not get a topic.
    Refused {
        /// Which.
        topic: Topic,
        /// Why.
        why: Refused,
    },
    /// It is known who it is.
    Authenticated(Identity),
    /// The token that it showed is not valid.
    NotAuthenticated,
    /// Its proof of who it is has ended, and with it these topics.
    Expired {
        /// Who it was.
        subject: Subject,
        /// What it no longer has.
        topics: Vec<Topic>,
    },
    /// The answer to a ping.
    Pong {
        /// The JSON text of the ping's `id`.
        id: Option<String>,
    },
    /// Its frame was not understood.
    NotUnderstood,
    /// The one warning before a subscriber that sends too much is closed.
    SlowDown {
        /// How many frames a minute are taken.
        per_minute: NonZeroU32,
    },
}

/// Why a subscriber does not get a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is private, and somebody else's.
    NotTheirs(Denial),
    /// The subscriber has as many as it may.
    TooMany {
        /// How many that are.
        limit: usize,
    },
    /// Its address has asked for as many topics that nobody has published to as it may.
    TooManyNew,
    /// It, or its address, was given as much of the past as it may be in a minute.
    TooMuchGiven,
    /// The topics of its address take as much of the relay's memory as they may.
    TooManyFromAddress,
    /// All topics together do.
    NoMemory,
    /// The place that it left off at was not given yet.
    FromTheFuture,
    /// The topic's room can't be reached.
    Unreachable,
}

impl From<Refused> for TurnedAway {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotTheirs(denial) => Self::NotTheirs(denial),
            Refused::TooMany { .. } | Refused::NoMemory => Self::Full,
            Refused::TooManyFromAddress => Self::TooManyFromAddress,
            Refused::TooManyNew => Self::TooManyNew,
            Refused::TooMuchGiven => Self::TooMuchGiven,
            Refused::FromTheFuture => Self::FromTheFuture,
            Refused::Unreachable => Self::Unreachable,
        }
    }
}
