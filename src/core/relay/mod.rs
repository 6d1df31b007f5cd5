//! The decisions of a relay, which holds sockets for many topics: whom it lets in, what each of them gets of which
//! topic, when a room has to be asked. It must not know a socket, a clock, a frame's text or how a room is reached:
//! [`Relay::step`] is handed facts and returns what is to be done, in order.
//!
//! A relay is on the list of each room that its sockets want, and the room pushes it every publication once. It follows
//! a topic by `seq`: a push that it has had changes nothing, and before one that leaves something out it asks the room
//! for what is missing. How far it is, it notes with one socket of each topic: that note lives exactly as long as
//! anybody needs it, and costs no row.

mod admission;
mod budgets;
mod delivery;
pub mod effect;
pub mod event;
mod held;
mod identity;
mod leaving;
pub mod name;
mod overlap;
mod pace;
mod past;
mod question;
mod rows;
pub mod stored;
mod topic;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use self::effect::{Effect, TurnedAway, Word};
use self::event::{AskId, Event, Lease, Opening, SocketId};
use self::held::Held;
use self::pace::Asking;
use self::question::Question;
use self::stored::StoredSocket;
use self::topic::Followed;
use self::wish::Awaited;
use super::access::Identity;
use super::address::Address;
use super::answer_budget::AnswersByAddress;
use super::client_frame::{BudgetVerdict, FrameBudget};
use super::event::Closing;
use super::publication::Seq;
use super::socket_request::SocketRequest;
use super::time::UnixMillis;
use super::topic::Topic;
use super::view::{View, Views};

/// What an operator allows a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayLimits {
    /// Sockets held at once.
    pub capacity: u32,
    /// Sockets held at once for one address; `None` for no limit.
    pub connections_per_address: Option<NonZeroU32>,
    /// The largest frame taken from a subscriber, in bytes.
    pub client_frame_bytes: usize,
    /// Frames taken from one subscriber in a minute.
    pub client_frames_per_minute: NonZeroU32,
    /// Topics of one socket.
    pub topics_per_socket: usize,
    /// Whether topics have a past.
    pub keeps_history: bool,
    /// The largest publication, in bytes.
    pub message_bytes: u64,
    /// The most that a room holds of its past, in bytes.
    pub history_bytes: u64,
    /// How long a room is kept that nobody uses, in milliseconds.
    pub retention_millis: u64,
}

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Socket {
    connection: String,
    budget: FrameBudget,
    address: Option<Address>,
    identity: Option<Identity>,
    is_for_one: bool,
    topics: BTreeMap<Topic, Subscription>,
    /// Shapes of its topics that it gets from another place on than the others.
    apart: Vec<Apart>,
    /// What it has asked for and does not have yet.
    awaited: Vec<Awaited>,
    /// Questions on its account, asked or not.
    asking: Asking,
}

/// A topic that a socket has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subscription {
    views: Views,
    /// The place after which it gets everything.
    after: Seq,
}

/// A shape of a topic that a socket has had for a longer or a shorter time than the others.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Apart {
    topic: Topic,
    view: View,
    /// The place after which it gets everything in this shape.
    after: Seq,
}

/// One relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    limits: RelayLimits,
    sockets: BTreeMap<SocketId, Socket>,
    topics: BTreeMap<Topic, Followed>,
    questions: BTreeMap<AskId, Question>,
    questions_asked: u64,
    applications: u64,
    last_lease: u64,
    /// Topics whose position is not noted yet.
    unnoted: BTreeSet<Topic>,
    /// Topics without a publication that nobody wants any more, whose rooms do not know that yet.
    let_go: Vec<(Topic, Lease)>,
    /// What subscriptions take of the memory.
    held: Held,
    /// What addresses were given of the past.
    answers: AnswersByAddress,
    /// Until when nobody's proof of who it is ends, and no row is looked at.
    wakes_at: Option<UnixMillis>,
}

impl Relay {
    /// The relay as it is after a wake, with the sockets that outlived it.
    #[must_use]
    pub fn wake(limits: RelayLimits, sockets: Vec<(SocketId, StoredSocket)>) -> Self {
        let mut relay = Self {
            limits,
            sockets: BTreeMap::new(),
            topics: BTreeMap::new(),
            questions: BTreeMap::new(),
            questions_asked: 0,
            applications: 0,
            last_lease: 0,
            unnoted: BTreeSet::new(),
            let_go: vec![],
            held: Held::default(),
            answers: AnswersByAddress::default(),
            wakes_at: None,
        };
        for (id, stored) in sockets {
            relay.restore(id, stored);
        }
        relay.wakes_at = relay.first_expiry();
        relay
    }

    /// Whether a socket is for one topic alone. Its subscriber's frames are read as in a room.
    #[must_use]
    pub fn is_for_one(&self, id: SocketId) -> bool {
        self.sockets.get(&id).is_some_and(|socket| socket.is_for_one)
    }

