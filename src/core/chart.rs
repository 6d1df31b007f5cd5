//! What a chart shows: what is written down of a token's prices, and what its room still holds, each trade once. It must
//! not know where either comes from, nor how a chart is told.

use std::collections::{BTreeMap, BTreeSet};

use super::market::candle::Candle;
use super::market::hour::{Addition, Hour, HourStart};
use super::market::span::{Interval, Range};

/// Which chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How much of the past.
    pub range: Range,
    /// In which steps.
    pub interval: Interval,
}

/// What is written down of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrittenHour {
    /// Its minutes.
    Minutes(Hour),
    /// The candle of the whole hour alone.
    Summary(HourStart, Box<Candle>),
}

/// A step of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it begins, in Unix seconds.
    pub start: u64,
    /// What the price did in it.
    pub candle: Candle,
    /// Whether the room still holds some of it.
    pub is_held: bool,
}

impl Span {
    /// How many steps it has at most, but for the one that has just begun.
    #[must_use]
    pub fn steps(self) -> u64 {
        self.range.seconds() / self.interval.seconds()
    }

    /// When the first step begins that is shown at `now`, both in Unix seconds.
    #[must_use]
    pub fn begins(self, now: u64) -> u64 {
        self.interval.start_of(now.saturating_sub(self.range.seconds()))
    }

    /// The first hour that is shown at `now`, in Unix seconds.
    #[must_use]
    pub fn first_hour(self, now: u64) -> HourStart {
        HourStart(Interval::H1.start_of(self.begins(now)))
    }

    /// Whether its steps are made of whole hours.
    #[must_use]
    pub fn is_of_hours(self) -> bool {
        self.interval.seconds() >= Interval::H1.seconds()
    }

    /// The chart at `now`, in Unix seconds, of what is written down and of what the room holds, in the order of its groups.
    /// The room has to have been asked before: what it has written down since is then left out by its groups. Of the hours
    /// that it holds something of, the minutes are needed.
    #[must_use]
    pub fn draw(self, written: Vec<WrittenHour>, held: Vec<Addition>, now: u64) -> Vec<Step> {
        let mut hours: BTreeMap<HourStart, WrittenHour> = BTreeMap::new();
        for hour in written {
            hours.insert(hour.start(), hour);
        }
        let mut held_minutes = BTreeSet::new();
        for addition in held {
            let start = Hour::start_of(addition.minute);
            let empty = || WrittenHour::Minutes(Hour { start, ..Hour::default() });
            let WrittenHour::Minutes(hour) = hours.entry(start).or_insert_with(empty) else { continue };
            if !hour.has(&addition) {
                held_minutes.insert(addition.minute.start());
                hour.add([addition]);
            }
        }
        let is_of_hours = self.is_of_hours();
        let candles = hours.into_values().flat_map(|hour| hour.into_candles(is_of_hours));
        let begins = self.begins(now);
        let held_steps: BTreeSet<u64> =
            held_minutes.into_iter().map(|start| self.interval.start_of(start)).collect();
        let steps = self.interval.aggregate(candles).into_iter().filter(|(start, _)| *start >= begins);
        steps.map(|(start, candle)| Step { start, candle, is_held: held_steps.contains(&start) }).collect()
    }
}

impl WrittenHour {
    fn start(&self) -> HourStart {
        match self {
            Self::Minutes(hour) => hour.start,
            Self::Summary(start, _) => *start,
        }
    }

