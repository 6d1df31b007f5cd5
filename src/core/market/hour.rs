//! One row of the table of candles: the minutes of an hour. It owns that what is added twice counts once; it must not
//! know a table, nor how a row is written.

use std::collections::BTreeMap;

use super::candle::Candle;
use super::minute::{Group, Minute};

/// Minutes of an hour.
const MINUTES: u64 = 60;

/// When an hour begins, in Unix seconds: a multiple of 3,600.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HourStart(pub u64);

/// What a group adds to a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Which minute.
    pub minute: Minute,
    /// Which group.
    pub group: Group,
    /// What was told of the minute within the group.
    pub candle: Candle,
}

/// A candle that was written down, of a minute or of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCandle {
    /// Everything that was told, up to and with `group`.
    pub candle: Candle,
    /// The last group that is part of it.
    pub group: Group,
}

impl StoredCandle {
    /// The candle of additions to one minute or to one hour, in the order of their groups; `None` of none.
    #[must_use]
    pub fn of(additions: impl IntoIterator<Item = Addition>) -> Option<Self> {
        let mut additions = additions.into_iter();
        let Addition { group, candle, .. } = additions.next()?;
        let merge = |stored: Self, told: Addition| Self {
            candle: Candle::merge(stored.candle, told.candle),
            group: told.group,
        };
        Some(additions.fold(Self { candle, group }, merge))
    }

    /// The candle with what whole groups add to it. Those that are part of it already are left out.
    #[must_use]
    pub fn with(self, additions: impl IntoIterator<Item = Addition>) -> Self {
        let new = additions.into_iter().filter(|addition| addition.group > self.group);
        match Self::of(new) {
            Some(new) => Self { candle: Candle::merge(self.candle, new.candle), group: new.group },
            None => self,
        }
    }
}

/// The minutes of an hour that have a candle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub start: HourStart,
    /// Its minutes, 0 to 59.
    pub minutes: BTreeMap<u8, StoredCandle>,
}

impl Hour {
    /// When the hour of a minute begins.
    #[must_use]
    pub fn start_of(minute: Minute) -> HourStart {
        HourStart(Minute(minute.0 - minute.0 % MINUTES).start())
    }

    /// Adds what groups tell of its minutes, in the order of the groups. What is part of a minute already, or is of another
    /// hour, is left out.
    pub fn add(&mut self, additions: impl IntoIterator<Item = Addition>) {
        for addition in additions {
            let Ok(place) = u8::try_from(addition.minute.0 % MINUTES) else { continue };
            if Self::start_of(addition.minute) != self.start {
                continue;
            }
            let stored = match self.minutes.remove(&place) {
                Some(stored) => Some(stored.with([addition])),
                None => StoredCandle::of([addition]),
            };
            self.minutes.extend(stored.map(|stored| (place, stored)));
        }
    }

    /// Whether what a group tells of a minute is part of it already.
    #[must_use]
    pub fn has(&self, addition: &Addition) -> bool {
        let place = u8::try_from(addition.minute.0 % MINUTES).ok();
        let stored = place.and_then(|place| self.minutes.get(&place));
        stored.is_some_and(|stored| addition.group <= stored.group)
    }

    /// The candle of the whole hour; `None` where there is none of any minute. What groups add to the hour may be added
    /// to it as well ([`StoredCandle::with`]), so who shows hours need not read minutes.
    #[must_use]
    pub fn summary(&self) -> Option<StoredCandle> {
        let candle = Candle::of_all(self.minutes.values().map(|stored| stored.candle.clone()))?;
        let group = self.minutes.values().map(|stored| stored.group).max()?;
        Some(StoredCandle { candle, group })
    }

    /// The candles of its minutes, each with when it begins, in Unix seconds.
    pub fn candles(&self) -> impl Iterator<Item = (u64, &Candle)> {
        self.minutes.iter().map(|(place, stored)| {
            let offset = Minute(u64::from(*place)).start();
            (self.start.0.saturating_add(offset), &stored.candle)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::tick::ChainTime;

    fn addition(minute: u64, group: u64, price: u64) -> Addition {
        let at = ChainTime { timestamp: minute * 60, slot: 0 };
        let candle = Candle::of_trade(&Decimal::from_whole(price), &Decimal::from_whole(1), at);
        Addition { minute: Minute(minute), group: Group(group), candle }
    }

    #[test]
    fn what_is_added_twice_counts_once() {
        let mut hour = Hour { start: HourStart(3_600), ..Hour::default() };
        let additions = [addition(61, 61, 5), addition(61, 62, 9), addition(119, 120, 2)];
        hour.add(additions.clone());
        let once = hour.clone();
        hour.add(additions);
        assert_eq!(hour, once);
        let candle = hour.summary().unwrap().candle;
        assert_eq!(
            (candle.trades, candle.open, candle.close),
            (3, Decimal::from_whole(5), Decimal::from_whole(2))
        );
        let starts: Vec<u64> = hour.candles().map(|(start, _)| start).collect();
        assert_eq!(starts, [61 * 60, 119 * 60]);
    }

    #[test]
    fn what_is_added_to_the_summary_of_an_hour_is_in_it_once() {
        let told = [addition(61, 61, 5), addition(60, 62, 7), addition(62, 62, 9), addition(61, 63, 2)];
        let mut hour = Hour { start: HourStart(3_600), ..Hour::default() };
        for through in 0..=told.len() {
            hour.add(told.iter().take(through).cloned());
            let Some(summary) = hour.summary() else { continue };
            let is_whole_group = told.get(through).is_none_or(|next| next.group > summary.group);
            if is_whole_group {
                assert_eq!(
                    Some(summary.with(told.clone())),
                    StoredCandle::of(told.clone()),
                    "after {through}"
                );
            }
        }
        assert_eq!(hour.summary(), StoredCandle::of(told));
    }

    #[test]
    fn an_hour_holds_its_own_minutes_only() {
        let mut hour = Hour { start: Hour::start_of(Minute(60)), ..Hour::default() };
        hour.add([addition(59, 59, 1), addition(120, 120, 1)]);
        assert_eq!(hour.summary(), None);
        hour.add([addition(60, 60, 1)]);
        assert_eq!(hour.minutes.keys().collect::<Vec<_>>(), [&0]);
    }
}
