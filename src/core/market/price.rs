//! When what was traded is the price. It owns the rules that keep a price from being set by next to nothing, by the past
//! or by one trader alone; it must not know what the price is in.

use std::rc::Rc;

use crate::core::decimal::Decimal;
use crate::core::tick::{ChainTime, Phase, PricePoint, Trade};

/// How many times more or less than the price a trade may cost without anybody else's word for it.
const JUMP: u64 = 5;

/// A price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// What one of the token costs.
    pub price: Decimal,
    /// Since when.
    pub at: ChainTime,
    /// On the curve or in a pool.
    pub phase: Option<Phase>,
}

/// A price that waits for somebody else's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What was paid.
    pub price: Decimal,
    /// By whom, where that is known.
    pub trader: Option<Rc<str>>,
}

/// What a trade, or a posted price, means for the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceVerdict {
    /// It is the price.
    Admitted,
    /// It is about nothing: a trade of next to no worth, or a number that can't be a price.
    Dust,
    /// A later price is known.
    Older,
    /// More than five times the price or less than a fifth of it: nobody else has paid that yet.
    Unconfirmed,
}

/// The price of a token in one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Price {
    pub(crate) current: Option<Priced>,
    pub(crate) pending: Option<Pending>,
}

impl Price {
    /// The price.
    #[must_use]
    pub fn current(&self) -> Option<&Priced> {
        self.current.as_ref()
    }

    /// Whether something that happened then was before the price.
    #[must_use]
    pub fn is_after(&self, at: ChainTime) -> bool {
        self.current.as_ref().is_some_and(|current| is_before(at, current.at))
    }

    /// Judges a trade, and takes its price where that is admitted. A trade of known worth below `dust_usd` is dust.
    ///
    /// The first trade of a jump waits; a trade near it by another trader confirms it, a trade near the price disproves
    /// it. A trader who is not known confirms no known one's trade, as it may be the same. But nobody on the chain is
    /// unknown: trades without a trader are a publisher's, who may confirm his own.
    pub fn judge(&mut self, trade: &Trade, dust_usd: &Decimal) -> PriceVerdict {
        if trade.value_usd.as_ref().is_some_and(|value| value < dust_usd) {
            return PriceVerdict::Dust;
        }
        if self.is_after(trade.at) {
            return PriceVerdict::Older;
        }
        if !self.is_believed(&trade.price, trade.trader.as_ref()) {
            return PriceVerdict::Unconfirmed;
        }
        self.set(trade.price.clone(), trade.at, trade.phase)
    }

    /// Whether somebody's word is enough for a price that is told without its trade: a jump waits as in [`Price::judge`],
    /// and one of the past has nobody to wait for.
    pub fn believes(&mut self, point: &PricePoint) -> bool {
        if self.is_after(point.at) {
            return !self.is_jump(&point.price);
        }
        self.is_believed(&point.price, point.trader.as_ref())
    }

    /// Takes a posted price, unless a later one is known: its publisher knows what it is.
    pub fn post(&mut self, point: &PricePoint) -> PriceVerdict {
        if self.is_after(point.at) {
            return PriceVerdict::Older;
        }
        self.set(point.price.clone(), point.at, point.phase)
    }

    /// Whether a trader's word is enough. Where it is not, the price waits, unless one near it does already.
    fn is_believed(&mut self, price: &Decimal, trader: Option<&Rc<str>>) -> bool {
        if !self.is_jump(price) || self.confirms(price, trader) {
            return true;
        }
        if self.pending.as_ref().is_none_or(|pending| !is_near(&pending.price, price)) {
            self.pending = Some(Pending { price: price.clone(), trader: trader.cloned() });
        }
        false
    }

    fn is_jump(&self, price: &Decimal) -> bool {
        self.current.as_ref().is_some_and(|current| !is_near(&current.price, price))
    }

    fn confirms(&self, price: &Decimal, trader: Option<&Rc<str>>) -> bool {
        let Some(pending) = &self.pending else { return false };
        let is_by_another = match (&pending.trader, trader) {
            (Some(first), Some(second)) => first != second,
            (Some(_), None) => false,
            (None, _) => true,
        };
        is_by_another && is_near(&pending.price, price)
    }

    fn set(&mut self, price: Decimal, at: ChainTime, phase: Option<Phase>) -> PriceVerdict {
        self.current = Some(Priced { price, at, phase });
        self.pending = None;
        PriceVerdict::Admitted
    }
}

/// Whether something happened before something else. Where one of the slots is not known, nobody can tell within a
/// second.
fn is_before(one: ChainTime, other: ChainTime) -> bool {
    if one.timestamp != other.timestamp {
        return one.timestamp < other.timestamp;
    }
    one.slot != 0 && one.slot < other.slot
}

