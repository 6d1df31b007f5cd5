//! What was found on the chain as what goes out, in the order of the chain. It must not know whether any of it went out
//! before.

use std::rc::Rc;

use super::helius::Webhook;
use crate::core::decimal::Decimal;
use crate::core::found::{Creation, Found};
use crate::core::mint::Mint;
use crate::core::publication::{Keyed, MarketPart};
use crate::core::tick::{ChainTime, Tick};
use crate::core::topic::Topic;
use crate::wire::market;

/// Something that goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Where to.
    pub topic: Topic,
    /// What.
    pub keyed: Keyed,
    /// What it is, for who counts.
    pub kind: PostingKind,
}

/// What goes out, as far as somebody counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostingKind {
    /// A trade of a token.
    Trade,
    /// Anything else.
    Other,
}

/// Everything that a webhook tells of, with the price of SOL in dollars where it is known.
#[must_use]
pub fn of(webhook: &Webhook, sol_usd: Option<&Decimal>) -> Vec<Posting> {
    let mut postings = Vec::new();
    for found in &webhook.found {
        postings.extend(reference(found));
        for creation in &found.creations {
            postings.push(new_token(found, creation));
        }
        for trade in &found.trades {
            let tick = Tick::Trade(trade.trade.clone());
            let told = witnessed(market::trade(found, trade, sol_usd), tick);
            let price = Keyed { market: MarketPart::Proposal, ..market::price_update(found, trade, sol_usd) };
            postings.push(Posting { kind: PostingKind::Trade, ..posting(&trade.mint, told) });
            postings.push(posting(&trade.mint, price));
        }
        for liquidity in &found.liquidity {
            let tick = Tick::Liquidity(liquidity.change.clone());
            let told = witnessed(market::liquidity(found, liquidity, sol_usd), tick);
            postings.push(posting(&liquidity.mint, told));
        }
        for mint in &found.migrations {
            postings.push(posting(mint, market::phase(found, mint)));
        }
    }
    postings
}

/// The last price of SOL in dollars that a webhook tells of, and when it was that.
#[must_use]
pub fn sol_usd(webhook: &Webhook) -> Option<(&Decimal, ChainTime)> {
    webhook.found.iter().rev().find_map(|found| Some((found.sol_usd.as_ref()?, found.at)))
}

/// The price of SOL is a market's, no token's.
fn reference(found: &Found) -> Option<Posting> {
    let price = found.sol_usd.as_ref()?;
    let topic = Topic::of_sol_usd();
    let keyed = market::reference(found, price, &topic);
    let tick = market::tick(&keyed.publication, found.at.timestamp)?;
    let keyed = witnessed(keyed, tick);
    Some(Posting { topic, keyed, kind: PostingKind::Other })
}

/// A token that was made: its market learns from that how much there is of it, before any table says so.
fn new_token(found: &Found, creation: &Creation) -> Posting {
    let told = market::new_token(found, creation);
    let tick = market::tick(&told.publication, found.at.timestamp);
    posting(&creation.mint, tick.map_or(told.clone(), |tick| witnessed(told, tick)))
}

fn witnessed(keyed: Keyed, tick: Tick) -> Keyed {
    Keyed { market: MarketPart::Witnessed(Rc::new(tick)), ..keyed }
}

fn posting(mint: &Mint, keyed: Keyed) -> Posting {
    Posting { topic: Topic::of_mint(mint), keyed, kind: PostingKind::Other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::found::TokenTrade;
    use crate::core::tick::{NewToken, Quote, Trade};

    const MINT: &str = "H74CYmXgMkYHYuSRsZt6RJb4NYp2u72Vw8BS5huApump";

    fn found(sol_usd: Option<u64>) -> Found {
        let at = ChainTime { timestamp: 1_700_000_000, slot: 7 };
        let trade = Trade {
            at,
            side: None,
            amount: Decimal::from_whole(4),
            quote_amount: Decimal::from_whole(2),
            price: Decimal::parse("0.5").unwrap(),
            quote: Quote::parse("SOL").unwrap(),
            value_usd: None,
            phase: None,
            trader: None,
            pool: None,
        };
        let trade = TokenTrade { mint: Mint::parse(MINT).unwrap(), place: 0, trade, dex: None };
        Found {
            signature: Rc::from("5xy"),
            at,
            trader: Some(Rc::from("ana")),
            trades: vec![trade],
            sol_usd: sol_usd.map(Decimal::from_whole),
            ..Found::default()
        }
    }

    #[test]
    fn a_trade_goes_out_with_the_price_that_it_would_make_behind_it() {
        let webhook = Webhook { found: vec![found(None)], ..Webhook::default() };
        let postings = of(&webhook, Some(&Decimal::from_whole(150)));
        let [trade, price] = postings.as_slice() else { panic!("{postings:?}") };
        assert_eq!((trade.topic.as_str(), trade.kind), (MINT, PostingKind::Trade));
        assert!(matches!(trade.keyed.market, MarketPart::Witnessed(_)));
        assert!(trade.keyed.publication.as_json().contains(r#""priceUsd":75,"valueUsd":300"#));
        assert_eq!((price.kind, &price.keyed.market), (PostingKind::Other, &MarketPart::Proposal));
        assert!(price.keyed.publication.as_json().starts_with(r#"{"type":"PRICE_UPDATE","price":0.5"#));
    }

    #[test]
    fn a_new_token_is_something_that_the_service_saw_where_it_says_how_much_there_is_of_it() {
        let creation = |supply: Option<u64>| Creation {
            mint: Mint::parse(MINT).unwrap(),
            creator: None,
            name: None,
            symbol: Some("DROP".into()),
            uri: None,
            supply: supply.map(Decimal::from_whole),
        };
        let made = |supply| Found { creations: vec![creation(supply)], trades: vec![], ..found(None) };
        let webhook = Webhook { found: vec![made(Some(1_000_000)), made(None)], ..Webhook::default() };
        let postings = of(&webhook, None);
        let [known, unknown] = postings.as_slice() else { panic!("{postings:?}") };
        let tick = NewToken { symbol: Some("DROP".into()), supply: Decimal::from_whole(1_000_000) };
        assert_eq!(known.keyed.market, MarketPart::Witnessed(Rc::new(Tick::NewToken(tick))));
        assert!(known.keyed.publication.as_json().contains(r#""totalSupply":"1000000","source":"bonding""#));
        assert_eq!((&unknown.keyed.market, known.kind), (&MarketPart::Nothing, PostingKind::Other));
    }

    #[test]
    fn the_price_of_sol_goes_to_a_topic_of_its_own_and_to_no_feed() {
        let webhook = Webhook { found: vec![found(Some(149)), found(Some(150))], ..Webhook::default() };
        let at = ChainTime { timestamp: 1_700_000_000, slot: 7 };
        assert_eq!(sol_usd(&webhook), Some((&Decimal::from_whole(150), at)));
        let postings = of(&webhook, None);
        let first = &postings[0];
        assert_eq!((first.topic.as_str(), first.keyed.feed), ("market:SOL-USD", None));
        assert!(matches!(first.keyed.market, MarketPart::Witnessed(_)));
        assert_eq!(
            first.keyed.publication.as_json(),
            concat!(
                r#"{"type":"PRICE_UPDATE","price":149,"quote":"USD","trader":"ana","timestamp":1700000000,"slot":7,"#,
                r#""signature":"5xy","token":"market:SOL-USD"}"#
            )
        );
    }
}
