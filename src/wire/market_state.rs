//! What a market remembers, as the text that is stored with each batch of its topic: short names, numbers with all their
//! digits. It must not know where the text is stored, nor what it is good for.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::candle_row::MinuteFields;
use super::description::alert_kind;
use super::digits::Digits;
use super::due::{AlertFields, FiringFields, optional};
use super::{known, to_json};
use crate::core::market::alert::kind_name;
use crate::core::market::candles::{Candles, Minutes};
use crate::core::market::extremes::{Extremes, Lately};
use crate::core::market::minute::{Group, Minute};
use crate::core::market::pools::{Pool, Pools};
use crate::core::market::price::{Pending, Price, Priced};
use crate::core::market::prices::{Prices, Quoted};
use crate::core::market::rule::Basis;
use crate::core::market::state::{Facts, MarketState};
use crate::core::market::unjudged::{Reached, Unjudged};
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
    newest: u64,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unjudged: Vec<UnjudgedFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unjudged_volume: Option<ReachedFields>,
    #[serde(skip_serializing_if = "String::is_empty")]
    known: String,
}

/// How much, when, at which slot.
type ReachedFields = (Digits, u64, u64);

/// In what, or nothing for dollars; the lowest and the highest.
type UnjudgedFields = (Option<String>, ReachedFields, ReachedFields);

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
        newest: state.newest,
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
        unjudged: state.unjudged.prices.iter().map(encode_unjudged).collect(),
        unjudged_volume: state.unjudged.volume.as_ref().map(encode_reached),
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
        phase: optional(fields.phase, Phase::parse).ok()?,
    };
    let main = optional(fields.main, Quote::parse).ok()?;
    let quoted = fields.prices.into_iter().map(PriceFields::read).collect::<Option<_>>()?;
    let volumes = fields.volumes.into_iter().map(|(minute, volume)| (Minute(minute), volume.0));
    let alerted = fields.alerted.into_iter().map(|(kind, at)| Some((alert_kind(&kind)?, at)));
    Some(MarketState {
        clock: fields.clock,
        newest: fields.newest,
        facts,
        prices: Prices { main, quoted },
        candles: decode_candles(fields.candles)?,
        known: known::decode(&fields.known)?,
        volumes: Volumes { since: fields.since.map(Minute), minutes: volumes.collect() },
        pools: Pools { known: fields.pools.into_iter().map(decode_pool).collect::<Option<_>>()? },
        alerted: alerted.collect::<Option<_>>()?,
        alerts: fields.alerts.into_iter().map(AlertFields::read).collect::<Option<_>>()?,
        firings: fields.firings.into_iter().map(FiringFields::read).collect::<Option<_>>()?,
        unjudged: Unjudged {
            prices: fields.unjudged.into_iter().map(decode_unjudged).collect::<Option<_>>()?,
            volume: fields.unjudged_volume.map(decode_reached),
        },
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
        let at = ChainTime::bounded(timestamp, slot);
        let current = Some(Priced { price: price.0, at, phase: optional(place, Phase::parse).ok()? });
        let pending =
            self.pending.map(|(price, trader)| Pending { price: price.0, trader: trader.map(Rc::from) });
        let minutes = self.lately.into_iter().map(|(minute, low, low_at, high, high_at)| {
            (Minute(minute), Extremes { low: (low.0, low_at), high: (high.0, high_at) })
        });
        let lately = Lately { minutes: minutes.collect() };
        Some((Quote::parse(&quote)?, Quoted { price: Price { current, pending }, lately }))
    }
}

