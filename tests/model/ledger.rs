//! The table that a room's minutes are written to, what is on its way there, and what has to be in it: every trade that the
//! room has published, once. It must not take a candle's word for what it should be.

use std::collections::BTreeMap;
use std::rc::Rc;

use glow_broadcast::core::charting::Charting;
use glow_broadcast::core::decimal::Decimal;
use glow_broadcast::core::market::Market;
use glow_broadcast::core::market::hour::{Addition, Hour, HourStart};
use glow_broadcast::core::market::minute::{Group, Minute};
use glow_broadcast::core::publication::{Keyed, MarketPart};
use glow_broadcast::core::tick::{ChainTime, Quote, Tick, Trade};
use glow_broadcast::wire::candle_row;

use crate::drawing::{Drawn, Point, draw, drawn};

/// Minutes on their way.
struct Write {
    charting: Charting,
    /// Which of the room's memories asked for it.
    memory: u32,
    /// The runtime holds it back until what was stored before it is durable.
    is_held: bool,
}

#[derive(Default)]
pub struct Ledger {
    table: BTreeMap<HourStart, String>,
    writes: Vec<Write>,
    /// What was published in lives of the order that are over.
    past: Vec<Keyed>,
}

/// A trade that was made `late` seconds before `now`.
pub fn trade(now: u64, (late, price, amount): (u64, u8, u8)) -> MarketPart {
    let (price, amount) = (Decimal::from_whole(price.into()), Decimal::from_whole(amount.into()));
    MarketPart::Tick(Rc::new(Tick::Trade(Trade {
        at: ChainTime { timestamp: now - late, slot: 0 },
        side: None,
        quote_amount: price.times(&amount),
        amount,
        price,
        quote: Quote::default(),
        value_usd: None,
        phase: None,
        trader: None,
        pool: None,
    })))
}

impl Ledger {
    /// The room asks for minutes to be written down, while a batch may be on its way to the disk.
    pub fn ask(&mut self, charting: Charting, memory: u32, is_held: bool) {
        self.writes.push(Write { charting, memory, is_held });
    }

    /// The oldest write is done, or fails. What the room is to be told: up to which group, if it is the room that asked.
    pub fn finish(&mut self, memory: u32, succeeds: bool) -> Option<Group> {
        let place = self.writes.iter().position(|write| !write.is_held)?;
        let Write { charting, memory: asked, .. } = self.writes.remove(place);
        if succeeds {
            for ((_, start), additions) in charting.flush.hours {
                self.add(start, additions);
            }
        }
        (asked == memory).then_some(charting.flush.through)
    }

    /// Whether this memory of the room still waits for a write.
    pub fn is_awaited(&self, memory: u32) -> bool {
        self.writes.iter().any(|write| write.memory == memory)
    }

    /// What was stored is durable.
    pub fn release(&mut self) {
        self.writes.iter_mut().for_each(|write| write.is_held = false);
    }

    /// What was to be stored is lost, and with it what was held back for it.
    pub fn lose(&mut self) {
        self.writes.retain(|write| !write.is_held);
    }

    /// A life of the order is over, and these were its publications.
    pub fn bury(&mut self, log: &mut Vec<Keyed>) {
        self.past.append(log);
    }

    /// What a reader of the chart sees is every trade once: in the table, and in what a market still holds.
    pub fn check(&self, market: Option<&Market>, log: &[Keyed]) {
        let mut hours: BTreeMap<HourStart, Hour> =
            self.table.keys().map(|start| (*start, self.row(*start))).collect();
        let quote = Quote::default();
        for addition in market.into_iter().flat_map(|market| market.waiting(&quote)) {
            let start = Hour::start_of(addition.minute);
            hours.entry(start).or_insert_with(|| Hour { start, ..Hour::default() }).add([addition]);
        }
        let mut told: BTreeMap<Minute, Vec<Point>> = BTreeMap::new();
        for keyed in self.past.iter().chain(log) {
            let MarketPart::Tick(tick) = &keyed.market else { continue };
            let Tick::Trade(Trade { at, price, amount, .. }) = tick.as_ref() else { continue };
            let point = Point { at: *at, price: price.clone(), amount: Some(amount.clone()) };
            told.entry(Minute::of(at.timestamp)).or_default().push(point);
        }
        let chart: Vec<Drawn> = hours.values().flat_map(drawn).collect();
        let expected: Vec<Drawn> = told.iter().map(|(minute, points)| draw(*minute, points)).collect();
        assert_eq!(chart, expected, "the chart is every trade once");
    }

    fn add(&mut self, start: HourStart, additions: Vec<Addition>) {
        let mut hour = self.row(start);
        hour.add(additions);
        self.table.insert(start, candle_row::encode(&hour));
    }

    fn row(&self, start: HourStart) -> Hour {
        self.table.get(&start).map_or_else(
            || Hour { start, ..Hour::default() },
            |text| candle_row::decode(start, text).unwrap(),
        )
    }
}
