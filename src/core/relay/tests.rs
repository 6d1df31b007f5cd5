//! Examples of what a relay decides, and the words that they are told in. It must not know how effects are run.

mod again;
mod budgets;
mod coming;
mod feeds;
mod owners;
mod pushes;
mod rows;
mod sleep;

use super::effect::{Parcel, Pushed};
use super::event::{Answer, AskFailure, Item, Lease, Push, PushId};
use super::*;
use crate::core::access::Subject;
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::publication::Publication;
use crate::core::socket_request::{Past, Subscribe, Unsubscribe, Wanted};
use crate::core::view::Kind;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const EPOCH: Epoch = Epoch::Began(UnixMillis(1_600_000_000_000));
const DAY: u64 = 86_400_000;

fn limits() -> RelayLimits {
    RelayLimits {
        capacity: 4,
        connections_per_address: NonZeroU32::new(2),
        client_frame_bytes: 4_096,
        client_frames_per_minute: NonZeroU32::new(20).unwrap(),
        topics_per_socket: 3,
        keeps_history: true,
        message_bytes: 100,
        history_bytes: 1_000,
        retention_millis: 14 * DAY,
    }
}

fn topic(name: &str) -> Topic {
    Topic::parse(name).unwrap()
}

fn opening(socket: u32, identity: Option<Identity>) -> Opening {
    Opening {
        socket: SocketId(socket),
        connection: format!("c{socket}"),
        open_from_address: 0,
        address: None,
        identity,
    }
}

fn since(seq: u64) -> Past {
    Past::Since(Resume { since: Seq::new(seq), epoch: EPOCH })
}

fn items(places: std::ops::RangeInclusive<u64>) -> Vec<Item> {
    let publication = |place| Publication::from_checked_object(format!("{{\"n\":{place}}}"));
    places.map(|place| Item { publication: publication(place), kind: Kind::Trade, origin: None }).collect()
}

/// An answer of a room that is at `seq`: for a first impression, or as what came after a place.
fn latest(seq: u64) -> Answer {
    let items = if seq == 0 { vec![] } else { items(seq..=seq) };
    Answer { epoch: EPOCH, seq: Seq::new(seq), gap: None, items, is_continuation: false }
}

fn after(since: u64, seq: u64) -> Answer {
    Answer { items: items(since + 1..=seq), is_continuation: true, ..latest(seq) }
}

/// A relay, and how its examples speak to it.
struct Example {
    relay: Relay,
    now: UnixMillis,
    asked: Vec<(AskId, Topic, Lease)>,
    pushes: u64,
    kept: BTreeMap<SocketId, StoredSocket>,
}

impl Example {
    fn with(limits: RelayLimits) -> Self {
        Self::of(Relay::wake(limits, vec![]))
    }

    fn of(relay: Relay) -> Self {
        Self { relay, now: NOW, asked: vec![], pushes: 0, kept: BTreeMap::new() }
    }

    fn new() -> Self {
        Self::with(limits())
    }

    /// A relay with sockets of these numbers, which all have topic `A`, at 5.
    fn at_five(sockets: std::ops::RangeInclusive<u32>) -> Self {
        Self::at_five_with(limits(), sockets)
    }

    fn at_five_with(limits: RelayLimits, sockets: std::ops::RangeInclusive<u32>) -> Self {
        let mut example = Self::with(limits);
        for socket in sockets {
            example.open(socket);
            example.subscribe(socket, "A", Past::Nothing);
        }
        example.answer(Ok(Answer { items: vec![], ..latest(5) }));
        example
    }

    fn step(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.relay.step(event, self.now);
        for effect in &effects {
            if let Effect::Ask { ask, topic, lease, .. } = effect {
                self.asked.push((*ask, topic.clone(), *lease));
            }
            if let Effect::Remember(id) = effect {
                self.kept.extend(self.relay.stored(*id).map(|note| (*id, note)));
            }
        }
        effects
    }

    fn seen(&mut self, event: Event) -> Vec<String> {
        self.step(event).iter().flat_map(seen).collect()
    }

    fn open(&mut self, socket: u32) -> Vec<String> {
        self.seen(Event::Open(opening(socket, None)))
    }

    fn request(&mut self, socket: u32, request: SocketRequest) -> Vec<String> {
        self.seen(Event::Request { socket: SocketId(socket), request })
    }

    fn subscribe(&mut self, socket: u32, name: &str, past: Past) -> Vec<String> {
        self.subscribe_as(socket, View::Native, &[(name, past)])
    }

    fn subscribe_as(&mut self, socket: u32, view: View, wanted: &[(&str, Past)]) -> Vec<String> {
        let wanted = wanted.iter().map(|(name, past)| Wanted { topic: topic(name), past: *past });
        let subscribe = Subscribe { topics: wanted.collect(), view };
        self.request(socket, SocketRequest::Subscribe(subscribe))
    }

    fn unsubscribe(&mut self, socket: u32, name: &str) -> Vec<String> {
        let unsubscribe = Unsubscribe { topics: Some(vec![topic(name)]), view: View::Native };
        self.request(socket, SocketRequest::Unsubscribe(unsubscribe))
    }

