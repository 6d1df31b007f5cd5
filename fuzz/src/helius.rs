//! What has to hold of a webhook of Helius: each transaction is read as if it were alone, and what is published of it is
//! a payload like any other. It must not know how a trade is found.

use std::collections::BTreeSet;

use glow_broadcast::core::decimal::Decimal;
use glow_broadcast::core::found::{Found, TokenTrade};
use glow_broadcast::core::tick::Tick;
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::topic::Topic;
use glow_broadcast::ingest::helius::{self, MAX_TRANSACTIONS, Webhook};
use glow_broadcast::wire::{market, payload};

use super::json;

const RECEIVED: UnixMillis = UnixMillis(1_800_000_000_000);

/// The input is the body of a webhook.
pub fn helius(bytes: &[u8]) {
    let Ok(body) = std::str::from_utf8(bytes) else { return };
    let items = json::items(body).filter(|items| items.len() <= MAX_TRANSACTIONS);
    let read = helius::read(body, RECEIVED);
    assert_eq!(read.is_ok(), items.is_some(), "an array is read, and nothing else: {read:?}");
    if let (Ok(webhook), Some(items)) = (read, items) {
        everything_is_counted(&webhook, &items);
        each_is_as_if_alone(&webhook, &items);
        webhook.found.iter().for_each(is_published_as_a_payload);
    }
}

fn everything_is_counted(webhook: &Webhook, items: &[&str]) {
    assert_eq!(webhook.transactions, items.len());
    let told = webhook.found.len() + webhook.duplicates + webhook.skipped.len();
    assert!(told <= items.len(), "{told} of {}", items.len());
    assert!(webhook.found.is_sorted_by_key(|found| found.at.slot), "by slot");
    let signatures: BTreeSet<_> = webhook.found.iter().map(|found| &found.signature).collect();
    assert_eq!(signatures.len(), webhook.found.len(), "each signature once");
}

fn each_is_as_if_alone(webhook: &Webhook, items: &[&str]) {
    let alone: Vec<Webhook> =
        items.iter().map(|item| helius::read(&format!("[{item}]"), RECEIVED).unwrap()).collect();
    let skipped = alone.iter().filter(|alone| !alone.skipped.is_empty()).count();
    assert_eq!(webhook.skipped.len(), skipped);
    let mut found: Vec<Found> = alone.into_iter().flat_map(|alone| alone.found).collect();
    found.sort_by_key(|found| found.at.slot);
    // Of repeats it is the first that counts, also where it holds nothing.
    let mut seen = BTreeSet::new();
    found.retain(|one| {
        webhook.duplicates == 0 || (webhook.found.contains(one) && seen.insert(one.signature.clone()))
    });
    assert_eq!(webhook.found, found);
}

fn is_published_as_a_payload(found: &Found) {
    let dollars = found.sol_usd.as_ref();
    let mut published = Vec::new();
    for trade in &found.trades {
        a_price_is_what_was_paid_for_what_was_got(trade);
        let keyed = market::trade(found, trade, dollars);
        let read = market::tick(&keyed.publication, 0);
        let Some(Tick::Trade(read)) = read else { panic!("a trade is read as one: {read:?}") };
        assert_eq!((&read.amount, &read.price), (&trade.trade.amount, &trade.trade.price));
        assert_eq!((read.at, read.side, read.phase), (found.at, trade.trade.side, trade.trade.phase));
        published.push((&trade.mint, trade.place, keyed));
        published.push((&trade.mint, trade.place, market::price_update(found, trade, dollars)));
    }
    for change in &found.liquidity {
        published.push((&change.mint, change.place, market::liquidity(found, change, dollars)));
    }
    for creation in &found.creations {
        published.push((&creation.mint, 0, market::new_token(found, creation)));
    }
    for mint in &found.migrations {
        published.push((mint, 0, market::phase(found, mint)));
    }
    for (mint, place, keyed) in published {
        let json = keyed.publication.as_json();
        assert!(json::fields(json).is_some(), "an object: {json}");
        let posted = payload::publication(&Topic::of_mint(mint), json.as_bytes()).unwrap();
        assert_eq!((&posted.publication, posted.feed), (&keyed.publication, keyed.feed));
        assert_eq!(posted.key == keyed.key, place == 0, "only the first is what a publisher would post");
    }
}

fn a_price_is_what_was_paid_for_what_was_got(trade: &TokenTrade) {
    let trade = &trade.trade;
    assert!(trade.amount.is_positive() && trade.quote_amount.is_positive() && trade.price.is_positive());
    let paid = trade.price.times(&trade.amount).over(&trade.quote_amount).unwrap();
    let (one, most) = (Decimal::from_whole(1), Decimal::parse("1e-18").unwrap());
    let off = if paid > one { paid.minus(&one) } else { one.minus(&paid) };
    assert!(off <= most, "{trade:?}");
}
