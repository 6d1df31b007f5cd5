//! Relays between rooms and subscribers, in memory: pushes that are lost, late or come again, questions whose answers
//! come in any order, sends that take long, memory that is lost. It must not know how a relay decides, nor what a
//! subscriber checks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroU32;

use glow_broadcast::core::access::{Identity, Subject, may_read};
use glow_broadcast::core::address::Address;
use glow_broadcast::core::event::{Refusal, Resume};
use glow_broadcast::core::publication::{Keyed, Seq};
use glow_broadcast::core::relay::effect::{Delivery, Effect, Pushed, Word};
use glow_broadcast::core::relay::event::{
    Answer, AskFailure, AskId, Event, Lease, Opening, Push, PushId, SocketId,
};
use glow_broadcast::core::relay::name::RelayName;
use glow_broadcast::core::relay::stored::StoredSocket;
use glow_broadcast::core::relay::{Relay, RelayLimits};
use glow_broadcast::core::socket_request::{Past, SocketRequest, Subscribe, Unsubscribe, Wanted};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::topic::{Topic, Visibility};
use glow_broadcast::core::view::{View, Views};
use glow_broadcast::wire::payload;
use glow_broadcast::wire::relay_protocol::{decode_push, encode_publications, encode_push};

use super::kept_room::{KeptRoom, RETENTION_MILLIS, Shipment};
use super::reader::{Reader, Shape};
use super::truth::{Number, Truth};

pub const SUBSCRIBERS: usize = 4;
pub const RELAYS: usize = 2;
pub const TOPICS: [&str; 4] = ["A", "B", "user:ana", "feed:trades"];

const FEED: usize = 3;
const MINUTE: u64 = 60_000;
const DAY_MINUTES: u64 = 24 * 60;

/// How many topics fit into a socket's attachment.
const ATTACHED: usize = 2;

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Op {
    /// Publications are posted, and the next batch begins.
    Publish {
        topic: usize,
        count: u64,
    },
    /// The batch is durable, and goes to the relays and to the feed.
    Hand {
        topic: usize,
    },
    /// What waits for a feed reaches it, and maybe comes again.
    Forward {
        again: bool,
    },
    /// A room asks its relays how they stand.
    Probe {
        topic: usize,
    },
    /// The next push to a relay.
    Push {
        topic: usize,
        relay: usize,
        fate: Fate,
    },
    /// A push that was late arrives.
    LatePush {
        which: usize,
    },
    /// A question goes its way: it reaches the room, or its answer the relay.
    Question {
        which: usize,
        is_lost: bool,
        /// Whether its address may ask for one more topic that nobody has published to.
        has_budget: bool,
    },
    /// A relay's word that nobody there wants a topic any more reaches the room, or not.
    Leave {
        which: usize,
        is_lost: bool,
    },
    /// A topic's alarm rings that nobody has published to.
    Ring {
        topic: usize,
    },
    /// Sends of a relay begin to take long, or come to an end.
    Stall {
        relay: usize,
        is_long: bool,
    },
    /// Somebody comes for many topics.
    Open {
        who: usize,
        relay: usize,
    },
    /// Somebody comes for one topic.
    OpenTopic {
        who: usize,
        relay: usize,
        topic: usize,
        resume: bool,
    },
    /// A frame with topics.
    Subscribe {
        who: usize,
        topics: BTreeSet<usize>,
        shape: Shape,
        past: Wanting,
    },
    /// A frame that ends them.
    Unsubscribe {
        who: usize,
        topics: BTreeSet<usize>,
        shape: Shape,
    },
    /// Somebody proves who it is, for some minutes.
    Authenticate {
        who: usize,
        is_ana: bool,
        minutes: u64,
    },
    /// A connection is lost.
    Cut {
        who: usize,
    },
    /// A relay hears of the sockets that are gone.
    Reap {
        relay: usize,
    },
    /// Taken out of memory where nothing is under way.
    SleepRoom {
        topic: usize,
    },
    SleepRelay {
        relay: usize,
    },
    /// Memory is lost, whatever is under way.
    CrashRoom {
        topic: usize,
        was_durable: bool,
    },
    CrashRelay {
        relay: usize,
    },
    /// A relay's memory is lost together with its sockets, and it never hears of their end.
    LoseRelay {
        relay: usize,
    },
    /// Time passes. Alarms may be late.
    Pass {
        minutes: u64,
        is_late: bool,
    },
}

/// What becomes of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Arrives,
    Lost,
    /// It arrives, but its answer doesn't.
    Unanswered,
    /// It arrives at another time, and again when it is tried again.
    Late,
}

/// What somebody wants of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanting {
    Latest,
    Nothing,
    Recent,
    /// From where it left off, if it was ever there.
    Resume,
    /// From a place before that.
    Earlier,
    /// From a place of an order that never was.
    Foreign,
    /// From a place that was not given yet.
    Future,
}

