//! The users' own alerts for one token that something comes to first, so that what happens finds those that it makes true
//! without looking at the others, however many those are. It must not know where they are kept.

use std::collections::{BTreeMap, BTreeSet};

use super::rule::{AlertRule, Basis, Condition, Firing, RuleId};
use crate::core::decimal::Decimal;
use crate::core::tick::{ChainTime, Quote};

/// The most rules of a scale that are watched. The others are further away: they are read when something comes to them.
pub const MAX_WATCHED: usize = 500;

/// The most scales that are watched: both sides of each thing that prices are in ([`super::prices`], and dollars), and the
/// volume. What is asked for then takes the place of all of them.
const MAX_SCALES: usize = 24;

/// What is compared with a threshold, and from which side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// A price that rises.
    Above(Basis),
    /// A price that falls.
    Below(Basis),
    /// The volume of a minute.
    Volume,
}

/// The rules of a scale that something comes to first, as they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// Which.
    pub scale: Scale,
    /// The nearest first: at most [`MAX_WATCHED`].
    pub rules: Vec<AlertRule>,
    /// Whether the scale has no others.
    pub are_all: bool,
}

/// What something makes true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fired {
    /// Rules that came true.
    pub firings: Vec<Firing>,
    /// Whether it may make true others: there were too many at once, or nobody knows them yet.
    pub may_be_more: bool,
}

/// What is known of a scale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Watched {
    thresholds: BTreeSet<(Decimal, RuleId)>,
    /// There may be rules at and beyond this that are not here.
    horizon: Option<Decimal>,
}

/// Rules that did not come true yet: of each scale that is known all of them, or those on this side of its horizon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    rules: BTreeMap<RuleId, AlertRule>,
    scales: BTreeMap<Scale, Watched>,
}

impl Rules {
    /// Watches what was read of a scale, in place of what is known of it.
    pub fn watch(&mut self, nearest: Nearest) {
        let Nearest { scale, rules, are_all } = nearest;
        self.forget(&scale);
        if self.scales.len() >= MAX_SCALES {
            *self = Self::default();
        }
        let last = rules.last().map(|rule| rule.condition.threshold().clone());
        self.scales.insert(scale.clone(), Watched::default());
        for rule in rules {
            self.add(rule);
        }
        if let Some(watched) = self.scales.get_mut(&scale).filter(|_| !are_all) {
            watched.horizon = last;
        }
    }

    /// Adds a rule, in place of one with the same name, unless it will be read when something comes to it.
    pub fn add(&mut self, rule: AlertRule) {
        self.remove(&rule.id);
        let scale = Scale::of(&rule.condition);
        let threshold = rule.condition.threshold();
        let Some(watched) = self.scales.get_mut(&scale) else { return };
        if watched.horizon.as_ref().is_some_and(|horizon| scale.reaches(threshold, horizon)) {
            return;
        }
        watched.thresholds.insert((threshold.clone(), rule.id.clone()));
        self.rules.insert(rule.id.clone(), rule);
        if watched.thresholds.len() > MAX_WATCHED
            && let Some((threshold, id)) = scale.pop_furthest(&mut watched.thresholds)
        {
            watched.horizon = Some(threshold);
            self.rules.remove(&id);
        }
    }

    /// Takes a rule away; `None` where there is none with this name.
    pub fn remove(&mut self, id: &RuleId) -> Option<AlertRule> {
        let rule = self.rules.remove(id)?;
        let watched = self.scales.get_mut(&Scale::of(&rule.condition))?;
        watched.thresholds.remove(&(rule.condition.threshold().clone(), id.clone()));
        Some(rule)
    }

    /// Forgets everything: what comes then has to be read.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether rules of a scale have to be read to know what `measured` makes true.
    #[must_use]
    pub fn lacks(&self, scale: &Scale, measured: &Decimal) -> bool {
        let Some(watched) = self.scales.get(scale) else { return true };
        watched.is_passed(scale, measured) && watched.next(scale, measured).is_none()
    }

    /// How many are watched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Takes out at most `limit` of those that a price makes true.
    pub fn price(&mut self, basis: &Basis, price: &Decimal, at: ChainTime, limit: usize) -> Fired {
        let mut fired = self.fire(&Scale::Above(basis.clone()), price, at, limit);
        let left = limit.saturating_sub(fired.firings.len());
        let below = self.fire(&Scale::Below(basis.clone()), price, at, left);
        fired.firings.extend(below.firings);
        fired.may_be_more |= below.may_be_more;
        fired
    }

