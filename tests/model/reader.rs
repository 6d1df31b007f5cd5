//! A subscriber with a socket for many topics, or for one, who checks all that it is shown: nothing twice, nothing missing
//! without a word, nothing out of order. It must not know how a relay decides.

use std::collections::BTreeMap;

use glow_broadcast::core::access::Identity;
use glow_broadcast::core::epoch::Epoch;
use glow_broadcast::core::relay::effect::Refused;
use glow_broadcast::core::relay::event::Item;
use glow_broadcast::core::socket_request::Past;
use glow_broadcast::core::topic::{Namespace, Topic};

use super::truth::{Life, Number, Truth, number_of};

/// A way to have a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// As posted.
    Native,
    /// On the channel of its kind, where nobody is told a place or a gap.
    Trades,
}

/// What was asked for and is not here yet.
#[derive(Clone, Debug)]
struct Wish {
    topic: Topic,
    shape: Shape,
    past: Past,
    /// Whether it has been at the place that it names.
    is_true: bool,
}

#[derive(Clone, Debug)]
struct Subscription {
    life: Option<Life>,
    seq: u64,
    /// How far it was said to be when it began: to be reached at once.
    told: Option<u64>,
    /// Whether it was asked for with a place of an order that is over.
    is_foreign: bool,
    /// What a feed has left out, to be found in its own topic.
    left_out: Vec<(Life, u64)>,
}

/// A topic brings everything after a place, and so a feed need not.
#[derive(Clone, Debug)]
struct Cover {
    topic: Topic,
    shape: Shape,
    start: u64,
    life: Option<Life>,
    /// The last one that it may have been counted on for; `None` as long as it lasts.
    until: Option<u64>,
}

#[derive(Clone, Default)]
pub struct Reader {
    pub name: usize,
    pub identity: Option<Identity>,
    /// Which of its connections this is.
    pub connection: u32,
    /// What it would resume from.
    pub places: BTreeMap<Topic, (Epoch, u64)>,
    /// All that it was shown, by topic.
    pub transcript: BTreeMap<Topic, Vec<String>>,
    wishes: Vec<Wish>,
    subscriptions: BTreeMap<(Topic, Shape), Subscription>,
    covers: Vec<Cover>,
}

impl Reader {
    pub fn new(name: usize) -> Self {
        Self { name, ..Self::default() }
    }

    pub fn connect(&mut self, identity: Option<Identity>) {
        self.connection += 1;
        self.identity = identity;
        self.wishes.clear();
        self.subscriptions.clear();
        self.covers.clear();
    }

    pub fn note(&mut self, topic: &Topic, seen: String) {
        self.transcript.entry(topic.clone()).or_default().push(seen);
    }

    /// It asks for a topic. Who comes back to it together with a feed has all of it.
    pub fn wish(&mut self, topic: &Topic, shape: Shape, past: Past, with_feed: bool, truth: &Truth) {
        if let Past::Since(resume) = past {
            let life = truth.life_of(topic, resume.epoch);
            let start = if with_feed { 0 } else { resume.since.get() };
            self.cover(topic, shape, start, life);
        }
        let has_been = self.places.get(topic).map_or(0, |(_, seq)| *seq);
        let is_true = matches!(past, Past::Since(resume) if resume.since.get() <= has_been);
        self.wishes.push(Wish { topic: topic.clone(), shape, past, is_true });
    }

    fn cover(&mut self, topic: &Topic, shape: Shape, start: u64, life: Option<Life>) {
        self.covers.push(Cover { topic: topic.clone(), shape, start, life, until: None });
    }

    pub fn subscribed(&mut self, topic: &Topic, shape: Shape, epoch: Epoch, seq: u64, truth: &Truth) {
        // When it was that there was nothing yet, makes no difference.
        let named = if matches!(epoch, Epoch::Unborn(_)) { String::new() } else { epoch.to_string() };
        self.note(topic, format!("subscribed {shape:?} {named} {seq}"));
        let key = (topic.clone(), shape);
        let wish = self.wishes.iter().position(|one| one.topic == *topic && one.shape == shape);
        let wish = self.wishes.remove(wish.expect("it asked for it"));
        if let (Some(had), false) = (self.subscriptions.get_mut(&key), matches!(wish.past, Past::Since(_))) {
            let is_there = had.seq == seq || (is_feed(topic) && shape == Shape::Trades);
            assert!(is_there, "{}: it has {topic} up to {}", self.name, had.seq);
            had.told = Some(seq);
            return;
        }
        let life = truth.life_of(topic, epoch);
        let (start, is_foreign) = match wish.past {
            Past::Since(resume) if resume.epoch != Epoch::Foreign => (resume.since.get(), false),
            Past::Since(_) => (0, true),
            _ => (seq, false),
        };
        if is_foreign || !matches!(wish.past, Past::Since(_)) {
            self.cover(topic, shape, seq, life);
        }
        // Who names a place of what it has already goes on from there.
        let life = self.subscriptions.get(&key).map_or(life, |had| had.life);
        let subscription = Subscription { life, seq: start, told: Some(seq), is_foreign, left_out: vec![] };
        self.subscriptions.insert(key, subscription);
        if shape == Shape::Native {
            self.places.insert(topic.clone(), (epoch, start));
        }
    }

