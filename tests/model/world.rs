//! A room with everything around it, in memory: storage that becomes durable late, sockets that are cut off, publishers
//! that wait, a clock. It checks each thing that is seen against a list of all publications. It must not know how the
//! room decides.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use glow_broadcast::core::charting::Learned;
use glow_broadcast::core::epoch::Epoch;
use glow_broadcast::core::event::{BatchId, Effect, Event, Founding, Outcome, Refusal, Resume};
use glow_broadcast::core::history::{HistoryLimits, StoredBatch};
use glow_broadcast::core::idempotency::IdempotencyKey;
use glow_broadcast::core::market::rules::Nearest;
use glow_broadcast::core::market::thresholds::MarketRules;
use glow_broadcast::core::outbox::{OutboxLimits, Post, PostId};
use glow_broadcast::core::publication::{Keyed, MarketPart, Seq};
use glow_broadcast::core::room::{Room, RoomLimits, Stored};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::topic::Topic;
use glow_broadcast::wire::payload;

use crate::ledger::{Ledger, trade};

pub const SUBSCRIBERS: usize = 4;

const DAY: u64 = 86_400_000;
const RETENTION_DAYS: u64 = 14;

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Op {
    /// A request with publications.
    Post(Vec<Posted>),
    /// The pump takes the next batch.
    BeginBatch,
    /// The batch becomes durable and is handed to everybody.
    FinishBatch,
    /// A subscriber comes, anew or where it left off.
    Connect { who: usize, resume: bool },
    /// A subscriber's connection is lost.
    Cut { who: usize },
    /// The room is taken out of memory where the runtime would: when nothing is under way.
    Sleep,
    /// Memory is lost, whatever is under way.
    Crash { was_durable: bool },
    /// Time passes, and nothing is under way for so long.
    Pass { days: u64 },
    /// Time passes, whatever is under way.
    Wait { seconds: u64 },
    /// The room is woken by its alarm, at its time or at any other.
    Alarm,
    /// Minutes that are on their way into the table get there, or fail.
    Write { succeeds: bool },
}

/// One of a few keys, or none; some padding; the trade that it tells of, by how late it is, its price and its amount.
pub type Posted = (Option<u8>, usize, Option<(u64, u8, u8)>);

#[derive(Clone, Default)]
struct Disk {
    founding: Option<Founding>,
    kept_until: Option<UnixMillis>,
    rows: BTreeMap<u32, StoredBatch>,
    alarm: Option<UnixMillis>,
}

#[derive(Clone, Default)]
struct Subscriber {
    is_connected: bool,
    /// Which of its connections this is.
    connection: u32,
    /// What it would resume from.
    place: Option<(Epoch, u64)>,
    /// The life of the order that its place is of.
    life: u32,
    /// What the runtime holds back until the storage is durable.
    held_back: Vec<Effect>,
}

struct Batch {
    id: BatchId,
    /// Who, by which connection.
    audience: Vec<(usize, u32)>,
    /// How long the list was before it.
    log_before: usize,
    begun: UnixMillis,
}

pub struct World {
    /// Everything that was seen from outside, in order.
    pub transcript: Vec<String>,
    limits: RoomLimits,
    room: Room,
    now: UnixMillis,
    disk: Disk,
    durable: Disk,
    /// Every publication of this life of the order, that of place 1 first.
    log: Vec<Keyed>,
    life: u32,
    under_way: Option<Batch>,
    subscribers: Vec<Subscriber>,
    unanswered: BTreeMap<PostId, Vec<Keyed>>,
    posts: u64,
    /// When somebody last published, came or left.
    last_use: UnixMillis,
    ledger: Ledger,
    /// Which of the room's memories this is.
    memory: u32,
}

impl World {
    pub fn new(history_size: usize) -> Self {
        let limits = RoomLimits {
            capacity: 100,
            connections_per_address: None,
            client_frame_bytes: 4_096,
            client_frames_per_minute: NonZeroU32::MIN,
            history: HistoryLimits { size: history_size, bytes: 400 },
            outbox: OutboxLimits { messages: 8, bytes: 10_000 },
            retention_millis: RETENTION_DAYS * DAY,
            market: MarketRules::default(),
        };
        let now = UnixMillis(1_700_000_000_000);
        Self {
            transcript: vec![],
            room: Room::wake(limits.clone(), Stored::default(), now),
            limits,
            now,
            disk: Disk::default(),
            durable: Disk::default(),
            log: vec![],
            life: 0,
            under_way: None,
            subscribers: vec![Subscriber::default(); SUBSCRIBERS],
            unanswered: BTreeMap::new(),
            posts: 0,
            last_use: now,
            ledger: Ledger::default(),
            memory: 0,
        }
    }

