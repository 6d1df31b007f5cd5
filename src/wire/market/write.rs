//! What was found on the chain as publications, with every digit. It must not judge what was found.

use super::{ADDED, LIQUIDITY, NEW_TOKEN, PHASE, PRICE_UPDATE, REMOVED, TRADE};
use crate::core::decimal::Decimal;
use crate::core::feed::Feed;
use crate::core::found::{Creation, Found, TokenLiquidity, TokenTrade};
use crate::core::idempotency::IdempotencyKey;
use crate::core::mint::Mint;
use crate::core::publication::{Keyed, Publication};
use crate::core::tick::{Phase, Quote, Side};
use crate::core::topic::Topic;
use crate::wire::description::kind_of;
use crate::wire::to_json;
use crate::wire::token::TokenChange;

/// A trade as the `TRADE` of its token: amounts as texts, prices as numbers, and what it was worth in dollars where SOL's
/// price is given or not needed.
#[must_use]
pub fn trade(found: &Found, trade: &TokenTrade, sol_usd: Option<&Decimal>) -> Keyed {
    let (mint, dex, place) = (&trade.mint, trade.dex.as_deref(), trade.place);
    let trade = &trade.trade;
    let dollars = |amount| in_dollars(amount, &trade.quote, sol_usd);
    let text = Text::of(TRADE)
        .text("side", trade.side.map(Side::name))
        .text("amount", Some(&trade.amount.to_string()))
        .text("quoteAmount", Some(&trade.quote_amount.to_string()))
        .number("price", Some(&trade.price))
        .number("priceUsd", dollars(&trade.price).as_ref())
        .number("valueUsd", dollars(&trade.quote_amount).as_ref())
        .text("quote", Some(trade.quote.as_str()))
        .text("trader", trade.trader.as_deref())
        .text("pool", trade.pool.as_deref())
        .text("dex", dex)
        .text("source", trade.phase.map(Phase::name));
    text.publication(found, &Topic::of_mint(mint), place)
}

/// The price of a trade as a `PRICE_UPDATE` of its token.
#[must_use]
pub fn price_update(found: &Found, trade: &TokenTrade, sol_usd: Option<&Decimal>) -> Keyed {
    let (mint, place, trade) = (&trade.mint, trade.place, &trade.trade);
    let text = Text::of(PRICE_UPDATE)
        .number("price", Some(&trade.price))
        .text("quote", Some(trade.quote.as_str()))
        .number("priceUsd", in_dollars(&trade.price, &trade.quote, sol_usd).as_ref())
        .text("source", trade.phase.map(Phase::name));
    text.publication(found, &Topic::of_mint(mint), place)
}

/// A token that was made, as its `NEW_TOKEN`: what is written down of it, under the names that a publisher's has.
#[must_use]
pub fn new_token(found: &Found, creation: &Creation) -> Keyed {
    let TokenChange { name, symbol, uri, creator, supply, .. } = TokenChange::of_creation(creation);
    let text = Text::of(NEW_TOKEN)
        .text("name", name.value().map(String::as_str))
        .text("symbol", symbol.value().map(String::as_str))
        .text("creator", creator.value().map(String::as_str))
        .text("uri", uri.value().map(String::as_str))
        .text("totalSupply", supply.value().map(Decimal::to_string).as_deref())
        .text("source", Some(Phase::Bonding.name()));
    text.publication(found, &Topic::of_mint(&creation.mint), 0)
}

/// Liquidity that came or went, as a `LIQUIDITY` of its token.
#[must_use]
pub fn liquidity(found: &Found, liquidity: &TokenLiquidity, sol_usd: Option<&Decimal>) -> Keyed {
    let change = &liquidity.change;
    let is_added = change.change.is_positive();
    let amount = if is_added { change.change.clone() } else { Decimal::default().minus(&change.change) };
    let text = Text::of(LIQUIDITY)
        .text("action", Some(if is_added { ADDED } else { REMOVED }))
        .text("pool", Some(&change.pool))
        .text("quote", Some(change.quote.as_str()))
        .text("quoteAmount", Some(&amount.to_string()))
        .number("valueUsd", in_dollars(&amount, &change.quote, sol_usd).as_ref())
        .text("trader", change.trader.as_deref())
        .text("dex", liquidity.dex.as_deref())
        .text("source", Some(Phase::Amm.name()));
    text.publication(found, &Topic::of_mint(&liquidity.mint), liquidity.place)
}

