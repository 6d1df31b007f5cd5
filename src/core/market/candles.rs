//! The candles of the minutes that were not written down yet, by the groups in which they will be. It must not know where
//! they are written.

use std::collections::{BTreeMap, BTreeSet};

use super::candle::Candle;
use super::hour::{Addition, Hour, HourStart};
use super::minute::{Group, Minute};
use crate::core::tick::Quote;

/// The most candles that wait. A publisher who posts a token's whole past at once could fill the memory otherwise; what
/// is too much is left out of the chart.
pub const MAX_WAITING: usize = 512;

/// What was told within a group, by what the price is in and by the minute.
pub type Minutes = BTreeMap<(Quote, Minute), Candle>;

/// Candles that wait to be written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candles {
    pub(crate) groups: BTreeMap<Group, Minutes>,
}

/// What is to be written down at once. To do so again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flush {
    /// The last group that is part of it.
    pub through: Group,
    /// What is added to each hour.
    pub hours: BTreeMap<(Quote, HourStart), Vec<Addition>>,
}

impl Candles {
    /// Adds what was told at `clock`, in Unix seconds, of a minute that is not after it.
    pub fn add(&mut self, quote: &Quote, minute: Minute, candle: Candle, clock: u64) {
        let group = Group::of(minute, clock);
        let place = (quote.clone(), minute);
        if let Some(told) = self.groups.get_mut(&group).and_then(|minutes| minutes.get_mut(&place)) {
            *told = Candle::merge(told.clone(), candle);
            return;
        }
        let waiting: usize = self.groups.values().map(BTreeMap::len).sum();
        if waiting < MAX_WAITING {
            self.groups.entry(group).or_default().insert(place, candle);
        }
    }

    /// What is closed at `clock`, in Unix seconds; `None` for nothing.
    #[must_use]
    pub fn closed(&self, clock: u64) -> Option<Flush> {
        let closed = || self.groups.iter().take_while(|(group, _)| group.closes_at() <= clock);
        let (through, _) = closed().last()?;
        let mut hours: BTreeMap<_, Vec<Addition>> = BTreeMap::new();
        for (group, minutes) in closed() {
            for ((quote, minute), candle) in minutes {
                let addition = Addition { minute: *minute, group: *group, candle: candle.clone() };
                hours.entry((quote.clone(), Hour::start_of(*minute))).or_default().push(addition);
            }
        }
        Some(Flush { through: *through, hours })
    }

    /// Everything up to this group was written down.
    pub fn charted(&mut self, through: Group) {
        self.groups.retain(|group, _| *group > through);
    }

    /// When the next group is closed, in Unix seconds.
    #[must_use]
    pub fn next_close(&self) -> Option<u64> {
        self.groups.keys().next().map(|group| group.closes_at())
    }

    /// What it is priced in that waits.
    #[must_use]
    pub fn quotes(&self) -> BTreeSet<&Quote> {
        self.groups.values().flat_map(|minutes| minutes.keys().map(|(quote, _)| quote)).collect()
    }

    /// What waits and is priced in `quote`, in the order of the groups.
    pub fn of_quote<'a>(&'a self, quote: &'a Quote) -> impl Iterator<Item = Addition> + 'a {
        let of_group = move |(group, minutes): (&'a Group, &'a Minutes)| {
            let of_quote = minutes.iter().filter(move |((of, _), _)| of == quote);
            of_quote.map(move |((_, minute), candle)| Addition {
                minute: *minute,
                group: *group,
                candle: candle.clone(),
            })
        };
        self.groups.iter().flat_map(of_group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::tick::ChainTime;

    fn price(timestamp: u64) -> Candle {
        Candle::of_price(&Decimal::from_whole(1), ChainTime { timestamp, slot: 0 })
    }

    #[test]
    fn a_late_trade_lands_in_the_right_candle_of_a_later_group() {
        let mut candles = Candles::default();
        let sol = Quote::parse("SOL").unwrap();
        candles.add(&sol, Minute(5), price(300), 300);
        candles.add(&sol, Minute(5), price(310), 500);
        let waiting: Vec<_> = candles.of_quote(&sol).map(|told| (told.group, told.minute)).collect();
        assert_eq!(waiting, [(Group(5), Minute(5)), (Group(8), Minute(5))]);
        assert_eq!(candles.next_close(), Some(375));
        assert_eq!(candles.closed(374), None);
        let flush = candles.closed(400).unwrap();
        assert_eq!((flush.through, flush.hours.len()), (Group(5), 1));
        candles.charted(flush.through);
        assert_eq!(candles.next_close(), Some(555));
    }

    #[test]
    fn what_is_priced_in_different_things_is_in_different_candles() {
        let mut candles = Candles::default();
        let quotes = ["SOL", "USDC"].map(|name| Quote::parse(name).unwrap());
        for quote in &quotes {
            candles.add(quote, Minute(5), price(300), 300);
        }
        assert!(quotes.iter().all(|quote| candles.of_quote(quote).count() == 1));
        assert!(candles.quotes().into_iter().eq(&quotes));
        assert_eq!(candles.closed(375).unwrap().hours.len(), 2);
    }

    #[test]
    fn a_whole_past_at_once_does_not_fill_the_memory() {
        let mut candles = Candles::default();
        let sol = Quote::parse("SOL").unwrap();
        for minute in 0..2_000 {
            candles.add(&sol, Minute(minute), price(minute * 60), 200_000);
        }
        assert_eq!(candles.of_quote(&sol).count(), MAX_WAITING);
        candles.add(&sol, Minute(3), price(181), 200_000);
        let third = candles.of_quote(&sol).find(|told| told.minute == Minute(3)).unwrap();
        assert_eq!(third.candle.last.timestamp, 181, "what is there already still grows");
    }
}
