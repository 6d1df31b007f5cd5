//! Pure relays between pure rooms and naive subscribers, through random histories: publications, pushes that are lost,
//! late or come again, questions that are answered in any order, sleep and crashes at any moment, subscribers who come,
//! go and resume elsewhere, proofs of identity that end. What holds: everybody gets everything of its topics once and in
//! order or is told honestly what not, a feed and a topic together show each publication once, nobody sees what is
//! private and not its own, and every push is answered once. And whatever a room or a relay stores has an alarm that ends
//! it: what nobody has published to is forgotten once nobody wants it, and what is kept for a socket once that is gone.
//!
//! A failure prints the shortest history that shows it and writes its seed to relay_model.proptest-regressions, which is
//! replayed first from then on. `PROPTEST_CASES=100000 cargo test --release --test relay_model` looks for longer.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

#[path = "model/kept_room.rs"]
mod kept_room;
#[path = "model/reader.rs"]
mod reader;
#[path = "model/relayed.rs"]
mod relayed;
#[path = "model/truth.rs"]
mod truth;

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use reader::Shape;
use relayed::{Fate, Op, RELAYS, SUBSCRIBERS, TOPICS, Wanting, World};

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        5 => Just(Fate::Arrives),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Unanswered),
        1 => Just(Fate::Late),
    ]
}

fn wanting() -> impl Strategy<Value = Wanting> {
    prop_oneof![
        4 => Just(Wanting::Latest),
        1 => Just(Wanting::Nothing),
        1 => Just(Wanting::Recent),
        6 => Just(Wanting::Resume),
        2 => Just(Wanting::Earlier),
        1 => Just(Wanting::Foreign),
        1 => Just(Wanting::Future),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![3 => Just(Shape::Native), 1 => Just(Shape::Trades)]
}

fn topics() -> impl Strategy<Value = BTreeSet<usize>> {
    btree_set(0..TOPICS.len(), 1..=TOPICS.len())
}

fn op() -> impl Strategy<Value = Op> {
    let (topic, relay, who) = (0..TOPICS.len(), 0..RELAYS, 0..SUBSCRIBERS);
    let subscribe = (who.clone(), topics(), shape(), wanting())
        .prop_map(|(who, topics, shape, past)| Op::Subscribe { who, topics, shape, past });
    let unsubscribe = (who.clone(), topics(), shape()).prop_map(|(who, topics, shape)| Op::Unsubscribe {
        who,
        topics,
        shape,
    });
    let open_topic = (who.clone(), relay.clone(), topic.clone(), any::<bool>())
        .prop_map(|(who, relay, topic, resume)| Op::OpenTopic { who, relay, topic, resume });
    let messages = prop_oneof![
        8 => (topic.clone(), 1..4_u64).prop_map(|(topic, count)| Op::Publish { topic, count }),
        8 => topic.clone().prop_map(|topic| Op::Hand { topic }),
        4 => any::<bool>().prop_map(|again| Op::Forward { again }),
        1 => topic.clone().prop_map(|topic| Op::Probe { topic }),
        16 => (topic.clone(), relay.clone(), fate())
            .prop_map(|(topic, relay, fate)| Op::Push { topic, relay, fate }),
        2 => (0..8_usize).prop_map(|which| Op::LatePush { which }),
        14 => (0..8_usize, prop::bool::weighted(0.08), prop::bool::weighted(0.9))
            .prop_map(|(which, is_lost, has_budget)| Op::Question { which, is_lost, has_budget }),
        1 => (0..8_usize, prop::bool::weighted(0.2)).prop_map(|(which, is_lost)| Op::Leave { which, is_lost }),
        1 => topic.clone().prop_map(|topic| Op::Ring { topic }),
    ];
    let people = prop_oneof![
        5 => (who.clone(), relay.clone()).prop_map(|(who, relay)| Op::Open { who, relay }),
        2 => open_topic,
        9 => subscribe,
        2 => unsubscribe,
        3 => (who.clone(), any::<bool>(), 1..20_u64)
            .prop_map(|(who, is_ana, minutes)| Op::Authenticate { who, is_ana, minutes }),
        2 => who.prop_map(|who| Op::Cut { who }),
        2 => relay.clone().prop_map(|relay| Op::Reap { relay }),
    ];
    let weather = prop_oneof![
        4 => (relay.clone(), any::<bool>()).prop_map(|(relay, is_long)| Op::Stall { relay, is_long }),
        2 => topic.clone().prop_map(|topic| Op::SleepRoom { topic }),
        2 => relay.clone().prop_map(|relay| Op::SleepRelay { relay }),
        1 => (topic, any::<bool>()).prop_map(|(topic, was_durable)| Op::CrashRoom { topic, was_durable }),
        1 => relay.clone().prop_map(|relay| Op::CrashRelay { relay }),
        1 => relay.prop_map(|relay| Op::LoseRelay { relay }),
        2 => (1..15_u64, any::<bool>()).prop_map(|(minutes, is_late)| Op::Pass { minutes, is_late }),
    ];
    prop_oneof![12 => messages, 6 => people, 2 => weather]
}

/// Most histories begin with somebody who is there for everything, so that there is something to see.
fn ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    let all: BTreeSet<usize> = (0..TOPICS.len()).collect();
    let everything = (wanting(), shape()).prop_map(move |(past, shape)| {
        let arrive = (0..SUBSCRIBERS).flat_map(|who| {
            let open = Op::Open { who, relay: who % RELAYS };
            let authenticate = Op::Authenticate { who, is_ana: who < 3, minutes: 30 };
            let shape = if who == 0 { shape } else { Shape::Native };
            let topics = if who < 2 { all.clone() } else { BTreeSet::from([who - 2, 3]) };
            [open, authenticate, Op::Subscribe { who, topics, shape, past }]
        });
        arrive.collect::<Vec<Op>>()
    });
    (prop::bool::weighted(0.7), everything, vec(op(), 1..most)).prop_map(|(is_crowded, first, then)| {
        if is_crowded { first.into_iter().chain(then).collect() } else { then }
    })
}