/// A socket as the runtime has it.
#[derive(Clone, PartialEq, Eq)]
struct Socket {
    who: usize,
    connection: u32,
    note: StoredSocket,
    is_accepted: bool,
    /// Nobody is at its other end any more; the relay has yet to hear of it.
    is_gone: bool,
}

struct RelayPlace {
    name: RelayName,
    relay: Relay,
    /// Which of its times in memory this is.
    life: u32,
    sockets: BTreeMap<SocketId, Socket>,
    numbers: u32,
    pushes: u64,
    /// Pushes that wait for their answer: whose lane, and which shipment.
    unanswered: BTreeMap<PushId, Option<(usize, u64, Lease)>>,
    is_stalled: bool,
    is_settled: bool,
    unsent_answers: Vec<(PushId, Pushed)>,
    alarm: Option<UnixMillis>,
    /// The connections of which a row is stored.
    rows: BTreeSet<String>,
    /// Where subscribers were when everything was last sent.
    sent: BTreeMap<usize, Reader>,
}

struct Question {
    relay: usize,
    life: u32,
    ask: AskId,
    topic: usize,
    lease: Lease,
    past: Past,
    address: Option<Address>,
    answer: Option<Result<Answer, AskFailure>>,
    /// The answer waits until a batch is durable.
    is_gated: bool,
}

pub struct World {
    pub readers: Vec<Reader>,
    pub truth: Truth,
    /// Whether rooms answer at once.
    is_prompt: bool,
    limits: RelayLimits,
    now: UnixMillis,
    topics: Vec<Topic>,
    rooms: Vec<KeptRoom>,
    relays: Vec<RelayPlace>,
    questions: Vec<Question>,
    leaving: Vec<(usize, RelayName, Lease)>,
    late: Vec<(usize, Shipment)>,
    forwards: Vec<Keyed>,
    numbers: Number,
}

impl World {
    /// `is_patient` says whether a socket's questions are asked one after another.
    pub fn new(history_size: usize, is_prompt: bool, is_patient: bool) -> Self {
        let now = UnixMillis(1_700_000_000_000);
        let limits = RelayLimits {
            capacity: 100,
            connections_per_address: None,
            client_frame_bytes: 4_096,
            client_frames_per_minute: NonZeroU32::MAX,
            topics_per_socket: 10,
            keeps_history: history_size > 0,
            message_bytes: 0,
            history_bytes: if is_patient { u64::MAX } else { 0 },
            retention_millis: RETENTION_MILLIS,
        };
        let topics: Vec<Topic> = TOPICS.iter().map(|name| Topic::parse(name).unwrap()).collect();
        let relay = |number| RelayPlace {
            name: RelayName::parse(&format!("relay-weur-{number}")).unwrap(),
            relay: Relay::wake(limits, vec![]),
            life: 0,
            sockets: BTreeMap::new(),
            numbers: 0,
            pushes: 0,
            unanswered: BTreeMap::new(),
            is_stalled: false,
            is_settled: true,
            unsent_answers: vec![],
            alarm: None,
            rows: BTreeSet::new(),
            sent: BTreeMap::new(),
        };
        Self {
            readers: (0..SUBSCRIBERS).map(Reader::new).collect(),
            truth: Truth::new(history_size > 0, history_size >= 1_000),
            is_prompt,
            limits,
            now,
            rooms: topics.iter().map(|topic| KeptRoom::new(topic.clone(), history_size, now)).collect(),
            topics,
            relays: (0..RELAYS).map(relay).collect(),
            questions: vec![],
            leaving: vec![],
            late: vec![],
            forwards: vec![],
            numbers: 0,
        }
    }

