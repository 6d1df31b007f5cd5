//! What a token costs in each thing that it is priced in. It must not know when a price is admitted.

use std::collections::BTreeMap;

use super::extremes::Lately;
use super::price::{Price, PriceVerdict};
use crate::core::tick::{PricePoint, Quote};

/// The most things that a token is priced in; of more, that with the oldest price is forgotten.
const MAX_QUOTES: usize = 8;

/// What a token costs in one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quoted {
    /// The price.
    pub price: Price,
    /// How far it has gone lately.
    pub lately: Lately,
}

/// What a token costs. What it was first priced in is the main thing, for good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    pub(crate) main: Option<Quote>,
    pub(crate) quoted: BTreeMap<Quote, Quoted>,
}

impl Prices {
    /// What it costs in each.
    pub fn iter(&self) -> impl Iterator<Item = (&Quote, &Quoted)> {
        self.quoted.iter()
    }

    /// What it costs in the main thing.
    #[must_use]
    pub fn main(&self) -> Option<(&Quote, &Quoted)> {
        self.main.as_ref().and_then(|main| self.quoted.get_key_value(main))
    }

    /// What it costs in `quote`.
    #[must_use]
    pub fn of(&self, quote: &Quote) -> Option<&Quoted> {
        self.quoted.get(quote)
    }

    /// Whether a price is believed ([`Price::believes`]); one in something new always is.
    pub(super) fn believe(&mut self, point: &PricePoint) -> bool {
        self.quoted.get_mut(&point.quote).is_none_or(|quoted| quoted.price.believes(point))
    }

    /// Has something told of the price in `quote`.
    pub(super) fn tell(
        &mut self,
        quote: &Quote,
        tell: impl FnOnce(&mut Quoted) -> PriceVerdict,
    ) -> PriceVerdict {
        let quoted = self.quoted.entry(quote.clone()).or_default();
        let verdict = tell(quoted);
        if quoted.price.current().is_none() {
            self.quoted.remove(quote);
            return verdict;
        }
        self.main.get_or_insert_with(|| quote.clone());
        if self.quoted.len() > MAX_QUOTES {
            self.forget_oldest();
        }
        verdict
    }

    fn forget_oldest(&mut self) {
        let others = self.quoted.iter().filter(|(quote, _)| Some(*quote) != self.main.as_ref());
        let oldest = others.min_by_key(|(_, quoted)| quoted.price.current().map(|current| current.at));
        if let Some(oldest) = oldest.map(|(quote, _)| quote.clone()) {
            self.quoted.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::price_point;

    fn post(prices: &mut Prices, timestamp: u64, quote: &str) {
        let point = price_point(timestamp, "1");
        prices.tell(&Quote::parse(quote).unwrap(), |quoted| quoted.price.post(&point));
    }

    #[test]
    fn what_a_token_was_first_priced_in_is_the_main_thing() {
        let mut prices = Prices::default();
        assert_eq!(prices.tell(&Quote::default(), |_| PriceVerdict::Dust), PriceVerdict::Dust);
        assert_eq!(prices, Prices::default(), "that was no price");
        post(&mut prices, 10, "USDC");
        post(&mut prices, 20, "SOL");
        assert_eq!(prices.main().unwrap().0.as_str(), "USDC");
        assert_eq!(prices.iter().count(), 2);
    }

    #[test]
    fn of_too_many_prices_the_oldest_is_forgotten_but_never_the_main_one() {
        let mut prices = Prices::default();
        for count in 0..20 {
            post(&mut prices, count, &format!("Q{count}"));
        }
        assert_eq!(prices.iter().count(), MAX_QUOTES);
        assert!(prices.of(&Quote::parse("Q0").unwrap()).is_some());
        assert!(prices.of(&Quote::parse("Q12").unwrap()).is_none());
        assert!(prices.of(&Quote::parse("Q19").unwrap()).is_some());
    }
}