fn is_near(one: &Decimal, other: &Decimal) -> bool {
    let times = Decimal::from_whole(JUMP);
    *one <= other.times(&times) && *other <= one.times(&times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{price_point, trade};

    fn judge(price: &mut Price, timestamp: u64, number: &str, trader: Option<&str>) -> PriceVerdict {
        let trader = trader.map(Rc::from);
        price.judge(&Trade { trader, ..trade(timestamp, number, "1") }, &Decimal::from_whole(1))
    }

    fn current(price: &Price) -> String {
        price.current().unwrap().price.to_string()
    }

    #[test]
    fn the_latest_trade_is_the_price_and_an_older_one_is_not() {
        let mut price = Price::default();
        assert_eq!(judge(&mut price, 10, "2", None), PriceVerdict::Admitted);
        assert_eq!(judge(&mut price, 9, "3", None), PriceVerdict::Older);
        assert_eq!(judge(&mut price, 10, "4", None), PriceVerdict::Admitted, "at the same time, told later");
        assert_eq!(current(&price), "4");
    }

    #[test]
    fn an_unknown_slot_is_no_older_than_a_known_one() {
        let mut price = Price::default();
        let at = |slot| ChainTime { timestamp: 10, slot };
        for (slot, verdict) in [
            (7, PriceVerdict::Admitted),
            (6, PriceVerdict::Older),
            (7, PriceVerdict::Admitted),
            (0, PriceVerdict::Admitted),
        ] {
            assert_eq!(price.post(&PricePoint { at: at(slot), ..price_point(0, "1") }), verdict, "{slot}");
        }
    }

    #[test]
    fn a_trade_of_next_to_no_worth_is_no_price_but_one_of_unknown_worth_is() {
        let mut price = Price::default();
        let worth = |value: &str| Trade { value_usd: Decimal::parse(value), ..trade(10, "2", "1") };
        let dust = Decimal::from_whole(1);
        assert_eq!(price.judge(&worth("0.99"), &dust), PriceVerdict::Dust);
        assert_eq!(price.current(), None);
        assert_eq!(price.judge(&worth("1"), &dust), PriceVerdict::Admitted);
        assert_eq!(price.judge(&Trade { value_usd: None, ..worth("0") }, &dust), PriceVerdict::Admitted);
    }

    #[test]
    fn a_jump_waits_for_another_trader() {
        let mut price = Price::default();
        judge(&mut price, 10, "1", Some("ana"));
        assert_eq!(judge(&mut price, 11, "5", Some("ana")), PriceVerdict::Admitted, "five times is no jump");
        for (number, verdict) in [("26", PriceVerdict::Unconfirmed), ("27", PriceVerdict::Unconfirmed)] {
            assert_eq!(judge(&mut price, 12, number, Some("ben")), verdict, "{number}, by himself");
        }
        assert_eq!(judge(&mut price, 13, "30", None), PriceVerdict::Unconfirmed, "it may be him");
        assert_eq!(judge(&mut price, 14, "30", Some("cem")), PriceVerdict::Admitted);
        assert_eq!(judge(&mut price, 15, "1", Some("dan")), PriceVerdict::Unconfirmed, "down as well");
        assert_eq!(current(&price), "30");
    }

    #[test]
    fn a_trade_near_the_price_disproves_a_jump() {
        let mut price = Price::default();
        judge(&mut price, 10, "1", Some("ana"));
        judge(&mut price, 11, "100", Some("ben"));
        judge(&mut price, 12, "1.1", Some("cem"));
        assert_eq!(judge(&mut price, 13, "100", Some("dan")), PriceVerdict::Unconfirmed);
        assert_eq!(judge(&mut price, 14, "9000", Some("eva")), PriceVerdict::Unconfirmed, "another jump");
        assert_eq!(
            judge(&mut price, 15, "100", Some("fay")),
            PriceVerdict::Unconfirmed,
            "instead of the first"
        );
        assert_eq!(judge(&mut price, 16, "90", Some("gil")), PriceVerdict::Admitted);
    }

    #[test]
    fn a_price_that_somebodys_trade_made_is_believed_as_the_trade_would_be() {
        let mut price = Price::default();
        let by = |timestamp, number, trader: &str| PricePoint {
            trader: Some(Rc::from(trader)),
            ..price_point(timestamp, number)
        };
        for (timestamp, number, trader, is_believed) in [
            (10, "150", "ana", true),
            (12, "9000", "eve", false),
            (13, "9100", "eve", false),
            (14, "151", "ana", true),
            (15, "9100", "sue", false),
            (11, "9100", "tom", false),
            (11, "149", "tom", true),
            (16, "9200", "tom", true),
        ] {
            let point = by(timestamp, number, trader);
            assert_eq!(price.believes(&point), is_believed, "{number} by {trader} at {timestamp}");
            if is_believed {
                price.post(&point);
            }
        }
        assert_eq!(current(&price), "9200");
    }

    #[test]
    fn a_publisher_who_names_no_traders_confirms_his_own_and_a_posted_price_needs_nobody() {
        let mut price = Price::default();
        judge(&mut price, 10, "1", None);
        assert_eq!(judge(&mut price, 11, "100", None), PriceVerdict::Unconfirmed);
        assert_eq!(judge(&mut price, 12, "100", None), PriceVerdict::Admitted);
        assert_eq!(price.post(&price_point(13, "10000")), PriceVerdict::Admitted);
        assert_eq!(price.post(&price_point(12, "1")), PriceVerdict::Older);
        assert_eq!(current(&price), "10000");
    }
}