    /// The room answers the question that was asked first.
    fn answer(&mut self, answer: Result<Answer, AskFailure>) -> Vec<String> {
        let (ask, ..) = self.asked.remove(0);
        self.seen(Event::Answered { ask, answer })
    }

    fn push(&mut self, name: &str, first: u64, items: Vec<Item>) -> Vec<String> {
        self.push_in(EPOCH, name, first, items)
    }

    fn push_in(&mut self, epoch: Epoch, name: &str, first: u64, items: Vec<Item>) -> Vec<String> {
        let id = PushId(self.pushes);
        self.pushes += 1;
        self.seen(Event::Push(Push { id, topic: topic(name), epoch, first: Seq::new(first), items }))
    }

    /// Everything was sent, and the relay sleeps and wakes again with what was kept.
    fn sleep(&mut self) {
        let settled = self.step(Event::Settle);
        assert!(settled.iter().all(|effect| matches!(effect, Effect::Remember(_))), "{settled:?}");
        let kept = self.kept.iter().filter(|(id, _)| self.relay.sockets.contains_key(id));
        self.relay = Relay::wake(self.relay.limits, kept.map(|(id, note)| (*id, note.clone())).collect());
    }
}

/// What is seen of an effect. What is kept is seen after a sleep.
fn seen(effect: &Effect) -> Vec<String> {
    let ids = |sockets: &[SocketId]| {
        let mut ids: Vec<u32> = sockets.iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
    };
    match effect {
        Effect::Remember(_) | Effect::Forget { .. } => vec![],
        Effect::Welcome(id) => vec![format!("{} is welcome", id.0)],
        Effect::WelcomeTo { socket, topic, seq, .. } => {
            vec![format!("{} is welcome to {topic} at {}", socket.0, seq.get())]
        }
        Effect::TurnAway { socket, why } => vec![format!("{} is turned away: {why:?}", socket.0)],
        Effect::Ask { topic, past, .. } => vec![match past {
            Past::Since(resume) => format!("ask {topic} since {}", resume.since.get()),
            past => format!("ask {topic} {past:?}"),
        }],
        Effect::LetGo { topic, .. } => vec![format!("let {topic} go")],
        Effect::Tell { socket, word } => vec![format!("{} {}", socket.0, said(word))],
        Effect::Gap { sockets, topic, from, to } => {
            let from = from.map(|from| from.get().to_string()).unwrap_or_default();
            vec![format!("{} misses {topic} {from}..{}", ids(sockets), to.get())]
        }
        Effect::Position { sockets, topic, seq } => {
            vec![format!("{} has {topic} up to {}", ids(sockets), seq.get())]
        }
        Effect::Deliver(delivery) => {
            let told = |parcel: &Parcel| {
                let all: Vec<usize> = (0..delivery.items.len()).collect();
                let chosen = parcel.selection.as_ref().unwrap_or(&all);
                let places = chosen.iter().map(|place| delivery.first.after(*place).get().to_string());
                let places = places.collect::<Vec<_>>().join(",");
                let verb = if delivery.is_snapshot { "is shown" } else { "gets" };
                let views: Vec<String> = parcel.views.each().map(|view| format!("{view:?}")).collect();
                let topic = &delivery.topic;
                format!("{} {verb} {topic} {places} as {}", ids(&parcel.sockets), views.join("+"))
            };
            delivery.parcels.iter().map(told).collect()
        }
        Effect::Answer { push, pushed } => vec![format!("push {}: {}", push.0, outcome(*pushed))],
        Effect::Disconnect { socket, closing } => vec![format!("{} is closed: {closing:?}", socket.0)],
        Effect::Wake { at } => vec![format!("wake in {}", at.since(NOW))],
        Effect::Verify { socket, token } => vec![format!("verify {token} of {}", socket.0)],
        Effect::Close => vec!["close".into()],
    }
}

fn said(word: &Word) -> String {
    match word {
        Word::Subscribed { topic, view: View::Native, seq, .. } => format!("has {topic} at {}", seq.get()),
        Word::Subscribed { topic, view, seq, .. } => format!("has {topic} as {view:?} at {}", seq.get()),
        Word::Unsubscribed { topic, .. } => format!("has {topic} no longer"),
        Word::HadNothing { view } => format!("has nothing as {view:?}"),
        Word::Refused { topic, why } => format!("does not get {topic}: {why:?}"),
        Word::Expired { subject, topics } => {
            let topics: Vec<&str> = topics.iter().map(Topic::as_str).collect();
            format!("is {} no longer: {}", subject.name(), topics.join(" "))
        }
        Word::Authenticated(identity) => format!("is {}", identity.subject.name()),
        other => format!("hears {other:?}"),
    }
}

fn outcome(pushed: Pushed) -> String {
    match pushed {
        Pushed::Handed { again: None } => "handed".into(),
        Pushed::Handed { again: Some(count) } => format!("handed before, {count} have it"),
        other => format!("{other:?}").to_lowercase(),
    }
}
