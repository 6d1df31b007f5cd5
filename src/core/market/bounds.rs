//! What a market reckons with: numbers and names within bounds, so that what it remembers is small and can always be
//! written down. It must not know what a number or a name is used for.

use std::rc::Rc;

use super::minute::Minute;
use crate::core::decimal::Decimal;
use crate::core::tick::{ChainTime, LiquidityChange, PricePoint, Trade};

/// Places after the point of an amount. What is smaller is nothing: no token on Solana that is traded counts further.
const AMOUNT_PLACES: u8 = 18;

/// Prices are between this power of ten and its inverse; amounts are at most as much.
const POWERS: u8 = 30;

/// The longest name of a trader or a pool, in bytes: longer than any address.
const MAX_NAME: usize = 64;

/// A price with as many digits as a quotient has; `None` for one that no token has.
fn price(price: &Decimal) -> Option<Decimal> {
    let is_sane = *price >= Decimal::from_units(1, POWERS) && *price <= largest();
    is_sane.then(|| price.rounded())
}

/// An amount of either sign; `None` for more than there is of anything.
fn amount(amount: &Decimal) -> Option<Decimal> {
    let is_sane = *amount <= largest() && Decimal::default().minus(amount) <= largest();
    is_sane.then(|| amount.to_places(AMOUNT_PLACES))
}

fn largest() -> Decimal {
    Decimal::from_units(10_i128.pow(u32::from(POWERS)), 0)
}

fn name(name: Option<&Rc<str>>) -> Option<Rc<str>> {
    name.filter(|name| name.len() <= MAX_NAME).cloned()
}

/// A time that is not after the minute of `clock`, in Unix seconds: what claims to be is of now. Otherwise a time in the
/// far future would be the latest for ever.
fn at(at: ChainTime, clock: u64) -> ChainTime {
    let is_future = Minute::of(at.timestamp) > Minute::of(clock);
    ChainTime::bounded(if is_future { clock } else { at.timestamp }, at.slot)
}

/// How much there is of a token; `None` where that can't be.
pub(super) fn supply(supply: &Decimal) -> Option<Decimal> {
    amount(supply).filter(Decimal::is_positive)
}

/// A trade told at `clock`, in Unix seconds; `None` for one that can't be.
pub(super) fn trade(trade: &Trade, clock: u64) -> Option<Trade> {
    Some(Trade {
        at: at(trade.at, clock),
        side: trade.side,
        amount: amount(&trade.amount).filter(is_not_negative)?,
        quote_amount: amount(&trade.quote_amount).filter(is_not_negative)?,
        price: price(&trade.price)?,
        quote: trade.quote.clone(),
        value_usd: trade.value_usd.as_ref().and_then(amount).filter(is_not_negative),
        phase: trade.phase,
        trader: name(trade.trader.as_ref()),
        pool: name(trade.pool.as_ref()),
    })
}

/// A price told at `clock`, in Unix seconds; `None` for one that can't be.
pub(super) fn price_point(point: &PricePoint, clock: u64) -> Option<PricePoint> {
    Some(PricePoint {
        at: at(point.at, clock),
        price: price(&point.price)?,
        trader: name(point.trader.as_ref()),
        ..point.clone()
    })
}

/// A change of liquidity told at `clock`, in Unix seconds; `None` for one that can't be.
pub(super) fn liquidity(change: &LiquidityChange, clock: u64) -> Option<LiquidityChange> {
    Some(LiquidityChange {
        at: at(change.at, clock),
        pool: name(Some(&change.pool))?,
        quote: change.quote.clone(),
        change: amount(&change.change)?,
        trader: name(change.trader.as_ref()),
    })
}

fn is_not_negative(number: &Decimal) -> bool {
    *number >= Decimal::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::tick::Quote;

    fn point(number: &str, timestamp: u64) -> PricePoint {
        PricePoint {
            at: ChainTime { timestamp, slot: 7 },
            price: Decimal::parse(number).unwrap(),
            quote: Quote::default(),
            phase: None,
            trader: None,
        }
    }

    #[test]
    fn a_price_that_no_token_has_is_none() {
        for number in ["0", "-1", "1e-31", "1e31"] {
            assert_eq!(price_point(&point(number, 0), 0), None, "{number}");
        }
        for number in ["0.00007345", "1e-30", "1e30"] {
            assert_eq!(price_point(&point(number, 0), 0), Some(point(number, 0)), "{number}");
        }
    }

    #[test]
    fn whatever_is_reckoned_with_can_be_written_and_read() {
        let tiny = Decimal::parse("1.2345678901234567890123456789e-30").unwrap();
        let tiny = price(&tiny).unwrap().to_string();
        assert!(Decimal::parse(&tiny).is_some(), "{tiny}");
        let large = Decimal::parse("999999999999999999999999999999.9999999999999999999999999").unwrap();
        let large = amount(&large).unwrap();
        let sum = large
            .times(&Decimal::from_whole(u64::from(u32::MAX)))
            .plus(&Decimal::from_units(1, AMOUNT_PLACES));
        assert_eq!(Decimal::parse(&sum.to_string()), Some(sum), "4 billion of the largest trades");
    }

    #[test]
    fn a_time_in_the_future_is_now() {
        let told = |timestamp, clock| price_point(&point("1", timestamp), clock).unwrap().at;
        assert_eq!(told(90, 61).timestamp, 90, "within the minute clocks may differ");
        assert_eq!(told(1_700_000_000_000, 61), ChainTime { timestamp: 61, slot: 7 });
        let odd = PricePoint { at: ChainTime { timestamp: 1, slot: u64::MAX }, ..point("1", 1) };
        assert_eq!(price_point(&odd, 61).unwrap().at, ChainTime { timestamp: 1, slot: 0 });
    }
}
