//! What a market remembers over a sleep. It must not know how that is written, nor what follows from it.

use std::rc::Rc;

use super::alert::Alert;
use super::bounds;
use super::candles::Candles;
use super::known::Known;
use super::pools::Pools;
use super::prices::Prices;
use super::rule::Firing;
use super::unjudged::Unjudged;
use super::volumes::Volumes;
use crate::core::decimal::Decimal;
use crate::core::tick::Phase;
use crate::core::view::AlertKind;

/// How much there is of every token that is made on pump.fun's curve.
const BONDING_SUPPLY: u64 = 1_000_000_000;

/// The longest symbol, in bytes.
const MAX_SYMBOL: usize = 32;

/// Everything that a market remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarketState {
    /// The time, in Unix seconds, as far as the market was told it.
    pub(crate) clock: u64,
    /// When the newest thing on it happened, in Unix seconds.
    pub(crate) newest: u64,
    pub(crate) facts: Facts,
    pub(crate) prices: Prices,
    pub(crate) candles: Candles,
    pub(crate) known: Known,
    pub(crate) volumes: Volumes,
    pub(crate) pools: Pools,
    /// When there was last an alert of a kind, in Unix seconds.
    pub(crate) alerted: Vec<(AlertKind, u64)>,
    /// What is to be published and is not yet.
    pub(crate) alerts: Vec<Alert>,
    /// The same of the users' own alerts.
    pub(crate) firings: Vec<Firing>,
    pub(crate) unjudged: Unjudged,
}

/// What is known of a token besides what happens to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub(crate) symbol: Option<Rc<str>>,
    pub(crate) supply: Option<Decimal>,
    pub(crate) phase: Option<Phase>,
}

impl Facts {
    /// What it is called for short.
    #[must_use]
    pub fn symbol(&self) -> Option<&str> {
        self.symbol.as_deref()
    }

    /// How much there is of it.
    #[must_use]
    pub fn supply(&self) -> Option<&Decimal> {
        self.supply.as_ref()
    }

    /// Where it is traded.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.phase
    }

    /// Learns what is said; what is not said, or can't be, stays as it was.
    pub(super) fn learn(&mut self, symbol: Option<&str>, supply: Option<&Decimal>) {
        let symbol = symbol.filter(|symbol| (1..=MAX_SYMBOL).contains(&symbol.len()));
        self.symbol = symbol.map(Rc::from).or(self.symbol.take());
        self.supply = supply.and_then(bounds::supply).or(self.supply.take());
    }

    /// Learns where the token is traded: it never goes back to its curve.
    pub(super) fn meet(&mut self, phase: Option<Phase>) {
        self.phase = self.phase.max(phase);
        if phase == Some(Phase::Bonding) {
            self.supply.get_or_insert_with(|| Decimal::from_whole(BONDING_SUPPLY));
        }
    }
}

impl MarketState {
    /// Whether an alert of this kind may be told again, which it then is. One that was told for `cooldown` seconds is not.
    pub(super) fn may_alert(&mut self, kind: AlertKind, cooldown: u64) -> bool {
        let clock = self.clock;
        let last = self.alerted.iter().find(|(of, _)| *of == kind).map(|(_, last)| *last);
        if last.is_some_and(|last| clock < last.saturating_add(cooldown)) {
            return false;
        }
        self.alerted.retain(|(of, _)| *of != kind);
        self.alerted.push((kind, clock));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::number;

    #[test]
    fn what_is_known_of_a_token_is_not_lost_by_saying_nothing() {
        let mut facts = Facts::default();
        facts.learn(Some("DROP"), Some(&number("5")));
        facts.learn(None, None);
        facts.learn(Some(""), Some(&number("-1")));
        assert_eq!((facts.symbol(), facts.supply()), (Some("DROP"), Some(&number("5"))));
    }

    #[test]
    fn a_token_never_goes_back_to_its_curve_where_its_supply_was_made() {
        let mut facts = Facts::default();
        for (phase, then) in [(None, None), (Some(Phase::Bonding), Some(Phase::Bonding))] {
            facts.meet(phase);
            assert_eq!(facts.phase(), then);
        }
        facts.meet(Some(Phase::Amm));
        facts.meet(Some(Phase::Bonding));
        assert_eq!((facts.phase(), facts.supply()), (Some(Phase::Amm), Some(&number("1000000000"))));
    }

    #[test]
    fn there_is_one_alert_of_a_kind_within_the_cooldown() {
        let mut state = MarketState { clock: 1_000, ..MarketState::default() };
        assert!(state.may_alert(AlertKind::Whale, 300));
        state.clock = 1_299;
        assert!(!state.may_alert(AlertKind::Whale, 300) && state.may_alert(AlertKind::Rug, 300));
        state.clock = 1_300;
        assert!(state.may_alert(AlertKind::Whale, 300));
    }
}
