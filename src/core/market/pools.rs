//! What is known of a token's pools: how much SOL, or of a stable coin, is in them. It must not know what makes a
//! withdrawal worth an alert.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::core::decimal::Decimal;
use crate::core::tick::{LiquidityChange, Quote, Side, Trade};

/// The most pools that are known; of more, that which was heard of longest ago is forgotten.
const MAX_POOLS: usize = 16;

/// A pool that was heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The side of it that is counted.
    pub quote: Quote,
    /// How much of that is in it; `None` where the pool was there before anybody counted.
    pub reserve: Option<Decimal>,
    /// When it was last heard of, in Unix seconds.
    pub heard: u64,
}

/// A token's pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pools {
    pub(crate) known: BTreeMap<Rc<str>, Pool>,
}

impl Pools {
    /// A trade moves what is in its pool.
    pub fn trade(&mut self, trade: &Trade, clock: u64) {
        let Some(name) = &trade.pool else { return };
        let change = match trade.side {
            Some(Side::Buy) => Some(trade.quote_amount.clone()),
            Some(Side::Sell) => Some(Decimal::default().minus(&trade.quote_amount)),
            None => None,
        };
        self.change(name, &trade.quote, change.as_ref(), clock);
    }

    /// Liquidity moves what is in its pool. What was in there before, where that is known.
    ///
    /// A pool is known from its seed: what is heard of it first is a deposit. One that was traded with before that is not
    /// known, and one from which more than twice what is known was withdrawn is not known any more: it was there before.
    pub fn liquidity(&mut self, change: &LiquidityChange, clock: u64) -> Option<Decimal> {
        let LiquidityChange { pool: name, quote, change, .. } = change;
        if !self.known.contains_key(name) && change.is_positive() {
            let pool = Pool { quote: quote.clone(), reserve: Some(change.clone()), heard: clock };
            self.hear(name, pool);
            return None;
        }
        let before = self.known.get(name).and_then(|pool| pool.reserve.clone());
        let withdrawn = Decimal::default().minus(change);
        let is_too_much = before.as_ref().is_some_and(|before| withdrawn > before.plus(before));
        self.change(name, quote, if is_too_much { None } else { Some(change) }, clock);
        before.filter(|before| before.is_positive() && !is_too_much)
    }

    fn change(&mut self, name: &Rc<str>, quote: &Quote, change: Option<&Decimal>, clock: u64) {
        let before = self.known.get(name).filter(|pool| pool.quote == *quote);
        let reserve = before.and_then(|pool| pool.reserve.as_ref());
        // What leaves more than there is leaves nothing.
        let after = reserve.zip(change).map(|(reserve, change)| reserve.plus(change).max(Decimal::default()));
        self.hear(name, Pool { quote: quote.clone(), reserve: after, heard: clock });
    }

    fn hear(&mut self, name: &Rc<str>, pool: Pool) {
        self.known.insert(name.clone(), pool);
        if self.known.len() <= MAX_POOLS {
            return;
        }
        let oldest = self.known.iter().min_by_key(|(_, pool)| pool.heard).map(|(name, _)| name.clone());
        if let Some(oldest) = oldest {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{liquidity, number, trade};

    fn in_pool(side: Option<Side>, quote_amount: &str) -> Trade {
        let quote_amount = number(quote_amount);
        Trade { side, quote_amount, pool: Some(Rc::from("P")), ..trade(0, "1", "1") }
    }

    #[test]
    fn a_pool_is_known_from_its_seed_and_trades_move_it() {
        let mut pools = Pools::default();
        assert_eq!(pools.liquidity(&liquidity(0, "P", "100"), 0), None);
        pools.trade(&in_pool(Some(Side::Buy), "30"), 1);
        pools.trade(&in_pool(Some(Side::Sell), "10"), 2);
        assert_eq!(pools.liquidity(&liquidity(0, "P", "-40"), 3), Some(number("120")));
        assert_eq!(pools.liquidity(&liquidity(0, "P", "-80"), 3), Some(number("80")));
        assert_eq!(pools.liquidity(&liquidity(0, "P", "-80"), 3), None, "it is empty");
    }

    #[test]
    fn a_pool_that_was_there_before_is_not_known() {
        let mut pools = Pools::default();
        pools.trade(&in_pool(Some(Side::Buy), "1"), 0);
        pools.liquidity(&liquidity(0, "P", "100"), 1);
        assert_eq!(
            pools.liquidity(&liquidity(0, "P", "-100"), 2),
            None,
            "traded with before the first deposit"
        );
        assert_eq!(pools.liquidity(&liquidity(0, "Q", "-100"), 2), None);
        pools.liquidity(&liquidity(0, "R", "100"), 3);
        assert_eq!(pools.liquidity(&liquidity(0, "R", "-201"), 4), None, "more than can have been in it");
        assert_eq!(pools.liquidity(&liquidity(0, "R", "-1"), 5), None);
        pools.liquidity(&liquidity(0, "S", "100"), 6);
        pools.trade(&Trade { pool: Some(Rc::from("S")), ..in_pool(None, "1") }, 7);
        assert_eq!(pools.liquidity(&liquidity(0, "S", "-50"), 8), None, "it went who knows which way");
    }

    #[test]
    fn of_too_many_pools_the_one_that_was_not_heard_of_for_longest_is_forgotten() {
        let mut pools = Pools::default();
        for count in 0..20 {
            pools.liquidity(&liquidity(0, &format!("P{count}"), "100"), count);
        }
        assert_eq!(pools.known.len(), MAX_POOLS);
        assert_eq!(pools.liquidity(&liquidity(0, "P19", "-50"), 21), Some(number("100")));
        assert_eq!(pools.liquidity(&liquidity(0, "P3", "-50"), 21), None);
    }
}
