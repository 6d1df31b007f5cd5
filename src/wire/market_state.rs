//! What a market remembers, as the text that is stored with each batch of its topic: short names, numbers with all their
//! digits. It must not know where the text is stored, nor what it is good for.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::candle_row::MinuteFields;
use super::description::alert_kind;
use super::digits::Digits;
use super::due::{AlertFields, FiringFields};
use super::{known, to_json};
use crate::core::market::alert::kind_name;
use crate::core::market::candles::Candles;
use crate::core::market::extremes::{Extremes, Lately};
use crate::core::market::minute::Minute;
use crate::core::market::pools::{Pool, Pools};
use crate::core::market::price::{Pending, Price, Priced};
use crate::core::market::prices::{Prices, Quoted};
use crate::core::market::state::{Facts, MarketState};
use crate::core::market::volumes::Volumes;
use crate::core::tick::{ChainTime, Phase, Quote};

/// Of this form. A text of another one is not read.
const VERSION: u32 = 1;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(rename = "v")]
    version: u32,
    clock: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supply: Option<Digits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    main: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prices: Vec<PriceFields>,
    /// Each with what it is priced in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candles: Vec<(String, MinuteFields)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<(u64, Digits)>,
    /// Name, quote, reserve, when heard of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pools: Vec<(String, String, Option<Digits>, u64)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alerted: Vec<(String, u64)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertFields>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    firings: Vec<FiringFields>,
    #[serde(skip_serializing_if = "String::is_empty")]
    known: String,
}

#[derive(Serialize, Deserialize)]
struct PriceFields {
    /// In what, how much, when, at which slot, where.
    #[serde(rename = "is")]
    current: (String, Digits, u64, u64, Option<String>),
    /// The price that waits, and whose it is.
    #[serde(rename = "or", default, skip_serializing_if = "Option::is_none")]
    pending: Option<(Digits, Option<String>)>,
    /// Minutes, with their lowest and highest price and when those were.
    #[serde(rename = "was", default, skip_serializing_if = "Vec::is_empty")]
    lately: Vec<(u64, Digits, u64, Digits, u64)>,
}

/// The text of a state.
#[must_use]
pub fn encode(state: &MarketState) -> String {
    let digits = |number: &_| Digits(Clone::clone(number));
    to_json(&Fields {
        version: VERSION,
        clock: state.clock,
        symbol: state.facts.symbol().map(str::to_owned),
        supply: state.facts.supply().map(digits),
        phase: state.facts.phase().map(|phase| phase.name().to_owned()),
        main: state.prices.main.as_ref().map(|quote| quote.as_str().to_owned()),
        prices: state.prices.iter().filter_map(|(quote, quoted)| PriceFields::of(quote, quoted)).collect(),
        candles: encode_candles(&state.candles),
        since: state.volumes.since.map(|since| since.0),
        volumes: state.volumes.minutes.iter().map(|(minute, volume)| (minute.0, digits(volume))).collect(),
        pools: state.pools.known.iter().map(encode_pool).collect(),
        alerted: state.alerted.iter().map(|(kind, at)| (kind_name(*kind).to_owned(), *at)).collect(),
        alerts: state.alerts.iter().map(AlertFields::of).collect(),
        firings: state.firings.iter().map(FiringFields::of).collect(),
        known: known::encode(&state.known),
    })
}

