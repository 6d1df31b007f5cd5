//! One room with its storage and its lanes, in memory. What it hands out goes on its way when somebody says so. It must
//! not know who subscribes.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;

use glow_broadcast::core::epoch::Epoch;
use glow_broadcast::core::event::{BatchId, Effect, Event, Forward, Founding, Refusal};
use glow_broadcast::core::history::{HistoryLimits, StoredBatch};
use glow_broadcast::core::idempotency::IdempotencyKey;
use glow_broadcast::core::market::thresholds::MarketRules;
use glow_broadcast::core::outbox::{OutboxLimits, Post, PostId};
use glow_broadcast::core::publication::{Keyed, Publication, Seq};
use glow_broadcast::core::relay::event::{Answer, Lease, Question};
use glow_broadcast::core::relay::name::RelayName;
use glow_broadcast::core::room::{Room, RoomLimits, Stored};
use glow_broadcast::core::socket_request::Past;
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::topic::Topic;
use glow_broadcast::wire::relay_protocol::{decode_answer, encode_answer};
use glow_broadcast::wire::room_protocol;

use super::truth::{Truth, number_of};

pub const RETENTION_MILLIS: u64 = 14 * 86_400_000;

/// One batch on its way to a relay.
#[derive(Clone)]
pub struct Shipment {
    pub id: u64,
    pub topic: Topic,
    pub epoch: Epoch,
    pub first: Seq,
    pub publications: Vec<Publication>,
    pub failures: u32,
}

#[derive(Clone, Default)]
struct Disk {
    founding: Option<Founding>,
    kept_until: Option<UnixMillis>,
    rows: BTreeMap<u32, StoredBatch>,
    relays: BTreeMap<RelayName, Lease>,
    /// When the room is woken.
    alarm: Option<UnixMillis>,
}

struct Batch {
    id: BatchId,
    epoch: Epoch,
    first: Seq,
    publications: Vec<Publication>,
    forwards: Vec<Forward>,
    /// What was stored, and published, before it.
    before: (Disk, u64),
}

pub struct KeptRoom {
    pub topic: Topic,
    /// What waits for each relay.
    pub lanes: BTreeMap<RelayName, VecDeque<Shipment>>,
    limits: RoomLimits,
    room: Room,
    disk: Disk,
    under_way: Option<Batch>,
    posts: u64,
    shipments: u64,
}

impl KeptRoom {
    pub fn new(topic: Topic, history_size: usize, now: UnixMillis) -> Self {
        let limits = RoomLimits {
            capacity: 1,
            connections_per_address: None,
            client_frame_bytes: 4_096,
            client_frames_per_minute: NonZeroU32::MIN,
            history: HistoryLimits { size: history_size, bytes: 1_000_000 },
            outbox: OutboxLimits { messages: 10_000, bytes: 10_000_000 },
            retention_millis: RETENTION_MILLIS,
            market: MarketRules::default(),
        };
        Self {
            topic,
            lanes: BTreeMap::new(),
            room: Room::wake(limits.clone(), Stored::default(), now),
            limits,
            disk: Disk::default(),
            under_way: None,
            posts: 0,
            shipments: 0,
        }
    }

    pub fn is_sending(&self) -> bool {
        self.under_way.is_some()
    }

    pub fn lease_of(&self, relay: RelayName) -> Option<Lease> {
        self.room.relays().get(&relay).copied()
    }

    pub fn post(&mut self, publications: Vec<Keyed>, truth: &mut Truth, now: UnixMillis) {
        let id = PostId(self.posts);
        self.posts += 1;
        assert_eq!(self.room.step(Event::Post(Post { id, publications, is_prompt: false }), now), []);
        self.drain(truth, now);
    }

    fn drain(&mut self, truth: &mut Truth, now: UnixMillis) {
        let before = (self.disk.clone(), truth.last(&self.topic));
        for effect in self.room.step(Event::Drain, now) {
            match effect {
                Effect::Broadcast { batch, epoch, first, publications, forwards } => {
                    for publication in &publications {
                        truth.append(&self.topic, epoch, number_of(publication));
                    }
                    let before = before.clone();
                    self.under_way = Some(Batch { id: batch, epoch, first, publications, forwards, before });
                }
                // A repeat that reaches a feed has been there, and its publisher is none of the model.
                Effect::Answer { .. } | Effect::Forward { .. } => {}
                effect => self.store(effect),
            }
        }
        self.check();
    }

    /// The batch is durable: it is offered to the relays, and what goes to a feed is returned.
    pub fn hand(&mut self, truth: &mut Truth, now: UnixMillis) -> Vec<Keyed> {
        let Some(batch) = self.under_way.take() else { return vec![] };
        for relay in self.room.relays().keys() {
            self.shipments += 1;
            self.lanes.entry(*relay).or_default().push_back(Shipment {
                id: self.shipments,
                topic: self.topic.clone(),
                epoch: batch.epoch,
                first: batch.first,
                publications: batch.publications.clone(),
                failures: 0,
            });
        }
        self.room.step(Event::Sent { batch: batch.id, connections: 0 }, now);
        self.room.step(Event::Handed { batch: batch.id, connections: 0 }, now);
        self.drain(truth, now);
        let epoch = batch.epoch.to_string();
        let keyed = |one: &Forward| Keyed {
            key: Some(IdempotencyKey::of_place(self.topic.as_str(), &epoch, one.seq.get())),
            ..Keyed::bare(room_protocol::forwarded(one))
        };
        batch.forwards.iter().map(keyed).collect()
    }

