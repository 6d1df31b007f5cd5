//! Minutes, and the groups in which what is told of them is written down. It must not know what a minute holds.

/// How groups are closed, in seconds.
struct Closing {
    /// How long a group is open.
    open: u64,
    /// How long after a group's end what is told of its time still goes into it.
    grace: u64,
    /// How much longer it waits to be written down: after a wake on another machine the clock may be behind.
    clock: u64,
}

/// A group a minute: a row is written for each.
#[cfg(not(feature = "fault-injection"))]
const CLOSING: Closing = Closing { open: Minute::SECONDS, grace: 10, clock: 5 };

/// The tests' build writes down at once, so that no test waits for a real minute.
#[cfg(feature = "fault-injection")]
const CLOSING: Closing = Closing { open: 1, grace: 0, clock: 1 };

/// A minute, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minute(pub u64);

impl Minute {
    /// Seconds of a minute.
    pub const SECONDS: u64 = 60;

    /// The minute of a time in Unix seconds.
    #[must_use]
    pub fn of(seconds: u64) -> Self {
        Self(seconds / Self::SECONDS)
    }

    /// When it begins, in Unix seconds.
    #[must_use]
    pub fn start(self) -> u64 {
        self.0.saturating_mul(Self::SECONDS)
    }

    /// The minute that many before this one.
    #[must_use]
    pub fn before(self, count: u64) -> Self {
        Self(self.0.saturating_sub(count))
    }
}

/// What is told in about a minute, of whichever minute it is told. A group that is closed never changes, so it can be
/// written down once and for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group(pub u64);

impl Group {
    /// The group of what is told of `minute` at `clock`, in Unix seconds. For one minute, what is told later is never in
    /// an earlier group.
    #[must_use]
    pub fn of(minute: Minute, clock: u64) -> Self {
        let told = clock.saturating_sub(CLOSING.grace);
        Self(minute.start().max(told) / CLOSING.open)
    }

    /// When it is closed, in Unix seconds: nothing that is told from then on is in it, not even by a clock that is some
    /// seconds behind.
    #[must_use]
    pub fn closes_at(self) -> u64 {
        let end = self.0.saturating_add(1).saturating_mul(CLOSING.open);
        end.saturating_add(CLOSING.grace + CLOSING.clock)
    }
}

#[cfg(all(test, not(feature = "fault-injection")))]
mod tests {
    use super::*;

    #[test]
    fn a_minute_told_within_the_grace_is_in_its_own_group() {
        assert_eq!(Group::of(Minute(5), 5 * 60), Group(5));
        assert_eq!(Group::of(Minute(5), 6 * 60 + 9), Group(5));
        assert_eq!(Group::of(Minute(5), 6 * 60 + 10), Group(6), "too late");
        assert_eq!(Group::of(Minute(6), 6 * 60 + 1), Group(6), "the next minute has begun");
    }

    #[test]
    fn nothing_is_in_a_group_that_is_closed() {
        for group in 0..5 {
            let clock = Group(group).closes_at() - CLOSING.clock;
            assert_eq!(Group::of(Minute(group), clock - 1), Group(group));
            assert_eq!(Group::of(Minute(group), clock), Group(group + 1));
        }
        assert_eq!(Group(u64::MAX).closes_at(), u64::MAX);
    }
}