/// That a token left its curve, as a `PHASE`.
#[must_use]
pub fn phase(found: &Found, mint: &Mint) -> Keyed {
    let text = Text::of(PHASE).text("phase", Some(Phase::Amm.name()));
    text.publication(found, &Topic::of_mint(mint), 0)
}

/// What SOL costs in dollars, as a `PRICE_UPDATE` of that market, with whose trade made it.
#[must_use]
pub fn reference(found: &Found, price: &Decimal, topic: &Topic) -> Keyed {
    let text = Text::of(PRICE_UPDATE)
        .number("price", Some(price))
        .text("quote", Some("USD"))
        .text("trader", found.trader.as_deref());
    text.publication(found, topic, 0)
}

/// An amount of a quote in dollars, where that is known.
fn in_dollars(amount: &Decimal, quote: &Quote, sol_usd: Option<&Decimal>) -> Option<Decimal> {
    if quote.is_dollar() {
        return Some(amount.clone());
    }
    sol_usd.filter(|_| quote.is_sol()).map(|sol_usd| amount.times(sol_usd).rounded())
}

/// An object that is being written.
struct Text {
    kind: &'static str,
    json: String,
}

impl Text {
    fn of(kind: &'static str) -> Self {
        Self { kind, json: format!("{{\"type\":\"{kind}\"") }
    }

    fn text(self, name: &str, value: Option<&str>) -> Self {
        self.value(name, value.map(|value| to_json(&value)))
    }

    fn number(self, name: &str, value: Option<&Decimal>) -> Self {
        self.value(name, value.map(Decimal::to_string))
    }

    /// Adds a field; a value that isn't known is left out.
    fn value(mut self, name: &str, json: Option<String>) -> Self {
        if let Some(json) = json {
            self.json.extend([",\"", name, "\":", &json]);
        }
        self
    }

