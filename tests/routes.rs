//! Random transactions of a small chain, read from the payloads that a webhook would have of them: each pool's own trade,
//! and nothing else. The fuzz target `routes` looks for more of them.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod chain;

use chain::{Choices, Scene, broken_rule};

/// How many transactions are tried, of which each is read from four payloads: as many as take some seconds. More are, from
/// another one on, with `ROUTES=1000000 ROUTES_FROM=100000 cargo test --release --test routes`.
const CASES: u64 = 2_000;

/// A number that the environment gives.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

#[test]
fn every_route_is_read_as_its_pools_saw_it() {
    let first = number("ROUTES_FROM", 0);
    for seed in first..first + number("ROUTES", CASES) {
        let broken = broken_rule(&Scene::of(&mut Choices::of(&[], seed)));
        assert!(broken.is_none(), "seed {seed}: {}", broken.unwrap_or_default());
    }
}