    /// Asks the relays how they stand.
    pub fn probe(&mut self, now: UnixMillis) {
        let standing = self.room.standing(now);
        for relay in self.room.relays().keys() {
            self.shipments += 1;
            self.lanes.entry(*relay).or_default().push_back(Shipment {
                id: self.shipments,
                topic: self.topic.clone(),
                epoch: standing.epoch,
                first: standing.seq.next(),
                publications: vec![],
                failures: 0,
            });
        }
    }

    pub fn ask(
        &mut self,
        relay: RelayName,
        lease: Lease,
        past: Past,
        only_born: bool,
        now: UnixMillis,
    ) -> Result<Answer, Refusal> {
        let mut answer = None;
        for effect in self.room.step(Event::Ask(Question { relay, lease, past, only_born }), now) {
            match effect {
                Effect::Tell(told) => answer = Some(Ok(decode_answer(&encode_answer(&told)).unwrap())),
                Effect::Refuse(refusal) => answer = Some(Err(refusal)),
                effect => self.store(effect),
            }
        }
        self.check();
        answer.expect("every question is answered")
    }

    /// When the room is woken, where nobody has published to it.
    pub fn alarm_of_unborn(&self) -> Option<UnixMillis> {
        self.disk.alarm.filter(|_| self.disk.founding.is_none() && self.under_way.is_none())
    }

    /// The room is woken by its alarm, and asks its relays how they stand.
    pub fn ring(&mut self, truth: &mut Truth, now: UnixMillis) {
        self.disk.alarm = None;
        for effect in self.room.step(Event::Expire { open: 0 }, now) {
            match effect {
                Effect::Probe => self.probe(now),
                Effect::Forget => {
                    // Without a history nothing is left of what was published: the next publication begins another
                    // order.
                    if !truth.keeps && truth.last(&self.topic) > 0 {
                        truth.begin_life(&self.topic);
                    }
                    self.store(Effect::Forget);
                }
                effect => self.store(effect),
            }
        }
        self.check();
    }

    /// Whatever is stored has an alarm that ends it, within the hour where nobody has published.
    fn check(&self) {
        let is_stored = self.disk.founding.is_some() || !self.disk.relays.is_empty();
        assert!(!is_stored || self.disk.alarm.is_some(), "{} is stored for ever", self.topic);
    }

    /// Whether nothing at all is stored.
    pub fn is_empty(&self) -> bool {
        self.disk.founding.is_none() && self.disk.relays.is_empty()
    }

    pub fn dismiss(&mut self, relay: RelayName, lease: Lease, now: UnixMillis) {
        for effect in self.room.step(Event::Unwanted { relay, lease }, now) {
            self.store(effect);
        }
        self.check();
    }

    /// The room is taken out of memory, where nothing is under way.
    pub fn sleep(&mut self, truth: &mut Truth, now: UnixMillis) {
        if self.under_way.is_none() && self.lanes.values().all(VecDeque::is_empty) {
            self.wake(truth, now);
        }
    }

    /// Memory is lost, whatever is under way: what was stored may never have been pushed.
    pub fn crash(&mut self, was_durable: bool, truth: &mut Truth, now: UnixMillis) {
        if let Some(batch) = self.under_way.take()
            && !was_durable
            && truth.keeps
        {
            let (disk, length) = batch.before;
            self.disk = disk;
            truth.truncate(&self.topic, length);
        }
        self.lanes.clear();
        self.wake(truth, now);
    }

    fn wake(&mut self, truth: &mut Truth, now: UnixMillis) {
        let Disk { founding, kept_until, rows, relays, .. } = self.disk.clone();
        let batches = rows.into_values().collect();
        self.room = Room::wake(self.limits.clone(), Stored { founding, kept_until, batches, relays }, now);
        if !truth.keeps {
            truth.begin_life(&self.topic);
        }
    }

    fn store(&mut self, effect: Effect) {
        match effect {
            Effect::Found(founding) => self.disk.founding = Some(founding),
            Effect::Keep { until } => {
                self.disk.kept_until = Some(until).filter(|_| self.disk.founding.is_some());
                self.disk.alarm = Some(until);
            }
            Effect::Wake { at } => self.disk.alarm = Some(at),
            Effect::Forget => {
                assert!(self.disk.founding.is_none(), "what was published is not forgotten here");
                self.disk = Disk::default();
            }
            Effect::Store(batch) => drop(self.disk.rows.insert(batch.slot, *batch)),
            Effect::Enlist { relay, lease } => drop(self.disk.relays.insert(relay, lease)),
            Effect::Dismiss { relay } => drop(self.disk.relays.remove(&relay)),
            other => panic!("{other:?} has no place here"),
        }
    }
}
