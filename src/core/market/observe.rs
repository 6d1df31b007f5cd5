//! What follows from something that happened on a market: for its price, its candles, its alerts. It must not know when
//! what is due gets published.

use super::Market;
use super::alert::Alert;
use super::candle::Candle;
use super::minute::Minute;
use super::price::PriceVerdict;
use super::rule::{Basis, Firing};
use super::watch::Found;
use super::{bounds, watch};
use crate::core::decimal::Decimal;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Seq;
use crate::core::tick::{ChainTime, LiquidityChange, PricePoint, Quote, Tick, Trade};
use crate::core::time::UnixMillis;

/// The most of the users' own alerts that wait to be published; more come true with what happens next.
const MAX_FIRINGS: usize = 1_024;

/// What something that happened led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What it means for the price; `None` for what has none.
    pub price: Option<PriceVerdict>,
    /// Alerts that are to be published from now on.
    pub alerts: Vec<Alert>,
    /// Users' own alerts that are to be published from now on.
    pub firings: Vec<Firing>,
}

impl Market {
    /// Takes in what happened, as it was told at `arrived` by the publication at `seq`.
    pub fn observe(
        &mut self,
        tick: &Tick,
        seq: Seq,
        key: Option<IdempotencyKey>,
        arrived: UnixMillis,
    ) -> Observed {
        self.tell_time(arrived);
        if let Some(key) = key {
            self.state.known.add(key, seq, self.state.clock);
        }
        let clock = self.state.clock;
        match tick {
            Tick::Trade(trade) => bounds::trade(trade, clock).map(|trade| self.trade(&trade, seq)),
            Tick::Price(point) => {
                bounds::price_point(point, clock).map(|point| self.price_point(&point, seq))
            }
            Tick::Liquidity(change) => {
                bounds::liquidity(change, clock).map(|change| self.liquidity(&change, seq))
            }
        }
        .unwrap_or_else(|| Observed {
            price: (!matches!(tick, Tick::Liquidity(_))).then_some(PriceVerdict::Dust),
            ..Observed::default()
        })
    }

    fn trade(&mut self, trade: &Trade, seq: Seq) -> Observed {
        self.state.facts.meet(trade.phase);
        let dust_usd = &self.limits.dust_usd;
        let verdict = self.state.prices.tell(&trade.quote, |quoted| quoted.price.judge(trade, dust_usd));
        if let Some(price) = self.charted_price(trade, verdict) {
            self.chart(&trade.quote, Candle::of_trade(&price, &trade.amount, trade.at), trade.at);
        }
        let thresholds = self.limits.alerts.clone();
        let minute = Minute::of(trade.at.timestamp);
        let volume = self.state.volumes.add(minute, &trade.amount, thresholds.volume_window_minutes);
        self.state.pools.trade(trade, self.state.clock);
        let mut firings = Vec::new();
        if let Some(volume) = &volume {
            firings.extend(self.rules.volume(&volume.running, trade.at, self.free_firings()));
        }
        let mut found = vec![
            watch::whale(trade, &thresholds),
            volume.and_then(|volume| watch::volume(volume, &thresholds)),
            self.state.facts.supply().and_then(|supply| watch::dump(trade, supply, &thresholds)),
        ];
        if verdict == PriceVerdict::Admitted {
            found.push(self.moved(&trade.quote, &trade.price, trade.at));
            let dollars = trade.value_usd.as_ref().and_then(|value| value.over(&trade.amount));
            firings.extend(self.fire_price(&trade.quote, &trade.price, dollars, trade.at, firings.len()));
        }
        self.tell(Some(verdict), found, firings, trade.at, seq)
    }

    fn price_point(&mut self, point: &PricePoint, seq: Seq) -> Observed {
        self.state.facts.meet(point.phase);
        let verdict = self.state.prices.tell(&point.quote, |quoted| quoted.price.post(point));
        self.chart(&point.quote, Candle::of_price(&point.price, point.at), point.at);
        if verdict != PriceVerdict::Admitted {
            return Observed { price: Some(verdict), ..Observed::default() };
        }
        let found = self.moved(&point.quote, &point.price, point.at);
        let firings = self.fire_price(&point.quote, &point.price, None, point.at, 0);
        self.tell(Some(verdict), vec![found], firings, point.at, seq)
    }

    fn liquidity(&mut self, change: &LiquidityChange, seq: Seq) -> Observed {
        let before = self.state.pools.liquidity(change, self.state.clock);
        let found = before.and_then(|before| watch::withdrawal(change, before, &self.limits.alerts));
        self.tell(None, vec![found], Vec::new(), change.at, seq)
    }

    /// The price at which a trade is in the chart. One that does not make the price is there at the price that stood, so
    /// that the chart has its volume and not its price; where none stood yet, or nobody knows which, it is not there.
    fn charted_price(&self, trade: &Trade, verdict: PriceVerdict) -> Option<Decimal> {
        if matches!(verdict, PriceVerdict::Admitted | PriceVerdict::Older) {
            return Some(trade.price.clone());
        }
        let standing = &self.state.prices.of(&trade.quote)?.price;
        let current = standing.current().filter(|_| !standing.is_after(trade.at))?;
        Some(current.price.clone())
    }

    fn chart(&mut self, quote: &Quote, candle: Candle, at: ChainTime) {
        self.state.candles.add(quote, Minute::of(at.timestamp), candle, self.state.clock);
    }

    /// Compares an admitted price with those before it, and remembers it.
    fn moved(&mut self, quote: &Quote, price: &Decimal, at: ChainTime) -> Option<Found> {
        let thresholds = &self.limits.alerts;
        let seconds = thresholds.price_window_seconds;
        let lately = &mut self.state.prices.quoted.get_mut(quote)?.lately;
        let before = lately.since(at.timestamp, seconds);
        lately.add(price, at.timestamp, seconds);
        watch::price_move(quote, before?, price, thresholds)
    }

    /// Users' own alerts that an admitted price makes true, besides `firing` that something else has.
    fn fire_price(
        &mut self,
        quote: &Quote,
        price: &Decimal,
        dollars: Option<Decimal>,
        at: ChainTime,
        firing: usize,
    ) -> Vec<Firing> {
        let free = self.free_firings().saturating_sub(firing);
        let mut fired = self.rules.price(&Basis::Quote(quote.clone()), price, at, free);
        let dollars = if quote.is_dollar() { Some(price.clone()) } else { dollars };
        if let Some(dollars) = dollars {
            fired.extend(self.rules.price(&Basis::Dollars, &dollars, at, free.saturating_sub(fired.len())));
        }
        fired
    }

    fn free_firings(&self) -> usize {
        MAX_FIRINGS.saturating_sub(self.state.firings.len())
    }

    /// Makes due what was found, as far as it may be told again.
    fn tell(
        &mut self,
        price: Option<PriceVerdict>,
        found: Vec<Option<Found>>,
        firings: Vec<Firing>,
        at: ChainTime,
        seq: Seq,
    ) -> Observed {
        let cooldown = self.limits.alerts.cooldown_seconds;
        let mut alerts = Vec::new();
        for (facts, severity) in found.into_iter().flatten() {
            if self.state.may_alert(facts.kind(), cooldown) {
                alerts.push(Alert { facts, severity, at, seq });
            }
        }
        self.state.alerts.extend(alerts.iter().cloned());
        self.state.firings.extend(firings.iter().cloned());
        Observed { price, alerts, firings }
    }
}
