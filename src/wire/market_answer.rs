//! What a room tells the Worker of its token's market. Worker and room may run different versions for some minutes: what
//! one does not know it passes over. It must not know what a chart is drawn of.

use serde::{Deserialize, Serialize};

use super::candle_row::MinuteFields;
use super::digits::Digits;
use super::room_protocol::NotUnderstood;
use super::to_json;
use crate::core::epoch::Epoch;
use crate::core::market::Market;
use crate::core::market::hour::Addition;
use crate::core::market::price::Priced;
use crate::core::publication::Seq;
use crate::core::tick::{ChainTime, Phase, Quote};
use crate::core::token::LastPrice;

/// How the market of a token stands after the publication `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketAnswer {
    /// The last publication that is part of it.
    pub seq: Seq,
    /// The epoch of the order.
    pub epoch: Epoch,
    /// What the token was first priced in, where it was.
    pub quote: Option<Quote>,
    /// Where it is traded, where that is known.
    pub phase: Option<Phase>,
    /// What it costs in each thing that it is priced in.
    pub prices: Vec<(Quote, Priced)>,
    /// What is not written down yet, in the order of the groups.
    pub waiting: Vec<(Quote, Addition)>,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    seq: u64,
    epoch: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quote: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    #[serde(default)]
    prices: Vec<PriceFields>,
    /// Each with what it is priced in.
    #[serde(default)]
    minutes: Vec<(String, MinuteFields)>,
}

#[derive(Serialize, Deserialize)]
struct PriceFields {
    quote: String,
    price: Digits,
    timestamp: u64,
    slot: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
}

impl MarketAnswer {
    /// How a market stands.
    #[must_use]
    pub fn of(market: &Market, seq: Seq, epoch: Epoch) -> Self {
        let prices: Vec<_> = market.prices().map(|(quote, priced)| (quote.clone(), priced.clone())).collect();
        let waiting = |quote: &Quote| {
            market.waiting(quote).map(|addition| (quote.clone(), addition)).collect::<Vec<_>>()
        };
        Self {
            seq,
            epoch,
            quote: market.price().map(|(quote, _)| quote.clone()),
            phase: market.facts().phase(),
            waiting: market.waiting_quotes().into_iter().flat_map(waiting).collect(),
            prices,
        }
    }

    /// What the token costs in `quote`.
    #[must_use]
    pub fn price_in(&self, quote: &Quote) -> Option<&Priced> {
        self.prices.iter().find(|(priced_in, _)| priced_in == quote).map(|(_, priced)| priced)
    }

    /// What the token costs in what it was first priced in.
    #[must_use]
    pub fn last_price(&self) -> Option<LastPrice> {
        let quote = self.quote.clone()?;
        let Priced { price, at, phase } = self.price_in(&quote)?.clone();
        Some(LastPrice { price, quote, at, phase: phase.max(self.phase) })
    }

    /// When the first thing happened that is not written down yet, in Unix seconds.
    #[must_use]
    pub fn waits_since(&self) -> Option<u64> {
        self.waiting.iter().map(|(_, addition)| addition.candle.first.timestamp).min()
    }

    /// The response body.
    #[must_use]
    pub fn encode(&self) -> String {
        let phase = |phase: Option<Phase>| phase.map(|phase| phase.name().to_owned());
        let price = |(quote, priced): &(Quote, Priced)| PriceFields {
            quote: quote.as_str().to_owned(),
            price: Digits(priced.price.clone()),
            timestamp: priced.at.timestamp,
            slot: priced.at.slot,
            phase: phase(priced.phase),
        };
        let minute = |(quote, addition): &(Quote, Addition)| {
            (quote.as_str().to_owned(), MinuteFields::of_addition(addition))
        };
        to_json(&Fields {
            seq: self.seq.get(),
            epoch: self.epoch.to_string(),
            quote: self.quote.as_ref().map(|quote| quote.as_str().to_owned()),
            phase: phase(self.phase),
            prices: self.prices.iter().map(price).collect(),
            minutes: self.waiting.iter().map(minute).collect(),
        })
    }

