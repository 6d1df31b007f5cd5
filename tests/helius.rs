//! Webhooks of Helius, read from the first byte to what is published: the project's own payloads, and real ones where
//! they are at hand.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use glow_broadcast::core::decimal::Decimal;
use glow_broadcast::core::found::{Creation, Found, TokenTrade};
use glow_broadcast::core::mint::Mint;
use glow_broadcast::core::tick::{Phase, Side};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::ingest::helius::{self, MAX_TRANSACTIONS, Misunderstood, Webhook, WebhookError};
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
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
        assert_eq!(webhook.unexplained.len(), 0, "{name}: {:?}", webhook.unexplained);
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

/// More real payloads, and the trades that they hold in units. `None`, and a line that says so, where they are not at hand.
fn more_real() -> Option<(PathBuf, Vec<Value>)> {
    let folder = project().join("../shared/fixtures/helius-2");
    let Ok(text) = fs::read_to_string(folder.join("expected.json")) else {
        println!("skipped: {} is not there", folder.display());
        return None;
    };
    Some((folder, serde_json::from_str(&text).unwrap()))
}

#[test]
fn every_hop_of_real_routes_is_read_at_what_its_pool_saw() {
    let Some((folder, rows)) = more_real() else { return };
    for row in &rows {
        let webhook = read(&folder.join(text(row, "file")));
        let trades: Vec<_> = webhook.found.iter().flat_map(|found| &found.trades).collect();
        let expected = row.get("trades").and_then(Value::as_array).unwrap();
        assert_eq!(webhook.unexplained.len(), 0, "{row}: {:?}", webhook.unexplained);
        assert_eq!(trades.len(), expected.len(), "{row}, not {trades:?}");
        for (trade, row) in trades.iter().zip(expected) {
            assert_eq!(trade.trade.side, Side::parse(text(row, "side")), "{row}");
            if row.get("mint").is_some() {
                let amount = |field, decimals_field| {
                    Decimal::from_units(text(row, field).parse().unwrap(), decimals(row, decimals_field))
                };
                assert_eq!(trade.mint.as_str(), text(row, "mint"));
                assert_eq!(trade.trade.amount, amount("base_raw", "base_decimals"), "{row}");
                assert_eq!(trade.trade.quote_amount, amount("quote_raw", "quote_decimals"), "{row}");
                assert_eq!(trade.trade.quote.as_str(), text(row, "quote_symbol"), "{row}");
            }
        }
    }
}

#[test]
fn a_real_batch_is_read_to_its_end_whatever_is_in_between() {
    let Some((folder, _)) = real() else { return };
    let webhook = read(&folder.join("45_batch_50_real_mixed.json"));
    assert_eq!((webhook.transactions, webhook.duplicates, webhook.skipped.len()), (50, 0, 0));
    assert_eq!(webhook.unexplained.len(), 0, "{:?}", webhook.unexplained);
    let slots: Vec<_> = webhook.found.iter().map(|found| found.at.slot).collect();
    assert!(slots.is_sorted(), "{slots:?}");
    let pools: Vec<_> = webhook
        .found
        .iter()
        .flat_map(|found| &found.trades)
        .map(|trade| trade.trade.pool.as_deref().unwrap().chars().take(6).collect::<String>())
        .collect();
    assert_eq!(pools, ["BCuk3J", "FPbp7m", "E5tLAo", "DhcC4f"], "hops of two routes");
    let references = webhook.found.iter().filter_map(|found: &Found| found.sol_usd.as_ref());
    let bounds = (Decimal::from_whole(130), Decimal::from_whole(160));
    assert_eq!(references.filter(|price| **price > bounds.0 && **price < bounds.1).count(), 6);
}

/// What was found in one of the project's own payloads, a line for each thing.
fn lines(name: &str) -> Vec<String> {
    let webhook = read(&project().join("tests/fixtures/helius").join(format!("{name}.json")));
    webhook.found.iter().flat_map(lines_of).collect()
}

