//! A market, the table that its candles are written to, and what the table should say. It must not take a candle's word
//! for what it should be: the model draws its own from all that was told.

use std::collections::BTreeMap;
use std::rc::Rc;

use glow_broadcast::core::decimal::Decimal;
use glow_broadcast::core::idempotency::IdempotencyKey;
use glow_broadcast::core::market::Market;
use glow_broadcast::core::market::alert::Alert;
use glow_broadcast::core::market::hour::{Hour, HourStart};
use glow_broadcast::core::market::minute::Minute;
use glow_broadcast::core::market::observe::Observed;
use glow_broadcast::core::market::observe::Watch;
use glow_broadcast::core::market::price::Priced;
use glow_broadcast::core::market::rule::{AlertRule, Basis, Condition, Firing, RuleId};
use glow_broadcast::core::market::rules::{Nearest, Scale};
use glow_broadcast::core::market::thresholds::MarketRules;
use glow_broadcast::core::publication::Seq;
use glow_broadcast::core::tick::{ChainTime, LiquidityChange, PricePoint, Quote, Side, Tick, Trade};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::wallet::Wallet;
use glow_broadcast::wire::{candle_row, market_state};

use crate::drawing::{Point, draw, drawn};

const START: u64 = 1_800_000_000;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Trade,
    Price,
    Liquidity,
}

#[derive(Clone, Debug)]
pub struct Told {
    pub kind: Kind,
    /// How long ago it happened, in seconds.
    pub late: i64,
    pub slot: u64,
    pub price: u32,
    pub amount: u32,
    pub quote: usize,
    pub trader: Option<usize>,
    pub value_usd: Option<u32>,
    pub key: u8,
}

#[derive(Clone, Copy, Debug)]
pub enum Crash {
    /// The table was not written.
    BeforeTable,
    /// It was, and nobody remembers.
    AfterTable,
}

#[derive(Clone, Debug)]
pub enum Op {
    /// Something is told and stored, by a clock that is so many seconds behind.
    Tell {
        told: Told,
        clock_behind: u64,
    },
    /// Something is told, and lost before it is stored.
    TellAndLose(Told),
    Pass {
        seconds: u64,
    },
    /// What is closed is written to the table.
    Chart {
        crash: Option<Crash>,
    },
    /// The first of what is due gets its place.
    Publish,
    Sleep,
}

/// What a room can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Observed(Observed, Option<(Quote, Priced)>),
    Repeat(Seq),
    Published(IdempotencyKey),
}

pub struct Exchange {
    market: Option<Market>,
    stored: Option<String>,
    table: BTreeMap<(Quote, HourStart), String>,
    rules: Vec<AlertRule>,
    told: BTreeMap<(Quote, Minute), Vec<Point>>,
    now: u64,
    /// The latest time that the market was told, and that of what is stored.
    clock: u64,
    stored_clock: u64,
    seq: u64,
    pub seen: Vec<Seen>,
}

fn quotes() -> [Quote; 2] {
    ["SOL", "USDC"].map(|name| Quote::parse(name).unwrap())
}

fn scales() -> [Scale; 5] {
    let [sol, _] = quotes();
    let quote = Basis::Quote(sol);
    [
        Scale::Above(quote.clone()),
        Scale::Below(quote),
        Scale::Above(Basis::Dollars),
        Scale::Below(Basis::Dollars),
        Scale::Volume,
    ]
}

fn rules() -> Vec<AlertRule> {
    let owner = Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU").unwrap();
    let number = Decimal::from_whole;
    let [sol, _] = quotes();
    let conditions = [
        Condition::PriceAbove(Basis::Quote(sol.clone()), number(110)),
        Condition::PriceBelow(Basis::Quote(sol), number(90)),
        Condition::PriceAbove(Basis::Dollars, number(300)),
        Condition::VolumeAbove(number(100)),
    ];
    let rule = |(count, condition)| AlertRule {
        id: RuleId::parse(&format!("rule-{count}")).unwrap(),
        owner: owner.clone(),
        condition,
    };
    conditions.into_iter().enumerate().map(rule).collect()
}