    /// Whether something is under way of which sockets would have to be told if it failed.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Decides what `event`, at `now`, leads to. The effects are to be run in order.
    pub fn step(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        let mut effects = self.decide(event, now);
        let let_go = self.let_go.drain(..).map(|(topic, lease)| Effect::LetGo { topic, lease });
        effects.extend(let_go);
        effects
    }

    fn decide(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        match event {
            Event::Open(opening) => self.open(opening),
            Event::OpenTopic { opening, topic, view, resume } => {
                self.open_topic(opening, topic, view, resume, now)
            }
            Event::Request { socket, request } => self.hear(socket, request, now),
            Event::Verified { socket, identity } => self.verified(socket, identity, now),
            Event::Answered { ask, answer } => self.answered(ask, answer, now),
            Event::Push(push) => self.push(push, now),
            Event::Leave { socket } => self.leave(socket, now),
            Event::Tick { rows } => self.ring(&rows, now),
            Event::RowStored => self.wake_for_rows(now).into_iter().collect(),
            Event::Settle => self.settle(),
        }
    }

    fn open(&mut self, opening: Opening) -> Vec<Effect> {
        let id = opening.socket;
        match self.take_in(opening, false) {
            Ok(()) => vec![Effect::Welcome(id), Effect::Remember(id)],
            Err(turned_away) => vec![turned_away],
        }
    }

    /// Counts a socket in, unless there is no place for it.
    fn take_in(&mut self, opening: Opening, is_for_one: bool) -> Result<(), Effect> {
        let Opening { socket, connection, open_from_address, address, identity } = opening;
        let open = u32::try_from(self.sockets.len()).unwrap_or(u32::MAX);
        if open >= self.limits.capacity || self.has_no_memory() {
            return Err(Effect::TurnAway { socket, why: TurnedAway::Full });
        }
        if self.limits.connections_per_address.is_some_and(|limit| open_from_address >= limit.get()) {
            return Err(Effect::TurnAway { socket, why: TurnedAway::TooManyFromAddress });
        }
        let taken_in = Socket {
            connection,
            budget: FrameBudget::default(),
            address,
            identity,
            is_for_one,
            topics: BTreeMap::new(),
            apart: vec![],
            awaited: vec![],
            asking: Asking::default(),
        };
        self.sockets.insert(socket, taken_in);
        Ok(())
    }

    fn hear(&mut self, id: SocketId, request: SocketRequest, now: UnixMillis) -> Vec<Effect> {
        let per_minute = self.limits.client_frames_per_minute;
        let Some(socket) = self.sockets.get_mut(&id) else {
            return vec![];
        };
        let (budget, verdict) = socket.budget.spend(now, per_minute);
        socket.budget = budget;
        let mut effects = match (verdict, request) {
            (_, SocketRequest::Oversized) => {
                let closing = Closing::FrameTooBig { limit: self.limits.client_frame_bytes };
                vec![Effect::Disconnect { socket: id, closing }]
            }
            (BudgetVerdict::Close, _) => {
                vec![Effect::Disconnect { socket: id, closing: Closing::TooManyFrames }]
            }
            (BudgetVerdict::Warn, _) => vec![tell(id, Word::SlowDown { per_minute })],
            (BudgetVerdict::Serve, request) => self.serve(id, request, now),
        };
        effects.push(Effect::Remember(id));
        effects
    }

    fn serve(&mut self, id: SocketId, request: SocketRequest, now: UnixMillis) -> Vec<Effect> {
        match request {
            SocketRequest::Ping { id: ping } => vec![tell(id, Word::Pong { id: ping })],
            SocketRequest::Subscribe(subscribe) => self.subscribe(id, subscribe, now),
            SocketRequest::Unsubscribe(unsubscribe) => self.unsubscribe(id, &unsubscribe),
            SocketRequest::Authenticate { token } => vec![Effect::Verify { socket: id, token }],
            SocketRequest::NotUnderstood | SocketRequest::Oversized => vec![tell(id, Word::NotUnderstood)],
        }
    }

    /// Gives a socket other shapes of a topic than it `had`.
    fn regroup(&mut self, id: SocketId, topic: &Topic, had: Views, views: Views) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.apart.retain(|one| one.topic != *topic || views.overlaps(one.view));
            self.held.change(socket.address, topic, had, views);
        }
        let Some(followed) = self.topics.get_mut(topic) else {
            return;
        };
        let keeper = followed.keeper;
        followed.regroup(id, had, views);
        if followed.keeper != keeper {
            self.unnoted.insert(topic.clone());
        }
        self.forget_unwanted(topic);
    }

    /// Notes how far each topic is that has moved on, with one of its sockets.
    fn settle(&mut self) -> Vec<Effect> {
        let moved = std::mem::take(&mut self.unnoted);
        let keepers = moved.iter().filter_map(|topic| self.topics.get(topic)?.keeper);
        let keepers: BTreeSet<SocketId> = keepers.collect();
        keepers.into_iter().map(Effect::Remember).collect()
    }
}

/// A word to one socket.
fn tell(socket: SocketId, word: Word) -> Effect {
    Effect::Tell { socket, word }
}

#[cfg(test)]
mod tests;