fn lines_of(found: &Found) -> Vec<String> {
    let head = |mint: &Mint| mint.as_str().chars().take(4).collect::<String>();
    let trades = found.trades.iter().map(|TokenTrade { mint, trade, dex, .. }| {
        let (side, phase) = (trade.side.map_or("?", Side::name), trade.phase.map_or("?", Phase::name));
        let dex = dex.as_deref().unwrap_or("?");
        let (amount, quote_amount, quote) = (&trade.amount, &trade.quote_amount, trade.quote.as_str());
        format!(
            "{side} {amount} {} for {quote_amount} {quote} at {}, {phase}, {dex}",
            head(mint),
            trade.price
        )
    });
    let liquidity = found.liquidity.iter().map(|liquidity| {
        let change = &liquidity.change;
        format!("{}: {} {} of liquidity", head(&liquidity.mint), change.change, change.quote.as_str())
    });
    let creations = found.creations.iter().map(|creation| {
        let text = |text: &Option<Rc<str>>| text.clone().unwrap_or_else(|| "?".into());
        let Creation { mint, creator, name, symbol, uri, .. } = creation;
        let creator: String = text(creator).chars().take(4).collect();
        format!("new {}: {} ({}) {} by {creator}", head(mint), text(name), text(symbol), text(uri))
    });
    let migrations = found.migrations.iter().map(|mint| format!("{} leaves its curve", head(mint)));
    let reference = found.sol_usd.iter().map(|price| format!("one SOL for {price} dollars"));
    trades.chain(liquidity).chain(creations).chain(migrations).chain(reference).collect()
}

#[test]
fn a_trade_is_what_its_pool_got_and_gave_whatever_the_payload_calls_it() {
    for (name, expected) in [
        ("bonding-buy", "buy 2000000 5aca for 0.5 SOL at 0.00000025, bonding, Pump.fun"),
        ("bonding-sell", "sell 4000000 5aca for 1 SOL at 0.00000025, bonding, Pump.fun"),
        ("pumpswap-buy-with-a-wrong-event", "buy 100000 GRZt for 2 SOL at 0.00002, amm, PumpSwap"),
        ("sell-typed-close-account", "sell 1500 5SSp for 3 SOL at 0.002, amm, Raydium"),
        ("quote-filled-by-a-market-maker", "buy 2.5 GRZt for 10 USDC at 4, amm, ?"),
        ("order-filled-for-somebody", "buy 50 GRZt for 100 USDC at 2, amm, Raydium CLMM"),
        (
            "amounts-past-64-bits",
            "buy 18446744073.709551616 5SSp for 9223372036.854775808 SOL at 0.5, amm, PumpSwap",
        ),
        (
            "curve-told-by-transfers",
            "buy 1200000.000001 5aca for 0.6 SOL at 0.00000049999999999958333333, bonding, Pump.fun",
        ),
    ] {
        assert_eq!(lines(name), [expected], "{name}");
    }
}

#[test]
fn a_raw_transaction_is_read_as_the_enhanced_one_of_it_is() {
    assert_eq!(lines("raw-bonding-buy"), lines("bonding-buy"));
    let read = |name: &str| read(&project().join(format!("tests/fixtures/helius/{name}.json")));
    assert_eq!(read("raw-bonding-buy").found, read("bonding-buy").found);
}

#[test]
fn each_pool_of_a_transaction_has_a_trade_of_its_own() {
    assert_eq!(
        lines("two-pools"),
        ["sell 20 GRZt for 40 USDC at 2, amm, Raydium CLMM", "sell 10 GRZt for 19 USDC at 1.9, amm, Orca",]
    );
    assert_eq!(
        lines("arbitrage"),
        ["buy 10 GRZt for 1 SOL at 0.1, amm, Raydium CLMM", "sell 10 GRZt for 1.1 SOL at 0.11, amm, Orca",]
    );
    let webhook = read(&project().join("tests/fixtures/helius/two-pools.json"));
    let trades = webhook.found.iter().flat_map(|found| &found.trades);
    assert_eq!(trades.map(|trade| trade.place).collect::<Vec<_>>(), [0, 1], "each has a key of its own");
}

