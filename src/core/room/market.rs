//! What a room does for the market of its token: it hands it what is published, has its minutes written down and its alerts
//! told. It must not know a market's rules, nor where candles are written.

use super::Room;
use crate::core::charting::{Charting, Learned};
use crate::core::event::Effect;
use crate::core::market::Market;
use crate::core::market::alert::Alert;
use crate::core::market::minute::Group;
use crate::core::market::observe::{Observed, Watch};
use crate::core::market::price::{PriceVerdict, Priced};
use crate::core::market::rule::Firing;
use crate::core::publication::{Keyed, MarketPart, Seq};
use crate::core::time::UnixMillis;
use crate::core::token::LastPrice;

/// After how long what failed is tried again, in milliseconds.
const RETRY_MILLIS: u64 = 30_000;

/// What a batch means to the market, so far.
#[derive(Default)]
pub(super) struct Session {
    /// What the last trade was for the price; `None` after anything else.
    verdict: Option<PriceVerdict>,
    observed: Observed,
}

impl Session {
    /// A publication is a repeat: what it proposed then was judged then.
    pub(super) fn repeat(&mut self) {
        self.verdict = None;
    }
}

impl Room {
    /// The market, for who asks.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// Learns what is written down of the token, and takes in its users' own alerts in place of those that it had.
    pub(super) fn learn(&mut self, learned: Learned) -> Vec<Effect> {
        self.market.learn(learned.symbol.as_deref(), learned.supply.as_ref());
        self.market.set_rules(learned.rules);
        let firings = self.market.look_again();
        warn(vec![], firings).into_iter().collect()
    }

    /// Whether a publication goes out at all: the price that a trade would make only where the trade makes it, a price that
    /// the service saw only where the market believes it.
    pub(super) fn wants(&mut self, session: &Session, keyed: &Keyed, now: UnixMillis) -> bool {
        match &keyed.market {
            MarketPart::Proposal => session.verdict == Some(PriceVerdict::Admitted),
            MarketPart::Witnessed(tick) => self.market.believes(tick, now),
            MarketPart::Tick(_) | MarketPart::Nothing => true,
        }
    }

    /// Hands the market a publication that got its place.
    pub(super) fn observe(&mut self, session: &mut Session, keyed: &mut Keyed, seq: Seq, now: UnixMillis) {
        if let Some(key) = keyed.key {
            self.market.placed(key);
        }
        session.verdict = None;
        // The history has no use for it.
        let (tick, watch) = match std::mem::take(&mut keyed.market) {
            MarketPart::Tick(tick) => (tick, Watch::Off),
            MarketPart::Witnessed(tick) => (tick, Watch::On),
            MarketPart::Nothing | MarketPart::Proposal => return,
        };
        let observed = self.market.observe(&tick, seq, keyed.key, now, watch);
        session.verdict = observed.price;
        session.observed.alerts.extend(observed.alerts);
        session.observed.firings.extend(observed.firings);
    }

    /// What a batch that is stored leads to besides.
    pub(super) fn conclude(&mut self, session: Session, now: UnixMillis) -> Vec<Effect> {
        let Observed { alerts, firings, .. } = session.observed;
        // What is owed has these among it.
        let warning = self.warn_of_what_is_owed().or_else(|| warn(alerts, firings));
        // What is lost before it is told is told after a wake, so there has to be one.
        let later = warning.is_some() && self.market_closes().is_none();
        let wake = if later { Some(retry(now)) } else { self.wake_for_market() };
        wake.into_iter().chain(warning).collect()
    }

    /// What an alarm is for, where it is for the market.
    pub(super) fn tend_market(&mut self, now: UnixMillis) -> Vec<Effect> {
        let owed = self.warn_of_what_is_owed();
        let flush = self.market.closed(now);
        let next = match flush {
            Some(flush) => Some(Effect::Chart(Charting { flush, price: self.last_price() })),
            // There is one alarm, and this one came for something else, or early.
            None if owed.is_some() || self.market_closes().is_some() => self.wake_again(),
            None => None,
        };
        owed.into_iter().chain(next).collect()
    }

    /// Alerts could not be published: they are owed again.
    pub(super) fn owe(&mut self, now: UnixMillis) -> Vec<Effect> {
        self.owes_alerts = true;
        vec![retry(now)]
    }

    fn last_price(&self) -> Option<LastPrice> {
        let (quote, Priced { price, at, phase }) = self.market.price()?;
        let phase = phase.max(&self.market.facts().phase()).to_owned();
        Some(LastPrice { price: price.clone(), quote: quote.clone(), at: *at, phase })
    }

    pub(super) fn charted(&mut self, through: Group) -> Vec<Effect> {
        self.market.charted(through);
        self.wake_again().into_iter().collect()
    }

    /// When the market has next something to be written down.
    pub(super) fn market_closes(&self) -> Option<UnixMillis> {
        self.market.next_close().map(UnixMillis::from_seconds)
    }

    /// Asks to be woken for the market, unless that was asked for.
    fn wake_for_market(&mut self) -> Option<Effect> {
        let at = self.market_closes().filter(|at| self.market_wakes != Some(*at))?;
        self.market_wakes = Some(at);
        Some(Effect::Wake { at })
    }

    /// Asks to be woken for whatever comes next, after an alarm.
    fn wake_again(&mut self) -> Option<Effect> {
        self.market_wakes = None;
        self.wake_for_market().or(self.kept_until.map(|at| Effect::Wake { at }))
    }

    /// What was due before the last wake, or could not be published, with everything that has become due since.
    pub(super) fn warn_of_what_is_owed(&mut self) -> Option<Effect> {
        let is_owed = std::mem::take(&mut self.owes_alerts);
        let due = || warn(self.market.due_alerts().to_vec(), self.market.due_firings().to_vec());
        is_owed.then(due).flatten()
    }
}

fn warn(alerts: Vec<Alert>, firings: Vec<Firing>) -> Option<Effect> {
    (!alerts.is_empty() || !firings.is_empty()).then_some(Effect::Warn { alerts, firings })
}

/// Asks to be woken to try again what failed.
pub(super) fn retry(now: UnixMillis) -> Effect {
    Effect::Wake { at: now.later_by(RETRY_MILLIS) }
}