    /// Reads a response body.
    ///
    /// # Errors
    /// [`NotUnderstood`].
    pub fn decode(body: &str) -> Result<Self, NotUnderstood> {
        let fields: Fields = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
        let quote = |name: &str| Quote::parse(name).ok_or(NotUnderstood);
        let phase = |name: Option<String>| name.as_deref().and_then(Phase::parse);
        let price = |fields: PriceFields| {
            let at = ChainTime { timestamp: fields.timestamp, slot: fields.slot };
            let priced = Priced { price: fields.price.0, at, phase: phase(fields.phase) };
            Ok((quote(&fields.quote)?, priced))
        };
        let minute = |(name, minute): (String, MinuteFields)| Ok((quote(&name)?, minute.into_addition()));
        Ok(Self {
            seq: Seq::new(fields.seq),
            epoch: Epoch::parse(&fields.epoch),
            quote: fields.quote.as_deref().map(quote).transpose()?,
            phase: phase(fields.phase),
            prices: fields.prices.into_iter().map(price).collect::<Result<_, _>>()?,
            waiting: fields.minutes.into_iter().map(minute).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::decimal::Decimal;
    use crate::core::market::candle::Candle;
    use crate::core::market::example::trade;
    use crate::core::market::minute::{Group, Minute};
    use crate::core::market::observe::Watch;
    use crate::core::market::thresholds::MarketRules;
    use crate::core::tick::{Tick, Trade};
    use crate::core::time::UnixMillis;

    fn answer() -> MarketAnswer {
        let number = |text| Decimal::parse(text).unwrap();
        let at = ChainTime { timestamp: 3_665, slot: 7 };
        let (sol, none) = (Quote::parse("SOL").unwrap(), Quote::default());
        let candle = Candle::of_trade(&number("0.00007345"), &number("12.5"), at);
        let addition = Addition { minute: Minute(61), group: Group(62), candle };
        let priced = |price, phase| Priced { price: number(price), at, phase };
        MarketAnswer {
            seq: Seq::new(41),
            epoch: Epoch::Began(UnixMillis(36)),
            quote: Some(sol.clone()),
            phase: Some(Phase::Amm),
            prices: vec![
                (none.clone(), priced("1", None)),
                (sol.clone(), priced("0.00007345", Some(Phase::Amm))),
            ],
            waiting: vec![(sol, addition.clone()), (none, addition)],
        }
    }

    #[test]
    fn the_language_between_versions_is_unchanged() {
        let text = concat!(
            r#"{"seq":41,"epoch":"10","quote":"SOL","phase":"amm","#,
            r#""prices":[{"quote":"","price":"1","timestamp":3665,"slot":7},"#,
            r#"{"quote":"SOL","price":"0.00007345","timestamp":3665,"slot":7,"phase":"amm"}],"#,
            r#""minutes":[["SOL",[61,62,"0.00007345","0.00007345","0.00007345","0.00007345","12.5",1,3665,7,3665,7]],"#,
            r#"["",[61,62,"0.00007345","0.00007345","0.00007345","0.00007345","12.5",1,3665,7,3665,7]]]}"#
        );
        assert_eq!(answer().encode(), text);
        assert_eq!(MarketAnswer::decode(text), Ok(answer()));
        assert_eq!(answer().price_in(&Quote::default()).unwrap().price, Decimal::from_whole(1));
    }

    #[test]
    fn what_made_no_price_waits_all_the_same() {
        let mut market = Market::wake(None, MarketRules::default());
        let dust = Tick::Trade(Trade { value_usd: Some(Decimal::default()), ..trade(3_665, "2", "1") });
        market.observe(&dust, Seq::new(1), None, UnixMillis::from_seconds(3_666), Watch::On);
        let answer = MarketAnswer::of(&market, Seq::new(1), Epoch::Foreign);
        let [(quote, addition)] = answer.waiting.as_slice() else { panic!("{answer:?}") };
        assert_eq!((quote.as_str(), addition.candle.trades, answer.last_price()), ("SOL", 1, None));
        assert_eq!(answer.waits_since(), Some(3_665));
    }

    #[test]
    fn what_another_version_adds_or_leaves_out_is_passed_over() {
        let read = MarketAnswer::decode(r#"{"seq":0,"epoch":"","later":[1]}"#).unwrap();
        assert_eq!((read.prices, read.waiting, read.quote), (vec![], vec![], None));
        for text in ["", "[]", "{}", r#"{"seq":1,"epoch":"","quote":"a b"}"#] {
            assert_eq!(MarketAnswer::decode(text), Err(NotUnderstood), "{text}");
        }
    }
}