    /// Takes out at most `limit` of those that the running minute's volume makes true.
    pub fn volume(&mut self, volume: &Decimal, at: ChainTime, limit: usize) -> Fired {
        self.fire(&Scale::Volume, volume, at, limit)
    }

    fn fire(&mut self, scale: &Scale, measured: &Decimal, at: ChainTime, limit: usize) -> Fired {
        let mut firings = Vec::new();
        while let Some(id) = self.next(scale, measured) {
            if firings.len() >= limit {
                return Fired { firings, may_be_more: true };
            }
            let rule = self.remove(&id);
            firings.extend(rule.map(|rule| Firing { rule, measured: measured.clone(), at }));
        }
        Fired { firings, may_be_more: self.lacks(scale, measured) }
    }

    /// The rule that something comes to first.
    fn next(&self, scale: &Scale, measured: &Decimal) -> Option<RuleId> {
        self.scales.get(scale)?.next(scale, measured).cloned()
    }

    fn forget(&mut self, scale: &Scale) {
        let watched = self.scales.remove(scale).unwrap_or_default();
        for (_, id) in watched.thresholds {
            self.rules.remove(&id);
        }
    }
}

impl Watched {
    fn next(&self, scale: &Scale, measured: &Decimal) -> Option<&RuleId> {
        let first = match scale {
            Scale::Above(_) | Scale::Volume => self.thresholds.first(),
            Scale::Below(_) => self.thresholds.last(),
        };
        first.filter(|(threshold, _)| scale.reaches(measured, threshold)).map(|(_, id)| id)
    }