    /// A topic ends, or does not begin.
    pub fn ended(&mut self, topic: &Topic, shape: Shape, why: &str, truth: &Truth) {
        self.note(topic, format!("{why} {shape:?}"));
        self.stop(topic, shape, truth);
    }

    fn stop(&mut self, topic: &Topic, shape: Shape, truth: &Truth) {
        self.wishes.retain(|one| one.topic != *topic || one.shape != shape);
        self.lose(topic, shape, truth);
    }

    /// It has a topic no longer. What it has asked for is answered all the same.
    fn lose(&mut self, topic: &Topic, shape: Shape, truth: &Truth) {
        self.subscriptions.remove(&(topic.clone(), shape));
        for cover in &mut self.covers {
            if cover.topic == *topic && cover.shape == shape {
                cover.until.get_or_insert(truth.last(topic));
            }
        }
    }

    /// A private topic ends, however it was had.
    pub fn expired(&mut self, topic: &Topic, truth: &Truth) {
        self.note(topic, "expired".into());
        let key = |shape| (topic.clone(), shape);
        for shape in [Shape::Native, Shape::Trades] {
            if self.subscriptions.contains_key(&key(shape)) {
                self.lose(topic, shape, truth);
            }
        }
    }

    pub fn refused(&mut self, topic: &Topic, truth: &Truth, why: Refused) {
        self.note(topic, format!("{why:?}"));
        // It is not said in which shape: somebody waits for a topic in one shape at a time.
        let wish = self.wishes.iter().position(|one| one.topic == *topic);
        let Wish { shape, is_true, past, .. } = self.wishes.remove(wish.expect("it asked for it"));
        let was_there = truth.keeps && is_true;
        assert!(!was_there || why != Refused::FromTheFuture, "{} was further in {topic}", self.name);
        if !self.subscriptions.contains_key(&(topic.clone(), shape)) {
            self.stop(topic, shape, truth);
        } else if matches!(past, Past::Since(_)) {
            // It has the topic as it had it before.
            let is_its = |cover: &Cover| cover.topic == *topic && cover.shape == shape;
            self.covers.remove(self.covers.iter().rposition(is_its).expect("it counted on it"));
        }
    }

    pub fn snapshot(&mut self, topic: &Topic, shape: Shape, seq: u64, item: &Item) {
        self.note(topic, format!("snapshot {shape:?} {seq} {}", number_of(&item.publication)));
        let had = &self.subscriptions[&(topic.clone(), shape)];
        assert!(had.told.is_some_and(|told| seq <= told), "{}: {had:?} {seq}", self.name);
    }

    pub fn gets(&mut self, topic: &Topic, shape: Shape, seq: u64, item: &Item, truth: &Truth) {
        let name = self.name;
        let number = number_of(&item.publication);
        self.note(topic, format!("{shape:?} {seq} {number}"));
        let Some(had) = self.subscriptions.get_mut(&(topic.clone(), shape)) else {
            panic!("{name} does not have {topic} as {shape:?}, but got {seq}")
        };
        let (life, place) = truth.place_of(topic, number).expect("it was published");
        assert_eq!(place, seq, "{name}: it has its own place in {topic}");
        match had.life {
            Some(of) if shape == Shape::Trades && !truth.keeps && life > of => had.seq = 0,
            Some(of) => assert_eq!(life, of, "{name}: {topic} goes on in its own order"),
            None => {}
        }
        assert!(seq > had.seq, "{name} got {seq} of {topic} as {shape:?} after {}", had.seq);
        had.life = Some(life);
        let skipped = had.seq + 1..seq;
        had.seq = seq;
        if is_feed(topic) {
            had.left_out.extend(skipped.map(|place| (life, place)));
            self.check_not_twice(topic, shape, number, truth);
            self.check_left_out(topic, shape, truth);
        } else {
            let is_told_nothing = shape == Shape::Trades && !truth.is_strict;
            assert!(
                skipped.is_empty() || is_told_nothing,
                "{name} lacks {skipped:?} of {topic} as {shape:?}"
            );
        }
        self.moves(topic, shape, seq);
    }

    fn moves(&mut self, topic: &Topic, shape: Shape, seq: u64) {
        if shape == Shape::Native
            && let Some(place) = self.places.get_mut(topic)
        {
            place.1 = seq;
        }
    }

    /// The last of a feed come by their own topics: it has the feed up to there.
    pub fn passes(&mut self, feed: &Topic, seq: u64, truth: &Truth) {
        self.note(feed, format!("position {seq}"));
        let had = self.subscriptions.get_mut(&(feed.clone(), Shape::Native)).expect("it has the feed");
        assert!(seq > had.seq, "{} was at {} of {feed} already, and is told {seq}", self.name, had.seq);
        let life = had.life.unwrap_or_else(|| truth.life(feed));
        had.left_out.extend((had.seq + 1..=seq).map(|place| (life, place)));
        (had.life, had.seq) = (Some(life), seq);
        self.moves(feed, Shape::Native, seq);
        self.check_left_out(feed, Shape::Native, truth);
    }

