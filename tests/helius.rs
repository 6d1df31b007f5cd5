//! Webhooks of Helius, read from the first byte to what is published: the project's own payloads, and real ones where
//! they are at hand.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use glow_broadcast::core::decimal::Decimal;
use glow_broadcast::core::found::{Found, TokenTrade};
use glow_broadcast::core::tick::Side;
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::ingest::helius::{self, Webhook};
use serde_json::Value;

const RECEIVED: UnixMillis = UnixMillis(1_800_000_000_123);

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Webhook {
    helius::read(&fs::read_to_string(path).unwrap(), RECEIVED).unwrap()
}

/// Real payloads, and what they hold. `None`, and a line that says so, where they are not at hand.
fn real() -> Option<(PathBuf, Vec<Value>)> {
    let folder = project().join("../shared/fixtures/helius");
    let Ok(text) = fs::read_to_string(folder.join("expected.json")) else {
        println!("skipped: {} is not there", folder.display());
        return None;
    };
    Some((folder, serde_json::from_str(&text).unwrap()))
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap()
}

fn decimals(row: &Value, field: &str) -> u8 {
    row.get(field).and_then(Value::as_u64).unwrap().try_into().unwrap()
}

/// Whether two numbers are the same but for the last digits that anybody writes.
fn is_close(one: &Decimal, other: &Decimal) -> bool {
    let difference = one.over(other).unwrap().minus(&Decimal::from_whole(1));
    let bound = Decimal::parse("1e-12").unwrap();
    difference < bound && difference > Decimal::default().minus(&bound)
}

/// Whether a trade is the one that a row expects. One sample counts a mint with 9 decimals, as the chain does, where its
/// row has 6: units are compared, and the row's price is brought to the payload's decimals.
fn is_expected(trade: &TokenTrade, row: &Value) -> bool {
    let units = |field| text(row, field).parse::<i128>().unwrap();
    let told = if text(row, "mint") == "7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr" {
        9
    } else {
        decimals(row, "base_decimals")
    };
    let scale = Decimal::from_units(1, told).over(&Decimal::from_units(1, decimals(row, "base_decimals")));
    let price = Decimal::parse(text(row, "price")).unwrap().over(&scale.unwrap()).unwrap();
    let side = match text(row, "side") {
        "both" => trade.trade.side.is_some(),
        side => trade.trade.side == Side::parse(side),
    };
    side && trade.mint.as_str() == text(row, "mint")
        && trade.trade.quote.as_str() == text(row, "quote_symbol")
        && trade.trade.amount == Decimal::from_units(units("base_raw"), told)
        && trade.trade.quote_amount
            == Decimal::from_units(units("quote_raw"), decimals(row, "quote_decimals"))
        && is_close(&trade.trade.price, &price)
}

#[test]
fn every_real_payload_holds_the_trades_that_are_expected_of_it_and_no_other() {
    let Some((folder, rows)) = real() else { return };
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // The batch is not described: it has a test of its own.
        if name == "expected.json" || name.starts_with("45_") {
            continue;
        }
        let webhook = read(&path);
        let rows: Vec<_> = rows.iter().filter(|row| text(row, "file") == name).collect();
        let trades: Vec<_> = webhook.found.iter().flat_map(|found| &found.trades).collect();
        let expected = rows.iter().filter(|row| matches!(text(row, "kind"), "trade" | "hop"));
        assert_eq!(trades.len(), expected.clone().count(), "{name}");
        for row in expected {
            assert!(trades.iter().any(|trade| is_expected(trade, row)), "{name}: {row}, not {trades:?}");
        }
        for row in rows.iter().filter(|row| text(row, "kind") == "sol_usd") {
            let price = webhook.found.iter().find_map(|found| found.sol_usd.clone());
            assert_eq!(price, Decimal::parse(text(row, "price")), "{name}");
        }
        for row in rows.iter().filter(|row| text(row, "kind") == "pool_seed") {
            let added: Vec<_> = webhook.found.iter().flat_map(|found| &found.liquidity).collect();
            let units = text(row, "quote_raw").parse().unwrap();
            let [seed] = added.as_slice() else { panic!("{name}: {added:?}") };
            assert_eq!(seed.change.change, Decimal::from_units(units, 9), "{name}");
        }
    }
}

#[test]
fn a_real_batch_is_read_to_its_end_whatever_is_in_between() {
    let Some((folder, _)) = real() else { return };
    let webhook = read(&folder.join("45_batch_50_real_mixed.json"));
    assert_eq!((webhook.transactions, webhook.duplicates, webhook.skipped.len()), (50, 0, 0));
    let slots: Vec<_> = webhook.found.iter().map(|found| found.at.slot).collect();
    assert!(slots.is_sorted(), "{slots:?}");
    let pools: Vec<_> = webhook
        .found
        .iter()
        .flat_map(|found| &found.trades)
        .map(|trade| trade.trade.pool.as_deref().unwrap().chars().take(6).collect::<String>())
        .collect();
    assert_eq!(pools, ["BCuk3J", "DhcC4f", "E5tLAo"], "hops of two routes");
    let references = webhook.found.iter().filter_map(|found: &Found| found.sol_usd.as_ref());
    let bounds = (Decimal::from_whole(130), Decimal::from_whole(160));
    assert_eq!(references.filter(|price| **price > bounds.0 && **price < bounds.1).count(), 6);
}
