//! What follows from something that happened on a market: for its price, its candles, its alerts. It must not know when
//! what is due gets published.

use super::Market;
use super::alert::Alert;
use super::candle::Candle;
use super::known::KNOWN_SECONDS;
use super::minute::Minute;
use super::price::{PriceVerdict, Priced};
use super::rule::{Basis, Firing};
use super::rules::Fired;
use super::unjudged::Unjudged;
use super::watch::Found;
use super::{bounds, watch as rules};
use crate::core::decimal::Decimal;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Seq;
use crate::core::tick::{ChainTime, LiquidityChange, NewToken, PricePoint, Quote, Tick, Trade};
use crate::core::time::UnixMillis;

/// The most of the users' own alerts that wait to be published, as they are part of what each batch stores. The others are
/// judged again when half of these have been.
const MAX_FIRINGS: usize = 256;

/// How far something may be behind the newest of its token and still be worth an alert, in seconds of the chain. What comes
/// later than that is of an outage or is sent anew: it was over before anybody could act on it, and a repeat is not known
/// as one for longer.
const MAX_BEHIND: u64 = KNOWN_SECONDS;

/// Whether the built-in alerts warn of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// They do: the service saw it itself.
    On,
    /// Its publisher does that.
    Off,
}

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
        watch: Watch,
    ) -> Observed {
        self.tell_time(arrived);
        if let Some(key) = key {
            self.state.known.add(key, seq, self.state.clock);
        }
        let clock = self.state.clock;
        match tick {
            Tick::Trade(trade) => bounds::trade(trade, clock).map(|trade| self.trade(&trade, seq, watch)),
            Tick::Price(point) => {
                bounds::price_point(point, clock).map(|point| self.price_point(&point, seq, watch))
            }
            Tick::Liquidity(change) => {
                bounds::liquidity(change, clock).map(|change| self.liquidity(&change, seq, watch))
            }
            Tick::NewToken(NewToken { symbol, supply }) => {
                self.learn(symbol.as_deref(), Some(supply));
                Some(Observed::default())
            }
        }
        .unwrap_or_else(|| Observed {
            price: (!matches!(tick, Tick::Liquidity(_))).then_some(PriceVerdict::Dust),
            ..Observed::default()
        })
    }

    /// Whether something that the service saw, told at `arrived`, is believed at all: a price without its trade may wait for
    /// somebody else's word.
    pub fn believes(&mut self, tick: &Tick, arrived: UnixMillis) -> bool {
        let Tick::Price(point) = tick else { return true };
        self.tell_time(arrived);
        let point = bounds::price_point(point, self.state.clock);
        point.is_some_and(|point| self.state.prices.believe(&point))
    }

    fn trade(&mut self, trade: &Trade, seq: Seq, watch: Watch) -> Observed {
        self.tell_newest(trade.at);
        self.state.facts.meet(trade.phase);
        let dust_usd = &self.limits.dust_usd;
        let verdict = self.state.prices.tell(&trade.quote, |quoted| quoted.price.judge(trade, dust_usd));
        // Also one that is not the price: a chart is of what was traded, and whoever follows the trades can draw the same.
        self.chart(&trade.quote, Candle::of_trade(&trade.price, &trade.amount, trade.at), trade.at);
        let thresholds = self.limits.alerts.clone();
        let minute = Minute::of(trade.at.timestamp);
        let volume = self.state.volumes.add(minute, &trade.amount, thresholds.volume_window_minutes);
        self.state.pools.trade(trade, self.state.clock);
        if self.is_past(trade.at) {
            return Observed { price: Some(verdict), ..Observed::default() };
        }
        let mut firings = Vec::new();
        if let Some(volume) = &volume {
            firings.extend(self.fire_volume(&volume.running, trade.at, 0));
        }
        let mut found = vec![
            rules::whale(trade, &thresholds),
            volume.and_then(|volume| rules::volume(volume, &thresholds)),
            self.state.facts.supply().and_then(|supply| rules::dump(trade, supply, &thresholds)),
        ];
        if verdict == PriceVerdict::Admitted {
            found.push(self.moved(&trade.quote, &trade.price, trade.at));
            let dollars = trade.value_usd.as_ref().and_then(|value| value.over(&trade.amount));
            firings.extend(self.fire_price(&trade.quote, &trade.price, dollars, trade.at, firings.len()));
        }
        let found = if watch == Watch::On { found } else { vec![] };
        self.tell(Some(verdict), found, firings, trade.at, seq)
    }

    fn price_point(&mut self, point: &PricePoint, seq: Seq, watch: Watch) -> Observed {
        self.tell_newest(point.at);
        self.state.facts.meet(point.phase);
        let verdict = self.state.prices.tell(&point.quote, |quoted| quoted.price.post(point));
        self.chart(&point.quote, Candle::of_price(&point.price, point.at), point.at);
        if verdict != PriceVerdict::Admitted || self.is_past(point.at) {
            return Observed { price: Some(verdict), ..Observed::default() };
        }
        let found = self.moved(&point.quote, &point.price, point.at);
        let firings = self.fire_price(&point.quote, &point.price, None, point.at, 0);
        let found = found.filter(|_| watch == Watch::On);
        self.tell(Some(verdict), vec![found], firings, point.at, seq)
    }

    fn liquidity(&mut self, change: &LiquidityChange, seq: Seq, watch: Watch) -> Observed {
        self.tell_newest(change.at);
        let before =
            self.state.pools.liquidity(change, self.state.clock).filter(|_| !self.is_past(change.at));
        let found = before.and_then(|before| rules::withdrawal(change, before, &self.limits.alerts));
        let found = found.filter(|_| watch == Watch::On);
        self.tell(None, vec![found], Vec::new(), change.at, seq)
    }

    fn tell_newest(&mut self, at: ChainTime) {
        self.state.newest = self.state.newest.max(at.timestamp);
    }

    /// Whether something is too far behind to be worth an alert ([`MAX_BEHIND`]).
    pub(super) fn is_past(&self, at: ChainTime) -> bool {
        at.timestamp.saturating_add(MAX_BEHIND) < self.state.newest
    }

    fn chart(&mut self, quote: &Quote, candle: Candle, at: ChainTime) {
        self.state.candles.add(quote, Minute::of(at.timestamp), candle, self.state.clock);
    }

    /// Makes due the users' own alerts that the prices as they stand make true, as their rules may be newer, and what was
    /// told before and not judged to the end.
    pub fn look_again(&mut self) -> Vec<Firing> {
        let prices: Vec<_> =
            self.alerting_prices().map(|(quote, priced)| (quote.clone(), priced.clone())).collect();
        let mut firings = Vec::new();
        let Unjudged { prices: reached, volume } = std::mem::take(&mut self.state.unjudged);
        if let Some((volume, at)) = volume {
            firings.extend(self.fire_volume(&volume, at, 0));
        }
        for (basis, (low, high)) in reached {
            for (price, at) in [low, high] {
                let fired = self.fire_basis(&basis, &price, at, firings.len());
                firings.extend(fired);
            }
        }
        for (quote, Priced { price, at, .. }) in prices {
            let fired = self.fire_price(&quote, &price, None, at, firings.len());
            firings.extend(fired);
        }
        self.state.firings.extend(firings.iter().cloned());
        firings
    }

    /// Judges what could not be, as there is place for it now.
    pub fn go_on(&mut self) -> Vec<Firing> {
        let has_place = self.state.firings.len() <= MAX_FIRINGS / 2;
        if has_place && !self.state.unjudged.is_empty() { self.look_again() } else { Vec::new() }
    }

    /// Compares an admitted price with those before it, and remembers it.
    fn moved(&mut self, quote: &Quote, price: &Decimal, at: ChainTime) -> Option<Found> {
        let thresholds = &self.limits.alerts;
        let seconds = thresholds.price_window_seconds;
        let lately = &mut self.state.prices.quoted.get_mut(quote)?.lately;
        let before = lately.since(at.timestamp, seconds);
        lately.add(price, at.timestamp, seconds);
        rules::price_move(quote, before?, price, thresholds)
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
        let basis = Basis::of(quote);
        let mut fired = self.fire_basis(&basis, price, at, firing);
        if let Some(dollars) = dollars.filter(|_| basis != Basis::Dollars) {
            fired.extend(self.fire_basis(&Basis::Dollars, &dollars, at, firing + fired.len()));
        }
        fired
    }

    fn fire_basis(&mut self, basis: &Basis, price: &Decimal, at: ChainTime, firing: usize) -> Vec<Firing> {
        let Fired { firings, may_be_more } = self.rules.price(basis, price, at, self.free_firings(firing));
        if may_be_more {
            self.state.unjudged.price(basis, price, at);
        }
        firings
    }

    fn fire_volume(&mut self, volume: &Decimal, at: ChainTime, firing: usize) -> Vec<Firing> {
        let Fired { firings, may_be_more } = self.rules.volume(volume, at, self.free_firings(firing));
        if may_be_more {
            self.state.unjudged.volume(volume, at);
        }
        firings
    }

    fn free_firings(&self, firing: usize) -> usize {
        MAX_FIRINGS.saturating_sub(self.state.firings.len() + firing)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::alert::Severity;
    use crate::core::market::example::{liquidity, number, price_point, rule, sol, trade};
    use crate::core::market::rule::{AlertRule, Condition};
    use crate::core::market::rules::{Nearest, Scale};
    use crate::core::market::thresholds::MarketRules;
    use crate::core::tick::{Phase, Side};
    use crate::core::view::AlertKind;

    const NOW: u64 = 1_800_000_000;

    fn market() -> Market {
        Market::wake(None, MarketRules::default())
    }

    /// Something is told as soon as it happens, `after` seconds from the beginning.
    fn tell(market: &mut Market, after: u64, tick: &Tick) -> Observed {
        market.observe(tick, Seq::new(after + 1), None, UnixMillis::from_seconds(NOW + after), Watch::On)
    }

    fn trade_at(market: &mut Market, after: u64, price: &str, amount: &str) -> Observed {
        tell(market, after, &Tick::Trade(trade(NOW + after, price, amount)))
    }

    /// There are these rules of the users' own alerts, and no others.
    fn there_are(market: &mut Market, rules: &[AlertRule]) {
        let quote = || Basis::Quote(sol());
        let scales = [
            Scale::Above(quote()),
            Scale::Below(quote()),
            Scale::Above(Basis::Dollars),
            Scale::Below(Basis::Dollars),
            Scale::Volume,
        ];
        market.watch(scales.map(|scale| Nearest { scale, rules: vec![], are_all: true }));
        for rule in rules {
            market.rule_came(rule.clone());
        }
    }

    fn kinds(observed: &Observed) -> Vec<AlertKind> {
        observed.alerts.iter().map(Alert::kind).collect()
    }

    fn chart(market: &Market) -> Vec<Candle> {
        market.waiting(&sol()).map(|addition| addition.candle).collect()
    }

    #[test]
    fn a_market_that_nothing_happened_on_is_nothing_to_store() {
        let mut market = market();
        assert_eq!((market.state(), market.price(), market.next_close()), (None, None, None));
        market.learn(Some("DROP"), None);
        assert!(market.state().is_some());
    }

    #[test]
    fn a_trade_is_a_price_and_a_candle() {
        let mut market = market();
        assert_eq!(trade_at(&mut market, 0, "2", "10").price, Some(PriceVerdict::Admitted));
        trade_at(&mut market, 1, "2.1", "5");
        let (quote, priced) = market.price().unwrap();
        assert_eq!((quote.as_str(), &priced.price), ("SOL", &number("2.1")));
        let [candle] = chart(&market).try_into().unwrap();
        assert_eq!((candle.open, candle.close), (number("2"), number("2.1")));
        assert_eq!((candle.volume, candle.trades), (number("15"), 2));
    }

    #[test]
    fn what_makes_no_price_is_in_the_chart_all_the_same() {
        let mut market = market();
        let dust = Trade { value_usd: Some(number("0.01")), ..trade(NOW, "9", "1") };
        assert_eq!(tell(&mut market, 0, &Tick::Trade(dust)).price, Some(PriceVerdict::Dust));
        trade_at(&mut market, 1, "2", "10");
        assert_eq!(trade_at(&mut market, 2, "200", "7").price, Some(PriceVerdict::Unconfirmed));
        let [candle] = chart(&market).try_into().unwrap();
        assert_eq!((candle.open, candle.high, candle.close), (number("9"), number("200"), number("200")));
        assert_eq!((candle.volume, candle.trades), (number("18"), 3));
        assert_eq!(market.price().map(|(_, priced)| priced.price.clone()), Some(number("2")));
    }

    #[test]
    fn what_is_told_late_is_in_its_candle_and_is_no_price() {
        let mut market = market();
        trade_at(&mut market, 120, "2", "1");
        let late = tell(&mut market, 121, &Tick::Trade(trade(NOW + 59, "3", "1")));
        assert_eq!(late.price, Some(PriceVerdict::Older));
        assert_eq!(market.price().unwrap().1.price, number("2"));
        let minutes: Vec<_> = market.waiting(&sol()).map(|addition| addition.minute).collect();
        let first = Minute::of(NOW);
        assert_eq!(minutes, [first, Minute(first.0 + 2)]);
    }

    #[test]
    fn what_can_not_be_is_left_out() {
        let mut market = market();
        let observed = tell(&mut market, 0, &Tick::Price(price_point(NOW, "0")));
        assert_eq!(observed.price, Some(PriceVerdict::Dust));
        let negative = Trade { amount: number("-1"), ..trade(NOW, "1", "1") };
        assert_eq!(tell(&mut market, 0, &Tick::Trade(negative)).price, Some(PriceVerdict::Dust));
        let observed = tell(&mut market, 0, &Tick::Liquidity(liquidity(NOW, &"x".repeat(65), "1")));
        assert_eq!((observed.price, market.price(), chart(&market)), (None, None, vec![]));
    }

    #[test]
    fn an_alert_is_due_until_it_has_its_place_and_there_is_no_second_one_so_soon() {
        let mut market = market();
        let whale = |after| {
            let value_usd = Some(number("2000"));
            Tick::Trade(Trade { value_usd, ..trade(NOW + after, "2", "1") })
        };
        let observed = tell(&mut market, 0, &whale(0));
        assert_eq!(kinds(&observed), [AlertKind::Whale]);
        assert_eq!(market.due_alerts(), observed.alerts);
        assert_eq!(kinds(&tell(&mut market, 299, &whale(299))), []);
        market.placed(market.due_alerts()[0].key());
        assert_eq!(market.due_alerts(), []);
        assert_eq!(kinds(&tell(&mut market, 300, &whale(300))), [AlertKind::Whale]);
    }

    #[test]
    fn a_move_of_a_fifth_within_five_minutes_is_an_alert() {
        let mut market = market();
        let moved = |market: &mut Market, after, price| {
            kinds(&tell(market, after, &Tick::Price(price_point(NOW + after, price))))
        };
        assert_eq!(moved(&mut market, 0, "100"), []);
        assert_eq!(moved(&mut market, 250, "119"), []);
        assert_eq!(moved(&mut market, 301, "121"), [], "it took longer");
        assert_eq!(moved(&mut market, 500, "96"), [AlertKind::Price]);
    }

    #[test]
    fn five_times_the_usual_within_a_minute_is_an_alert() {
        let mut market = market();
        for minute in 0..5 {
            assert_eq!(kinds(&trade_at(&mut market, minute * 60, "1", "10")), []);
        }
        assert_eq!(kinds(&trade_at(&mut market, 300, "1", "49")), []);
        assert_eq!(kinds(&trade_at(&mut market, 301, "1", "1")), [AlertKind::Volume]);
    }

    #[test]
    fn a_withdrawal_of_a_pool_and_a_sale_of_the_supply_are_signs_of_a_fraud() {
        let mut withdrawn = market();
        tell(&mut withdrawn, 0, &Tick::Liquidity(liquidity(NOW, "P", "100")));
        let observed = tell(&mut withdrawn, 1, &Tick::Liquidity(liquidity(NOW + 1, "P", "-30")));
        assert_eq!((observed.price, kinds(&observed)), (None, vec![AlertKind::Rug]));
        let mut sold = market();
        let sale = |amount: &str| Trade {
            side: Some(Side::Sell),
            phase: Some(Phase::Bonding),
            ..trade(NOW, "0.0001", amount)
        };
        assert_eq!(kinds(&tell(&mut sold, 0, &Tick::Trade(sale("199999999")))), []);
        let observed = tell(&mut sold, 1, &Tick::Trade(sale("400000000")));
        assert_eq!(observed.alerts.first().map(|alert| alert.severity), Some(Severity::Critical));
        assert_eq!(sold.facts().phase(), Some(Phase::Bonding));
    }

    #[test]
    fn how_much_there_is_of_a_new_token_is_known_from_what_tells_of_it() {
        let mut market = market();
        let made = NewToken { symbol: Some("DROP".into()), supply: number("1000") };
        let observed = tell(&mut market, 0, &Tick::NewToken(made));
        assert_eq!((observed, market.facts().symbol()), (Observed::default(), Some("DROP")));
        // The table is read before anybody has written it.
        market.learn(None, None);
        let phase = Some(Phase::Bonding);
        let bought = Trade { phase, ..trade(NOW, "1", "300") };
        assert_eq!(kinds(&tell(&mut market, 1, &Tick::Trade(bought.clone()))), []);
        let sold = Trade { side: Some(Side::Sell), ..bought };
        assert_eq!(kinds(&tell(&mut market, 2, &Tick::Trade(sold))), [AlertKind::Rug]);
    }

    #[test]
    fn what_is_ten_minutes_behind_is_charted_but_worth_no_alert() {
        let old =
            || Trade { side: Some(Side::Sell), value_usd: Some(number("9000")), ..trade(NOW, "2", "900") };
        let usdc = Quote::parse("USDC").unwrap();
        let mut market = market();
        market.learn(None, Some(&number("1000")));
        there_are(&mut market, &[rule("r-1", Condition::PriceAbove(Basis::Dollars, number("1")))]);
        tell(&mut market, 0, &Tick::Liquidity(liquidity(NOW, "P", "100")));
        trade_at(&mut market, MAX_BEHIND + 1, "2", "1");
        for tick in [
            Tick::Trade(old()),
            Tick::Trade(Trade { quote: usdc.clone(), ..old() }),
            Tick::Liquidity(liquidity(NOW, "P", "-90")),
        ] {
            let observed = tell(&mut market, MAX_BEHIND + 2, &tick);
            assert_eq!((kinds(&observed), observed.firings), (vec![], vec![]), "{tick:?}");
        }
        assert_eq!(market.look_again(), [], "the price in dollars is of then, too");
        let volumes = |quote| market.waiting(quote).map(|told| told.candle.volume).collect::<Vec<_>>();
        assert_eq!(
            (volumes(&sol()), volumes(&usdc)),
            (vec![number("900"), number("1")], vec![number("900")])
        );

        let just = Tick::Trade(Trade { at: ChainTime { timestamp: NOW + 1, slot: 0 }, quote: usdc, ..old() });
        let observed = tell(&mut market, MAX_BEHIND + 3, &just);
        assert_eq!(kinds(&observed), [AlertKind::Whale, AlertKind::Rug]);
        assert_eq!(observed.firings.len(), 1);
    }

    #[test]
    fn a_users_own_alert_comes_true_once_even_where_it_is_loaded_again() {
        let mut market = market();
        let dollars = rule("r-1", Condition::PriceAbove(Basis::Dollars, number("3")));
        there_are(&mut market, &[dollars.clone(), rule("r-2", Condition::VolumeAbove(number("4")))]);
        let trade = |amount: &str, value: &str| {
            Tick::Trade(Trade { value_usd: Some(number(value)), ..trade(NOW, "0.02", amount) })
        };
        assert_eq!(tell(&mut market, 0, &trade("2", "5.9")).firings, []);
        let fired = tell(&mut market, 0, &trade("2", "6")).firings;
        let names: Vec<_> = fired.iter().map(|firing| firing.rule.id.as_str()).collect();
        assert_eq!(names, ["r-2", "r-1"]);
        let mut woken = Market::wake(market.state().cloned(), MarketRules::default());
        there_are(&mut woken, &[dollars]);
        assert_eq!((woken.look_again(), woken.due_firings()), (vec![], fired.as_slice()));
        woken.placed(fired[0].key());
        assert_eq!(woken.due_firings(), [fired[1].clone()]);
    }

    #[test]
    fn a_spike_that_was_over_before_the_rules_were_known_makes_them_true_all_the_same() {
        let mut market = market();
        for (after, price) in [(0, "2"), (1, "4"), (2, "2")] {
            assert_eq!(trade_at(&mut market, after, price, "1").firings, []);
        }
        let mut market = Market::wake(market.state().cloned(), MarketRules::default());
        assert!(!market.wanted_rules().is_empty());
        let rules = || {
            let price = |price| Condition::PriceAbove(Basis::Quote(sol()), number(price));
            [
                rule("r-1", price("4")),
                rule("r-2", price("5")),
                rule("r-3", Condition::VolumeAbove(number("3"))),
            ]
        };
        there_are(&mut market, &rules());
        let fired = market.look_again();
        let names: Vec<_> = fired.iter().map(|firing| firing.rule.id.as_str()).collect();
        assert_eq!((names, market.wanted_rules()), (vec!["r-3", "r-1"], vec![]));
        for firing in &fired {
            market.placed(firing.key());
        }
        there_are(&mut market, &rules());
        assert_eq!(market.look_again(), [], "newer rules look at the price as it stands");
    }

    #[test]
    fn a_repeat_is_known_when_the_history_has_forgotten_it() {
        let mut market = market();
        let key = IdempotencyKey::given("x").unwrap();
        let tick = Tick::Price(price_point(NOW, "1"));
        market.observe(&tick, Seq::new(9), Some(key), UnixMillis::from_seconds(NOW), Watch::On);
        assert_eq!(market.place_of(key), Some(Seq::new(9)));
        market.observe(&tick, Seq::new(10), None, UnixMillis::from_seconds(NOW), Watch::On);
        assert_eq!(market.state().unwrap().known.iter().count(), 1, "what has no key is no repeat");
    }
}