fn config() -> ProptestConfig {
    let seeds = FileFailurePersistence::WithSource("proptest-regressions");
    let default = ProptestConfig::default();
    let cases = default.cases.max(400);
    ProptestConfig { cases, failure_persistence: Some(Box::new(seeds)), ..default }
}

fn run(history_size: usize, is_patient: bool, ops: &[Op]) {
    let mut world = World::new(history_size, false, is_patient);
    for op in ops {
        world.run(op);
    }
    world.settle();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn with_a_long_history_everybody_gets_everything_once_and_in_order(is_patient in any::<bool>(), ops in ops(100)) {
        run(1_000, is_patient, &ops);
    }

    #[test]
    fn with_a_short_history_everybody_is_told_what_it_misses(size in 1..12_usize, is_patient in any::<bool>(), ops in ops(100)) {
        run(size, is_patient, &ops);
    }

    #[test]
    fn without_a_history_everybody_is_told_what_it_misses(is_patient in any::<bool>(), ops in ops(80)) {
        run(0, is_patient, &ops);
    }

    #[test]
    fn what_nobody_publishes_to_is_stored_no_longer_than_somebody_wants_it(
        size in 0..12_usize,
        is_patient in any::<bool>(),
        ops in ops(60),
    ) {
        let mut world = World::new(size, false, is_patient);
        for op in ops.iter().filter(|op| !matches!(op, Op::Publish { .. })) {
            world.run(op);
        }
        world.desert();
    }

    #[test]
    fn a_sleep_anywhere_changes_nothing_that_is_seen(is_patient in any::<bool>(), ops in ops(60)) {
        // Whose proof has ended is told so by an alarm, or earlier, where a room is asked: and that depends on a sleep. A room
        // that sleeps sets its alarm anew, and so at another time.
        let is_odd = |op: &Op| {
            let is_sleep = matches!(op, Op::SleepRoom { .. } | Op::SleepRelay { .. });
            is_sleep || matches!(op, Op::Pass { is_late: true, .. } | Op::Ring { .. })
        };
        let ops: Vec<Op> = ops.into_iter().filter(|op| !is_odd(op)).collect();
        let (mut awake, mut sleepy) = (World::new(1_000, true, is_patient), World::new(1_000, true, is_patient));
        for op in &ops {
            awake.run(op);
            sleepy.run(op);
            for relay in 0..RELAYS {
                sleepy.run(&Op::SleepRelay { relay });
            }
            for topic in 0..TOPICS.len() {
                sleepy.run(&Op::SleepRoom { topic });
            }
        }
        awake.settle();
        sleepy.settle();
        for (one, other) in awake.readers.iter().zip(&sleepy.readers) {
            prop_assert_eq!(&one.transcript, &other.transcript);
        }
    }
}