    pub fn run(&mut self, op: &Op) {
        if !matches!(op, Op::SleepRelay { .. } | Op::SleepRoom { .. }) {
            self.now = self.now.later_by(100);
        }
        match op {
            Op::Publish { topic, count } => self.publish(*topic, *count),
            Op::Hand { topic } => self.hand(*topic),
            Op::Forward { again } => self.forward(*again),
            // What is not durable leaves no room.
            Op::Probe { topic } if self.rooms[*topic].is_sending() => {}
            Op::Probe { topic } => self.rooms[*topic].probe(self.now),
            Op::Push { topic, relay, fate } => self.push(*topic, *relay, *fate),
            Op::LatePush { which } => self.push_late(*which),
            Op::Question { which, is_lost, has_budget } => self.question(*which, *is_lost, *has_budget),
            Op::Leave { which, is_lost } => self.leave(*which, *is_lost),
            Op::Ring { topic } => self.ring(*topic),
            Op::Stall { relay, is_long: true } => self.relays[*relay].is_stalled = true,
            Op::Stall { relay, is_long: false } => self.flush(*relay),
            Op::Open { who, relay } => self.open(*who, *relay, None),
            Op::OpenTopic { who, relay, topic, resume } => self.open(*who, *relay, Some((*topic, *resume))),
            Op::Subscribe { who, topics, shape, past } => self.subscribe(*who, topics, *shape, *past),
            Op::Unsubscribe { who, topics, shape } => self.unsubscribe(*who, topics, *shape),
            Op::Authenticate { who, is_ana, minutes } => self.authenticate(*who, *is_ana, *minutes),
            Op::Cut { who } => self.cut(*who),
            Op::Reap { relay } => self.reap(*relay),
            Op::SleepRoom { topic } => self.rooms[*topic].sleep(&mut self.truth, self.now),
            Op::SleepRelay { relay } => self.sleep(*relay),
            Op::CrashRoom { topic, was_durable } => self.crash_room(*topic, *was_durable),
            Op::CrashRelay { relay } => self.crash(*relay),
            Op::LoseRelay { relay } => self.lose_relay(*relay),
            Op::Pass { minutes, is_late } => self.pass(*minutes, *is_late),
        }
        while self.is_prompt && !self.questions.is_empty() {
            self.question(0, false, true);
        }
        if self.is_prompt && !matches!(op, Op::SleepRelay { .. } | Op::SleepRoom { .. }) {
            self.come_to_rest();
        }
    }

    /// Lets everything under way come to its end, and checks that nobody lacks anything: where they are, and after they
    /// have all come back to the other relay.
    pub fn settle(&mut self) {
        self.come_to_rest();
        self.publish_everywhere();
        for reader in &mut self.readers {
            reader.check_complete(&self.truth);
        }
        for who in 0..SUBSCRIBERS {
            let relay = who % RELAYS;
            self.open(who, relay, None);
            self.authenticate(who, true, 600);
            let topics =
                (0..TOPICS.len()).filter(|topic| self.readers[who].places.contains_key(&self.topics[*topic]));
            let topics: BTreeSet<usize> = topics.collect();
            self.subscribe(who, &topics, Shape::Native, Wanting::Resume);
            self.come_to_rest();
            for topic in topics {
                assert!(self.readers[who].has(&self.topics[topic]), "{who} has {} again", TOPICS[topic]);
            }
        }
        self.publish_everywhere();
        for reader in &mut self.readers {
            reader.check_complete(&self.truth);
        }
    }

    /// Everybody goes, alarms ring: of what nobody has published to, nothing is left.
    pub fn desert(&mut self) {
        for who in 0..SUBSCRIBERS {
            self.cut(who);
        }
        self.come_to_rest();
        for (topic, name) in TOPICS.iter().enumerate() {
            let was_unborn = self.rooms[topic].alarm_of_unborn().is_some();
            for _ in 0..2 {
                self.ring(topic);
                self.come_to_rest();
            }
            let is_forgotten = self.rooms[topic].is_empty();
            assert!(!(self.truth.keeps && was_unborn) || is_forgotten, "{name} is left");
        }
        self.pass(DAY_MINUTES, false);
        for relay in &self.relays {
            assert!(relay.rows.is_empty(), "rows of {} are left", relay.name);
        }
    }

    fn publish_everywhere(&mut self) {
        for topic in (0..TOPICS.len()).filter(|topic| *topic != FEED) {
            self.publish(topic, 1);
            self.come_to_rest();
        }
        self.publish(FEED, 1);
        self.come_to_rest();
    }

    fn come_to_rest(&mut self) {
        let began = self.now;
        for round in 0.. {
            assert!(round < 200, "it never comes to rest");
            for relay in 0..RELAYS {
                self.flush(relay);
                self.reap(relay);
            }
            for topic in 0..TOPICS.len() {
                self.hand(topic);
                for relay in 0..RELAYS {
                    self.push(topic, relay, Fate::Arrives);
                }
            }
            while !self.late.is_empty() {
                self.push_late(0);
            }
            self.forward(false);
            while !self.questions.is_empty() && !self.rooms[self.questions[0].topic].is_sending() {
                self.question(0, false, true);
            }
            while !self.leaving.is_empty() {
                self.leave(0, false);
            }
            // As long whether a room hears at once that nobody wants its topic any more, or with its next push.
            self.now = began.later_by(100);
            let is_quiet = self.questions.is_empty()
                && self.forwards.is_empty()
                && self
                    .rooms
                    .iter()
                    .all(|room| !room.is_sending() && room.lanes.values().all(VecDeque::is_empty));
            if is_quiet {
                break;
            }
        }
        for relay in &self.relays {
            assert!(relay.unanswered.is_empty(), "every push is answered");
        }
    }