    /// Ends it with what every publication says of its transaction. The key of the first of a kind is the one that a
    /// publisher has who posts the same himself.
    fn publication(self, found: &Found, topic: &Topic, place: usize) -> Keyed {
        let kind = self.kind;
        let text = self
            .value("timestamp", Some(found.at.timestamp.to_string()))
            .value("slot", Some(found.at.slot.to_string()))
            .text("signature", Some(&found.signature))
            .text("token", Some(topic.as_str()));
        let key = IdempotencyKey::of_transaction(&found.signature, kind);
        Keyed {
            key: Some(if place == 0 { key } else { key.of_item(place) }),
            feed: Feed::of(topic, kind_of(kind, None)),
            ..Keyed::bare(Publication::from_checked_object(text.json + "}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::tick::{ChainTime, LiquidityChange, NewToken, Tick, Trade};
    use crate::wire::market::tick;
    use crate::wire::payload;

    const MINT: &str = "So11111111111111111111111111111111111111112";

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn found() -> Found {
        let at = ChainTime { timestamp: 1_700_000_000, slot: 42 };
        Found { signature: "5xy".into(), at, ..Found::default() }
    }

    fn bought(quote: &str, place: usize) -> TokenTrade {
        TokenTrade {
            mint: Mint::parse(MINT).unwrap(),
            place,
            dex: Some("PumpSwap".into()),
            trade: Trade {
                at: found().at,
                side: Some(Side::Buy),
                amount: number("33970.733092"),
                quote_amount: number("1.881912085"),
                price: number("0.000055398041599614002231"),
                quote: Quote::parse(quote).unwrap(),
                value_usd: None,
                phase: Some(Phase::Amm),
                trader: Some("ana".into()),
                pool: Some("pool".into()),
            },
        }
    }

    fn creation(name: &str) -> Creation {
        let mint = Mint::parse(MINT).unwrap();
        let supply = Some(number("1000000000.000001"));
        Creation {
            mint,
            creator: None,
            name: Some(name.into()),
            symbol: Some("DROP".into()),
            uri: None,
            supply,
        }
    }

    fn withdrawn() -> TokenLiquidity {
        TokenLiquidity {
            mint: Mint::parse(MINT).unwrap(),
            place: 0,
            change: LiquidityChange {
                at: found().at,
                pool: "pool".into(),
                quote: Quote::parse("SOL").unwrap(),
                change: number("-4.5"),
                trader: Some("ana".into()),
            },
            dex: None,
        }
    }

    #[test]
    fn a_trade_is_written_with_every_digit_and_in_dollars_where_they_are_known() {
        let json = |quote, sol_usd: Option<&str>| {
            let keyed = trade(&found(), &bought(quote, 0), sol_usd.map(number).as_ref());
            keyed.publication.as_json().to_owned()
        };
        assert_eq!(
            json("SOL", Some("150")),
            concat!(
                r#"{"type":"TRADE","side":"buy","amount":"33970.733092","quoteAmount":"1.881912085","#,
                r#""price":0.000055398041599614002231,"priceUsd":0.0083097062399421003346,"valueUsd":282.28681275,"#,
                r#""quote":"SOL","trader":"ana","pool":"pool","dex":"PumpSwap","source":"amm","#,
                r#""timestamp":1700000000,"slot":42,"signature":"5xy","#,
                r#""token":"So11111111111111111111111111111111111111112"}"#
            )
        );
        assert!(!json("SOL", None).contains("Usd"), "nobody knows what SOL costs");
        assert!(
            json("USDC", None).contains(r#""priceUsd":0.000055398041599614002231,"valueUsd":1.881912085"#)
        );
    }

    #[test]
    fn what_is_written_keeps_the_rules_that_publishers_keep_and_has_the_key_that_theirs_would_have() {
        let topic = Topic::of_mint(&Mint::parse(MINT).unwrap());
        for keyed in [
            trade(&found(), &bought("SOL", 0), None),
            price_update(&found(), &bought("SOL", 0), None),
            new_token(&found(), &creation("a \"name\" 🚀")),
            liquidity(&found(), &withdrawn(), Some(&number("150"))),
            phase(&found(), &Mint::parse(MINT).unwrap()),
        ] {
            let json = keyed.publication.as_json().to_owned();
            assert_eq!(payload::publication(&topic, json.as_bytes()).as_ref(), Ok(&keyed), "{json}");
        }
    }

    #[test]
    fn each_trade_of_a_token_in_a_transaction_has_a_key_of_its_own() {
        let key = |place| trade(&found(), &bought("SOL", place), None).key;
        let price_key = |place| price_update(&found(), &bought("SOL", place), None).key;
        let keys = [key(0), key(1), key(2), price_key(0), price_key(1)];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys.iter().skip(index + 1).any(|other| other == key), "{index}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_what_it_was() {
        let read = |keyed: Keyed| tick(&keyed.publication, 0);
        let dollars = Some(number("282.28681275"));
        let expected = Trade { value_usd: dollars, ..bought("SOL", 0).trade };
        let written = trade(&found(), &bought("SOL", 0), Some(&number("150")));
        assert_eq!(read(written), Some(Tick::Trade(expected)));
        let change = read(liquidity(&found(), &withdrawn(), None));
        assert_eq!(change, Some(Tick::Liquidity(withdrawn().change)));
        let made = NewToken { symbol: Some("DROP".into()), supply: number("1000000000.000001") };
        assert_eq!(read(new_token(&found(), &creation("Drop"))), Some(Tick::NewToken(made)));
        assert_eq!(read(phase(&found(), &bought("SOL", 0).mint)), None);
    }
}
