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

/// A minute that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMinute {
    /// Everything that was told of it, up to and with `group`.
    pub candle: Candle,
    /// The last group that is part of it.
    pub group: Group,
}

/// The minutes of an hour that have a candle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub start: HourStart,
    /// Its minutes, 0 to 59.
    pub minutes: BTreeMap<u8, StoredMinute>,
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
        for Addition { minute, group, candle } in additions {
            let Ok(place) = u8::try_from(minute.0 % MINUTES) else { continue };
            if Self::start_of(minute) != self.start {
                continue;
            }
            let merged = match self.minutes.remove(&place) {
                None => StoredMinute { candle, group },
                Some(stored) if group <= stored.group => stored,
                Some(stored) => StoredMinute { candle: Candle::merge(stored.candle, candle), group },
            };
            self.minutes.insert(place, merged);
        }
    }

    /// Whether what a group tells of a minute is part of it already.
    #[must_use]
    pub fn has(&self, addition: &Addition) -> bool {
        let place = u8::try_from(addition.minute.0 % MINUTES).ok();
        let stored = place.and_then(|place| self.minutes.get(&place));
        stored.is_some_and(|stored| addition.group <= stored.group)
    }

    /// The candle of the whole hour; `None` where there is none of any minute.
    #[must_use]
    pub fn candle(&self) -> Option<Candle> {
        Candle::of_all(self.minutes.values().map(|stored| stored.candle.clone()))
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
        let candle = hour.candle().unwrap();
        assert_eq!(
            (candle.trades, candle.open, candle.close),
            (3, Decimal::from_whole(5), Decimal::from_whole(2))
        );
        let starts: Vec<u64> = hour.candles().map(|(start, _)| start).collect();
        assert_eq!(starts, [61 * 60, 119 * 60]);
    }

    #[test]
    fn an_hour_holds_its_own_minutes_only() {
        let mut hour = Hour { start: Hour::start_of(Minute(60)), ..Hour::default() };
        hour.add([addition(59, 59, 1), addition(120, 120, 1)]);
        assert_eq!(hour.candle(), None);
        hour.add([addition(60, 60, 1)]);
        assert_eq!(hour.minutes.keys().collect::<Vec<_>>(), [&0]);
    }
}