    fn publish(&mut self, topic: usize, count: u64) {
        let name = &self.topics[topic];
        let publication = |number: Number| {
            let body = format!(r#"{{"type":"TRADE","n":{number}}}"#);
            payload::publication(name, body.as_bytes()).unwrap()
        };
        let publications = (self.numbers + 1..=self.numbers + count).map(publication).collect();
        self.numbers += count;
        self.rooms[topic].post(publications, &mut self.truth, self.now);
        if self.is_prompt {
            self.hand(topic);
        }
    }

    fn hand(&mut self, topic: usize) {
        let forwards = self.rooms[topic].hand(&mut self.truth, self.now);
        self.forwards.extend(forwards);
        for question in self.questions.iter_mut().filter(|one| one.topic == topic) {
            question.is_gated = false;
        }
    }

    fn forward(&mut self, again: bool) {
        if self.forwards.is_empty() || self.rooms[FEED].is_sending() {
            return;
        }
        let forwards = self.forwards.clone();
        // A feed knows a repeat as long as it holds what it repeats.
        if !again || !self.truth.is_strict {
            self.forwards.clear();
        }
        self.rooms[FEED].post(forwards, &mut self.truth, self.now);
        if self.is_prompt {
            self.hand(FEED);
        }
    }

    fn push(&mut self, topic: usize, relay: usize, fate: Fate) {
        let name = self.relays[relay].name;
        let lease = self.rooms[topic].lease_of(name);
        let Some(lane) = self.rooms[topic].lanes.get_mut(&name) else { return };
        let Some(lease) = lease else {
            lane.clear();
            return;
        };
        let Some(shipment) = lane.front().cloned() else { return };
        match fate {
            Fate::Arrives => self.arrive(relay, &shipment, Some((topic, shipment.id, lease))),
            Fate::Unanswered => {
                self.arrive(relay, &shipment, None);
                self.failed(topic, relay, shipment.id);
            }
            Fate::Lost => self.failed(topic, relay, shipment.id),
            Fate::Late => {
                self.failed(topic, relay, shipment.id);
                self.late.push((relay, shipment));
            }
        }
    }

    fn failed(&mut self, topic: usize, relay: usize, id: u64) {
        let Some(lane) = self.rooms[topic].lanes.get_mut(&self.relays[relay].name) else { return };
        let Some(first) = lane.front_mut().filter(|one| one.id == id) else { return };
        first.failures += 1;
        if first.failures == 3 {
            lane.pop_front();
        }
    }

    fn push_late(&mut self, which: usize) {
        if self.late.is_empty() {
            return;
        }
        let (relay, shipment) = self.late.remove(which % self.late.len());
        self.arrive(relay, &shipment, None);
    }

    fn arrive(&mut self, relay: usize, shipment: &Shipment, whose: Option<(usize, u64, Lease)>) {
        let place = &mut self.relays[relay];
        let id = PushId(place.pushes);
        place.pushes += 1;
        place.unanswered.insert(id, whose);
        let Shipment { topic, epoch, first, publications, .. } = shipment;
        let text = encode_publications(publications);
        let texts: Vec<&str> = if publications.is_empty() { vec![] } else { vec![&text] };
        let push: Push = decode_push(id, &encode_push(topic, *epoch, *first, &texts)).unwrap();
        self.step(relay, Event::Push(push));
    }

    fn answered(&mut self, relay: usize, push: PushId, pushed: Pushed) {
        let whose = self.relays[relay].unanswered.remove(&push).expect("a push is answered once");
        let Some((topic, id, lease)) = whose else { return };
        let name = self.relays[relay].name;
        match pushed {
            Pushed::Handed { .. } => {
                if let Some(lane) = self.rooms[topic].lanes.get_mut(&name)
                    && lane.front().is_some_and(|one| one.id == id)
                {
                    lane.pop_front();
                }
            }
            Pushed::Unwanted => {
                if let Some(lane) = self.rooms[topic].lanes.get_mut(&name) {
                    lane.retain(|one| one.id != id);
                }
                self.rooms[topic].dismiss(name, lease, self.now);
            }
            Pushed::Failed => self.failed(topic, relay, id),
        }
    }

    fn question(&mut self, which: usize, is_lost: bool, has_budget: bool) {
        if self.questions.is_empty() {
            return;
        }
        let which = which % self.questions.len();
        let question = &mut self.questions[which];
        if question.answer.is_none() && !is_lost {
            let room = &mut self.rooms[question.topic];
            let name = self.relays[question.relay].name;
            question.is_gated = room.is_sending();
            let Question { lease, past, address, .. } = *question;
            let asked = |room: &mut KeptRoom, only_born| room.ask(name, lease, past, only_born, self.now);
            question.answer = Some(match asked(room, address.is_some()) {
                Err(Refusal::Unborn) if !has_budget => Err(AskFailure::TooManyNew),
                Err(Refusal::Unborn) => asked(room, false).map_err(|_| AskFailure::FromTheFuture),
                answer => answer.map_err(|_| AskFailure::FromTheFuture),
            });
            if !self.is_prompt {
                return;
            }
        }
        if question.is_gated && !is_lost {
            return;
        }
        let question = self.questions.remove(which);
        let answer = question.answer.filter(|_| !is_lost).unwrap_or(Err(AskFailure::Unreachable));
        if self.relays[question.relay].life == question.life {
            self.step(question.relay, Event::Answered { ask: question.ask, answer });
        }
    }

    fn leave(&mut self, which: usize, is_lost: bool) {
        if self.leaving.is_empty() {
            return;
        }
        let (topic, relay, lease) = self.leaving.remove(which % self.leaving.len());
        if !is_lost {
            self.rooms[topic].dismiss(relay, lease, self.now);
        }
    }

    fn ring(&mut self, topic: usize) {
        let Some(alarm) = self.rooms[topic].alarm_of_unborn() else { return };
        let minutes = alarm.since(self.now).div_ceil(MINUTE);
        assert!(!self.truth.keeps || minutes <= 60, "what nobody publishes to is looked at within the hour");
        self.pass(minutes, false);
        self.rooms[topic].ring(&mut self.truth, self.now);
    }

    fn open(&mut self, who: usize, relay: usize, topic: Option<(usize, bool)>) {
        self.cut(who);
        let identity = self.readers[who].identity.clone().filter(|one| one.is_valid(self.now));
        self.readers[who].connect(identity.clone());
        let connection = self.readers[who].connection;
        let place = &mut self.relays[relay];
        let socket = SocketId(place.numbers);
        place.numbers += 1;
        let note = StoredSocket::default();
        place.sockets.insert(socket, Socket { who, connection, note, is_accepted: false, is_gone: false });
        let connection = format!("{who}-{connection}");
        let address = Some(Address(who as u64 / 2));
        let opening = Opening { socket, connection, open_from_address: 0, address, identity };
        let event = match topic {
            None => Event::Open(opening),
            Some((topic, resume)) => {
                let topic = self.topics[topic].clone();
                let resume = self.readers[who].places.get(&topic).filter(|_| resume);
                let resume = resume.map(|(epoch, seq)| Resume { since: Seq::new(*seq), epoch: *epoch });
                let past = resume.map_or(Past::Latest, Past::Since);
                self.readers[who].wish(&topic, Shape::Native, past, false, &self.truth);
                Event::OpenTopic { opening, topic, view: View::Native, resume }
            }
        };
        self.step(relay, event);
    }

    /// Where somebody is connected, and by which socket.
    fn socket_of(&self, who: usize) -> Option<(usize, SocketId)> {
        let connection = self.readers[who].connection;
        self.relays.iter().enumerate().find_map(|(relay, place)| {
            let is_theirs = |socket: &Socket| {
                socket.who == who && socket.connection == connection && !socket.is_gone && socket.is_accepted
            };
            place.sockets.iter().find(|(_, socket)| is_theirs(socket)).map(|(id, _)| (relay, *id))
        })
    }

    fn subscribe(&mut self, who: usize, topics: &BTreeSet<usize>, shape: Shape, past: Wanting) {
        let Some((relay, socket)) = self.socket_of(who) else { return };
        if topics.is_empty() || self.relays[relay].relay.is_for_one(socket) {
            return;
        }
        let is_new = |topic: &&usize| !self.readers[who].awaits(&self.topics[**topic]);
        let topics = topics.iter().filter(is_new);
        let mut wanted: Vec<Wanted> = topics.map(|topic| self.wanted(who, *topic, shape, past)).collect();
        if who % 2 == 1 {
            // Some name a feed first.
            wanted.reverse();
        }
        if wanted.is_empty() {
            return;
        }
        let with_feed = wanted.iter().any(|one| one.topic == self.topics[FEED]);
        for Wanted { topic, past } in &wanted {
            self.readers[who].wish(topic, shape, *past, with_feed, &self.truth);
        }
        let view = view_of(shape);
        let request = SocketRequest::Subscribe(Subscribe { topics: wanted, view });
        self.step(relay, Event::Request { socket, request });
    }

    fn wanted(&self, who: usize, topic: usize, shape: Shape, past: Wanting) -> Wanted {
        let name = self.topics[topic].clone();
        let place = self.readers[who].places.get(&name).filter(|_| shape == Shape::Native);
        let since = |epoch, seq| Past::Since(Resume { since: Seq::new(seq), epoch });
        let past = match (past, place) {
            (Wanting::Nothing, _) => Past::Nothing,
            (Wanting::Recent, _) => Past::Recent,
            (Wanting::Resume, Some((epoch, seq))) => since(*epoch, *seq),
            (Wanting::Earlier, Some((epoch, seq))) => since(*epoch, seq.saturating_sub(3)),
            (Wanting::Future, Some((epoch, seq))) => since(*epoch, seq + 2),
            (Wanting::Foreign, _) if shape == Shape::Native => {
                since(glow_broadcast::core::epoch::Epoch::Foreign, 2)
            }
            _ => Past::Latest,
        };
        Wanted { topic: name, past }
    }

    fn unsubscribe(&mut self, who: usize, topics: &BTreeSet<usize>, shape: Shape) {
        let Some((relay, socket)) = self.socket_of(who) else { return };
        if topics.is_empty() || self.relays[relay].relay.is_for_one(socket) {
            return;
        }
        let topics = Some(topics.iter().map(|topic| self.topics[*topic].clone()).collect());
        let request = SocketRequest::Unsubscribe(Unsubscribe { topics, view: view_of(shape) });
        self.step(relay, Event::Request { socket, request });
    }

    fn authenticate(&mut self, who: usize, is_ana: bool, minutes: u64) {
        let Some((relay, socket)) = self.socket_of(who) else { return };
        if self.relays[relay].relay.is_for_one(socket) {
            return;
        }
        let name = if is_ana { "ana" } else { "ben" };
        let token = format!("{name} {}", self.now.later_by(minutes * MINUTE).0);
        self.step(relay, Event::Request { socket, request: SocketRequest::Authenticate { token } });
    }

    fn cut(&mut self, who: usize) {
        let Some((relay, id)) = self.socket_of(who) else {
            let identity = self.readers[who].identity.take();
            self.readers[who].connect(identity);
            return;
        };
        self.relays[relay].sockets.get_mut(&id).unwrap().is_gone = true;
        self.lose(relay, who);
        let identity = self.readers[who].identity.take();
        self.readers[who].connect(identity);
    }

    /// What was not sent yet never reaches somebody whose connection is lost.
    fn lose(&mut self, relay: usize, who: usize) {
        let connection = self.readers[who].connection;
        if let Some(sent) = self.relays[relay].sent.get(&who).filter(|one| one.connection == connection) {
            self.readers[who].places = sent.places.clone();
        }
    }

    fn reap(&mut self, relay: usize) {
        let is_gone = |(_, socket): &(&SocketId, &Socket)| socket.is_gone && socket.is_accepted;
        let gone: Vec<SocketId> =
            self.relays[relay].sockets.iter().filter(is_gone).map(|(id, _)| *id).collect();
        for socket in gone {
            self.relays[relay].sockets.remove(&socket);
            self.step(relay, Event::Leave { socket });
        }
    }

    fn sleep(&mut self, relay: usize) {
        let place = &self.relays[relay];
        let is_awaited = place.sockets.values().any(|socket| !socket.is_accepted);
        if place.is_settled && !place.relay.is_asking() && !is_awaited {
            self.wake(relay);
        }
    }

    fn crash(&mut self, relay: usize) {
        let place = &mut self.relays[relay];
        if place.is_settled && !place.relay.is_asking() {
            self.wake(relay);
            return;
        }
        // Nobody knows who got what: everybody is asked to come back.
        let accepted = place.sockets.iter().filter(|(_, socket)| socket.is_accepted);
        let gone = accepted.map(|(id, socket)| (*id, Socket { is_gone: true, ..socket.clone() })).collect();
        self.lose_relay(relay);
        self.relays[relay].sockets = gone;
        self.wake(relay);
    }

    fn lose_relay(&mut self, relay: usize) {
        let place = &mut self.relays[relay];
        let here: Vec<(usize, u32)> = place.sockets.values().map(|one| (one.who, one.connection)).collect();
        place.sockets.clear();
        place.is_stalled = false;
        place.is_settled = true;
        place.unsent_answers.clear();
        let unanswered = std::mem::take(&mut place.unanswered);
        for (topic, id, _) in unanswered.into_values().flatten() {
            self.failed(topic, relay, id);
        }
        self.questions.retain(|question| question.relay != relay);
        for (who, connection) in here {
            if self.readers[who].connection == connection {
                self.lose(relay, who);
                let identity = self.readers[who].identity.take();
                self.readers[who].connect(identity);
            }
        }
        self.wake(relay);
    }

    fn wake(&mut self, relay: usize) {
        let place = &mut self.relays[relay];
        place.life += 1;
        let sockets: Vec<Socket> = std::mem::take(&mut place.sockets).into_values().collect();
        place.sockets = sockets.into_iter().zip(0..).map(|(socket, id)| (SocketId(id), socket)).collect();
        place.numbers = u32::try_from(place.sockets.len()).unwrap();
        let stored = place.sockets.iter().map(|(id, socket)| (*id, socket.note.clone()));
        place.relay = Relay::wake(self.limits, stored.collect());
    }

    fn crash_room(&mut self, topic: usize, was_durable: bool) {
        let is_sending = self.rooms[topic].is_sending();
        self.rooms[topic].crash(was_durable, &mut self.truth, self.now);
        for question in self.questions.iter_mut().filter(|one| one.topic == topic && one.is_gated) {
            question.answer = Some(Err(AskFailure::Unreachable));
            question.is_gated = false;
        }
        assert!(!is_sending || !self.rooms[topic].is_sending());
    }

    fn pass(&mut self, minutes: u64, is_late: bool) {
        self.now = self.now.later_by(minutes * MINUTE);
        for relay in 0..RELAYS {
            if !is_late && self.relays[relay].alarm.is_some_and(|at| at <= self.now) {
                self.relays[relay].alarm = None;
                let rows = self.relays[relay].rows.iter().cloned().collect();
                self.step(relay, Event::Tick { rows });
            }
        }
    }

    fn step(&mut self, relay: usize, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            self.relays[relay].is_settled = false;
            let effects = self.relays[relay].relay.step(event, self.now);
            for effect in effects {
                events.extend(self.see(relay, effect));
            }
            self.relays[relay].check();
            for reader in &mut self.readers {
                reader.check_caught_up();
            }
        }
        if !self.relays[relay].is_stalled {
            self.flush(relay);
        }
    }

