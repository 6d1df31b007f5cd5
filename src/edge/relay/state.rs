//! What a relay's handlers share: its decisions, its sockets, its storage, who waits for an answer, and what is to be
//! sent. Memory is a cache: everything needed after a wake is in the sockets' attachments, and what does not fit there in
//! SQLite. It must not decide anything.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use futures::channel::oneshot;
use worker::{Env, State, WebSocket};

use super::numbered::NumberedSockets;
use super::pump;
use crate::auth::address::AddressHash;
use crate::core::relay::effect::{Delivery, Effect, Pushed, TurnedAway};
use crate::core::relay::event::{Event, PushId, SocketId};
use crate::core::relay::name::{Purpose, RelayName};
use crate::core::relay::stored::StoredSocket;
use crate::core::relay::{Relay, RelayLimits};
use crate::edge::config::{self, Config, Mistakes};
use crate::edge::liveness::SocketLiveness;
use crate::edge::log::{RelayLog, RelayMoment};
use crate::edge::object_error::ObjectError;
use crate::edge::sockets::{self, Sockets};
use crate::edge::store::subscriptions::SubscriptionsTable;
use crate::edge::{runtime, unfinished};
use crate::wire::close::CloseFrame;
use crate::wire::relay_protocol::PushOutcome;
use crate::wire::{frame, relay_attachment, socket_frame};

/// The answer to a push; `None` when it failed.
pub type Answer = Option<PushOutcome>;

/// A socket that is not accepted yet.
pub struct Waiting {
    /// The relay's end of it.
    pub socket: WebSocket,
    /// Whose it is, where connections are counted by address.
    pub address: Option<AddressHash>,
    /// Who waits to hear whether it was accepted.
    pub answer: oneshot::Sender<Result<(), TurnedAway>>,
}

/// Something that is to be sent, in its turn.
pub enum Outgoing {
    /// A frame to one socket.
    Frame(SocketId, String),
    /// The same frame to several.
    Frames(Vec<SocketId>, String),
    /// Publications.
    Delivery(Delivery),
    /// An answer to a push, once what it led to was sent.
    Answer(PushId, Pushed),
    /// The end of a socket.
    Close(SocketId, CloseFrame),
}

/// A relay in memory.
pub struct RelayState {
    /// The runtime's object.
    pub state: State,
    /// The way to the other objects.
    pub env: Env,
    /// Its log.
    pub log: RelayLog,
    /// Its name.
    pub name: Option<RelayName>,
    /// Its sockets.
    pub sockets: NumberedSockets,
    /// What it knows of their other ends.
    pub liveness: SocketLiveness,
    /// What is to be sent, in order.
    pub outgoing: RefCell<VecDeque<Outgoing>>,
    /// Whether something is being sent.
    pub is_sending: Cell<bool>,
    /// Sockets that took something of a push.
    pub taken: RefCell<BTreeMap<PushId, u32>>,
    /// The configuration.
    pub config: Rc<Result<Config, Mistakes>>,
    /// The topics of sockets whose attachment has no room for them.
    pub(super) subscriptions: SubscriptionsTable,
    /// Whether rows or an alarm may be stored.
    pub(super) may_have_stored: Cell<bool>,
    /// Handshakes whose socket is not accepted yet.
    pub(super) waiting: RefCell<BTreeMap<SocketId, Waiting>>,
    /// The decisions; empty until an event needs them.
    relay: RefCell<Option<Relay>>,
    pushes: RefCell<BTreeMap<PushId, oneshot::Sender<Answer>>>,
    numbers: Cell<u32>,
    push_numbers: Cell<u64>,
}

impl RelayState {
    /// The relay that the runtime has just built in memory.
    #[must_use]
    pub fn new(state: State, env: Env) -> Self {
        let config = config::of(&env);
        let name = state.id().name().and_then(|name| RelayName::parse(&name));
        let log = RelayLog::new(name, config.as_ref().as_ref().ok());
        log.debug(RelayMoment::Constructed);
        let (request, response) = match name.map(|name| name.purpose) {
            Some(Purpose::One) => (frame::PING, frame::PONG),
            _ => (socket_frame::PING, socket_frame::PONG),
        };
        let prepared =
            Sockets::of(&state).answer_pings(request, response).and_then(|()| unfinished::recover(&state));
        if let Err(error) = prepared {
            log.failed(&error);
        }
        let subscriptions = SubscriptionsTable::of(state.storage().sql());
        Self {
            state,
            env,
            log,
            name,
            sockets: NumberedSockets::default(),
            liveness: SocketLiveness::new(&config),
            outgoing: RefCell::default(),
            is_sending: Cell::default(),
            taken: RefCell::default(),
            config,
            relay: RefCell::default(),
            subscriptions,
            may_have_stored: Cell::default(),
            waiting: RefCell::default(),
            pushes: RefCell::default(),
            numbers: Cell::default(),
            push_numbers: Cell::default(),
        }
    }