    pub fn run(&mut self, op: &Op) {
        if !matches!(op, Op::Sleep) {
            self.now = self.now.later_by(1_000);
        }
        match op {
            Op::Post(publications) => self.post(publications),
            Op::BeginBatch => self.begin(),
            Op::FinishBatch => self.finish(),
            Op::Connect { who, resume } => self.connect(*who, *resume),
            Op::Cut { who } => self.cut(*who),
            Op::Sleep if self.unanswered.is_empty() && !self.ledger.is_awaited(self.memory) => self.wake(),
            Op::Sleep => {}
            Op::Crash { was_durable } => self.crash(*was_durable),
            Op::Pass { days } => self.pass(*days),
            Op::Wait { seconds } => self.now = self.now.later_by(seconds * 1_000),
            Op::Alarm => self.ring(),
            Op::Write { succeeds } => self.write(*succeeds),
        }
        if self.under_way.is_none() {
            self.commit();
        }
        let is_stored = self.durable.founding.is_some();
        assert!(!is_stored || self.durable.alarm.is_some(), "whatever is stored has an alarm that ends it");
        self.ledger.check(Some(self.room.market()), &self.log);
    }

    /// Lets everything under way come to its end, brings everybody back, and checks that nobody lacks anything.
    pub fn settle(&mut self) {
        while !self.unanswered.is_empty() {
            self.finish();
            self.begin();
        }
        self.finish();
        self.write_all();
        while let Some(alarm) = self.disk.alarm.filter(|at| at.since(self.now) < DAY) {
            self.now = self.now.max(alarm);
            self.ring_and_write();
        }
        self.ledger.check(None, &self.log);
        for who in 0..SUBSCRIBERS {
            self.connect(who, true);
            let (_, place) = self.subscribers[who].place.expect("it was greeted");
            assert_eq!(place, self.log.len() as u64, "subscriber {who} lacks something");
        }
    }