impl Exchange {
    pub fn new() -> Self {
        let mut exchange = Self {
            market: None,
            stored: None,
            table: BTreeMap::new(),
            rules: rules(),
            told: BTreeMap::new(),
            now: START,
            clock: 0,
            stored_clock: 0,
            seq: 0,
            seen: Vec::new(),
        };
        exchange.wake();
        exchange
    }

    pub fn market(&self) -> &Market {
        self.market.as_ref().unwrap()
    }

    fn market_mut(&mut self) -> &mut Market {
        self.market.as_mut().unwrap()
    }

    pub fn run(&mut self, op: &Op) {
        match op {
            Op::Tell { told, clock_behind } => self.tell(told, *clock_behind),
            Op::TellAndLose(told) => {
                let mut market = self.market.take().unwrap();
                self.tell_to(&mut market, told, self.seq + 1);
                self.wake();
            }
            Op::Pass { seconds } => self.now += seconds,
            Op::Chart { crash } => self.chart(*crash),
            Op::Publish => self.publish(),
            Op::Sleep => self.wake(),
        }
    }

    pub fn store(&mut self) {
        self.stored = self.market().state().map(market_state::encode);
        self.stored_clock = self.clock;
    }

    /// Everything is written down.
    pub fn settle(&mut self) {
        while let Some(close) = self.market().next_close() {
            self.now = self.now.max(close);
            self.chart(None);
            assert!(
                self.market().next_close().is_none_or(|next| next > close),
                "what was written down is gone"
            );
        }
    }

    pub fn tell_to(&self, market: &mut Market, told: &Told, seq: u64) {
        let key = IdempotencyKey::given(&told.key.to_string()).ok();
        market.observe(&self.tick(told), Seq::new(seq), key, UnixMillis::from_seconds(self.now), Watch::On);
    }

    /// Something is told that says to have happened then.
    pub fn tell_at(&self, market: &mut Market, told: &Told, at: ChainTime, seq: u64) {
        let mut tick = self.tick(told);
        match &mut tick {
            Tick::Trade(trade) => trade.at = at,
            Tick::Price(point) => point.at = at,
            Tick::Liquidity(change) => change.at = at,
            Tick::NewToken(_) => {}
        }
        market.observe(&tick, Seq::new(seq), None, UnixMillis::from_seconds(self.now), Watch::On);
    }

    fn wake(&mut self) {
        let state = self.stored.as_deref().map(|text| market_state::decode(text).unwrap());
        let mut market = Market::wake(state, MarketRules::default());
        self.clock = self.stored_clock;
        market.watch(scales().map(|scale| Nearest { scale, rules: vec![], are_all: true }));
        for rule in &self.rules {
            market.rule_came(rule.clone());
        }
        self.market = Some(market);
    }

    fn tell(&mut self, told: &Told, clock_behind: u64) {
        let key = IdempotencyKey::given(&told.key.to_string()).unwrap();
        let known = self.market().place_of(key);
        if let Some(seq) = known {
            self.seen.push(Seen::Repeat(seq));
            return;
        }
        self.seq += 1;
        let (seq, tick) = (Seq::new(self.seq), self.tick(told));
        let arrived = UnixMillis::from_seconds(self.now - clock_behind);
        let observed = self.market_mut().observe(&tick, seq, Some(key), arrived, Watch::On);
        self.clock = self.clock.max(arrived.seconds());
        self.note(&tick);
        let price = self.market().price().map(|(quote, priced)| (quote.clone(), priced.clone()));
        self.seen.push(Seen::Observed(observed, price));
        self.store();
    }