    /// Everything was sent.
    fn flush(&mut self, relay: usize) {
        self.relays[relay].is_stalled = false;
        for (push, pushed) in std::mem::take(&mut self.relays[relay].unsent_answers) {
            self.answered(relay, push, pushed);
        }
        let place = &mut self.relays[relay];
        for effect in place.relay.step(Event::Settle, self.now) {
            let Effect::Remember(id) = effect else { panic!("{effect:?} has no place here") };
            remember(place, id, self.now);
        }
        place.is_settled = true;
        place.check();
        let here: BTreeSet<usize> = place.sockets.values().map(|socket| socket.who).collect();
        place.sent = here.into_iter().map(|who| (who, self.readers[who].clone())).collect();
    }

    /// Does what the relay has decided, and has everybody see what is sent.
    fn see(&mut self, relay: usize, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Welcome(id) => self.accept(relay, id),
            Effect::WelcomeTo { socket, topic, epoch, seq } => {
                self.accept(relay, socket);
                self.with_reader(relay, socket, |reader, truth| {
                    reader.subscribed(&topic, Shape::Native, epoch, seq.get(), truth);
                });
            }
            Effect::TurnAway { socket, .. } => {
                let gone = self.relays[relay].sockets.remove(&socket).expect("it wanted a place");
                assert!(!gone.is_accepted);
                if self.readers[gone.who].connection == gone.connection {
                    let identity = self.readers[gone.who].identity.take();
                    self.readers[gone.who].connect(identity);
                }
            }
            Effect::Remember(id) => remember(&mut self.relays[relay], id, self.now),
            Effect::Forget { connection } => drop(self.relays[relay].rows.remove(&connection)),
            Effect::Close => {
                self.relays[relay].rows.clear();
                self.relays[relay].alarm = None;
            }
            Effect::Ask { ask, topic, lease, past, address } => self.questions.push(Question {
                relay,
                life: self.relays[relay].life,
                ask,
                topic: self.topics.iter().position(|one| *one == topic).unwrap(),
                lease,
                past,
                address,
                answer: None,
                is_gated: false,
            }),
            Effect::LetGo { topic, lease } => {
                let topic = self.topics.iter().position(|one| *one == topic).unwrap();
                self.leaving.push((topic, self.relays[relay].name, lease));
                if self.is_prompt {
                    self.leave(0, false);
                }
            }
            Effect::Verify { socket, token } => {
                let (name, expires) = token.split_once(' ').unwrap();
                let expires = UnixMillis(expires.parse().unwrap());
                let identity = Identity { subject: Subject::Account(name.into()), expires };
                return Some(Event::Verified { socket, identity: Some(identity) });
            }
            Effect::Wake { at } => self.relays[relay].wake_at(at),
            Effect::Tell { socket, word } => self.tell(relay, socket, word),
            Effect::Gap { sockets, topic, from, to } => {
                for socket in sockets {
                    self.check_reads(relay, socket, &topic);
                    self.with_reader(relay, socket, |reader, truth| {
                        reader.misses(&topic, from.map(Seq::get), to.get(), truth);
                    });
                }
            }
            Effect::Position { sockets, topic, seq } => {
                for socket in sockets {
                    self.with_reader(relay, socket, |reader, truth| reader.passes(&topic, seq.get(), truth));
                }
            }
            Effect::Deliver(delivery) => self.deliver(relay, &delivery),
            Effect::Answer { push, pushed } => self.relays[relay].unsent_answers.push((push, pushed)),
            Effect::Disconnect { socket, .. } => self.disconnect(relay, socket),
        }
        None
    }

    fn accept(&mut self, relay: usize, id: SocketId) {
        let place = &mut self.relays[relay];
        let socket = place.sockets.get_mut(&id).expect("it wanted a place");
        socket.is_accepted = true;
        // Who did not wait any longer is gone again at once.
        socket.is_gone = self.readers[socket.who].connection != socket.connection;
        remember(place, id, self.now);
    }

    fn disconnect(&mut self, relay: usize, id: SocketId) {
        let Some(socket) = self.relays[relay].sockets.get_mut(&id) else { return };
        if std::mem::replace(&mut socket.is_gone, true) {
            return;
        }
        let who = socket.who;
        let identity = self.readers[who].identity.take();
        self.readers[who].connect(identity);
    }

    fn tell(&mut self, relay: usize, id: SocketId, word: Word) {
        self.with_reader(relay, id, |reader, truth| match word {
            Word::Subscribed { topic, view, epoch, seq } => {
                reader.subscribed(&topic, shape_of(view), epoch, seq.get(), truth);
            }
            Word::Unsubscribed { topic, view } => reader.ended(&topic, shape_of(view), "unsubscribed", truth),
            Word::Refused { topic, why } => reader.refused(&topic, truth, why),
            Word::Authenticated(identity) => reader.identity = Some(identity),
            Word::Expired { topics, .. } => topics.iter().for_each(|topic| reader.expired(topic, truth)),
            other => panic!("{other:?} has no place here"),
        });
    }

    fn deliver(&mut self, relay: usize, delivery: &Delivery) {
        let Delivery { topic, first, items, parcels, is_snapshot, .. } = delivery;
        for parcel in parcels {
            let all: Vec<usize> = (0..items.len()).collect();
            for socket in &parcel.sockets {
                self.check_reads(relay, *socket, topic);
                for index in parcel.selection.as_ref().unwrap_or(&all) {
                    let (seq, item) = (first.after(*index).get(), &items[*index]);
                    self.with_reader(relay, *socket, |reader, truth| {
                        for shape in shapes_of(parcel.views) {
                            if *is_snapshot {
                                reader.snapshot(topic, shape, seq, item);
                            } else {
                                reader.gets(topic, shape, seq, item, truth);
                            }
                        }
                    });
                }
            }
        }
    }

    /// Nobody is shown anything of a private topic that it may not read.
    fn check_reads(&self, relay: usize, socket: SocketId, topic: &Topic) {
        let Some(socket) = self.relays[relay].sockets.get(&socket) else { return };
        let reader = &self.readers[socket.who];
        if topic.visibility() == Visibility::Private
            && reader.connection == socket.connection
            && !socket.is_gone
        {
            let may = may_read(topic, reader.identity.as_ref(), self.now);
            assert!(may, "{} is shown {topic}, and is {:?}", reader.name, reader.identity);
        }
    }

    /// What is sent to a socket that nobody is at any more is seen by nobody.
    fn with_reader(&mut self, relay: usize, id: SocketId, see: impl FnOnce(&mut Reader, &Truth)) {
        let Some(socket) = self.relays[relay].sockets.get(&id) else { return };
        let reader = &mut self.readers[socket.who];
        if reader.connection == socket.connection && !socket.is_gone {
            see(reader, &self.truth);
        }
    }
}

