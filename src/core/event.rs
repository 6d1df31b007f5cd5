//! What happens to a room, and what its surroundings are to do about it: the language between `Room::step` and
//! whatever runs it. It must not decide which event leads to which effect.

use std::num::NonZeroU32;

use super::address::Address;
use super::charting::{Charting, Learned, RuleChange};
use super::client_frame::{ClientFrame, FrameBudget};
pub use super::closing::Closing;
use super::epoch::Epoch;
use super::feed::Feed;
use super::history::StoredBatch;
use super::idempotency::IdempotencyKey;
use super::market::alert::Alert;
use super::market::minute::Group;
use super::market::rule::Firing;
use super::market::rules::Scale;
use super::outbox::{Post, PostId};
use super::publication::{Publication, Seq};
use super::relay::event::{Lease, Question, Told};
use super::relay::name::RelayName;
use super::time::UnixMillis;

/// Something that happened to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A publisher's request arrived.
    Post(Post),
    /// The pump is ready for the next batch.
    Drain,
    /// A batch is durable and was handed to all sockets here: the next one may be sent.
    Sent {
        /// Which.
        batch: BatchId,
        /// How many took it.
        connections: u32,
    },
    /// What the market had to be written down up to this group was.
    Charted {
        /// The last group that was.
        through: Group,
    },
    /// It was not: to be tried again.
    Uncharted,
    /// What was asked for by [`Effect::Learn`]; `None` where it could not be read, and is to be tried again.
    Learned(Option<Learned>),
    /// Users have changed what they want to be told of.
    Rules(RuleChange),
    /// Users' own alerts were published, or nobody wants them any more.
    Told {
        /// Their keys.
        keys: Vec<IdempotencyKey>,
    },
    /// Alerts were not published: to be tried again.
    Untold,
    /// A batch was handed to everybody, also at the relays, or they were waited for long enough.
    Handed {
        /// Which.
        batch: BatchId,
        /// How many took it.
        connections: u32,
    },
    /// A relay wants to be pushed what is published, and asks for something of the past.
    Ask(Question),
    /// A relay has nobody any more who wants this topic.
    Unwanted {
        /// Which.
        relay: RelayName,
        /// The stay on the list that ended.
        lease: Lease,
    },
    /// Somebody wants to subscribe.
    Connect {
        /// Sockets that are open now.
        open: u32,
        /// Of these, the ones from the same address; 0 when it is not known.
        open_from_address: u32,
        /// That address.
        address: Option<Address>,
        /// From where on, where the subscriber was here before.
        resume: Option<Resume>,
    },
    /// A subscriber left.
    Leave,
    /// A subscriber sent a frame.
    ClientFrame {
        /// What it says.
        frame: ClientFrame,
        /// The subscriber's budget as it was last remembered.
        budget: FrameBudget,
    },
    /// The time came to which the room was to be kept.
    Expire {
        /// Sockets that are open now.
        open: u32,
    },
}

/// One batch on its way to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub u64);

/// Where a returning subscriber left off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The last place that it has.
    pub since: Seq,
    /// The epoch of that place.
    pub epoch: Epoch,
}

/// Something that a room's surroundings are to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The outbox is full: tell the publisher to come back.
    Busy(PostId),
    /// Delete everything that is stored.
    Forget,
    /// Store how the order began.
    Found(Founding),
    /// Store until when the room is kept, and wake it then.
    Keep {
        /// Until when.
        until: UnixMillis,
    },
    /// Wake the room then, whatever else it is to be woken for later.
    Wake {
        /// When.
        at: UnixMillis,
    },
    /// Write the market's closed minutes down.
    Chart(Charting),
    /// Read what others have written down of the token, and the nearest of the users' own alerts of these scales.
    Learn(Vec<Scale>),
    /// Publish the market's alerts, and say so.
    Warn {
        /// To the topic itself.
        alerts: Vec<Alert>,
        /// To the users whose own they are.
        firings: Vec<Firing>,
    },
    /// Store a batch. Nobody may see a publication that is not stored, or the order could fork after a wake.
    Store(Box<StoredBatch>),
    /// Send a batch to every socket that is open now, and say when it was handed to all of them.
    Broadcast {
        /// Which batch.
        batch: BatchId,
        /// The epoch of the order.
        epoch: Epoch,
        /// The place of the first.
        first: Seq,
        /// What to send, one place after another.
        publications: Vec<Publication>,
        /// What of it goes to feeds besides.
        forwards: Vec<Forward>,
    },
    /// Send publications to feeds that are there already, as far as anybody knows: nobody waits for them.
    Forward {
        /// The epoch of the order.
        epoch: Epoch,
        /// What to send.
        forwards: Vec<Forward>,
    },
    /// Put a relay on the list of those that are pushed to, or note its new stay there.
    Enlist {
        /// Which.
        relay: RelayName,
        /// Its stay.
        lease: Lease,
    },
    /// Take a relay off the list.
    Dismiss {
        /// Which.
        relay: RelayName,
    },
    /// Ask the relays how they stand.
    Probe,
    /// Answer a relay.
    Tell(Told),
    /// Answer a publisher's request.
    Answer {
        /// Which.
        post: PostId,
        /// Sockets that its publications were handed to.
        connections: u32,
        /// What became of each, in the order posted.
        outcomes: Vec<Outcome>,
    },
    /// Accept the socket and greet it.
    Accept {
        /// The epoch of the order.
        epoch: Epoch,
        /// The place of the last publication before it came.
        seq: Seq,
    },
    /// Tell that socket what it missed and can't be given.
    Gap {
        /// The first place missed; `None` when its own order is over, and nobody knows how far that went.
        from: Option<Seq>,
        /// The last one.
        to: Seq,
    },
    /// Send that socket the last publication once more.
    Snapshot {
        /// The publication.
        publication: Publication,
        /// Its place.
        seq: Seq,
    },
    /// Send that socket what it missed.
    Replay {
        /// The place of the first.
        first: Seq,
        /// What to send, one place after another.
        publications: Vec<Publication>,
    },
    /// Turn the socket away.
    Refuse(Refusal),
    /// Keep this budget with the socket that sent the frame.
    Remember(FrameBudget),
    /// Send an answer to that socket.
    Reply(Reply),
    /// Close that socket.
    Close(Closing),
}

/// A publication that goes to a feed besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Which feed.
    pub feed: Feed,
    /// The publication.
    pub publication: Publication,
    /// Its place in its own topic.
    pub seq: Seq,
}

/// How an order began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Founding {
    /// When it began: the epoch's name.
    pub began: UnixMillis,
    /// The place before its first stored publication.
    pub base: Seq,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its place, or that of the publication which it repeats.
    pub seq: Seq,
    /// Whether it repeats one, and was therefore not sent.
    pub duplicate: bool,
}

/// Why a socket is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The room takes in no more: it holds as many as it may, or has been busy for long. A relay has a place.
    Full,
    /// Its address holds as many as it may.
    TooManyFromAddress,
    /// Its address was given as much of the past as it may be in a minute.
    TooMuchGiven,
    /// Nobody has published to the topic yet.
    Unborn,
    /// It claims to have a place of this order that was not given yet.
    FromTheFuture,
}

/// An answer to one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To a ping.
    Pong {
        /// The JSON text of the ping's `id`.
        id: Option<String>,
    },
    /// To a frame that was not understood.
    NotUnderstood,
    /// The one warning before a subscriber that sends too much is closed.
    SlowDown {
        /// How many frames a minute are taken.
        per_minute: NonZeroU32,
    },
}
