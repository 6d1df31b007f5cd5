//! The pure market beside a naive model of it, through random histories: trades and prices that come late, twice or from
//! the future, minutes that are written down with a crash in between, sleep and crashes at any moment. What holds: the
//! table of candles together with what waits for it is always the chart of everything that was told, each exactly once;
//! a wake is invisible; no stored text, however broken, stops a market.
//!
//! A failure prints the shortest history that shows it and writes its seed to market_model.proptest-regressions, which
//! is replayed first from then on. `PROPTEST_CASES=100000 cargo test --release --test market_model` looks for longer.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

#[path = "model/drawing.rs"]
mod drawing;
#[path = "model/exchange.rs"]
mod exchange;

use exchange::{Crash, Exchange, Op, Told};
use glow_broadcast::core::market::Market;
use glow_broadcast::core::market::hour::Hour;
use glow_broadcast::core::market::thresholds::MarketRules;
use glow_broadcast::core::tick::{ChainTime, MAX_NUMBER};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::wire::candle_row;
use glow_broadcast::wire::market_state::{decode, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn told() -> impl Strategy<Value = Told> {
    let late = prop_oneof![4 => 0..5_i64, 3 => 5..200_i64, 1 => 200..9_000_i64, 1 => -100..0_i64];
    let price = prop_oneof![6 => 80..120_u32, 2 => 1..1_000_u32, 1 => 0..2_u32];
    let kind = prop_oneof![6 => Just(exchange::Kind::Trade), 3 => Just(exchange::Kind::Price), 1 => Just(exchange::Kind::Liquidity)];
    let rest = (0..2_usize, prop::option::of(0..3_usize), prop::option::of(0..30_000_u32), 0..40_u8);
    (kind, late, 0..3_u64, price, 0..50_u32, rest).prop_map(
        |(kind, late, slot, price, amount, (quote, trader, value_usd, key))| Told {
            kind,
            late,
            slot,
            price,
            amount,
            quote,
            trader,
            value_usd,
            key,
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let crash =
        prop_oneof![3 => Just(None), 1 => Just(Some(Crash::BeforeTable)), 2 => Just(Some(Crash::AfterTable))];
    prop_oneof![
        12 => (told(), 0..5_u64).prop_map(|(told, clock_behind)| Op::Tell { told, clock_behind }),
        1 => told().prop_map(Op::TellAndLose),
        4 => (0..40_u64).prop_map(|seconds| Op::Pass { seconds }),
        1 => (40..9_000_u64).prop_map(|seconds| Op::Pass { seconds }),
        4 => crash.prop_map(|crash| Op::Chart { crash }),
        2 => Just(Op::Publish),
        2 => Just(Op::Sleep),
    ]
}

fn config() -> ProptestConfig {
    let seeds = FileFailurePersistence::WithSource("proptest-regressions");
    let default = ProptestConfig::default();
    let cases = default.cases.max(1_000);
    ProptestConfig { cases, failure_persistence: Some(Box::new(seeds)), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_chart_is_of_everything_that_was_told_each_exactly_once(ops in vec(op(), 1..80)) {
        let mut exchange = Exchange::new();
        for op in &ops {
            exchange.run(op);
            exchange.check_chart();
        }
        exchange.settle();
        exchange.check_chart();
    }

    #[test]
    fn a_sleep_anywhere_changes_nothing_that_is_seen(ops in vec(op(), 1..60)) {
        let kept = |op: &Op| !matches!(op, Op::Sleep | Op::TellAndLose(_) | Op::Chart { crash: Some(_) });
        let ops: Vec<Op> = ops.into_iter().filter(kept).collect();
        let (mut awake, mut sleepy) = (Exchange::new(), Exchange::new());
        for op in &ops {
            awake.run(op);
            sleepy.run(op);
            sleepy.store();
            sleepy.run(&Op::Sleep);
            prop_assert_eq!(&awake.seen, &sleepy.seen);
            prop_assert_eq!(awake.market(), sleepy.market());
        }
    }

    #[test]
    fn no_number_that_a_market_remembers_is_too_large_for_the_table(
        ticks in vec((told(), any::<u64>(), any::<u64>()), 1..20),
    ) {
        let exchange = Exchange::new();
        let mut market = Market::wake(None, MarketRules::default());
        for ((told, timestamp, slot), seq) in ticks.iter().zip(1..) {
            exchange.tell_at(&mut market, told, ChainTime { timestamp: *timestamp, slot: *slot }, seq);
        }
        let mut market = Market::wake(decode(&encode(market.state().unwrap())), MarketRules::default());
        let last = market.price().map(|(_, priced)| priced.at).unwrap_or_default();
        let mut numbers = vec![last.timestamp, last.slot];
        for ((_, start), additions) in market.closed(UnixMillis(u64::MAX)).into_iter().flat_map(|flush| flush.hours) {
            let mut hour = Hour { start, ..Hour::default() };
            hour.add(additions);
            numbers.extend([start.0, hour.summary().unwrap().candle.trades]);
            prop_assert_eq!(candle_row::decode(start, &candle_row::encode(&hour)), Ok(hour));
        }
        prop_assert!(numbers.iter().all(|number| *number <= MAX_NUMBER), "{numbers:?}");
    }

    #[test]
    fn no_stored_text_stops_a_market(
        before in vec(op(), 1..20),
        after in vec(told(), 1..10),
        place in any::<prop::sample::Index>(),
        instead in "[0-9\\-\\[\\],\"ex]{0,20}",
    ) {
        let mut exchange = Exchange::new();
        for op in &before {
            exchange.run(op);
        }
        let Some(state) = exchange.market().state() else { return Ok(()) };
        let mut text = encode(state);
        let place = place.index(text.len());
        text.replace_range(place..=place, &instead);
        let mut market = Market::wake(decode(&text), MarketRules::default());
        for (told, seq) in after.iter().zip(1_000..) {
            exchange.tell_to(&mut market, told, seq);
        }
        let flush = market.closed(UnixMillis(u64::MAX));
        if let Some(flush) = flush {
            market.charted(flush.through);
        }
        prop_assert_eq!(market.next_close().filter(|close| *close < u64::MAX), None);
        let again = decode(&encode(market.state().unwrap()));
        prop_assert_eq!(again.as_ref(), market.state());
    }
}