#[test]
fn pools_of_one_authority_are_told_apart() {
    assert_eq!(
        lines("arbitrage-of-one-authority"),
        [
            "buy 10 GRZt for 1 SOL at 0.1, amm, Meteora DAMM v2",
            "sell 9.9 GRZt for 0.9999 SOL at 0.101, amm, Meteora DAMM v2",
        ]
    );
}

#[test]
fn what_is_no_trade_is_none() {
    for name in ["failed", "nft-sale", "raw", "no-trades"] {
        assert_eq!(lines(name), [""; 0], "{name}");
    }
    let sol = lines("sol-for-dollars-over-two-pools");
    assert_eq!(sol, ["one SOL for 150.15 dollars"], "what was paid at the start of the route");
}

#[test]
fn liquidity_and_the_lives_of_tokens_are_no_trades_but_are_told() {
    let changes = ["GRZt: 5 SOL of liquidity", "GRZt: -4 SOL of liquidity"];
    assert_eq!(lines("liquidity"), changes, "in the order of the chain");
    assert_eq!(lines("migrate"), ["5aca: 84.990359 SOL of liquidity", "5aca leaves its curve"]);
    assert_eq!(
        lines("create"),
        [
            "new 91Jr: Häufchen \"Glück\" 🚀 (GLÜCK) https://example.com/1.json by 6pqM",
            "buy 30000000 6iih for 0.8 SOL at 0.000000026666666666666666667, bonding, Pump.fun",
            "new 6iih: Second (TWO) https://example.com/2.json by AY6k",
            "new 5bqK: ? (?) ? by AY6k",
        ]
    );
}

#[test]
fn one_bad_transaction_does_not_lose_the_others_and_is_counted() {
    let webhook = read(&project().join("tests/fixtures/helius/garbage.json"));
    assert_eq!((webhook.transactions, webhook.trades()), (12, 1));
    let reasons: Vec<_> = webhook.skipped.iter().map(|(_, reason)| *reason).collect();
    let (shape, signature, amount) =
        (Misunderstood::Shape, Misunderstood::NoSignature, Misunderstood::Amount);
    let expected = [shape, shape, shape, shape, shape, signature, signature, shape, amount, amount];
    assert_eq!(reasons, expected);
}

#[test]
fn transactions_are_in_the_order_of_the_chain_and_a_repeat_is_left_out() {
    let name = "twice-and-out-of-order";
    let webhook = read(&project().join(format!("tests/fixtures/helius/{name}.json")));
    assert_eq!((webhook.transactions, webhook.duplicates), (4, 1));
    let slots: Vec<_> = webhook.found.iter().map(|found| found.at.slot).collect();
    assert_eq!(slots, [20, 30, 30]);
    let prices: Vec<_> = webhook
        .found
        .iter()
        .flat_map(|found| &found.trades)
        .map(|trade| trade.trade.price.to_string())
        .collect();
    assert_eq!(prices, ["2", "3", "4"], "those of one slot as they stand");
}

#[test]
fn what_is_no_array_is_an_error() {
    let read = |body| helius::read(body, RECEIVED);
    for body in ["", "[", "nonsense", "[1,]", "[]{}"] {
        assert!(matches!(read(body), Err(WebhookError::NotJson { .. })), "{body}");
    }
    for body in ["{}", "7", "null", r#""[]""#] {
        assert_eq!(read(body), Err(WebhookError::NotAnArray), "{body}");
    }
    assert_eq!(read("[]"), Ok(Webhook::default()));
    let many = format!("[{}0]", "0,".repeat(MAX_TRANSACTIONS));
    assert_eq!(read(&many), Err(WebhookError::TooMany { count: MAX_TRANSACTIONS + 1 }));
}