impl RelayPlace {
    fn wake_at(&mut self, at: UnixMillis) {
        self.alarm = Some(self.alarm.map_or(at, |earlier| earlier.min(at)));
    }

    /// Whatever is stored has an alarm that ends it.
    fn check(&self) {
        assert!(self.rows.is_empty() || self.alarm.is_some(), "rows of {} are stored for ever", self.name);
    }
}

fn remember(place: &mut RelayPlace, id: SocketId, now: UnixMillis) {
    let (Some(socket), Some(note)) = (place.sockets.get_mut(&id), place.relay.stored(id)) else { return };
    let row = (note.topics.len() > ATTACHED).then(|| note.connection.clone());
    socket.note = note;
    if let Some(connection) = row {
        place.rows.insert(connection);
        for effect in place.relay.step(Event::RowStored, now) {
            let Effect::Wake { at } = effect else { panic!("{effect:?} has no place here") };
            place.wake_at(at);
        }
    }
}

fn view_of(shape: Shape) -> View {
    match shape {
        Shape::Native => View::Native,
        Shape::Trades => View::Trades,
    }
}

fn shape_of(view: View) -> Shape {
    if view == View::Trades { Shape::Trades } else { Shape::Native }
}

fn shapes_of(views: Views) -> impl Iterator<Item = Shape> {
    [Shape::Native, Shape::Trades].into_iter().filter(move |shape| views.has(view_of(*shape)))
}