    /// What comes by its own topic does not come by the feed as well.
    fn check_not_twice(&self, feed: &Topic, shape: Shape, number: Number, truth: &Truth) {
        let Some((topic, life, seq)) = truth.origin_of(feed, number) else { return };
        let covers = |cover: &&Cover| {
            cover.topic == topic && cover.shape == shape && cover.until.is_none() && cover.start < seq
        };
        let twice = self.covers.iter().filter(|cover| cover.life == Some(life)).find(covers);
        assert!(twice.is_none(), "{} gets {seq} of {topic} by {feed} as well: {twice:?}", self.name);
    }

    /// What did not come by the feed comes by its own topic, or did.
    fn check_left_out(&mut self, feed: &Topic, shape: Shape, truth: &Truth) {
        let Some(had) = self.subscriptions.get_mut(&(feed.clone(), shape)) else { return };
        let left_out = std::mem::take(&mut had.left_out);
        if shape == Shape::Trades && !truth.is_strict {
            return;
        }
        for (life, place) in left_out {
            let number = truth.at(feed, life, place);
            let origin = truth.origin_of(feed, number);
            let is_covered = origin.as_ref().is_some_and(|(topic, life, seq)| {
                self.covers.iter().any(|cover| {
                    let counts = cover.life.is_none_or(|of| of == *life) && cover.start < *seq;
                    let counts = counts || !truth.keeps;
                    cover.topic == *topic
                        && cover.shape == shape
                        && counts
                        && cover.until.is_none_or(|until| *seq <= until)
                })
            });
            assert!(is_covered, "{} lacks {place} of {feed} as {shape:?}, of {origin:?}", self.name);
        }
    }

    pub fn misses(&mut self, topic: &Topic, from: Option<u64>, to: u64, truth: &Truth) {
        self.note(topic, format!("gap {from:?} {to}"));
        let name = self.name;
        let Some(had) = self.subscriptions.get_mut(&(topic.clone(), Shape::Native)) else {
            panic!("{name} does not have {topic}, but is told a gap")
        };
        if let Some(from) = from {
            assert!(!truth.is_strict, "{name} misses {from} to {to} of {topic}, which is held");
            assert!(from <= to, "a gap is of something");
            assert_eq!(from, had.seq + 1, "{name}: a gap of {topic} is of what it misses");
        } else {
            assert!(!truth.keeps || had.is_foreign, "{name}: the order of {topic} goes on");
            had.life = None;
            let covers = self.covers.iter_mut().filter(|one| one.topic == *topic);
            covers.for_each(|one| one.life = None);
        }
        had.seq = to;
        self.moves(topic, Shape::Native, to);
        self.check_left_out(topic, Shape::Native, truth);
    }

    /// All that somebody is given when it comes was given.
    pub fn check_caught_up(&mut self) {
        for ((topic, shape), had) in &mut self.subscriptions {
            let Some(told) = had.told.take() else { continue };
            had.is_foreign = false;
            let is_silent = *shape == Shape::Trades;
            assert!(is_silent || had.seq == told, "{}: {topic} was to be at {told}: {had:?}", self.name);
            if is_silent && !is_feed(topic) {
                had.seq = told;
            }
        }
    }

    /// Nothing is on its way any more: it has everything.
    pub fn check_complete(&mut self, truth: &Truth) {
        let (name, wishes) = (self.name, &self.wishes);
        assert!(wishes.is_empty(), "{name} was never answered: {wishes:?}");
        let keys: Vec<(Topic, Shape)> = self.subscriptions.keys().cloned().collect();
        for (topic, shape) in keys {
            let had = self.subscriptions.get_mut(&(topic.clone(), shape)).unwrap();
            let (life, last) = (truth.life(&topic), truth.last(&topic));
            if is_feed(&topic) && shape == Shape::Trades {
                if had.life == Some(life) || had.seq == 0 {
                    had.left_out.extend((had.seq + 1..=last).map(|place| (life, place)));
                }
                self.check_left_out(&topic, shape, truth);
            } else {
                assert_eq!(had.seq, last, "{name} lacks the last of {topic} as {shape:?}");
            }
        }
    }

    pub fn awaits(&self, topic: &Topic) -> bool {
        self.wishes.iter().any(|one| one.topic == *topic)
    }

    pub fn has(&self, topic: &Topic) -> bool {
        [Shape::Native, Shape::Trades]
            .into_iter()
            .any(|shape| self.subscriptions.contains_key(&(topic.clone(), shape)))
    }
}

fn is_feed(topic: &Topic) -> bool {
    topic.namespace() == Some(Namespace::Feed)
}
