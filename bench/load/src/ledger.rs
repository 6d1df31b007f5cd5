//! Who got what: when each message was sent, which of them each subscriber has, how long they took. It must not know
//! how they travelled.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::histogram::Histogram;
use crate::payload::{is_snapshot, numbers};

/// What one subscriber has got.
#[derive(Clone, Copy, Default)]
struct Page {
    count: u64,
    /// The sum of the messages' fingerprints: equal to that of all that were sent only if each came once.
    sum: u64,
}

pub struct Ledger {
    sent: Vec<Instant>,
    all: Page,
    pages: Vec<Page>,
    /// Only what comes at or after this counts as a figure; all of it counts as delivered.
    from: Instant,
    until: Instant,
    pub deliveries: u64,
    /// Frames that these deliveries came in.
    pub frames: u64,
    pub latency: Histogram,
}

impl Ledger {
    /// For so many subscribers, measuring from `from` to `until`.
    pub fn new(subscribers: usize, from: Instant, until: Instant) -> Self {
        Self {
            sent: Vec::new(),
            all: Page::default(),
            pages: vec![Page::default(); subscribers],
            from,
            until,
            deliveries: 0,
            frames: 0,
            latency: Histogram::default(),
        }
    }

    /// The number of the next message.
    pub fn next(&self) -> u64 {
        self.sent.len() as u64
    }

    /// Notes that the next message was sent, or was due, at this time.
    pub fn sent(&mut self, at: Instant) {
        let number = self.next();
        self.sent.push(at);
        self.all.add(number);
    }

    pub fn received(&mut self, subscriber: usize, text: &[u8], at: Instant) {
        let page = &mut self.pages[subscriber];
        if page.count == 0 && is_snapshot(text) {
            return;
        }
        let counts = at >= self.from && at < self.until;
        self.frames += u64::from(counts);
        for number in numbers(text) {
            page.add(number);
            if counts {
                self.deliveries += 1;
                let sent = usize::try_from(number).ok().and_then(|number| self.sent.get(number));
                self.latency.add(sent.map_or(Duration::ZERO, |sent| at.saturating_duration_since(*sent)));
            }
        }
    }

    /// Whether all that was sent has come everywhere, once.
    pub fn is_complete(&self) -> bool {
        self.pages.iter().all(|page| page.count >= self.all.count)
    }

    pub fn missing(&self) -> u64 {
        self.pages.iter().map(|page| self.all.count.saturating_sub(page.count)).sum()
    }

    /// The subscribers that got something else than each message once.
    pub fn wrong(&self) -> usize {
        self.pages.iter().filter(|page| page.count != self.all.count || page.sum != self.all.sum).count()
    }

    pub fn report(&self) -> Value {
        json!({
            "posts": self.all.count,
            "deliveries": self.deliveries,
            "frames": self.frames,
            "missing": self.missing(),
            "subscribersWrong": self.wrong(),
            "delivery": self.latency.report(),
        })
    }
}

impl Page {
    fn add(&mut self, number: u64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(fingerprint(number));
    }
}

/// Spreads a number over 64 bits (the finaliser of `SplitMix64`).
pub fn fingerprint(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_came_twice_does_not_pass_for_the_one_that_is_missing() {
        let now = Instant::now();
        let mut ledger = Ledger::new(2, now, now + Duration::from_secs(1));
        for _ in 0..2 {
            ledger.sent(now);
        }
        for text in [r#"{"n":0}"#, r#"{"n":1}"#] {
            ledger.received(0, text.as_bytes(), now);
            ledger.received(1, br#"{"n":1}"#, now);
        }
        assert!(ledger.is_complete());
        assert_eq!(ledger.wrong(), 1);
        assert_eq!(ledger.deliveries, 4);
    }
}