/// Reads [`encode`]; `None` for what was never written, and for another version's form. A market can begin anew.
#[must_use]
pub fn decode(text: &str) -> Option<MarketState> {
    let fields: Fields = serde_json::from_str(text).ok()?;
    if fields.version != VERSION {
        return None;
    }
    let facts = Facts {
        symbol: fields.symbol.map(Rc::from),
        supply: fields.supply.map(|supply| supply.0),
        phase: phase(fields.phase)?,
    };
    let main = fields.main.map(|main| Quote::parse(&main).ok_or(())).transpose().ok()?;
    let quoted = fields.prices.into_iter().map(PriceFields::read).collect::<Option<_>>()?;
    let volumes = fields.volumes.into_iter().map(|(minute, volume)| (Minute(minute), volume.0));
    let alerted = fields.alerted.into_iter().map(|(kind, at)| Some((alert_kind(&kind)?, at)));
    Some(MarketState {
        clock: fields.clock,
        facts,
        prices: Prices { main, quoted },
        candles: decode_candles(fields.candles)?,
        known: known::decode(&fields.known)?,
        volumes: Volumes { since: fields.since.map(Minute), minutes: volumes.collect() },
        pools: Pools { known: fields.pools.into_iter().map(decode_pool).collect::<Option<_>>()? },
        alerted: alerted.collect::<Option<_>>()?,
        alerts: fields.alerts.into_iter().map(AlertFields::read).collect::<Option<_>>()?,
        firings: fields.firings.into_iter().map(FiringFields::read).collect::<Option<_>>()?,
    })
}

impl PriceFields {
    fn of(quote: &Quote, Quoted { price, lately }: &Quoted) -> Option<Self> {
        let Priced { price: current, at, phase } = price.current.clone()?;
        let pending = price.pending.clone();
        let lately = lately.minutes.iter().map(|(minute, Extremes { low, high })| {
            (minute.0, Digits(low.0.clone()), low.1, Digits(high.0.clone()), high.1)
        });
        let phase = phase.map(|phase| phase.name().to_owned());
        Some(Self {
            current: (quote.as_str().to_owned(), Digits(current), at.timestamp, at.slot, phase),
            pending: pending
                .map(|Pending { price, trader }| (Digits(price), trader.map(|trader| trader.to_string()))),
            lately: lately.collect(),
        })
    }

    fn read(self) -> Option<(Quote, Quoted)> {
        let (quote, price, timestamp, slot, place) = self.current;
        let at = ChainTime { timestamp, slot };
        let current = Some(Priced { price: price.0, at, phase: phase(place)? });
        let pending =
            self.pending.map(|(price, trader)| Pending { price: price.0, trader: trader.map(Rc::from) });
        let minutes = self.lately.into_iter().map(|(minute, low, low_at, high, high_at)| {
            (Minute(minute), Extremes { low: (low.0, low_at), high: (high.0, high_at) })
        });
        let lately = Lately { minutes: minutes.collect() };
        Some((Quote::parse(&quote)?, Quoted { price: Price { current, pending }, lately }))
    }
}

/// Reads a phase that may not be said; `None` for what is no phase.
fn phase(name: Option<String>) -> Option<Option<Phase>> {
    name.map(|name| Phase::parse(&name).ok_or(())).transpose().ok()
}

fn encode_candles(candles: &Candles) -> Vec<(String, MinuteFields)> {
    let of_group = |(group, minutes): (&_, &crate::core::market::candles::Minutes)| {
        let fields = minutes.iter().map(|((quote, minute), candle)| {
            (quote.as_str().to_owned(), MinuteFields::of(minute.0, *group, candle))
        });
        fields.collect::<Vec<_>>()
    };
    candles.groups.iter().flat_map(of_group).collect()
}

fn decode_candles(fields: Vec<(String, MinuteFields)>) -> Option<Candles> {
    let mut groups: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for (quote, fields) in fields {
        let addition = fields.into_addition();
        let place = (Quote::parse(&quote)?, addition.minute);
        groups.entry(addition.group).or_default().insert(place, addition.candle);
    }
    Some(Candles { groups })
}

fn encode_pool((name, pool): (&Rc<str>, &Pool)) -> (String, String, Option<Digits>, u64) {
    let reserve = pool.reserve.clone().map(Digits);
    (name.to_string(), pool.quote.as_str().to_owned(), reserve, pool.heard)
}

fn decode_pool(
    (name, quote, reserve, heard): (String, String, Option<Digits>, u64),
) -> Option<(Rc<str>, Pool)> {
    let reserve = reserve.map(|reserve| reserve.0);
    Some((name.into(), Pool { quote: Quote::parse(&quote)?, reserve, heard }))
}
