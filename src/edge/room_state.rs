//! What a room's handlers share: its decisions, its storage, its sockets, and the publishers that wait for an answer.
//! Memory is a cache: everything needed after a wake is in SQLite, in a socket's tag or in its attachment. It must not
//! decide anything.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures::channel::oneshot;
use thiserror::Error;
use worker::{Date, DateInit, Env, Error, ScheduledTime, State};

use super::config::{self, Config, Mistakes};
use super::log::{RoomEvent, RoomLog};
use super::runtime;
use super::sockets::{Audience, Sockets};
use super::store::history::HistoryTable;
use super::store::room::RoomTable;
use super::unfinished;
use crate::core::event::{Effect, Event};
use crate::core::history::StoredBatch;
use crate::core::outbox::PostId;
use crate::core::room::{Room, RoomLimits, Stored};
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::wire::frame;
use crate::wire::room_protocol::{NotUnderstood, Published};

/// Why a room could not do what it was asked.
#[derive(Debug, Error)]
pub enum RoomError {
    /// The runtime failed it.
    #[error(transparent)]
    Runtime(#[from] Error),
    /// The Worker said something that it does not understand.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// An operator has something to mend.
    #[error("the configuration has mistakes")]
    Misconfigured,
    /// Nobody knows whose room it is.
    #[error("the room was not addressed by its topic")]
    Nameless,
    /// A decision that has no place here.
    #[error("the room decided on something that its event can't lead to")]
    Misplaced,
}

/// A room in memory.
pub struct RoomState {
    /// The runtime's object.
    pub state: State,
    /// Its log.
    pub log: RoomLog,
    /// Whether a pump is running.
    pub is_pumping: Cell<bool>,
    topic: Option<Topic>,
    config: Rc<Result<Config, Mistakes>>,
    /// The decisions; empty until an event needs them, and after an effect failed.
    room: RefCell<Option<Room>>,
    room_table: RoomTable,
    history_table: HistoryTable,
    waiting: RefCell<HashMap<PostId, oneshot::Sender<Published>>>,
    posts: Cell<u64>,
    /// How many sockets the runtime lists, closing ones included; empty until they were counted.
    listed: Cell<Option<u32>>,
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
        let sql = state.storage().sql();
        let room = Self {
            state,
            log,
            is_pumping: Cell::new(false),
            topic,
            config,
            room: RefCell::default(),
            room_table: RoomTable::of(sql.clone()),
            history_table: HistoryTable::of(sql),
            waiting: RefCell::default(),
            posts: Cell::default(),
            listed: Cell::default(),
            audience: RefCell::default(),
        };
        room.recover();
        room
    }

    /// Whose room it is.
    ///
    /// # Errors
    /// [`RoomError::Nameless`].
    pub fn topic(&self) -> Result<&Topic, RoomError> {
        self.topic.as_ref().ok_or(RoomError::Nameless)
    }

    /// What the operator allows.
    ///
    /// # Errors
    /// [`RoomError::Misconfigured`].
    pub fn limits(&self) -> Result<RoomLimits, RoomError> {
        self.config.as_ref().as_ref().map(|config| config.room).map_err(|_| RoomError::Misconfigured)
    }

    /// Lets the room decide, after waking it from what is stored where memory is empty.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn step(&self, event: Event) -> Result<Vec<Effect>, RoomError> {
        let now = runtime::now();
        if self.room.borrow().is_none() {
            let woken = Room::wake(self.limits()?, self.stored(now)?, now);
            *self.room.borrow_mut() = Some(woken);
        }
        let mut room = self.room.borrow_mut();
        Ok(room.as_mut().map(|room| room.step(event, now)).unwrap_or_default())
    }

    /// What was decided was not done: the next event wakes the room from what is stored, and whoever waits is told.
    pub fn failed(&self, error: &RoomError) {
        self.log.failed(error);
        *self.room.borrow_mut() = None;
        self.waiting.borrow_mut().clear();
    }

    /// The same, where no batch may be under way: one that is under way needs the memory that it was decided with.
    pub fn failed_at_rest(&self, error: &RoomError) {
        if self.is_pumping.get() {
            self.log.failed(error);
        } else {
            self.failed(error);
        }
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
    pub fn save(&self, batch: &StoredBatch) -> Result<(), RoomError> {
        Ok(self.history_table.save(batch)?)
    }

    /// Runs an effect on storage as a whole.
    ///
    /// # Errors
    /// What the storage throws; [`RoomError::Misplaced`] for any other effect.
    pub async fn keep_house(&self, effect: &Effect) -> Result<(), RoomError> {
        match effect {
            Effect::Forget => self.state.storage().delete_all().await?,
            Effect::Found(founding) => {
                self.history_table.create()?;
                self.room_table.found(*founding)?;
            }
            Effect::Keep { until } => {
                self.room_table.keep(*until)?;
                self.state.storage().set_alarm(date(*until)).await?;
            }
            _ => return Err(RoomError::Misplaced),
        }
        Ok(())
    }

    /// Everyone who is connected now.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn audience(&self) -> Result<Rc<Audience>, RoomError> {
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
    pub fn count_open(&self) -> Result<u32, RoomError> {
        let capacity = self.limits()?.capacity;
        if let Some(listed) = self.listed.get().filter(|listed| *listed < capacity) {
            return Ok(listed);
        }
        let audience = self.audience()?;
        self.listed.set(Some(audience.listed()));
        Ok(audience.open())
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
        self.listed.set(self.listed.get().map(|listed| listed.saturating_sub(1)));
    }

    /// Asks everybody to come back and resume, where a batch was stored and not all had it.
    pub fn recover(&self) {
        if let Err(error) = unfinished::recover(&self.state) {
            self.log.failed(&error);
        }
    }

    fn stored(&self, now: UnixMillis) -> Result<Stored, RoomError> {
        let Some((founding, kept_until)) = self.room_table.load(now)? else {
            return Ok(Stored::default());
        };
        Ok(Stored { founding: Some(founding), kept_until, batches: self.history_table.load()? })
    }
}

fn date(at: UnixMillis) -> ScheduledTime {
    ScheduledTime::new(Date::from(DateInit::Millis(at.0)).into())
}
