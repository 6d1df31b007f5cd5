//! What a room knows of its token's market: prices, candles, what was told lately, what is worth an alert. It must not
//! know who publishes or subscribes, a table, nor the time but by what it is told.
//!
//! A market is handed what happens in the order of its topic, and decides. What it remembers ([`MarketState`]) is stored
//! with that order; what it finds to be published stays with it until that has its place ([`Market::placed`]). So a sleep
//! is invisible, and a crash loses nothing that was stored.

pub mod alert;
mod bounds;
pub mod candle;
pub mod candles;
#[cfg(test)]
pub(crate) mod example;
pub mod extremes;
pub mod hour;
pub mod known;
pub mod minute;
pub mod observe;
pub mod pools;
pub mod price;
pub mod prices;
pub mod rule;
pub mod rules;
pub mod span;
pub mod state;
pub mod thresholds;
pub mod unjudged;
pub mod volumes;
mod watch;

use std::collections::BTreeSet;

use crate::core::decimal::Decimal;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Seq;
use crate::core::tick::Quote;
use crate::core::time::UnixMillis;
use alert::Alert;
use candles::Flush;
use hour::Addition;
use minute::Group;
use price::Priced;
use rule::{AlertRule, Basis, Firing, RuleId};
use rules::{Nearest, Rules, Scale};
use state::{Facts, MarketState};
use thresholds::MarketRules;

/// The market of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    limits: MarketRules,
    /// Of what nobody has said yet what there is, nothing is known.
    rules: Rules,
    state: MarketState,
}

impl Market {
    /// The market after a wake, of which `stored` was kept.
    #[must_use]
    pub fn wake(stored: Option<MarketState>, limits: MarketRules) -> Self {
        Self { limits, rules: Rules::default(), state: stored.unwrap_or_default() }
    }

    /// What it remembers; `None` where nothing ever happened.
    #[must_use]
    pub fn state(&self) -> Option<&MarketState> {
        (self.state != MarketState::default()).then_some(&self.state)
    }

    /// Learns what the token is called and how much there is of it, where that is said.
    pub fn learn(&mut self, symbol: Option<&str>, supply: Option<&Decimal>) {
        self.state.facts.learn(symbol, supply);
    }

    /// The place of what has this key, where it was told in the last ten minutes.
    #[must_use]
    pub fn place_of(&self, key: IdempotencyKey) -> Option<Seq> {
        self.state.known.place_of(key)
    }

    /// What it costs in the thing that it was first priced in.
    #[must_use]
    pub fn price(&self) -> Option<(&Quote, &Priced)> {
        let (quote, quoted) = self.state.prices.main()?;
        Some((quote, quoted.price.current()?))
    }

    /// What it costs in each thing that it is priced in.
    pub fn prices(&self) -> impl Iterator<Item = (&Quote, &Priced)> {
        self.state.prices.iter().filter_map(|(quote, quoted)| Some((quote, quoted.price.current()?)))
    }

    /// Those of these prices that are worth an alert: none that stands since long before what the token costs in others.
    fn alerting_prices(&self) -> impl Iterator<Item = (&Quote, &Priced)> {
        self.prices().filter(|(_, priced)| !self.is_past(priced.at))
    }

    /// What is known of it besides.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.state.facts
    }

    /// The candles priced in `quote` that were not written down yet, to be added to those that were ([`hour::Hour::add`]).
    pub fn waiting<'a>(&'a self, quote: &'a Quote) -> impl Iterator<Item = Addition> + 'a {
        self.state.candles.of_quote(quote)
    }

    /// What the candles are priced in that were not written down yet: also what nothing made a price in.
    #[must_use]
    pub fn waiting_quotes(&self) -> BTreeSet<&Quote> {
        self.state.candles.quotes()
    }

    /// What can be written down for good at `now`; `None` for nothing. It has to be part of a state that is stored.
    pub fn closed(&mut self, now: UnixMillis) -> Option<Flush> {
        let flush = self.state.candles.closed(self.state.clock.max(now.seconds()))?;
        // What is told from now on is in none of its groups.
        self.tell_time(now);
        Some(flush)
    }

    /// Everything up to this group was written down.
    pub fn charted(&mut self, through: Group) {
        self.state.candles.charted(through);
    }

    /// When there is next something to be written down, in Unix seconds.
    #[must_use]
    pub fn next_close(&self) -> Option<u64> {
        self.state.candles.next_close()
    }

    /// The alerts that are to be published and have no place yet.
    #[must_use]
    pub fn due_alerts(&self) -> &[Alert] {
        &self.state.alerts
    }

    /// The users' own alerts that are to be published and have no place yet.
    #[must_use]
    pub fn due_firings(&self) -> &[Firing] {
        &self.state.firings
    }

    /// What has this key has its place: it is no longer due.
    pub fn placed(&mut self, key: IdempotencyKey) {
        self.state.alerts.retain(|alert| alert.key() != key);
        self.state.firings.retain(|firing| firing.key() != key);
    }

    /// Takes these users' own alerts in place of those that it had of their scales; one that came true already stays away.
    pub fn watch(&mut self, nearest: impl IntoIterator<Item = Nearest>) {
        for mut nearest in nearest {
            nearest.rules.retain(|rule| !self.is_due(&rule.id));
            self.rules.watch(nearest);
        }
    }

    /// Takes in a new one of the users' own alerts, and makes it due where the price as it stands makes it true.
    pub fn rule_came(&mut self, rule: AlertRule) -> Vec<Firing> {
        if self.is_due(&rule.id) {
            return Vec::new();
        }
        let is_true =
            self.alerting_prices().any(|(quote, priced)| rule.condition.is_true_at(quote, &priced.price));
        self.rules.add(rule);
        if is_true { self.look_again() } else { Vec::new() }
    }

    /// One of the users' own alerts was taken away.
    pub fn rule_went(&mut self, id: &RuleId) {
        self.rules.remove(id);
    }

    /// Forgets which of the users' own alerts there are: they are to be read anew.
    pub fn forget_rules(&mut self) {
        self.rules.clear();
    }

    /// The scales of which users' own alerts are to be read, to know what may have come true.
    #[must_use]
    pub fn wanted_rules(&self) -> Vec<Scale> {
        let standing = self.alerting_prices().flat_map(|(quote, priced)| {
            let basis = Basis::of(quote);
            [Scale::Above(basis.clone()), Scale::Below(basis)].map(|scale| (scale, &priced.price))
        });
        let reached = self.state.unjudged.reached().chain(standing);
        let lacking = reached.filter(|(scale, measured)| self.rules.lacks(scale, measured));
        lacking.map(|(scale, _)| scale).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether users' own alerts may still come true by what happened before, or are to be published.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        !self.state.unjudged.is_empty() || !self.state.firings.is_empty()
    }

    fn is_due(&self, id: &RuleId) -> bool {
        self.state.firings.iter().any(|firing| firing.rule.id == *id)
    }

    /// Time never goes back here: a group that is closed stays closed.
    fn tell_time(&mut self, now: UnixMillis) {
        self.state.clock = self.state.clock.max(now.seconds());
    }
}
