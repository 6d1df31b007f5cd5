//! How much of a token was traded in each of the last minutes. It must not know what makes that worth an alert.

use std::collections::BTreeMap;

use super::minute::Minute;
use crate::core::decimal::Decimal;

/// How many minutes with trades there have to be before an average means anything.
const MIN_TRADING_MINUTES: usize = 5;

/// The volumes of the last minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volumes {
    /// The first minute that is known of at all.
    pub(crate) since: Option<Minute>,
    pub(crate) minutes: BTreeMap<Minute, Decimal>,
}

/// How much is traded now, beside what is usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// In the running minute, so far.
    pub running: Decimal,
    /// In an average minute before it; `None` where too few are known.
    pub average: Option<Decimal>,
}

impl Volumes {
    /// Adds a trade, and forgets what was more than `window` minutes before the running one. `None` for a trade of a
    /// minute before the running one.
    ///
    /// A minute without trades counts as 0, from the first one that is known of.
    pub fn add(&mut self, minute: Minute, amount: &Decimal, window: u64) -> Option<Volume> {
        let newest = self.minutes.keys().next_back().copied().unwrap_or(minute).max(minute);
        let oldest = newest.before(window);
        self.minutes.retain(|minute, _| *minute >= oldest);
        if minute < oldest {
            return None;
        }
        let since = self.since.map_or(minute, |since| since.min(minute)).max(oldest);
        self.since = Some(since);
        let volume = self.minutes.entry(minute).or_default();
        *volume = volume.plus(amount);
        if minute < newest {
            return None;
        }
        let running = volume.clone();
        let before: Vec<&Decimal> = self.minutes.range(..newest).map(|(_, volume)| volume).collect();
        let sum = before.iter().fold(Decimal::default(), |sum, volume| sum.plus(volume));
        let count = Decimal::from_whole(newest.0.saturating_sub(since.0));
        let is_known = before.len() >= MIN_TRADING_MINUTES && sum.is_positive();
        Some(Volume { running, average: if is_known { sum.over(&count) } else { None } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::number;

    #[test]
    fn minutes_without_trades_count_as_nothing_once_some_are_known() {
        let mut volumes = Volumes::default();
        for minute in [10, 11, 12, 13] {
            assert_eq!(volumes.add(Minute(minute), &number("6"), 60).unwrap().average, None);
        }
        volumes.add(Minute(19), &number("6"), 60);
        let volume = volumes.add(Minute(20), &number("7"), 60).unwrap();
        assert_eq!(volume, Volume { running: number("7"), average: Some(number("3")) });
        assert_eq!(volumes.add(Minute(19), &number("10"), 60), None, "a late trade");
        let volume = volumes.add(Minute(20), &number("1"), 60).unwrap();
        assert_eq!(volume, Volume { running: number("8"), average: Some(number("4")) });
    }

    #[test]
    fn what_was_before_the_window_is_forgotten() {
        let mut volumes = Volumes::default();
        for minute in 0..10 {
            volumes.add(Minute(minute), &number("100"), 60);
        }
        for minute in 60..70 {
            volumes.add(Minute(minute), &number("6"), 60);
        }
        let volume = volumes.add(Minute(70), &number("1"), 60).unwrap();
        assert_eq!(volume.average, Some(number("1")), "60 in 60 minutes");
        assert_eq!(volumes.minutes.len(), 11);
        assert_eq!(volumes.add(Minute(9), &number("1"), 60), None);
    }
}
