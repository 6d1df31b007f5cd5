//! How far things went that users' own alerts may still come true by: while nobody knew these, or too many came true at once.
//! It must not know a rule.

use std::collections::BTreeMap;

use super::rule::Basis;
use super::rules::Scale;
use crate::core::decimal::Decimal;
use crate::core::tick::ChainTime;

/// The most things that prices are in; what comes then is judged by where it stands later.
const MAX_BASES: usize = 9;

/// A number, and when it was reached.
pub type Reached = (Decimal, ChainTime);

/// What was told and not judged yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unjudged {
    /// The lowest and the highest price in each.
    pub(crate) prices: BTreeMap<Basis, (Reached, Reached)>,
    /// The largest volume of a minute.
    pub(crate) volume: Option<Reached>,
}

impl Unjudged {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How far each scale went.
    pub fn reached(&self) -> impl Iterator<Item = (Scale, &Decimal)> {
        let prices = self.prices.iter().flat_map(|(basis, ((low, _), (high, _)))| {
            [(Scale::Above(basis.clone()), high), (Scale::Below(basis.clone()), low)]
        });
        prices.chain(self.volume.iter().map(|(volume, _)| (Scale::Volume, volume)))
    }

    /// Takes in a price.
    pub fn price(&mut self, basis: &Basis, price: &Decimal, at: ChainTime) {
        let now = || (price.clone(), at);
        if let Some((low, high)) = self.prices.get_mut(basis) {
            if *price < low.0 {
                *low = now();
            }
            if *price > high.0 {
                *high = now();
            }
        } else if self.prices.len() < MAX_BASES {
            self.prices.insert(basis.clone(), (now(), now()));
        }
    }

    /// Takes in the volume of the running minute.
    pub fn volume(&mut self, volume: &Decimal, at: ChainTime) {
        if self.volume.as_ref().is_none_or(|(largest, _)| volume > largest) {
            self.volume = Some((volume.clone(), at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{at, number};

    #[test]
    fn the_extremes_are_what_is_judged_later() {
        let mut unjudged = Unjudged::default();
        for (price, timestamp) in [("5", 1), ("9", 2), ("3", 3), ("9", 4)] {
            unjudged.price(&Basis::Dollars, &number(price), at(timestamp));
            unjudged.volume(&number(price), at(timestamp));
        }
        assert_eq!(unjudged.prices[&Basis::Dollars], ((number("3"), at(3)), (number("9"), at(2))));
        assert_eq!(unjudged.volume, Some((number("9"), at(2))));
    }
}
