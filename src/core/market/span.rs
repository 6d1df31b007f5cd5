//! How much of the past a chart shows, in which steps, and how minutes become those. It must not know a query or a table.

use std::collections::BTreeMap;

use super::candle::Candle;

/// The most steps of a chart: a day in minutes, and some 400 KB. A chart of minutes costs the memory of all the minutes that
/// it is made of, so one of more than a day has steps of an hour at least.
pub const MAX_STEPS: u64 = 1_500;

/// How much of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Range {
    /// An hour.
    H1,
    /// A day.
    D1,
    /// A week.
    D7,
    /// Two weeks: the furthest back that anything is kept.
    D14,
}

/// In which steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interval {
    /// A minute.
    M1,
    /// Five minutes.
    M5,
    /// An hour.
    H1,
    /// A day, as it is in UTC.
    D1,
}

impl Range {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::H1, Self::D1, Self::D7, Self::D14];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::H1 => "1h",
            Self::D1 => "1d",
            Self::D7 => "7d",
            Self::D14 => "14d",
        }
    }

    /// Reads [`Range::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.name() == name)
    }

    /// How long it is, in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::H1 => 3_600,
            Self::D1 => 86_400,
            Self::D7 => 7 * 86_400,
            Self::D14 => 14 * 86_400,
        }
    }

    /// The finest steps that it is shown in.
    #[must_use]
    pub fn finest(self) -> Interval {
        let fits = |interval: &Interval| self.seconds() / interval.seconds() <= MAX_STEPS;
        Interval::ALL.into_iter().find(fits).unwrap_or(Interval::D1)
    }

    /// The steps that it is shown in where nobody asks for others.
    #[must_use]
    pub fn interval(self) -> Interval {
        match self {
            Self::H1 => Interval::M1,
            Self::D1 => Interval::M5,
            Self::D7 | Self::D14 => Interval::H1,
        }
    }
}

impl Interval {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::M1, Self::M5, Self::H1, Self::D1];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::M1 => "1m",
            Self::M5 => "5m",
            Self::H1 => "1h",
            Self::D1 => "1d",
        }
    }

    /// Reads [`Interval::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.name() == name)
    }

    /// How long a step is, in seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        match self {
            Self::M1 => 60,
            Self::M5 => 300,
            Self::H1 => 3_600,
            Self::D1 => 86_400,
        }
    }

    /// When the step begins that a time is in, both in Unix seconds.
    #[must_use]
    pub fn start_of(self, seconds: u64) -> u64 {
        seconds - seconds % self.seconds()
    }

    /// The candles of its steps, each with when it begins, of candles that are each within one step. Steps without any
    /// are left out.
    #[must_use]
    pub fn aggregate(self, candles: impl IntoIterator<Item = (u64, Candle)>) -> Vec<(u64, Candle)> {
        let mut steps: BTreeMap<u64, Candle> = BTreeMap::new();
        for (start, candle) in candles {
            let step = self.start_of(start);
            let merged = match steps.remove(&step) {
                Some(told) => Candle::merge(told, candle),
                None => candle,
            };
            steps.insert(step, merged);
        }
        steps.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::tick::ChainTime;

    #[test]
    fn ranges_and_intervals_are_known_by_their_names() {
        assert!(Range::ALL.into_iter().all(|range| Range::parse(range.name()) == Some(range)));
        assert!(Interval::ALL.into_iter().all(|interval| Interval::parse(interval.name()) == Some(interval)));
        assert_eq!((Range::parse("2d"), Interval::parse("")), (None, None));
        assert_eq!(Range::ALL.map(|range| range.interval().name()), ["1m", "5m", "1h", "1h"]);
        assert!(Range::ALL.into_iter().all(|range| range.seconds() % range.interval().seconds() == 0));
    }

    #[test]
    fn minutes_become_steps_and_empty_steps_are_left_out() {
        let minute = |start: u64, price: u64| {
            let at = ChainTime { timestamp: start + 1, slot: 0 };
            (start, Candle::of_trade(&Decimal::from_whole(price), &Decimal::from_whole(2), at))
        };
        let steps = Interval::M5.aggregate([minute(0, 4), minute(240, 6), minute(900, 5)]);
        let told: Vec<_> = steps.iter().map(|(start, candle)| (*start, candle.trades)).collect();
        assert_eq!(told, [(0, 2), (900, 1)]);
        let (_, first) = &steps[0];
        assert_eq!((&first.open, &first.close), (&Decimal::from_whole(4), &Decimal::from_whole(6)));
        assert_eq!(Interval::D1.aggregate([minute(0, 1), minute(86_340, 1), minute(86_400, 1)]).len(), 2);
    }
}
