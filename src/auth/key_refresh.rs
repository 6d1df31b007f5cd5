//! When the provider's keys are fetched: seldom, and however many bad tokens come. It must not fetch them itself.

use crate::core::time::UnixMillis;

/// How old keys may grow before they are fetched anew, in milliseconds: a key that the provider took back is accepted
/// no longer than this, while the provider can be asked.
const MOST_AGE: u64 = 600_000;

/// How long after a fetch for an unknown key there is no other, in milliseconds. Anybody can make up unknown keys.
const UNKNOWN_KEY_PAUSE: u64 = 30_000;

/// How long after a failure nothing is fetched, in milliseconds.
const FAILURE_PAUSE: u64 = 5_000;

/// How long a fetch may take, in milliseconds.
pub const FETCH_TIME: u64 = 3_000;

/// How long a fetch that was not heard of again counts as under way, in milliseconds: the request that it was for may
/// have been dropped.
const LOST_AFTER: u64 = FETCH_TIME + 1_000;

/// What to do about the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Take those that are known.
    Use,
    /// Fetch them.
    Fetch,
    /// Wait for those that are being fetched for somebody else.
    Wait,
}

/// Why keys are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Any that are not too old.
    Fresh,
    /// A token names a key that is not among those that were known at this time; `None` where none were.
    Unknown {
        /// When those were fetched.
        fetched: Option<UnixMillis>,
    },
}

/// What is remembered of fetches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyRefresh {
    /// When the keys that are known were fetched.
    fetched: Option<UnixMillis>,
    last: Option<Attempt>,
    /// When they were last fetched because one was unknown.
    last_for_unknown: Option<UnixMillis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attempt {
    at: UnixMillis,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    UnderWay,
    Failed,
    Succeeded,
}

impl KeyRefresh {
    /// What to do for somebody who wants keys.
    #[must_use]
    pub fn decide(&self, want: Want, now: UnixMillis) -> Decision {
        if !self.is_wanting(want, now) {
            return Decision::Use;
        }
        match self.last {
            Some(Attempt { at, outcome: Outcome::UnderWay }) if now.since(at) < LOST_AFTER => {
                // Old keys do while new ones are under way.
                let has_some = want == Want::Fresh && self.fetched.is_some();
                if has_some { Decision::Use } else { Decision::Wait }
            }
            Some(Attempt { at, outcome: Outcome::Failed }) if now.since(at) < FAILURE_PAUSE => Decision::Use,
            _ if self.is_too_soon(want, now) => Decision::Use,
            _ => Decision::Fetch,
        }
    }

    /// When the keys that are known were fetched; `None` while none are.
    #[must_use]
    pub fn fetched(&self) -> Option<UnixMillis> {
        self.fetched
    }

    /// Notes that a fetch begins, and for what.
    pub fn begin(&mut self, want: Want, now: UnixMillis) {
        if want != Want::Fresh {
            self.last_for_unknown = Some(now);
        }
        self.last = Some(Attempt { at: now, outcome: Outcome::UnderWay });
    }

    /// Notes that keys were fetched.
    pub fn succeed(&mut self, now: UnixMillis) {
        self.fetched = Some(now);
        self.last = Some(Attempt { at: now, outcome: Outcome::Succeeded });
    }

    /// Notes that a fetch failed. The keys that are known stay known.
    pub fn fail(&mut self, now: UnixMillis) {
        self.last = Some(Attempt { at: now, outcome: Outcome::Failed });
    }

    fn is_wanting(&self, want: Want, now: UnixMillis) -> bool {
        match want {
            Want::Fresh => self.fetched.is_none_or(|fetched| now.since(fetched) >= MOST_AGE),
            // Somebody else may have had them fetched since.
            Want::Unknown { fetched } => self.fetched == fetched,
        }
    }

    fn is_too_soon(&self, want: Want, now: UnixMillis) -> bool {
        matches!(want, Want::Unknown { fetched: Some(_) })
            && self.last_for_unknown.is_some_and(|last| now.since(last) < UNKNOWN_KEY_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_700_000_000_000;

    fn at(seconds: u64) -> UnixMillis {
        UnixMillis(START + seconds * 1_000)
    }

    fn fetched_at(seconds: u64) -> KeyRefresh {
        let mut refresh = KeyRefresh::default();
        refresh.succeed(at(seconds));
        refresh
    }

    fn unknown(refresh: &KeyRefresh) -> Want {
        Want::Unknown { fetched: refresh.fetched() }
    }

    #[test]
    fn keys_are_fetched_at_first_and_again_after_ten_minutes() {
        assert_eq!(KeyRefresh::default().decide(Want::Fresh, at(0)), Decision::Fetch);
        let refresh = fetched_at(0);
        assert_eq!(refresh.decide(Want::Fresh, at(599)), Decision::Use);
        assert_eq!(refresh.decide(Want::Fresh, at(600)), Decision::Fetch);
    }

    #[test]
    fn an_unknown_key_has_them_fetched_at_once_but_only_once_in_30_seconds() {
        let mut refresh = fetched_at(0);
        assert_eq!(refresh.decide(unknown(&refresh), at(1)), Decision::Fetch);
        refresh.begin(unknown(&refresh), at(1));
        refresh.succeed(at(2));
        assert_eq!(refresh.decide(unknown(&refresh), at(30)), Decision::Use);
        assert_eq!(refresh.decide(unknown(&refresh), at(31)), Decision::Fetch);
        refresh.begin(unknown(&refresh), at(31));
        refresh.fail(at(32));
        assert_eq!(refresh.decide(unknown(&refresh), at(60)), Decision::Use);
        assert_eq!(refresh.decide(unknown(&refresh), at(61)), Decision::Fetch);
    }

    #[test]
    fn a_failure_is_not_repeated_for_five_seconds_and_known_keys_stay() {
        let mut refresh = fetched_at(0);
        refresh.begin(Want::Fresh, at(600));
        refresh.fail(at(603));
        assert_eq!(refresh.fetched(), Some(at(0)));
        assert_eq!(refresh.decide(Want::Fresh, at(607)), Decision::Use);
        assert_eq!(refresh.decide(Want::Fresh, at(608)), Decision::Fetch);

        let mut never = KeyRefresh::default();
        never.begin(Want::Fresh, at(0));
        never.fail(at(0));
        for want in [Want::Fresh, unknown(&never)] {
            assert_eq!(never.decide(want, at(4)), Decision::Use);
            assert_eq!(never.decide(want, at(5)), Decision::Fetch);
        }
    }

    #[test]
    fn one_fetch_serves_everybody_who_comes_meanwhile() {
        let mut first = KeyRefresh::default();
        first.begin(Want::Fresh, at(0));
        assert_eq!(first.decide(Want::Fresh, at(1)), Decision::Wait);

        let mut refresh = fetched_at(0);
        let want = unknown(&refresh);
        refresh.begin(want, at(600));
        assert_eq!(refresh.decide(Want::Fresh, at(601)), Decision::Use, "old keys do");
        assert_eq!(refresh.decide(want, at(601)), Decision::Wait, "but not for a token that they don't know");
        refresh.succeed(at(602));
        assert_eq!(refresh.decide(want, at(602)), Decision::Use, "then there are newer ones to try");
    }

    #[test]
    fn a_fetch_that_was_dropped_does_not_keep_others_waiting_for_ever() {
        let mut refresh = KeyRefresh::default();
        refresh.begin(Want::Fresh, at(0));
        assert_eq!(refresh.decide(Want::Fresh, at(3)), Decision::Wait);
        assert_eq!(refresh.decide(Want::Fresh, at(4)), Decision::Fetch);
    }
}
