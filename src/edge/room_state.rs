//! What a room's handlers share: its decisions, its storage, its sockets, and the publishers that wait for an answer.
//! Memory is a cache: everything needed after a wake is in SQLite, in a socket's tag or in its attachment. It must not
//! decide anything.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::channel::oneshot;
use worker::{Env, State};

use super::config::{self, Config, Mistakes};
use super::lanes::Lanes;
use super::liveness::SocketLiveness;
use super::log::{RoomEvent, RoomLog};
use super::object_error::ObjectError;
use super::room_storage::RoomStorage;
use super::runtime;
use super::sockets::{Audience, Sockets};
use super::unfinished;
use crate::core::event::{Effect, Event};
use crate::core::history::StoredBatch;
use crate::core::market::Market;
use crate::core::outbox::PostId;
use crate::core::relay::event::Lease;
use crate::core::relay::name::RelayName;
use crate::core::room::{Room, RoomLimits, Standing};
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::wire::frame;
use crate::wire::room_protocol::Published;

/// For how long a full room counts as full without its sockets being looked at again, unless one leaves: to look at all of
/// them costs as much as to send to some, and a full room is asked by everybody who comes. In milliseconds.
const FULL_MILLIS: u64 = 1_000;

/// A room in memory.
pub struct RoomState {
    /// The runtime's object.
    pub state: State,
    /// The way to the other objects.
    pub env: Env,
    /// Its log.
    pub log: RoomLog,
    /// Its ways to the relays and the feeds.
    pub lanes: Lanes,
    /// What it knows of its sockets' other ends.
    pub liveness: SocketLiveness,
    /// Whether a pump is running.
    pub is_pumping: Cell<bool>,
    topic: Option<Topic>,
    config: Rc<Result<Config, Mistakes>>,
    /// The decisions; empty until an event needs them, and after an effect failed.
    room: RefCell<Option<Room>>,
    stored: RoomStorage,
    /// How often the room lost its memory.
    life: Cell<u32>,
    waiting: RefCell<BTreeMap<PostId, oneshot::Sender<Published>>>,
    posts: Cell<u64>,
    /// How many sockets the runtime lists, closing ones included; empty until they were counted.
    listed: Cell<Option<u32>>,
    /// When all sockets were last found open while there was no place for another one.
    found_full: Cell<Option<UnixMillis>>,
    /// The sockets as the runtime last listed them; empty once one has come or gone. To list them costs as much as to
    /// send to a tenth of them.
    audience: RefCell<Option<Rc<Audience>>>,
}

impl RoomState {
    /// The room that the runtime has just built in memory.
    #[must_use]
    pub fn new(state: State, env: &Env) -> Self {
        let config = config::of(env);
        let topic = state.id().name().and_then(|name| Topic::parse(&name).ok());
        let log = RoomLog::new(topic.as_ref(), config.as_ref().as_ref().ok());
        log.debug(|| RoomEvent::Constructed);
        if let Err(error) = Sockets::of(&state).answer_pings(frame::PING, frame::PONG) {
            log.failed(&error);
        }
        let stored = RoomStorage::of(&state);
        let room = Self {
            state,
            env: env.clone(),
            log,
            lanes: Lanes::default(),
            liveness: SocketLiveness::new(&config),
            is_pumping: Cell::new(false),
            topic,
            config,
            room: RefCell::default(),
            stored,
            life: Cell::default(),
            waiting: RefCell::default(),
            posts: Cell::default(),
            listed: Cell::default(),
            found_full: Cell::default(),
            audience: RefCell::default(),
        };
        room.recover();
        room
    }

    /// Whose room it is.
    ///
    /// # Errors
    /// [`ObjectError::Nameless`].
    pub fn topic(&self) -> Result<&Topic, ObjectError> {
        self.topic.as_ref().ok_or(ObjectError::Nameless)
    }

    /// What the operator allows.
    ///
    /// # Errors
    /// [`ObjectError::Misconfigured`].
    pub fn limits(&self) -> Result<&RoomLimits, ObjectError> {
        self.config.as_ref().as_ref().map(|config| &config.room).map_err(|_| ObjectError::Misconfigured)
    }

