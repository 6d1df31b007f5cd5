//! How far a price has gone lately. It must not know what makes a move worth an alert.

use std::collections::BTreeMap;

use super::minute::Minute;
use crate::core::decimal::Decimal;

/// The lowest and the highest price of a minute, each with when it last was that, in Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extremes {
    /// The lowest.
    pub low: (Decimal, u64),
    /// The highest.
    pub high: (Decimal, u64),
}

/// The extremes of the last minutes. What a spike touched counts, and not only where the price was when the time began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    pub(crate) minutes: BTreeMap<Minute, Extremes>,
}

impl Lately {
    /// The lowest and the highest price since `seconds` before `timestamp`; `None` where there was none. Of a minute that
    /// is only partly that long ago, an extreme counts where it still was one then.
    #[must_use]
    pub fn since(&self, timestamp: u64, seconds: u64) -> Option<(Decimal, Decimal)> {
        let from = timestamp.saturating_sub(seconds);
        let of = |pick: fn(&Extremes) -> &(Decimal, u64)| {
            self.minutes.values().map(pick).filter(move |(_, at)| *at >= from).map(|(price, _)| price)
        };
        let low = of(|minute| &minute.low).min()?.clone();
        let high = of(|minute| &minute.high).max()?.clone();
        Some((low, high))
    }

    /// Adds a price, and forgets what was more than `seconds` before it.
    pub fn add(&mut self, price: &Decimal, timestamp: u64, seconds: u64) {
        let now = (price.clone(), timestamp);
        let extremes = self
            .minutes
            .entry(Minute::of(timestamp))
            .or_insert_with(|| Extremes { low: now.clone(), high: now.clone() });
        if *price <= extremes.low.0 {
            extremes.low = now.clone();
        }
        if *price >= extremes.high.0 {
            extremes.high = now;
        }
        let oldest = Minute::of(timestamp.saturating_sub(seconds));
        self.minutes.retain(|minute, _| *minute >= oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::number;

    #[test]
    fn the_extremes_of_a_time_forget_what_was_before_it() {
        let mut lately = Lately::default();
        assert_eq!(lately.since(0, 300), None);
        for (price, timestamp) in [("1", 10), ("9", 70), ("4", 200)] {
            lately.add(&number(price), timestamp, 300);
        }
        assert_eq!(lately.since(310, 300), Some((number("1"), number("9"))));
        assert_eq!(lately.since(311, 300), Some((number("4"), number("9"))));
        lately.add(&number("4"), 400, 300);
        assert_eq!(lately.minutes.len(), 3, "9, 4 and 4");
        assert_eq!(lately.since(371, 300), Some((number("4"), number("4"))));
    }
}
