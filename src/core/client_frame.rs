//! What a subscriber's frames mean to a room, and how many of them it may send. It must not know how a frame is
//! written, nor where a budget is kept while the room sleeps.

use std::num::NonZeroU32;

use super::answer_budget::{MINUTE_MILLIS, bytes_per_socket};
use super::time::UnixMillis;

/// A frame from a subscriber, as `wire` understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame {
    /// A ping that the runtime did not answer by itself, because it is not the exact default text.
    Ping {
        /// The JSON text of its `id`, to be echoed with the digits that came.
        id: Option<String>,
    },
    /// A frame larger than the room takes.
    Oversized,
    /// A frame that says nothing the room understands. Why is the dialect's own affair.
    NotUnderstood,
}

/// How many frames a subscriber has sent in the current minute, and how many bytes of the past it was given for them.
///
/// The minute begins with the first of either and is followed by the next one's own minute. A small value that is kept
/// with the socket, so that a wake does not give a flooding client a new budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameBudget {
    /// When the current minute began.
    pub began: UnixMillis,
    /// Frames since then, this minute's warning included.
    pub frames: u32,
    /// Bytes of the past that it was given since then.
    pub given: u64,
}

/// What a budget says to one more frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetVerdict {
    /// Within the budget.
    Serve,
    /// The first frame over it.
    Warn,
    /// One more after the warning.
    Close,
}

impl FrameBudget {
    /// Counts one more frame at `now`, where `per_minute` are allowed.
    #[must_use]
    pub fn spend(self, now: UnixMillis, per_minute: NonZeroU32) -> (Self, BudgetVerdict) {
        let current = self.at(now);
        let spent = Self { frames: current.frames.saturating_add(1), ..current };
        let verdict = match spent.frames.saturating_sub(per_minute.get()) {
            0 => BudgetVerdict::Serve,
            1 => BudgetVerdict::Warn,
            _ => BudgetVerdict::Close,
        };
        (spent, verdict)
    }

    /// Whether its subscriber may be given more of the past at `now`, where it may send `per_minute` frames.
    #[must_use]
    pub fn may_be_given(self, now: UnixMillis, per_minute: NonZeroU32) -> bool {
        self.bytes_left(now, per_minute) > 0
    }

    /// How many bytes of the past its subscriber may still be given in the minute of `now`.
    #[must_use]
    pub fn bytes_left(self, now: UnixMillis, per_minute: NonZeroU32) -> u64 {
        bytes_per_socket(per_minute).saturating_sub(self.at(now).given)
    }

    /// Counts bytes of the past that its subscriber was given.
    #[must_use]
    pub fn give(self, bytes: u64, now: UnixMillis) -> Self {
        let current = self.at(now);
        Self { given: current.given.saturating_add(bytes), ..current }
    }

    /// The budget of the minute that `now` is in.
    fn at(self, now: UnixMillis) -> Self {
        let is_unused = self.frames == 0 && self.given == 0;
        let is_over = is_unused || now.since(self.began) >= MINUTE_MILLIS;
        if is_over { Self { began: now, frames: 0, given: 0 } } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PER_MINUTE: NonZeroU32 = NonZeroU32::new(100).unwrap();

    fn spend_times(budget: FrameBudget, times: u32, now: UnixMillis) -> (FrameBudget, BudgetVerdict) {
        (0..times).fold((budget, BudgetVerdict::Serve), |(budget, _), _| budget.spend(now, PER_MINUTE))
    }

    #[test]
    fn the_frame_after_the_budget_warns_and_the_next_one_closes() {
        let now = UnixMillis(1_000);
        let (spent, verdict) = spend_times(FrameBudget::default(), 100, now);
        assert_eq!(verdict, BudgetVerdict::Serve);
        let (spent, verdict) = spent.spend(now, PER_MINUTE);
        assert_eq!(verdict, BudgetVerdict::Warn);
        let (_, verdict) = spent.spend(now, PER_MINUTE);
        assert_eq!(verdict, BudgetVerdict::Close);
    }

    #[test]
    fn a_minute_after_its_first_frame_the_budget_is_new() {
        let (spent, _) = spend_times(FrameBudget::default(), 101, UnixMillis(1_000));
        assert_eq!(spent.spend(UnixMillis(60_999), PER_MINUTE).1, BudgetVerdict::Close);
        assert_eq!(spent.spend(UnixMillis(61_000), PER_MINUTE).1, BudgetVerdict::Serve);
    }

    #[test]
    fn a_clock_that_steps_back_does_not_renew_the_budget() {
        let (spent, _) = spend_times(FrameBudget::default(), 100, UnixMillis(120_000));
        assert_eq!(spent.spend(UnixMillis(1_000), PER_MINUTE).1, BudgetVerdict::Warn);
    }

    #[test]
    fn bytes_of_the_past_have_a_budget_of_their_own_that_is_new_with_the_same_minute() {
        let now = UnixMillis(1_000);
        let spent = FrameBudget::default().give(bytes_per_socket(PER_MINUTE) - 1, now);
        assert!(spent.may_be_given(now, PER_MINUTE));
        let spent = spent.give(1_000_000, now);
        assert!(!spent.may_be_given(now, PER_MINUTE));
        let (spent, verdict) = spend_times(spent, 100, UnixMillis(60_999));
        assert_eq!(verdict, BudgetVerdict::Serve, "frames that ask for nothing are served");
        assert!(!spent.may_be_given(UnixMillis(60_999), PER_MINUTE));
        assert!(spent.may_be_given(UnixMillis(61_000), PER_MINUTE));
    }
}
