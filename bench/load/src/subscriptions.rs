//! Which topics each socket has, and what it got of them: each message of its own topics, once, in the order of its
//! topic, and nothing else? It must not know how messages travelled.

use std::ops::Range;
use std::time::Instant;

use serde_json::{Value, json};

use crate::histogram::Histogram;
use crate::ledger::fingerprint;
use crate::payload::{is_snapshot, numbers};

/// One message.
struct Sent {
    topic: usize,
    /// Its number among those of its topic, from 0.
    place: u32,
    at: Instant,
}

pub struct Subscriptions {
    topics: usize,
    sent: Vec<Sent>,
    /// How many messages each topic has.
    published: Vec<u32>,
    /// For each socket and topic the place that comes next; none where the socket does not have the topic.
    next: Vec<Option<u32>>,
    /// Sockets of each topic.
    audience: Vec<u64>,
    expected: u64,
    got: u64,
    /// Messages that came twice, out of order, or to somebody who does not have their topic.
    wrong: u64,
    measured: Option<Range<Instant>>,
    pub deliveries: u64,
    frames: u64,
    latency: Histogram,
}

impl Subscriptions {
    /// `chosen` are the topics of each socket.
    pub fn new(topics: usize, chosen: &[Vec<usize>]) -> Self {
        let mut next = vec![None; chosen.len() * topics];
        let mut audience = vec![0; topics];
        for (socket, own) in chosen.iter().enumerate() {
            for topic in own {
                next[socket * topics + topic] = Some(0);
                audience[*topic] += 1;
            }
        }
        Self {
            topics,
            sent: Vec::new(),
            published: vec![0; topics],
            next,
            audience,
            expected: 0,
            got: 0,
            wrong: 0,
            measured: None,
            deliveries: 0,
            frames: 0,
            latency: Histogram::default(),
        }
    }

    /// What comes within this time counts as a figure; all of it is checked.
    pub fn measure(&mut self, time: Range<Instant>) {
        self.measured = Some(time);
    }

    /// Notes that the next message is sent to a topic now; its number.
    pub fn sent(&mut self, topic: usize, at: Instant) -> u64 {
        let number = self.sent.len() as u64;
        self.sent.push(Sent { topic, place: self.published[topic], at });
        self.published[topic] += 1;
        self.expected += self.audience[topic];
        number
    }

    pub fn received(&mut self, socket: usize, text: &[u8], at: Instant) {
        if is_snapshot(text) {
            return;
        }
        let counts = self.measured.as_ref().is_some_and(|measured| measured.contains(&at));
        self.frames += u64::from(counts);
        for number in numbers(text) {
            let Some(sent) = usize::try_from(number).ok().and_then(|number| self.sent.get(number)) else {
                self.wrong += 1;
                continue;
            };
            let next = &mut self.next[socket * self.topics + sent.topic];
            match next {
                Some(place) if *place == sent.place => {
                    *place += 1;
                    self.got += 1;
                }
                _ => self.wrong += 1,
            }
            if counts {
                self.deliveries += 1;
                self.latency.add(at.saturating_duration_since(sent.at));
            }
        }
    }

    /// Whether each socket has all messages of its topics.
    pub fn is_complete(&self) -> bool {
        self.got >= self.expected
    }

    pub fn report(&self) -> Value {
        json!({
            "posts": self.sent.len(),
            "deliveries": self.deliveries,
            "frames": self.frames,
            "missing": self.expected.saturating_sub(self.got),
            "wrong": self.wrong,
            "delivery": self.latency.report(),
        })
    }
}

/// The same numbers in every run, spread like random ones.
#[derive(Default)]
pub struct Chance(u64);

impl Chance {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 += 1;
        let end = end.max(1) as u64;
        usize::try_from(fingerprint(self.0) % end).unwrap_or_default()
    }

    /// `count` different numbers below `end`.
    pub fn choose(&mut self, count: usize, end: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..end).collect();
        for place in 0..count.min(end) {
            let other = place + self.below(end - place);
            all.swap(place, other);
        }
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn two_sockets() -> Subscriptions {
        let now = Instant::now();
        let mut subscriptions = Subscriptions::new(2, &[vec![0], vec![0, 1]]);
        subscriptions.measure(now..now + Duration::from_mins(1));
        for topic in [0, 1, 0] {
            subscriptions.sent(topic, now);
        }
        subscriptions
    }

    #[test]
    fn each_socket_gets_its_own_topics_in_their_order() {
        let mut subscriptions = two_sockets();
        for (socket, text) in [(0, r#"[{"n":0},{"n":2}]"#), (1, r#"{"n":1}"#), (1, r#"{"n":0}"#)] {
            subscriptions.received(socket, text.as_bytes(), Instant::now());
        }
        assert!(!subscriptions.is_complete());
        subscriptions.received(1, br#"{"n":2}"#, Instant::now());
        assert!(subscriptions.is_complete());
        assert_eq!((subscriptions.wrong, subscriptions.deliveries), (0, 5));
    }

    #[test]
    fn what_comes_twice_too_early_or_to_somebody_else_is_wrong() {
        for (socket, texts) in [
            (0, [r#"{"n":0}"#, r#"{"n":0}"#]),
            (1, [r#"{"n":2}"#, r#"{"n":1}"#]),
            (0, [r#"{"n":1}"#, r#"{"n":0}"#]),
            (0, [r#"{"n":3}"#, r#"{"n":0}"#]),
        ] {
            let mut subscriptions = two_sockets();
            for text in texts {
                subscriptions.received(socket, text.as_bytes(), Instant::now());
            }
            assert_eq!(subscriptions.wrong, 1, "{texts:?}");
        }
    }

    #[test]
    fn chosen_numbers_are_different() {
        let mut chosen = Chance::default().choose(50, 60);
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen.len(), 50);
        assert!(chosen.iter().all(|number| *number < 60));
    }
}
