//! What is told of a token's prices: the latest, and a chart. Numbers have all their digits. It must not know where they
//! are kept.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::value::RawValue;

use super::digits::number;
use super::to_json;
use crate::core::chart::{Span, Step};
use crate::core::epoch::Epoch;
use crate::core::market::span::Interval;
use crate::core::publication::Seq;
use crate::core::tick::{Phase, Quote};
use crate::core::token::LastPrice;
use crate::core::topic::Topic;

/// After which publication of a topic an answer is true: who resumes from there misses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The publication.
    pub seq: Seq,
    /// Of which epoch.
    pub epoch: Epoch,
}

/// The answer to `GET /tokens/:mint/price`.
#[must_use]
pub fn encode(token: &Topic, last: &LastPrice, place: Place) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        token: &'a str,
        price: Option<Box<RawValue>>,
        quote: Option<&'a str>,
        source: Option<&'static str>,
        timestamp: u64,
        seq: u64,
        epoch: String,
    }
    to_json(&Answer {
        token: token.as_str(),
        price: number(&last.price),
        quote: name_of(&last.quote),
        source: last.phase.map(Phase::name),
        timestamp: last.at.timestamp,
        seq: place.seq.get(),
        epoch: place.epoch.to_string(),
    })
}

/// The answer to `GET /tokens/:mint/prices`. It is written by hand: a long one has more than 100,000 numbers, and neither a
/// topic nor a quote nor an epoch has a character that JSON escapes.
#[must_use]
pub fn encode_chart(token: &Topic, quote: &Quote, span: Span, steps: &[Step], place: Place) -> String {
    let quote = name_of(quote).map_or("null".to_owned(), |name| format!("\"{name}\""));
    let (range, interval) = (span.range.name(), span.interval.name());
    let mut text = format!(
        "{{\"token\":\"{token}\",\"quote\":{quote},\"range\":\"{range}\",\"interval\":\"{interval}\",\"points\":["
    );
    for (index, step) in steps.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a text does not fail.
        let _ = write!(text, "{comma}{{\"timestamp\":{},\"price\":{}}}", step.start, step.candle.close);
    }
    text.push_str("],\"candles\":[");
    for (index, step) in steps.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let (candle, start) = (&step.candle, step.start);
        let _ = write!(
            text,
            "{comma}{{\"timestamp\":{start},\"open\":{},\"high\":{},\"low\":{},\"close\":{},\"volume\":{},\"trades\":{}",
            candle.open, candle.high, candle.low, candle.close, candle.volume, candle.trades
        );
        if step.is_held && span.interval == Interval::M1 {
            let (first, last) = (candle.first, candle.last);
            let _ = write!(
                text,
                ",\"first\":[{},{}],\"last\":[{},{}]",
                first.timestamp, first.slot, last.timestamp, last.slot
            );
        }
        text.push('}');
    }
    let _ = write!(text, "],\"seq\":{},\"epoch\":\"{}\"}}", place.seq.get(), place.epoch);
    text
}

/// A quote's name, where it has one.
fn name_of(quote: &Quote) -> Option<&str> {
    Some(quote.as_str()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::market::candle::Candle;
    use crate::core::market::span::Range;
    use crate::core::tick::ChainTime;
    use crate::core::time::UnixMillis;

    const PLACE: Place = Place { seq: Seq::NONE, epoch: Epoch::Began(UnixMillis(36)) };

    fn drop_token() -> Topic {
        Topic::parse("DROP").unwrap()
    }

    #[test]
    fn the_latest_price_has_the_shape_of_the_contract() {
        let last = LastPrice {
            price: Decimal::parse("0.000055398041599614002231").unwrap(),
            quote: Quote::parse("SOL").unwrap(),
            at: ChainTime { timestamp: 1_724_101_800, slot: 7 },
            phase: Some(Phase::Amm),
        };
        assert_eq!(
            encode(&drop_token(), &last, PLACE),
            concat!(
                r#"{"token":"DROP","price":0.000055398041599614002231,"quote":"SOL","source":"amm","#,
                r#""timestamp":1724101800,"seq":0,"epoch":"10"}"#
            )
        );
        let bare = LastPrice { quote: Quote::default(), phase: None, ..last };
        assert!(encode(&drop_token(), &bare, PLACE).contains(r#""quote":null,"source":null,"#));
    }

    #[test]
    fn a_chart_has_the_shape_of_the_contract_and_says_more_of_what_still_grows() {
        let at = ChainTime { timestamp: 61, slot: 7 };
        let candle = Candle::of_trade(&Decimal::parse("1e-20").unwrap(), &Decimal::from_whole(5), at);
        let step = |start, is_held| Step { start, candle: candle.clone(), is_held };
        let span = |interval| Span { range: Range::H1, interval };
        let steps = [step(0, false), step(60, true)];
        let price = "0.00000000000000000001";
        let bare =
            format!(r#""open":{price},"high":{price},"low":{price},"close":{price},"volume":5,"trades":1"#);
        let sol = Quote::parse("SOL").unwrap();
        let text = encode_chart(&drop_token(), &sol, span(Interval::M1), &steps, PLACE);
        assert_eq!(
            text,
            format!(
                concat!(
                    r#"{{"token":"DROP","quote":"SOL","range":"1h","interval":"1m","#,
                    r#""points":[{{"timestamp":0,"price":{price}}},{{"timestamp":60,"price":{price}}}],"#,
                    r#""candles":[{{"timestamp":0,{bare}}},"#,
                    r#"{{"timestamp":60,{bare},"first":[61,7],"last":[61,7]}}],"seq":0,"epoch":"10"}}"#
                ),
                price = price,
                bare = bare
            )
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        let longer = encode_chart(&drop_token(), &Quote::default(), span(Interval::M5), &steps, PLACE);
        assert!(!longer.contains("first") && longer.contains(r#""quote":null"#));
        let empty = encode_chart(&drop_token(), &sol, span(Interval::M1), &[], PLACE);
        assert!(empty.contains(r#""points":[],"candles":[],"seq""#));
    }
}