fn encode_candles(candles: &Candles) -> Vec<(String, MinuteFields)> {
    let of_group = |(group, minutes): (&Group, &Minutes)| {
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

fn encode_reached((number, at): &Reached) -> ReachedFields {
    (Digits(number.clone()), at.timestamp, at.slot)
}

fn decode_reached((number, timestamp, slot): ReachedFields) -> Reached {
    (number.0, ChainTime::bounded(timestamp, slot))
}

fn encode_unjudged((basis, (low, high)): (&Basis, &(Reached, Reached))) -> UnjudgedFields {
    let quote = match basis {
        Basis::Quote(quote) => Some(quote.as_str().to_owned()),
        Basis::Dollars => None,
    };
    (quote, encode_reached(low), encode_reached(high))
}

fn decode_unjudged((quote, low, high): UnjudgedFields) -> Option<(Basis, (Reached, Reached))> {
    let basis = match quote {
        Some(quote) => Basis::Quote(Quote::parse(&quote)?),
        None => Basis::Dollars,
    };
    Some((basis, (decode_reached(low), decode_reached(high))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::idempotency::IdempotencyKey;
    use crate::core::market::Market;
    use crate::core::market::example::{liquidity, number, price_point, rule, trade};
    use crate::core::market::observe::Watch;
    use crate::core::market::rule::Condition;
    use crate::core::market::rules::{Nearest, Scale};
    use crate::core::market::thresholds::MarketRules;
    use crate::core::publication::Seq;
    use crate::core::tick::{Tick, Trade};
    use crate::core::time::UnixMillis;

    const NOW: u64 = 1_800_000_000;

    const STORED: &str = concat!(
        r#"{"v":1,"clock":1800000004,"newest":1800000003,"symbol":"DROP","supply":"1000000000","phase":"bonding","main":"SOL","#,
        r#""prices":[{"is":["SOL","0.75",1800000001,0,null],"or":["50","ana"],"#,
        r#""was":[[30000000,"0.5",1800000000,"0.75",1800000001]]}],"#,
        r#""candles":[["SOL",[30000000,30000000,"0.5","50","0.5","50","1001",2,1800000000,0,1800000002,0]]],"#,
        r#""since":30000000,"volumes":[[30000000,"1001"]],"#,
        r#""pools":[["P","SOL","10",1800000004],["Q","SOL",null,1800000004]],"#,
        r#""alerted":[["whale",1800000004],["price",1800000004]],"#,
        r#""alerts":[{"is":"whale","side":"buy","trader":"ana","amount":"1000","value":"5000","severity":"info","#,
        r#""at":[1800000000,0],"by":1},{"is":"move","quote":"SOL","from":"0.5","to":"0.75","within":300,"#,
        r#""severity":"warning","at":[1800000001,0],"by":2}],"#,
        r#""firings":[{"rule":"r-1","owner":"7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU","is":"above","#,
        r#""price":"2","quote":null,"measured":"5","at":[1800000000,0]}],"#,
        r#""known":"heZ0ydHRuqIBhKSn2gZeYUA9NgGjfgEAfbEqz0tjYF0BAJRWEjYYmry5AQA"}"#
    );

    fn market() -> Market {
        let mut market = Market::wake(None, MarketRules::default());
        market.learn(Some("DROP"), None);
        let quote = || Basis::Quote(Quote::parse("SOL").unwrap());
        let scales = [
            Scale::Above(quote()),
            Scale::Below(quote()),
            Scale::Above(Basis::Dollars),
            Scale::Below(Basis::Dollars),
            Scale::Volume,
        ];
        market.watch(scales.map(|scale| Nearest { scale, rules: vec![], are_all: true }));
        market.rule_came(rule("r-1", Condition::PriceAbove(Basis::Dollars, number("2"))));
        let whale = Trade {
            value_usd: Some(number("5000")),
            phase: Some(Phase::Bonding),
            pool: Some(Rc::from("Q")),
            ..trade(NOW, "0.5", "1000")
        };
        let jump = trade(NOW + 2, "50", "1");
        let ticks = [
            Tick::Trade(whale),
            Tick::Price(price_point(NOW + 1, "0.75")),
            Tick::Trade(jump),
            Tick::Liquidity(liquidity(NOW + 3, "P", "10")),
        ];
        for (tick, seq) in ticks.iter().zip(1..) {
            let key = IdempotencyKey::given(&seq.to_string()).ok();
            market.observe(tick, Seq::new(seq), key, UnixMillis::from_seconds(NOW + 4), Watch::On);
        }
        market
    }

    #[test]
    fn the_stored_form_is_unchanged() {
        let market = market();
        let text = encode(market.state().unwrap());
        assert_eq!(text, STORED);
        assert_eq!(decode(&text).as_ref(), market.state());
    }

    #[test]
    fn what_an_older_version_wrote_is_read() {
        let older = STORED.replace(r#""newest":1800000003,"#, "");
        let read = decode(&older).unwrap();
        assert_eq!(MarketState { newest: NOW + 3, ..read }, *market().state().unwrap());
    }

    #[test]
    fn what_nobody_has_judged_yet_is_read_as_it_was_written() {
        let mut market = Market::wake(None, MarketRules::default());
        let traded = Trade { value_usd: Some(number("5000")), ..trade(NOW, "0.5", "1000") };
        market.observe(&Tick::Trade(traded), Seq::new(1), None, UnixMillis::from_seconds(NOW), Watch::Off);
        let text = encode(market.state().unwrap());
        let unjudged = r#""unjudged":[["SOL",["0.5",1800000000,0],["0.5",1800000000,0]],[null,["5","#;
        assert!(text.contains(unjudged), "{text}");
        assert_eq!(decode(&text).as_ref(), market.state());
    }

    #[test]
    fn the_text_of_the_busiest_market_is_small() {
        let mut market = market();
        for seq in 0..5_000 {
            let price =
                number("1.2345678901234567890").plus(&number("0.001").times(&Decimal::from_whole(seq % 7)));
            let value_usd = Some(number("123.45"));
            let amount = number(&format!("{seq}.123456789"));
            let trade = Trade { amount, price, value_usd, ..trade(NOW + seq, "1", "1") };
            let key = IdempotencyKey::given(&seq.to_string()).ok();
            // All of them within ten minutes, told late.
            let now = UnixMillis::from_seconds(NOW + 5_000 + seq / 10);
            market.observe(&Tick::Trade(trade), Seq::new(2 * seq), key, now, Watch::On);
        }
        let text = encode(market.state().unwrap());
        assert!(text.len() < 80_000, "{}", text.len());
        assert_eq!(decode(&text).as_ref(), market.state());
    }

    #[test]
    fn what_was_never_written_and_what_another_version_wrote_is_nothing() {
        let text = encode(market().state().unwrap());
        for other in [
            String::new(),
            "{}".to_owned(),
            "[]".to_owned(),
            text.replace(r#""v":1"#, r#""v":2"#),
            text.replace("bonding", "moon"),
            text.replace(r#""0.5""#, r#""half""#),
            text.replace(r#""known":""#, r#""known":"!"#),
        ] {
            assert_eq!(decode(&other), None, "{other}");
        }
    }
}
