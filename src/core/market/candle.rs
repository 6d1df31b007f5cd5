//! What the price did in some time: where it began and ended, how far it went, and how much was traded. It must not know
//! which time that was, nor what the price is in.

use crate::core::decimal::Decimal;
use crate::core::tick::ChainTime;

/// A candle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candle {
    /// The price of the earliest; of several at once, that which was told first.
    pub open: Decimal,
    /// The highest price.
    pub high: Decimal,
    /// The lowest price.
    pub low: Decimal,
    /// The price of the latest; of several at once, that which was told last.
    pub close: Decimal,
    /// How much of the token was traded.
    pub volume: Decimal,
    /// How many trades there were.
    pub trades: u64,
    /// When the price was [`Candle::open`].
    pub first: ChainTime,
    /// When the price was [`Candle::close`].
    pub last: ChainTime,
}

impl Candle {
    /// The candle of one price without a trade.
    #[must_use]
    pub fn of_price(price: &Decimal, at: ChainTime) -> Self {
        Self {
            open: price.clone(),
            high: price.clone(),
            low: price.clone(),
            close: price.clone(),
            volume: Decimal::default(),
            trades: 0,
            first: at,
            last: at,
        }
    }

    /// The candle of one trade of so much of the token.
    #[must_use]
    pub fn of_trade(price: &Decimal, amount: &Decimal, at: ChainTime) -> Self {
        Self { volume: amount.clone(), trades: 1, ..Self::of_price(price, at) }
    }

    /// The candle of both, `later` being what was told later, whenever it happened. Candles may be merged in any groups
    /// as long as the order in which they were told is kept.
    #[must_use]
    pub fn merge(earlier: Self, later: Self) -> Self {
        let (open, first) = if later.first < earlier.first {
            (later.open, later.first)
        } else {
            (earlier.open, earlier.first)
        };
        let (close, last) = if later.last >= earlier.last {
            (later.close, later.last)
        } else {
            (earlier.close, earlier.last)
        };
        Self {
            open,
            high: earlier.high.max(later.high),
            low: earlier.low.min(later.low),
            close,
            volume: earlier.volume.plus(&later.volume),
            trades: earlier.trades.saturating_add(later.trades),
            first,
            last,
        }
    }

    /// The candle of all, in the order in which they were told; `None` of none.
    #[must_use]
    pub fn of_all(candles: impl IntoIterator<Item = Self>) -> Option<Self> {
        candles.into_iter().reduce(Self::merge)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn trade((price, amount, timestamp, slot): (u64, u64, u64, u64)) -> Candle {
        let at = ChainTime { timestamp, slot };
        Candle::of_trade(&Decimal::from_whole(price), &Decimal::from_whole(amount), at)
    }

    #[test]
    fn the_latest_trade_is_the_close_whenever_it_was_told() {
        let candle = Candle::of_all([(3, 10, 30, 0), (9, 1, 10, 0), (5, 2, 20, 0)].map(trade)).unwrap();
        let prices = [candle.open, candle.high, candle.low, candle.close];
        assert_eq!(prices, [9, 9, 3, 3].map(Decimal::from_whole));
        assert_eq!((candle.volume, candle.trades), (Decimal::from_whole(13), 3));
        assert_eq!((candle.first.timestamp, candle.last.timestamp), (10, 30));
    }

    #[test]
    fn of_trades_at_the_same_time_the_first_told_opens_and_the_last_told_closes() {
        let candle = Candle::of_all([(1, 1, 7, 4), (2, 1, 7, 4), (3, 1, 7, 4)].map(trade)).unwrap();
        assert_eq!((candle.open, candle.close), (Decimal::from_whole(1), Decimal::from_whole(3)));
    }

    #[test]
    fn a_price_without_a_trade_is_no_volume() {
        let price = Candle::of_price(&Decimal::from_whole(7), ChainTime::default());
        assert_eq!((price.volume.is_zero(), price.trades), (true, 0));
    }

    proptest! {
        #[test]
        fn told_in_any_groups_it_is_the_candle_of_all(
            told in vec((1..9_u64, 0..9_u64, 0..4_u64, 0..3_u64), 1..30),
            cuts in vec(1..6_usize, 30),
        ) {
            let candles: Vec<Candle> = told.into_iter().map(trade).collect();
            let all = Candle::of_all(candles.clone());
            let mut left = candles.as_slice();
            let mut groups = Vec::new();
            for cut in cuts {
                let (group, rest) = left.split_at(cut.min(left.len()));
                groups.extend(Candle::of_all(group.to_vec()));
                left = rest;
            }
            groups.extend(Candle::of_all(left.to_vec()));
            prop_assert_eq!(Candle::of_all(groups), all);
        }
    }
}