    fn post(&mut self, publications: &[Posted]) {
        let id = PostId(self.posts);
        let publications: Vec<Keyed> = publications
            .iter()
            .zip(0..)
            .map(|((key, padding, traded), place)| {
                let body = format!(r#"{{"n":"{}-{place}","padding":"{}"}}"#, id.0, "x".repeat(*padding));
                let keyed = payload::publication(&Topic::parse("T").unwrap(), body.as_bytes()).unwrap();
                let market = traded.map(|traded| trade(self.now.seconds(), traded)).unwrap_or_default();
                Keyed {
                    key: key.map(|key| IdempotencyKey::given(&key.to_string()).unwrap()),
                    market,
                    ..keyed
                }
            })
            .collect();
        self.posts += 1;
        let effects =
            self.step(Event::Post(Post { id, publications: publications.clone(), is_prompt: id.0 % 2 == 1 }));
        if effects == [Effect::Busy(id)] {
            assert!(!self.unanswered.is_empty(), "an empty outbox is never full");
            return;
        }
        assert_eq!(effects, []);
        self.unanswered.insert(id, publications);
    }

    fn begin(&mut self) {
        let effects = self.step(Event::Drain);
        let audience: Vec<_> =
            self.connected().into_iter().map(|who| (who, self.subscribers[who].connection)).collect();
        let log_before = self.log.len();
        for effect in effects {
            match effect {
                Effect::Broadcast { batch, first, publications, .. } => {
                    assert!(self.under_way.is_none(), "one batch at a time");
                    assert_eq!(first.get(), log_before as u64 + 1, "places follow one another");
                    let keyed = publications.into_iter().map(|one| self.posted(one.as_json()));
                    let keyed: Vec<Keyed> = keyed.collect();
                    self.log.extend(keyed);
                    let audience = audience.clone();
                    self.under_way = Some(Batch { id: batch, audience, log_before, begun: self.now });
                }
                Effect::Answer { .. } => self.answered(effect, log_before),
                effect => self.store(effect),
            }
        }
    }

    fn finish(&mut self) {
        let Some(batch) = self.under_way.take() else { return };
        self.last_use = self.last_use.max(batch.begun);
        self.commit();
        let mut connections = 0;
        for (who, connection) in batch.audience {
            if !self.subscribers[who].is_connected || self.subscribers[who].connection != connection {
                continue;
            }
            connections += 1;
            for index in batch.log_before..self.log.len() {
                let text = self.log[index].publication.as_json().to_owned();
                self.gets(who, index as u64 + 1, &text);
            }
        }
        for who in 0..SUBSCRIBERS {
            let held_back = std::mem::take(&mut self.subscribers[who].held_back);
            self.greet(who, held_back);
        }
        for effect in self.step(Event::Sent { batch: batch.id, connections }) {
            self.answered(effect, batch.log_before);
        }
        for effect in self.step(Event::Handed { batch: batch.id, connections }) {
            self.answered(effect, batch.log_before);
        }
    }

    fn connect(&mut self, who: usize, resume: bool) {
        self.cut(who);
        let place = self.subscribers[who].place.filter(|_| resume);
        let resume =
            // An epoch comes back as the text that it was told as.
            place.map(|(epoch, since)| Resume {
                since: Seq::new(since),
                epoch: Epoch::parse(&epoch.to_string()),
            });
        let open = u32::try_from(self.connected().len()).unwrap();
        let effects = self.step(Event::Connect { open, open_from_address: 0, address: None, resume });
        if effects == [Effect::Refuse(Refusal::Full)] {
            let is_busy = self.under_way.is_some() || !self.unanswered.is_empty();
            assert!(is_busy, "only a room that is long busy sends somebody elsewhere");
            return;
        }
        self.use_now();
        let (told, kept): (Vec<_>, Vec<_>) = effects
            .into_iter()
            .partition(|effect| !matches!(effect, Effect::Keep { .. } | Effect::Wake { .. }));
        for effect in kept {
            self.store(effect);
        }
        if resume.is_none() {
            self.subscribers[who].place = None;
        }
        self.subscribers[who].is_connected = true;
        self.subscribers[who].connection += 1;
        if self.under_way.is_some() {
            self.subscribers[who].held_back = told;
        } else {
            self.greet(who, told);
        }
    }

    /// Somebody comes or leaves. While a batch is under way, that may be lost with it.
    fn use_now(&mut self) {
        if self.under_way.is_none() {
            self.last_use = self.now;
        }
    }

    fn cut(&mut self, who: usize) {
        if !self.subscribers[who].is_connected {
            return;
        }
        self.use_now();
        self.subscribers[who].is_connected = false;
        self.subscribers[who].held_back.clear();
        for effect in self.step(Event::Leave) {
            self.store(effect);
        }
    }

    fn crash(&mut self, was_durable: bool) {
        let batch = self.under_way.take();
        if let (Some(batch), false) = (&batch, was_durable) {
            self.disk = self.durable.clone();
            self.log.truncate(batch.log_before);
            if self.disk.founding.is_none() {
                self.log.clear();
            }
            self.ledger.lose();
        }
        if let (Some(batch), true) = (&batch, was_durable) {
            self.last_use = self.last_use.max(batch.begun);
        }
        self.commit();
        self.disk = self.durable.clone();
        self.unanswered.clear();
        if batch.is_some() {
            // Nobody knows who got the batch: whoever was to get it is asked to come back.
            for subscriber in &mut self.subscribers {
                subscriber.is_connected = false;
                subscriber.held_back.clear();
            }
        }
        self.wake();
    }

    fn wake(&mut self) {
        let Disk { founding, kept_until, rows, .. } = self.durable.clone();
        self.memory += 1;
        let (batches, relays) = (rows.into_values().collect(), BTreeMap::new());
        let stored = Stored { founding, kept_until, batches, relays };
        self.room = Room::wake(self.limits.clone(), stored, self.now);
    }

    fn pass(&mut self, days: u64) {
        // A batch takes seconds at most, and so does a write.
        self.finish();
        self.write_all();
        self.now = self.now.later_by(days * DAY);
        let until = self.durable.kept_until.filter(|until| *until <= self.now);
        while self.disk.alarm.is_some_and(|at| at <= self.now) {
            self.ring_and_write();
        }
        if let Some(until) = until {
            let is_used = !self.connected().is_empty() || !self.unanswered.is_empty();
            assert!(is_used || self.disk.founding.is_none(), "an unused room is deleted at {until:?}");
        }
        self.commit();
    }

    /// What is stored is durable. An alarm is gone when what it did is: one that is under way would come again.
    fn commit(&mut self) {
        self.durable = self.disk.clone();
        if self.ledger.is_awaited(self.memory) {
            self.durable.alarm = Some(self.now);
        }
        self.ledger.release();
    }

    /// The alarm is gone with its call. While that is under way there is no other.
    fn ring(&mut self) {
        if self.ledger.is_awaited(self.memory) {
            return;
        }
        self.disk.alarm = None;
        let open = u32::try_from(self.connected().len()).unwrap();
        let is_used = open > 0 || !self.unanswered.is_empty();
        for effect in self.step(Event::Expire { open }) {
            assert!(!is_used || effect != Effect::Forget, "a room in use is kept");
            self.store(effect);
        }
    }

    fn write(&mut self, succeeds: bool) {
        let Some(through) = self.ledger.finish(self.memory, succeeds) else { return };
        let event = if succeeds { Event::Charted { through } } else { Event::Uncharted };
        for effect in self.step(event) {
            self.store(effect);
        }
    }

    fn ring_and_write(&mut self) {
        self.ring();
        self.write_all();
    }

    fn write_all(&mut self) {
        while self.ledger.is_awaited(self.memory) {
            self.write(true);
        }
    }

    /// Lets the room decide, and notes what is seen of it.
    fn step(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = self.room.step(event, self.now);
        if let Some(place) = effects.iter().position(|effect| matches!(effect, Effect::Learn(_))) {
            let Effect::Learn(scales) = effects.remove(place) else { panic!("it is one") };
            // It is answered before anything else happens: no user wants to be told of anything.
            let nearest = |scale| Nearest { scale, rules: vec![], are_all: true };
            let rules = scales.into_iter().map(nearest).collect();
            let answer =
                self.room.step(Event::Learned(Some(Learned { rules, ..Learned::default() })), self.now);
            assert_eq!(answer, [], "nothing comes true");
        }
        self.transcript.extend(effects.iter().filter_map(seen));
        effects
    }

    fn store(&mut self, effect: Effect) {
        match effect {
            Effect::Found(founding) => {
                assert!(self.disk.founding.is_none());
                self.disk.founding = Some(founding);
                self.life += 1;
            }
            Effect::Keep { until } => {
                assert!(self.disk.founding.is_some(), "a room without storage costs no write");
                let least = self.now.later_by(RETENTION_DAYS * DAY);
                let is_again = self.disk.kept_until == Some(until);
                let is_slack = until >= least && until <= least.later_by(DAY);
                assert!(is_again || is_slack, "kept for the retention and a slack");
                self.disk.kept_until = Some(until);
                self.disk.alarm = Some(until);
            }
            Effect::Wake { at } => self.disk.alarm = Some(at),
            Effect::Chart(charting) => self.ledger.ask(charting, self.memory, self.under_way.is_some()),
            Effect::Store(batch) => {
                self.disk.rows.insert(batch.slot, *batch);
                assert!(
                    self.disk.rows.len() <= self.limits.history.size,
                    "the ring is no longer than the history"
                );
            }
            Effect::Forget => {
                let unused = self.now.since(self.last_use);
                let is_over = self.disk.founding.is_none() || unused >= RETENTION_DAYS * DAY;
                assert!(is_over, "forgotten after {unused} ms");
                self.disk = Disk::default();
                self.ledger.bury(&mut self.log);
            }
            other => panic!("{other:?} has no place here"),
        }
    }

    /// Checks an answer against what was posted. `before` is how many publications there were before its batch.
    fn answered(&mut self, effect: Effect, before: usize) {
        let Effect::Answer { post, outcomes, .. } = effect else { panic!("{effect:?} is no answer") };
        let posted = self.unanswered.remove(&post).expect("somebody waits for it");
        assert_eq!(posted.len(), outcomes.len());
        let held = self.oldest_held(before);
        for (keyed, Outcome { seq, duplicate }) in posted.iter().zip(outcomes) {
            let place = usize::try_from(seq.get()).unwrap();
            let found = &self.log[place - 1];
            if duplicate {
                assert_eq!(found.key, keyed.key, "a repeat has the key of what it repeats");
                let is_trade = found.market != MarketPart::Nothing;
                assert!(place >= held || is_trade, "of what is no trade only what is held is known");
                continue;
            }
            assert_eq!(found, keyed, "an acknowledged publication has the place that was told");
            let known = keyed.key.is_some()
                && self.log[held - 1..place - 1].iter().any(|earlier| earlier.key == keyed.key);
            assert!(!known, "a key that is held is given one place");
        }
    }

    /// What was posted with this text.
    fn posted(&self, text: &str) -> Keyed {
        let mut all = self.unanswered.values().flatten();
        all.find(|keyed| keyed.publication.as_json() == text).expect("it was posted").clone()
    }

    fn greet(&mut self, who: usize, told: Vec<Effect>) {
        let mut greeted = None;
        for effect in told {
            match effect {
                Effect::Accept { epoch, seq } => {
                    greeted = Some((epoch, seq.get()));
                    self.subscribers[who].place.get_or_insert((epoch, seq.get()));
                }
                Effect::Gap { from, to } => self.misses(who, from.map(Seq::get), to.get()),
                Effect::Snapshot { publication, seq } => {
                    assert_eq!(Some(seq.get()), greeted.map(|(_, seq)| seq));
                    assert_eq!(Some(&publication), self.log.last().map(|keyed| &keyed.publication));
                }
                Effect::Replay { first, publications } => {
                    for (publication, place) in publications.iter().zip(first.get()..) {
                        self.gets(who, place, publication.as_json());
                    }
                }
                other => panic!("{other:?} is no greeting"),
            }
        }
        if let Some((epoch, seq)) = greeted {
            let (_, place) = self.subscribers[who].place.unwrap();
            assert_eq!(place, seq, "after the greeting nothing is missing");
            self.subscribers[who].place = Some((epoch, seq));
            self.subscribers[who].life = self.life;
        }
    }

    fn gets(&mut self, who: usize, place: u64, text: &str) {
        let subscriber = &mut self.subscribers[who];
        let (epoch, last) = subscriber.place.expect("it was greeted before");
        assert_eq!(place, last + 1, "subscriber {who} gets the next place");
        assert_eq!(self.log[usize::try_from(place).unwrap() - 1].publication.as_json(), text);
        subscriber.place = Some((epoch, place));
        subscriber.life = self.life;
    }

    fn misses(&mut self, who: usize, from: Option<u64>, to: u64) {
        let subscriber = &self.subscribers[who];
        let (epoch, last) = subscriber.place.expect("it was greeted before");
        if let Some(from) = from {
            assert!(from <= to, "a gap is of something");
            assert_eq!(from, last + 1, "a gap begins at the first place that is missing");
            let held = self.oldest_held(self.log.len());
            assert_eq!(to, held as u64 - 1, "a gap ends where the history begins");
        } else {
            // Who was told, a retention ago, that there is nothing yet can't be told from who was away for a whole
            // life.
            let is_too_old = matches!(epoch, Epoch::Unborn(at) if self.now.since(at) >= RETENTION_DAYS * DAY);
            let followed = subscriber.life == self.life && !self.log.is_empty() && !is_too_old;
            assert!(!followed, "who followed this order is told what it missed of it");
        }
        self.subscribers[who].place = Some((epoch, to));
    }

    /// The place of the oldest publication that a history of the first `length` publications holds.
    fn oldest_held(&self, length: usize) -> usize {
        let (mut count, mut bytes) = (0, 0);
        for keyed in self.log[..length].iter().rev() {
            bytes += keyed.bytes();
            if count == self.limits.history.size || (bytes > self.limits.history.bytes && count > 0) {
                break;
            }
            count += 1;
        }
        length - count + 1
    }

    fn connected(&self) -> Vec<usize> {
        (0..SUBSCRIBERS).filter(|who| self.subscribers[*who].is_connected).collect()
    }
}

/// What is seen of an effect from outside: all but the number of its batch, what the market remembers and when it is
/// written down.
fn seen(effect: &Effect) -> Option<String> {
    let mut effect = effect.clone();
    match &mut effect {
        Effect::Broadcast { batch, .. } => *batch = BatchId(0),
        Effect::Store(row) => row.market = None,
        Effect::Wake { .. } | Effect::Chart(_) => return None,
        _ => {}
    }
    Some(format!("{effect:?}"))
}