    /// Lets the room decide, after waking it from what is stored where memory is empty.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn step(&self, event: Event) -> Result<Vec<Effect>, ObjectError> {
        let now = runtime::now();
        self.awake(now)?;
        let mut room = self.room.borrow_mut();
        Ok(room.as_mut().map(|room| room.step(event, now)).unwrap_or_default())
    }

    /// What was decided was not done: the next event wakes the room from what is stored, and whoever waits is told.
    pub fn failed(&self, error: &ObjectError) {
        self.log.failed(error);
        *self.room.borrow_mut() = None;
        self.life.set(self.life.get() + 1);
        self.waiting.borrow_mut().clear();
    }

    /// The same, where no batch may be under way: one that is under way needs the memory that it was decided with.
    pub fn failed_at_rest(&self, error: &ObjectError) {
        if self.is_pumping.get() {
            self.log.failed(error);
        } else {
            self.failed(error);
        }
    }

    /// Which life of the room in memory this is: an answer that belongs to another one is nobody's.
    pub fn life(&self) -> u32 {
        self.life.get()
    }

    /// The relays on its list.
    pub fn relays(&self) -> Vec<RelayName> {
        self.room.borrow().as_ref().map(|room| room.relays().keys().copied().collect()).unwrap_or_default()
    }

    /// A relay's stay on the list.
    pub fn lease_of(&self, relay: RelayName) -> Option<Lease> {
        self.room.borrow().as_ref()?.relays().get(&relay).copied()
    }

    /// How the room stands.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn standing(&self) -> Result<Standing, ObjectError> {
        let now = runtime::now();
        self.awake(now)?;
        self.room.borrow().as_ref().map(|room| room.standing(now)).ok_or(ObjectError::Misplaced)
    }

    /// Asks the market something.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn with_market<T>(&self, ask: impl FnOnce(&Market) -> T) -> Result<T, ObjectError> {
        self.awake(runtime::now())?;
        self.room.borrow().as_ref().map(|room| ask(room.market())).ok_or(ObjectError::Misplaced)
    }

    /// Has a publisher wait for its answer. Its place in the queue is lost when what it waits for failed.
    pub fn wait(&self) -> (PostId, oneshot::Receiver<Published>) {
        let id = PostId(self.posts.get());
        self.posts.set(id.0 + 1);
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        (id, receiver)
    }

    /// Has a publisher that was turned away wait no longer.
    pub fn stop_waiting(&self, id: PostId) {
        self.waiting.borrow_mut().remove(&id);
    }

    /// Answers a publisher. One that is gone needs no answer.
    pub fn answer(&self, post: PostId, published: Published) {
        if let Some(sender) = self.waiting.borrow_mut().remove(&post) {
            let _ = sender.send(published);
        }
    }

    /// Stores a batch.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn save(&self, batch: &StoredBatch) -> Result<(), ObjectError> {
        self.stored.save(batch)
    }

    /// Runs an effect on storage as a whole.
    ///
    /// # Errors
    /// What the storage throws; [`ObjectError::Misplaced`] for any other effect.
    pub async fn keep_house(&self, effect: &Effect) -> Result<(), ObjectError> {
        self.stored.keep_house(&self.state, effect).await
    }

    /// Everyone who is connected now.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn audience(&self) -> Result<Rc<Audience>, ObjectError> {
        if let Some(audience) = self.audience.borrow().as_ref() {
            return Ok(Rc::clone(audience));
        }
        let audience = Rc::new(Sockets::of(&self.state).audience()?);
        *self.audience.borrow_mut() = Some(Rc::clone(&audience));
        Ok(audience)
    }

    /// How many sockets are open. Those that the runtime lists are at least as many, and their number is remembered;
    /// only where it says that the room is full are the open ones among them counted.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn count_open(&self) -> Result<u32, ObjectError> {
        let capacity = self.limits()?.capacity;
        let now = runtime::now();
        if let Some(listed) = self.listed.get()
            && (listed < capacity || self.found_full.get().is_some_and(|at| now.since(at) < FULL_MILLIS))
        {
            return Ok(listed);
        }
        let audience = self.audience()?;
        self.listed.set(Some(audience.listed()));
        let open = audience.open();
        self.found_full.set((open >= capacity).then_some(now));
        Ok(open)
    }

    /// Counts a socket that was accepted, and returns how many there are, where that is known.
    pub fn count_in(&self) -> Option<u32> {
        *self.audience.borrow_mut() = None;
        self.listed.set(self.listed.get().map(|listed| listed + 1));
        self.listed.get()
    }

    /// Counts a socket that is gone.
    pub fn count_out(&self) {
        *self.audience.borrow_mut() = None;
        self.found_full.set(None);
        self.listed.set(self.listed.get().map(|listed| listed.saturating_sub(1)));
    }

    /// Asks everybody to come back and resume, where a batch was stored and not all had it.
    pub fn recover(&self) {
        if let Err(error) = unfinished::recover(&self.state) {
            self.log.failed(&error);
        }
    }

    /// Wakes the room from what is stored, where memory is empty.
    fn awake(&self, now: UnixMillis) -> Result<(), ObjectError> {
        if self.room.borrow().is_none() {
            let woken = Room::wake(self.limits()?.clone(), self.stored.load(now)?, now);
            *self.room.borrow_mut() = Some(woken);
        }
        Ok(())
    }
}