    fn is_passed(&self, scale: &Scale, measured: &Decimal) -> bool {
        self.horizon.as_ref().is_some_and(|horizon| scale.reaches(measured, horizon))
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

    fn reaches(&self, measured: &Decimal, threshold: &Decimal) -> bool {
        match self {
            Self::Above(_) | Self::Volume => measured >= threshold,
            Self::Below(_) => measured <= threshold,
        }
    }

    fn pop_furthest(&self, thresholds: &mut BTreeSet<(Decimal, RuleId)>) -> Option<(Decimal, RuleId)> {
        match self {
            Self::Above(_) | Self::Volume => thresholds.pop_last(),
            Self::Below(_) => thresholds.pop_first(),
        }
    }

    /// What is in `quote`, as users say it.
    #[must_use]
    pub fn quote(&self) -> &str {
        match self {
            Self::Above(Basis::Quote(quote)) | Self::Below(Basis::Quote(quote)) => quote.as_str(),
            Self::Above(Basis::Dollars) | Self::Below(Basis::Dollars) => Quote::DOLLAR,
            Self::Volume => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{at, number, rule, sol};

    fn names(fired: &Fired) -> Vec<&str> {
        fired.firings.iter().map(|firing| firing.rule.id.as_str()).collect()
    }

    fn quote() -> Basis {
        Basis::Quote(sol())
    }

    fn above(name: &str, price: &str) -> AlertRule {
        rule(name, Condition::PriceAbove(quote(), number(price)))
    }

    fn below(name: &str, price: &str) -> AlertRule {
        rule(name, Condition::PriceBelow(quote(), number(price)))
    }

    /// Everything is known, and there is nothing.
    fn empty() -> Rules {
        let mut rules = Rules::default();
        let bases = || [quote(), Basis::Dollars].into_iter();
        let scales = bases().map(Scale::Above).chain(bases().map(Scale::Below)).chain([Scale::Volume]);
        for scale in scales {
            rules.watch(Nearest { scale, rules: vec![], are_all: true });
        }
        rules
    }

    fn rules() -> Rules {
        let mut rules = empty();
        rules.add(above("above-2", "2"));
        rules.add(above("above-3", "3"));
        rules.add(rule("above-3-dollars", Condition::PriceAbove(Basis::Dollars, number("3"))));
        rules.add(below("below-1", "1"));
        rules.add(below("below-half", "0.5"));
        rules.add(rule("volume", Condition::VolumeAbove(number("3"))));
        rules
    }

    #[test]
    fn a_rule_comes_true_once() {
        let mut rules = rules();
        let mut price = |text: &str| names(&rules.price(&quote(), &number(text), at(1), 9)).join(" ");
        assert_eq!(price("1.5"), "");
        assert_eq!(price("3"), "above-2 above-3");
        assert_eq!(price("3"), "");
        assert_eq!(price("0.7"), "below-1");
        assert_eq!(price("0.1"), "below-half");
        assert_eq!(names(&rules.price(&Basis::Dollars, &number("4"), at(1), 9)), ["above-3-dollars"]);
        assert_eq!(names(&rules.volume(&number("3"), at(1), 9)), ["volume"]);
        assert_eq!(rules, empty());
    }

    #[test]
    fn what_is_too_much_at_once_is_said_to_be() {
        let mut rules = rules();
        for (name, more) in [("above-2", true), ("above-3", false)] {
            let fired = rules.price(&quote(), &number("9"), at(1), 1);
            assert_eq!((names(&fired), fired.may_be_more), (vec![name], more));
        }
    }

    #[test]
    fn a_rule_that_is_taken_away_or_replaced_stays_silent() {
        let mut rules = rules();
        let id = RuleId::parse("above-2").unwrap();
        assert!(rules.remove(&id).is_some() && rules.remove(&id).is_none());
        rules.add(above("above-3", "4"));
        assert_eq!((rules.price(&quote(), &number("3"), at(1), 9), rules.len()), (Fired::default(), 5));
    }

    #[test]
    fn what_nobody_has_read_may_come_true() {
        let fired = Rules::default().volume(&number("1"), at(1), 9);
        assert_eq!(fired, Fired { firings: vec![], may_be_more: true });
        assert!(Rules::default().lacks(&Scale::Volume, &number("1")));
    }

    #[test]
    fn beyond_the_rules_that_were_read_there_may_be_others_on_either_side() {
        for (scale, make, near, horizon) in [
            (Scale::Above(quote()), above as fn(&str, &str) -> AlertRule, "2", "3"),
            (Scale::Below(quote()), below, "3", "2"),
        ] {
            let mut rules = empty();
            let read = vec![make("near", near), make("far", horizon)];
            rules.watch(Nearest { scale: scale.clone(), rules: read, are_all: false });
            let mut price = |price: &str, limit| {
                let fired = rules.price(&quote(), &number(price), at(1), limit);
                (names(&fired).join(" "), fired.may_be_more, rules.lacks(&scale, &number(price)))
            };
            assert_eq!(price(near, 9), ("near".to_owned(), false, false));
            assert_eq!(price(horizon, 0), (String::new(), true, false), "there is one to fire first");
            assert_eq!(price(horizon, 9), ("far".to_owned(), true, true));
            rules.add(make("at-the-horizon", horizon));
            assert!(rules.is_empty(), "it is read with the others there");
            rules.add(make("near-again", near));
            assert_eq!(rules.len(), 1);
        }
    }

    #[test]
    fn of_too_many_rules_the_nearest_are_watched() {
        let mut rules = empty();
        for count in 0..MAX_WATCHED + 7 {
            // In an order that is neither up nor down.
            let price = (count * 389 % (MAX_WATCHED + 7) + 10).to_string();
            rules.add(above(&format!("above-{price}"), &price));
            rules.add(below(&format!("below-{price}"), &price));
        }
        assert_eq!(rules.len(), 2 * MAX_WATCHED);
        let lacks = |scale: fn(Basis) -> Scale, price: usize| {
            let mut rules = rules.clone();
            rules.price(&quote(), &Decimal::from_whole(price as u64), at(1), 2 * MAX_WATCHED);
            rules.lacks(&scale(quote()), &Decimal::from_whole(price as u64))
        };
        assert_eq!([lacks(Scale::Above, 509), lacks(Scale::Above, 510)], [false, true]);
        assert_eq!([lacks(Scale::Below, 17), lacks(Scale::Below, 16)], [false, true]);
    }

    #[test]
    fn more_scales_than_a_market_has_are_not_kept() {
        let mut rules = empty();
        for count in 0..100 {
            let scale = Scale::Above(Basis::Quote(Quote::parse(&format!("Q{count}")).unwrap()));
            rules.watch(Nearest { scale: scale.clone(), rules: vec![], are_all: true });
            assert!(rules.scales.len() <= MAX_SCALES && rules.scales.contains_key(&scale));
        }
    }
}
