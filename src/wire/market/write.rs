//! What was found on the chain as publications, with every digit. It must not judge what was found.

use super::{ADDED, LIQUIDITY, NEW_TOKEN, PHASE, PRICE_UPDATE, REMOVED, TRADE};
use crate::core::decimal::Decimal;
use crate::core::feed::Feed;
use crate::core::found::{Creation, Found, TokenLiquidity, TokenTrade};
use crate::core::idempotency::IdempotencyKey;
use crate::core::mint::Mint;
use crate::core::publication::{Keyed, Publication};
use crate::core::tick::{Phase, Quote, Side};
use crate::wire::description::kind_of;
use crate::wire::to_json;

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
    text.publication(found, mint, place)
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
    text.publication(found, mint, place)
}

/// A token that was made, as its `NEW_TOKEN`.
#[must_use]
pub fn new_token(found: &Found, creation: &Creation) -> Keyed {
    let text = Text::of(NEW_TOKEN)
        .text("name", creation.name.as_deref())
        .text("symbol", creation.symbol.as_deref())
        .text("creator", creation.creator.as_deref())
        .text("uri", creation.uri.as_deref())
        .text("source", Some(Phase::Bonding.name()));
    text.publication(found, &creation.mint, 0)
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
    text.publication(found, &liquidity.mint, liquidity.place)
}

/// That a token left its curve, as a `PHASE`.
#[must_use]
pub fn phase(found: &Found, mint: &Mint) -> Keyed {
    Text::of(PHASE).text("phase", Some(Phase::Amm.name())).publication(found, mint, 0)
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
    fn publication(self, found: &Found, mint: &Mint, place: usize) -> Keyed {
        let kind = self.kind;
        let text = self
            .value("timestamp", Some(found.at.timestamp.to_string()))
            .value("slot", Some(found.at.slot.to_string()))
            .text("signature", Some(&found.signature))
            .text("token", Some(mint.as_str()));
        let key = IdempotencyKey::of_transaction(&found.signature, kind);
        Keyed {
            publication: Publication::from_checked_object(text.json + "}"),
            key: Some(if place == 0 { key } else { key.of_item(place) }),
            feed: mint.topic().and_then(|topic| Feed::of(&topic, kind_of(kind, None))),
        }
    }
}