    /// What the operator allows.
    ///
    /// # Errors
    /// [`ObjectError::Misconfigured`].
    pub fn limits(&self) -> Result<RelayLimits, ObjectError> {
        self.config.as_ref().as_ref().map(Config::relay).map_err(|_| ObjectError::Misconfigured)
    }

    /// Wakes the relay from its sockets' attachments, where memory is empty.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn awake(&self) -> Result<(), ObjectError> {
        self.awake_with(None)
    }

    /// The same, where the runtime may not list a socket any more that is just leaving: what is kept with it counts all
    /// the same.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn awake_with(&self, leaving: Option<&WebSocket>) -> Result<(), ObjectError> {
        if self.relay.borrow().is_some() {
            return Ok(());
        }
        let listed = Sockets::of(&self.state).all()?;
        if let Some(leaving) = leaving
            && !listed.includes(leaving.as_ref(), 0)
        {
            listed.push(leaving.as_ref());
        }
        self.may_have_stored.set(listed.length() > 0);
        let mut stored = vec![];
        for socket in listed {
            let id = self.next_socket();
            self.sockets.add(id, &socket);
            let row = |connection: &str| self.subscriptions.load(connection).ok().flatten();
            stored.push((id, relay_attachment::decode(&sockets::attached(&socket), row)));
        }
        *self.relay.borrow_mut() = Some(Relay::wake(self.limits()?, stored));
        Ok(())
    }

    /// Lets the relay decide, and does what it has decided.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn handle(self: &Rc<Self>, event: Event) -> Result<(), ObjectError> {
        self.awake()?;
        for effect in self.step(event) {
            if let Err(error) = self.run(effect) {
                self.give_up();
                return Err(error);
            }
        }
        pump::start(self);
        Ok(())
    }

    /// What was decided was not done: the next event wakes the relay from what is kept with its sockets, whoever waits is
    /// told, and the sockets are asked to come back.
    pub fn give_up(&self) {
        *self.relay.borrow_mut() = None;
        self.outgoing.borrow_mut().clear();
        self.pushes.borrow_mut().clear();
        self.taken.borrow_mut().clear();
        self.waiting.borrow_mut().clear();
        unfinished::note(&self.state, true);
        if let Err(error) = unfinished::recover(&self.state) {
            self.log.failed(&error);
        }
    }

    /// Notes what has to be noted before the relay may fall asleep.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn settle(self: &Rc<Self>) -> Result<(), ObjectError> {
        for effect in self.step(Event::Settle) {
            self.run(effect)?;
        }
        unfinished::note(&self.state, self.is_asking());
        Ok(())
    }

    /// Whether a socket is for one topic alone.
    pub fn is_for_one(&self, id: SocketId) -> bool {
        self.relay.borrow().as_ref().is_some_and(|relay| relay.is_for_one(id))
    }

    /// The number of the next socket.
    pub fn next_socket(&self) -> SocketId {
        let number = self.numbers.get();
        self.numbers.set(number + 1);
        SocketId(number)
    }

    /// Has a handshake wait until its socket is accepted or not.
    pub fn wait(&self, id: SocketId, waiting: Waiting) {
        self.waiting.borrow_mut().insert(id, waiting);
    }

    /// The number of the next push.
    pub fn next_push(&self) -> PushId {
        let number = self.push_numbers.get();
        self.push_numbers.set(number + 1);
        PushId(number)
    }

    /// Has a push wait for its answer.
    pub fn wait_for_push(&self, id: PushId) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        self.pushes.borrow_mut().insert(id, sender);
        receiver
    }

    /// Answers a push. A room that no longer waits needs no answer.
    pub fn answer_push(&self, id: PushId, pushed: Pushed) {
        let taken = self.taken.borrow_mut().remove(&id).unwrap_or_default();
        let answer = match pushed {
            Pushed::Handed { again } => Some(PushOutcome::Handed { connections: again.unwrap_or(taken) }),
            Pushed::Unwanted => Some(PushOutcome::Unwanted),
            Pushed::Failed => None,
        };
        if let Some(sender) = self.pushes.borrow_mut().remove(&id) {
            let _ = sender.send(answer);
        }
    }

    /// What is to be kept with a socket.
    pub fn stored(&self, id: SocketId) -> Option<StoredSocket> {
        self.relay.borrow().as_ref()?.stored(id)
    }

    fn is_asking(&self) -> bool {
        self.relay.borrow().as_ref().is_some_and(Relay::is_asking)
    }

    pub(super) fn step(&self, event: Event) -> Vec<Effect> {
        let now = runtime::now();
        self.relay.borrow_mut().as_mut().map(|relay| relay.step(event, now)).unwrap_or_default()
    }
}