#[test]
fn what_a_payload_does_not_say_loses_no_trade() {
    let whole = fs::read_to_string(project().join("tests/fixtures/helius/bonding-buy.json")).unwrap();
    let mut body: Value = serde_json::from_str(&whole).unwrap();
    let told = |body: &Value| {
        let webhook = helius::read(&body.to_string(), RECEIVED).unwrap();
        webhook.found.first().unwrap().clone()
    };
    let transaction = body.pointer_mut("/0").unwrap().as_object_mut().unwrap();
    for field in
        ["slot", "timestamp", "feePayer", "instructions", "type", "tokenTransfers", "events", "source"]
    {
        transaction.insert(field.to_owned(), Value::Null);
    }
    let found = told(&body);
    let [TokenTrade { trade, dex, .. }] = found.trades.as_slice() else { panic!("{found:?}") };
    assert_eq!((trade.at.timestamp, trade.at.slot), (RECEIVED.seconds(), 0));
    assert_eq!((trade.trader.as_deref(), dex.as_deref()), (None, None));
    assert_eq!(trade.phase, Some(Phase::Bonding), "SOL that is not wrapped is a curve's");
    assert_eq!(trade.price.to_string(), "0.00000025");
}

/// The names of what is looked for.
const NAMES: [&str; 20] = [
    "signature",
    "slot",
    "feePayer",
    "accountData",
    "account",
    "nativeBalanceChange",
    "tokenBalanceChanges",
    "userAccount",
    "mint",
    "rawTokenAmount",
    "tokenAmount",
    "decimals",
    "tokenTransfers",
    "fromUserAccount",
    "instructions",
    "programId",
    "accounts",
    "innerInstructions",
    "data",
    "transactionError",
];

/// JSON of any shape, with those names.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9A-Za-z]{0,44}".prop_map(Value::from),
        Just(Value::from("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P")),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        let name = select(NAMES.as_slice()).prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            hash_map(name, inner, 0..8).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A pool that sells `base` units for so many of SOL.
fn bought(base: u64, decimals: u8, lamports: u64) -> String {
    let pool = "CHUUes1bYVwueBnAiFGU2yeCrziSkKZf9dzhxmAdhsby";
    let change = |mint: &str, units: i128, decimals: u8| {
        let amount = format!(r#"{{"tokenAmount":"{units}","decimals":{decimals}}}"#);
        format!(r#"{{"userAccount":"{pool}","mint":"{mint}","rawTokenAmount":{amount}}}"#)
    };
    let token = change("GRZt4B38Dxj3FWE79FeTNudcZZoaMkEUNw4na9KrRcWa", -i128::from(base), decimals);
    let sol = change("So11111111111111111111111111111111111111112", lamports.into(), 9);
    format!(r#"[{{"signature":"s","accountData":[{{"tokenBalanceChanges":[{token},{sol}]}}]}}]"#)
}

proptest! {
    #[test]
    fn no_json_is_a_surprise(items in vec(any_json(), 0..4)) {
        let webhook = helius::read(&Value::from(items.clone()).to_string(), RECEIVED).unwrap();
        prop_assert_eq!(webhook.transactions, items.len());
    }

    #[test]
    fn a_price_is_exact_for_any_amounts_and_grows_with_what_was_paid(
        base in 1..u64::MAX, lamports in 1..u64::MAX / 1_000, decimals in 0..=12_u8, factor in 1..1_000_u64,
    ) {
        prop_assume!(decimals > 0 || base > 1);
        let price = |lamports| {
            let webhook = helius::read(&bought(base, decimals, lamports), RECEIVED).unwrap();
            webhook.found.first().unwrap().trades.first().unwrap().trade.price.clone()
        };
        let (once, more) = (price(lamports), price(lamports * factor));
        prop_assert!(is_close(&once.times(&Decimal::from_whole(factor)), &more), "{once} × {factor} = {more}");
        let paid = once.times(&Decimal::from_units(base.into(), decimals));
        prop_assert!(is_close(&paid, &Decimal::from_units(lamports.into(), 9)), "{paid}");
    }
}
