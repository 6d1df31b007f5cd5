//! The users' own alerts for one token, so that what happens finds those that it makes true without looking at the
//! others. It must not know where they are kept.

use std::collections::{BTreeMap, BTreeSet};

use super::rule::{AlertRule, Basis, Condition, Firing, RuleId};
use crate::core::decimal::Decimal;
use crate::core::tick::ChainTime;

/// What is compared with a threshold, and from which side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scale {
    Above(Basis),
    Below(Basis),
    Volume,
}

/// Rules that did not come true yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    rules: BTreeMap<RuleId, AlertRule>,
    thresholds: BTreeMap<Scale, BTreeSet<(Decimal, RuleId)>>,
}

impl Rules {
    /// Adds a rule, in place of one with the same name.
    pub fn add(&mut self, rule: AlertRule) {
        self.remove(&rule.id);
        let place = (rule.condition.threshold().clone(), rule.id.clone());
        self.thresholds.entry(Scale::of(&rule.condition)).or_default().insert(place);
        self.rules.insert(rule.id.clone(), rule);
    }

    /// Takes a rule away; `None` where there is none with this name.
    pub fn remove(&mut self, id: &RuleId) -> Option<AlertRule> {
        let rule = self.rules.remove(id)?;
        let scale = Scale::of(&rule.condition);
        let thresholds = self.thresholds.get_mut(&scale)?;
        thresholds.remove(&(rule.condition.threshold().clone(), id.clone()));
        if thresholds.is_empty() {
            self.thresholds.remove(&scale);
        }
        Some(rule)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Takes out at most `limit` of those that a price makes true.
    pub fn price(&mut self, basis: &Basis, price: &Decimal, at: ChainTime, limit: usize) -> Vec<Firing> {
        let mut fired = self.fire(&Scale::Above(basis.clone()), price, at, limit);
        fired.extend(self.fire(&Scale::Below(basis.clone()), price, at, limit.saturating_sub(fired.len())));
        fired
    }

    /// Takes out at most `limit` of those that the running minute's volume makes true.
    pub fn volume(&mut self, volume: &Decimal, at: ChainTime, limit: usize) -> Vec<Firing> {
        self.fire(&Scale::Volume, volume, at, limit)
    }

    fn fire(&mut self, scale: &Scale, measured: &Decimal, at: ChainTime, limit: usize) -> Vec<Firing> {
        let mut fired = Vec::new();
        while fired.len() < limit
            && let Some(id) = self.next(scale, measured)
        {
            let rule = self.remove(&id);
            fired.extend(rule.map(|rule| Firing { rule, measured: measured.clone(), at }));
        }
        fired
    }

    /// The rule that something comes to first.
    fn next(&self, scale: &Scale, measured: &Decimal) -> Option<RuleId> {
        let thresholds = self.thresholds.get(scale)?;
        let (_, id) = match scale {
            Scale::Above(_) | Scale::Volume => {
                thresholds.first().filter(|(threshold, _)| threshold <= measured)
            }
            Scale::Below(_) => thresholds.last().filter(|(threshold, _)| threshold >= measured),
        }?;
        Some(id.clone())
    }
}

impl Scale {
    fn of(condition: &Condition) -> Self {
        match condition {
            Condition::PriceAbove(basis, _) => Self::Above(basis.clone()),
            Condition::PriceBelow(basis, _) => Self::Below(basis.clone()),
            Condition::VolumeAbove(_) => Self::Volume,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{at, number, rule, sol};

    fn names(fired: &[Firing]) -> Vec<&str> {
        fired.iter().map(|firing| firing.rule.id.as_str()).collect()
    }

    fn rules() -> Rules {
        let mut rules = Rules::default();
        let quote = || Basis::Quote(sol());
        for (name, condition) in [
            ("above-2", Condition::PriceAbove(quote(), number("2"))),
            ("above-3", Condition::PriceAbove(quote(), number("3"))),
            ("above-3-dollars", Condition::PriceAbove(Basis::Dollars, number("3"))),
            ("below-1", Condition::PriceBelow(quote(), number("1"))),
            ("below-half", Condition::PriceBelow(quote(), number("0.5"))),
            ("volume", Condition::VolumeAbove(number("3"))),
        ] {
            rules.add(rule(name, condition));
        }
        rules
    }

    #[test]
    fn a_rule_comes_true_once() {
        let mut rules = rules();
        let quote = Basis::Quote(sol());
        let mut price = |text: &str| names(&rules.price(&quote, &number(text), at(1), 9)).join(" ");
        assert_eq!(price("1.5"), "");
        assert_eq!(price("3"), "above-2 above-3");
        assert_eq!(price("3"), "");
        assert_eq!(price("0.7"), "below-1");
        assert_eq!(price("0.1"), "below-half");
        assert_eq!(names(&rules.price(&Basis::Dollars, &number("4"), at(1), 9)), ["above-3-dollars"]);
        assert_eq!(names(&rules.volume(&number("3"), at(1), 9)), ["volume"]);
        assert_eq!(rules, Rules::default());
    }

    #[test]
    fn what_is_too_much_at_once_comes_true_the_next_time() {
        let mut rules = rules();
        let quote = Basis::Quote(sol());
        assert_eq!(names(&rules.price(&quote, &number("9"), at(1), 1)), ["above-2"]);
        assert_eq!(names(&rules.price(&quote, &number("9"), at(1), 1)), ["above-3"]);
    }

    #[test]
    fn a_rule_that_is_taken_away_or_replaced_stays_silent() {
        let mut rules = rules();
        let id = RuleId::parse("above-2").unwrap();
        assert!(rules.remove(&id).is_some() && rules.remove(&id).is_none());
        rules.add(rule("above-3", Condition::PriceAbove(Basis::Quote(sol()), number("4"))));
        assert_eq!((rules.price(&Basis::Quote(sol()), &number("3"), at(1), 9), rules.len()), (vec![], 5));
    }
}