    /// Its candles, of the whole hour or of each minute, each with when it begins.
    fn into_candles(self, whole: bool) -> Vec<(u64, Candle)> {
        match self {
            Self::Summary(start, candle) => vec![(start.0, *candle)],
            Self::Minutes(hour) if whole => {
                hour.summary().map(|whole| (hour.start.0, whole.candle)).into_iter().collect()
            }
            Self::Minutes(hour) => hour.candles().map(|(start, candle)| (start, candle.clone())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::market::minute::{Group, Minute};
    use crate::core::tick::ChainTime;

    /// In the middle of minute 100,000 of the epoch: the hour begins with minute 99,960.
    const NOW: u64 = 100_000 * 60 + 30;

    fn trade(minute: u64, price: u64) -> Candle {
        let at = ChainTime { timestamp: minute * 60 + 1, slot: 0 };
        Candle::of_trade(&Decimal::from_whole(price), &Decimal::from_whole(1), at)
    }

    fn addition(minute: u64, group: u64, price: u64) -> Addition {
        Addition { minute: Minute(minute), group: Group(group), candle: trade(minute, price) }
    }

    fn written(additions: impl IntoIterator<Item = Addition>) -> WrittenHour {
        let additions: Vec<_> = additions.into_iter().collect();
        let mut hour = Hour { start: Hour::start_of(additions[0].minute), ..Hour::default() };
        hour.add(additions);
        WrittenHour::Minutes(hour)
    }

    fn told(steps: &[Step]) -> Vec<(u64, u64, bool)> {
        steps.iter().map(|step| (step.start / 60, step.candle.trades, step.is_held)).collect()
    }

    fn span(range: Range, interval: Interval) -> Span {
        Span { range, interval }
    }

    #[test]
    fn a_group_that_was_written_down_after_the_room_was_asked_counts_once() {
        let held =
            vec![addition(99_999, 99_999, 5), addition(99_999, 100_000, 6), addition(100_000, 100_000, 7)];
        let row = written([addition(99_998, 99_998, 4), addition(99_999, 99_999, 5)]);
        let steps = span(Range::H1, Interval::M1).draw(vec![row.clone()], held.clone(), NOW);
        assert_eq!(told(&steps), [(99_998, 1, false), (99_999, 2, true), (100_000, 1, true)]);
        let closes: Vec<_> = steps.into_iter().map(|step| step.candle.close).collect();
        assert_eq!(closes, [4, 6, 7].map(Decimal::from_whole));
        let steps = span(Range::D1, Interval::H1).draw(vec![row], held, NOW);
        assert_eq!(told(&steps), [(99_960, 4, true)]);
    }

    #[test]
    fn a_room_that_was_never_written_down_is_a_chart_too() {
        let steps = span(Range::D14, Interval::D1).draw(vec![], vec![addition(100_000, 100_000, 7)], NOW);
        assert_eq!(steps.len(), 1);
        assert!(span(Range::H1, Interval::M1).draw(vec![], vec![], NOW).is_empty());
    }

    #[test]
    fn a_chart_begins_with_a_whole_step() {
        let shown = span(Range::H1, Interval::M5);
        assert_eq!(shown.begins(NOW), 99_940 * 60);
        assert_eq!(shown.first_hour(NOW), HourStart(99_900 * 60));
        let rows = vec![
            written([addition(99_939, 99_939, 1), addition(99_940, 99_940, 2)]),
            written([addition(99_961, 99_961, 3)]),
        ];
        let steps = shown.draw(rows, vec![addition(99_939, 100_000, 9)], NOW);
        assert_eq!(told(&steps), [(99_940, 1, false), (99_960, 1, false)]);
    }

    #[test]
    fn hours_are_drawn_of_their_summaries() {
        let summary = |hour: u64, price| {
            WrittenHour::Summary(HourStart(hour * 3_600), Box::new(trade(hour * 60, price)))
        };
        let rows = vec![summary(1_640, 3), summary(1_641, 4), summary(1_664, 5)];
        let day = span(Range::D7, Interval::D1);
        assert_eq!(
            told(&day.draw(rows.clone(), vec![], NOW)),
            [(1_632 * 60, 2, false), (1_656 * 60, 1, false)]
        );
        assert_eq!(span(Range::D7, Interval::H1).draw(rows, vec![], NOW).len(), 3);
    }
}