    fn tick(&self, told: &Told) -> Tick {
        let timestamp = self.now.checked_add_signed(-told.late).unwrap();
        let at = ChainTime { timestamp, slot: told.slot };
        let (price, amount) =
            (Decimal::from_whole(told.price.into()), Decimal::from_whole(told.amount.into()));
        let quote = quotes()[told.quote].clone();
        let trader = told.trader.map(|trader| Rc::from(format!("trader-{trader}")));
        match told.kind {
            Kind::Trade => Tick::Trade(Trade {
                at,
                side: Some(if told.slot == 0 { Side::Sell } else { Side::Buy }),
                quote_amount: price.times(&amount),
                amount,
                price,
                quote,
                value_usd: told.value_usd.map(|value| Decimal::from_whole(value.into())),
                phase: None,
                trader,
                pool: Some(Rc::from("pool")),
            }),
            Kind::Price => Tick::Price(PricePoint { at, price, quote, phase: None, trader }),
            Kind::Liquidity => {
                let change = if told.slot == 0 { Decimal::default().minus(&amount) } else { amount };
                Tick::Liquidity(LiquidityChange { at, pool: Rc::from("pool"), quote, change, trader })
            }
        }
    }

    /// What belongs in the chart: everything that has a price.
    fn note(&mut self, tick: &Tick) {
        let (quote, mut at, price, amount) = match tick {
            Tick::Trade(trade) => (&trade.quote, trade.at, &trade.price, Some(trade.amount.clone())),
            Tick::Price(point) => (&point.quote, point.at, &point.price, None),
            Tick::Liquidity(_) | Tick::NewToken(_) => return,
        };
        if !price.is_positive() {
            return;
        }
        if at.timestamp / 60 > self.clock / 60 {
            at.timestamp = self.clock;
        }
        let minute = Minute(at.timestamp / 60);
        self.told.entry((quote.clone(), minute)).or_default().push(Point {
            at,
            price: price.clone(),
            amount,
        });
    }

    fn chart(&mut self, crash: Option<Crash>) {
        let now = UnixMillis::from_seconds(self.now);
        let flush = self.market_mut().closed(now);
        let Some(flush) = flush else { return };
        self.clock = self.clock.max(self.now);
        if matches!(crash, Some(Crash::BeforeTable)) {
            return self.wake();
        }
        for ((quote, start), additions) in flush.hours {
            let place = (quote, start);
            let mut hour = self.row(&place);
            hour.add(additions);
            self.table.insert(place, candle_row::encode(&hour));
        }
        if matches!(crash, Some(Crash::AfterTable)) {
            return self.wake();
        }
        self.market_mut().charted(flush.through);
    }

    fn row(&self, place: &(Quote, HourStart)) -> Hour {
        let text = self.table.get(place).map_or("[]", String::as_str);
        candle_row::decode(place.1, text).unwrap()
    }

    fn publish(&mut self) {
        let market = self.market_mut();
        let alert = market.due_alerts().first().map(Alert::key);
        let firing = market.due_firings().first().cloned();
        let Some(key) = alert.or(firing.as_ref().map(Firing::key)) else { return };
        market.placed(key);
        self.seen.push(Seen::Published(key));
        if let (None, Some(firing)) = (alert, firing) {
            self.rules.retain(|rule| rule.id != firing.rule.id);
        }
        self.store();
    }

    /// What a reader of the chart sees is what was told.
    pub fn check_chart(&self) {
        for quote in quotes() {
            let mut hours: BTreeMap<HourStart, Hour> = self
                .table
                .keys()
                .filter(|(of, _)| *of == quote)
                .map(|place| (place.1, self.row(place)))
                .collect();
            let waiting = candle_row::encode_additions(self.market().waiting(&quote));
            for addition in candle_row::decode_additions(&waiting).unwrap() {
                let start = Hour::start_of(addition.minute);
                hours.entry(start).or_insert_with(|| Hour { start, ..Hour::default() }).add([addition]);
            }
            let chart: Vec<_> = hours.values().flat_map(drawn).collect();
            let of_quote = self.told.iter().filter(|((of, _), _)| *of == quote);
            let expected: Vec<_> = of_quote.map(|((_, minute), points)| draw(*minute, points)).collect();
            assert_eq!(chart, expected, "the chart in {}", quote.as_str());
        }
    }
}
