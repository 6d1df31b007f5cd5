//! The pure room beside a naive model of it, through random histories: posts and repeats, subscribers that come, are
//! cut off and resume, sleep and crashes at any moment, weeks that pass. What holds: every subscriber gets every
//! message exactly once and in order or is told honestly what it missed, an acknowledged message is never lost, a
//! repeat changes nothing, and a wake is invisible. And its chart: the table of minutes together with what the room still
//! holds is every trade once, whatever becomes of a write, and the room's alarms are enough to have it all written down.
//!
//! A failure prints the shortest history that shows it and writes its seed to room_model.proptest-regressions, which is
//! replayed first from then on. `PROPTEST_CASES=100000 cargo test --release --test room_model` looks for longer.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

#[path = "model/drawing.rs"]
mod drawing;
#[path = "model/ledger.rs"]
mod ledger;
#[path = "model/world.rs"]
mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use world::{Op, SUBSCRIBERS, World};

fn op() -> impl Strategy<Value = Op> {
    let late = prop_oneof![4 => 0..90_u64, 1 => 90..9_000_u64];
    let trade = prop::option::weighted(0.5, (late, 1..9_u8, 0..9_u8));
    let publication = (prop::option::weighted(0.4, 0..6_u8), 0..60_usize, trade);
    prop_oneof![
        6 => vec(publication, 1..4).prop_map(Op::Post),
        5 => Just(Op::BeginBatch),
        5 => Just(Op::FinishBatch),
        4 => (0..SUBSCRIBERS, any::<bool>()).prop_map(|(who, resume)| Op::Connect { who, resume }),
        2 => (0..SUBSCRIBERS).prop_map(|who| Op::Cut { who }),
        2 => Just(Op::Sleep),
        1 => any::<bool>().prop_map(|was_durable| Op::Crash { was_durable }),
        1 => (1..20_u64).prop_map(|days| Op::Pass { days }),
        3 => (1..100_u64).prop_map(|seconds| Op::Wait { seconds }),
        2 => Just(Op::Alarm),
        2 => any::<bool>().prop_map(|succeeds| Op::Write { succeeds }),
    ]
}

fn history_size() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(1_usize), 3 => 2..6_usize, 2 => 6..20_usize]
}

fn config() -> ProptestConfig {
    let seeds = FileFailurePersistence::WithSource("proptest-regressions");
    let default = ProptestConfig::default();
    let cases = default.cases.max(2_000);
    ProptestConfig { cases, failure_persistence: Some(Box::new(seeds)), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn everybody_gets_everything_once_in_order_or_is_told_what_not(
        size in history_size(),
        ops in vec(op(), 1..80),
    ) {
        let mut world = World::new(size);
        for op in &ops {
            world.run(op);
        }
        world.settle();
    }

    #[test]
    fn a_sleep_anywhere_changes_nothing_that_is_seen(
        size in history_size(),
        ops in vec(op(), 1..60),
    ) {
        let ops: Vec<Op> = ops.into_iter().filter(|op| !matches!(op, Op::Sleep | Op::Alarm)).collect();
        let (mut awake, mut sleepy) = (World::new(size), World::new(size));
        for op in &ops {
            awake.run(op);
            sleepy.run(op);
            sleepy.run(&Op::Sleep);
        }
        awake.settle();
        sleepy.settle();
        prop_assert_eq!(awake.transcript, sleepy.transcript);
    }
}
