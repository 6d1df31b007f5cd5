//! Publications as what happened on a market, whoever posted them. It must not read more of one than that, and leaves
//! those about something else early.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{ADDED, LIQUIDITY, NEW_TOKEN, PRICE_UPDATE, REMOVED, TRADE};
use crate::core::decimal::Decimal;
use crate::core::publication::Publication;
use crate::core::tick::{ChainTime, LiquidityChange, NewToken, Phase, PricePoint, Quote, Side, Tick, Trade};
use crate::core::time::unix_seconds;
use crate::wire::from_object;
use crate::wire::number::digits;
use crate::wire::object::{Name, text_of};

/// The longest name of a pool or a trader that is kept, in bytes.
const MAX_NAME: usize = 128;

/// Reads a publication that came at `received`, in Unix seconds, which is the time of one that doesn't say its own.
/// `None` for one that is about something else, for a price that is none, and for a new token of which nobody says how
/// much there is.
///
/// Numbers may be JSON numbers or the same as texts. A trade may leave out how much was traded: that is 0 then.
#[must_use]
pub fn tick(publication: &Publication, received: u64) -> Option<Tick> {
    let fields: Fields<'_> = from_object(publication.as_json()).ok()?;
    match fields.kind.as_deref()? {
        TRADE => fields.trade(received).map(Tick::Trade),
        PRICE_UPDATE => fields.price_point(received).map(Tick::Price),
        LIQUIDITY => fields.liquidity(received).map(Tick::Liquidity),
        NEW_TOKEN => fields.new_token().map(Tick::NewToken),
        _ => None,
    }
}

/// Of a repeated field the last counts.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<Cow<'a, str>>,
    side: Option<&'a RawValue>,
    amount: Option<&'a RawValue>,
    quote_amount: Option<&'a RawValue>,
    price: Option<&'a RawValue>,
    value_usd: Option<&'a RawValue>,
    quote: Option<&'a RawValue>,
    source: Option<&'a RawValue>,
    trader: Option<&'a RawValue>,
    pool: Option<&'a RawValue>,
    action: Option<&'a RawValue>,
    symbol: Option<&'a RawValue>,
    total_supply: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    slot: Option<&'a RawValue>,
}

impl Fields<'_> {
    fn trade(&self, received: u64) -> Option<Trade> {
        let price = positive(self.price)?;
        let amount = positive(self.amount).unwrap_or_default();
        let quote = self.quote();
        let quote_amount = positive(self.quote_amount).unwrap_or_else(|| amount.times(&price).rounded());
        let value = || quote.is_dollar().then(|| quote_amount.clone());
        Some(Trade {
            at: self.at(received),
            side: self.side.and_then(text_of).and_then(|side| Side::parse(&side)),
            value_usd: positive(self.value_usd).or_else(value),
            amount,
            quote_amount,
            price,
            quote,
            phase: self.phase(),
            trader: name(self.trader),
            pool: name(self.pool),
        })
    }

    fn price_point(&self, received: u64) -> Option<PricePoint> {
        Some(PricePoint {
            at: self.at(received),
            price: positive(self.price)?,
            quote: self.quote(),
            phase: self.phase(),
            trader: name(self.trader),
        })
    }

    fn liquidity(&self, received: u64) -> Option<LiquidityChange> {
        let amount = positive(self.quote_amount)?;
        let change = match self.action.and_then(text_of)?.as_ref() {
            ADDED => amount,
            REMOVED => Decimal::default().minus(&amount),
            _ => return None,
        };
        Some(LiquidityChange {
            at: self.at(received),
            pool: name(self.pool)?,
            quote: self.quote(),
            change,
            trader: name(self.trader),
        })
    }

    fn new_token(&self) -> Option<NewToken> {
        Some(NewToken { symbol: name(self.symbol), supply: positive(self.total_supply)? })
    }

    fn at(&self, received: u64) -> ChainTime {
        let timestamp = natural(self.timestamp).and_then(unix_seconds).unwrap_or(received);
        ChainTime::bounded(timestamp, natural(self.slot).unwrap_or_default())
    }

    fn quote(&self) -> Quote {
        self.quote.and_then(text_of).and_then(|quote| Quote::parse(&quote)).unwrap_or_default()
    }

    fn phase(&self) -> Option<Phase> {
        self.source.and_then(text_of).and_then(|source| Phase::parse(&source))
    }
}

fn positive(value: Option<&RawValue>) -> Option<Decimal> {
    Decimal::parse(digits(value?)).filter(Decimal::is_positive)
}

/// A time may have a fraction; its nearest whole number will do.
fn natural(value: Option<&RawValue>) -> Option<u64> {
    Decimal::parse(digits(value?))?.to_units(0).and_then(|number| u64::try_from(number).ok())
}

