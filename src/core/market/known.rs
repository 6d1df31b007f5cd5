//! What was told lately, by its key: a webhook's repeat may come after the publication has left the history. It must not
//! know what was told.

use std::collections::{BTreeMap, VecDeque};

use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Seq;

/// How long a key is known, in seconds: longer than a webhook is repeated.
pub const KNOWN_SECONDS: u64 = 600;

/// The most keys that are known.
pub const MAX_KNOWN: usize = 4_096;

/// A key that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// [`IdempotencyKey::fingerprint`].
    pub fingerprint: u64,
    /// The place of what has it.
    pub seq: Seq,
    /// Since when it is known, in Unix seconds.
    pub since: u64,
}

/// The keys of the last [`KNOWN_SECONDS`], at most [`MAX_KNOWN`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    keys: VecDeque<KnownKey>,
    places: BTreeMap<u64, Seq>,
}

impl Known {
    /// Those keys, the oldest first. Of more than are known at most, the last.
    #[must_use]
    pub fn load(keys: impl IntoIterator<Item = KnownKey>) -> Self {
        let mut known = Self::default();
        for key in keys {
            known.push(key);
        }
        known
    }

    /// The place of what has this key, where it is known.
    #[must_use]
    pub fn place_of(&self, key: IdempotencyKey) -> Option<Seq> {
        self.places.get(&key.fingerprint()).copied()
    }

    /// Adds a key at `clock`, in Unix seconds, and forgets those that are too old. One that is known keeps its place.
    pub fn add(&mut self, key: IdempotencyKey, seq: Seq, clock: u64) {
        while let Some(oldest) = self.keys.front()
            && oldest.since.saturating_add(KNOWN_SECONDS) < clock
        {
            self.forget_oldest();
        }
        self.push(KnownKey { fingerprint: key.fingerprint(), seq, since: clock });
    }

    /// Every key, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &KnownKey> {
        self.keys.iter()
    }

    fn push(&mut self, key: KnownKey) {
        if self.places.contains_key(&key.fingerprint) {
            return;
        }
        self.places.insert(key.fingerprint, key.seq);
        self.keys.push_back(key);
        if self.keys.len() > MAX_KNOWN {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.keys.pop_front() {
            self.places.remove(&oldest.fingerprint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> IdempotencyKey {
        IdempotencyKey::given(name).unwrap()
    }

    #[test]
    fn a_key_is_known_for_ten_minutes() {
        let mut known = Known::default();
        known.add(key("a"), Seq::new(1), 1_000);
        known.add(key("a"), Seq::new(2), 1_100);
        known.add(key("b"), Seq::new(3), 1_600);
        assert_eq!(known.place_of(key("a")), Some(Seq::new(1)), "the first place is its place");
        known.add(key("c"), Seq::new(4), 1_601);
        assert_eq!(known.place_of(key("a")), None);
        assert_eq!(known.place_of(key("b")), Some(Seq::new(3)));
    }

    #[test]
    fn of_too_many_keys_the_oldest_are_forgotten() {
        let mut known = Known::default();
        for number in 0..=MAX_KNOWN as u64 {
            known.add(key(&number.to_string()), Seq::new(number), 0);
        }
        assert_eq!(known.iter().count(), MAX_KNOWN);
        assert_eq!((known.place_of(key("0")), known.place_of(key("1"))), (None, Some(Seq::new(1))));
        assert_eq!(Known::load(known.iter().copied()), known);
    }
}