fn name(value: Option<&RawValue>) -> Option<Rc<str>> {
    value.and_then(text_of).filter(|name| !name.is_empty() && name.len() <= MAX_NAME).map(Rc::from)
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Fields::default();
        while let Some(Name(name)) = map.next_key()? {
            let field = match name.as_ref() {
                "type" => {
                    fields.kind = text_of(map.next_value()?);
                    continue;
                }
                "side" => &mut fields.side,
                "amount" => &mut fields.amount,
                "quoteAmount" => &mut fields.quote_amount,
                "price" => &mut fields.price,
                "valueUsd" => &mut fields.value_usd,
                "quote" => &mut fields.quote,
                "source" => &mut fields.source,
                "trader" => &mut fields.trader,
                "pool" => &mut fields.pool,
                "action" => &mut fields.action,
                "symbol" => &mut fields.symbol,
                "totalSupply" => &mut fields.total_supply,
                "timestamp" => &mut fields.timestamp,
                "slot" => &mut fields.slot,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *field = Some(map.next_value()?);
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: u64 = 1_700_000_000;

    fn read(json: &str) -> Option<Tick> {
        tick(&Publication::from_checked_object(json), RECEIVED)
    }

    fn trade_of(json: &str) -> Trade {
        let Some(Tick::Trade(trade)) = read(json) else { panic!("a trade: {json}") };
        trade
    }

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_publishers_own_trade_says_as_much_as_it_says() {
        let trade = trade_of(
            r#"{"side":"sell","amount":"1500.5","price":2e-3,"quote":"USDC","trader":"ana","source":"bonding",
                "slot":"42","timestamp":1700000001234,"type":"TRADE","token":"T","more":[1e400]}"#,
        );
        assert_eq!(trade.at, ChainTime { timestamp: 1_700_000_001, slot: 42 }, "milliseconds are told apart");
        assert_eq!((trade.side, trade.phase), (Some(Side::Sell), Some(Phase::Bonding)));
        assert_eq!((trade.quote_amount, trade.value_usd), (number("3.001"), Some(number("3.001"))));
        let odd = trade_of(r#"{"type":"TRADE","price":1,"slot":10000000000000000000,"timestamp":1e60}"#);
        assert_eq!(odd.at, ChainTime { timestamp: RECEIVED, slot: 0 }, "no chain gets that far");
        let bare = trade_of(r#"{"type":"TRADE","price":"7"}"#);
        assert_eq!(bare.at, ChainTime { timestamp: RECEIVED, slot: 0 });
        assert_eq!(
            (bare.side, bare.amount, bare.quote_amount),
            (None, Decimal::default(), Decimal::default())
        );
        assert_eq!((bare.quote, bare.value_usd, bare.trader), (Quote::default(), None, None));
    }

    #[test]
    fn a_price_that_is_none_is_no_tick() {
        for price in ["0", "-1", "\"\"", "null", "true", "[1]", "\"1 SOL\"", "1e400", "0.0"] {
            assert_eq!(read(&format!(r#"{{"type":"PRICE_UPDATE","price":{price}}}"#)), None, "{price}");
            assert_eq!(read(&format!(r#"{{"type":"TRADE","price":{price},"amount":1}}"#)), None, "{price}");
        }
        assert_eq!(read(r#"{"type":"PRICE_UPDATE","accounts":[]}"#), None);
        let price = read(r#"{"type":"PRICE_UPDATE","price":1,"price":"0.5"}"#);
        let Some(Tick::Price(point)) = price else { panic!("a price: {price:?}") };
        assert_eq!(point.price, number("0.5"), "the last one");
    }

    #[test]
    fn a_new_token_says_how_much_there_is_of_it() {
        let made = |symbol: Option<&str>| {
            Tick::NewToken(NewToken { symbol: symbol.map(Rc::from), supply: number("1000000000.5") })
        };
        let told =
            read(r#"{"type":"NEW_TOKEN","symbol":"DROP","totalSupply":"1000000000.5","phase":"bonding"}"#);
        assert_eq!(told, Some(made(Some("DROP"))));
        assert_eq!(read(r#"{"type":"NEW_TOKEN","symbol":"","totalSupply":1000000000.5}"#), Some(made(None)));
    }

    #[test]
    fn other_publications_are_no_ticks() {
        for json in [
            r#"{"price":1}"#,
            r#"{"type":"trade","price":1}"#,
            r#"{"type":7,"price":1}"#,
            r#"{"type":"LIQUIDITY","pool":"p","quoteAmount":"1"}"#,
            r#"{"type":"LIQUIDITY","pool":"p","quoteAmount":"1","action":"locked"}"#,
            r#"{"type":"NEW_TOKEN","price":1,"symbol":"DROP"}"#,
            r#"{"type":"NEW_TOKEN","totalSupply":"0"}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
