//! Who buys and sells again, and who trades for others, by example: they are no pools. They must not need a payload.

use super::{
    AGGREGATOR, ANA, DAMM_V2, DAMM_V2_AUTHORITY, OTHER_POOL, POOL, SWAP, Story, Transaction, UNLISTED,
    WRAPPED_SOL,
};

#[test]
fn what_is_bought_and_sold_again_is_two_trades_though_no_balance_of_it_changes() {
    let story = Story::default()
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, 3)
        .change("ana's sol", ANA, WRAPPED_SOL, -3)
        .call(AGGREGATOR, &[], &["x", "sol"])
        .damm_v2("first", ["x", "sol"])
        .transfer("ana's sol", "sol", 90)
        .transfer("x", "ana's x", 500)
        .damm_v2("first", ["x", "sol"])
        .transfer("ana's x", "x", 500)
        .transfer("sol", "ana's sol", 87);
    assert_eq!(story.swaps(), ["first: -500 X +90 SOL", "first: +500 X -87 SOL"]);
    let mut transaction = Transaction::default();
    transaction.notice(ANA);
    assert!(!transaction.may_hold_a_trade());
    transaction.notice(DAMM_V2);
    assert!(transaction.may_hold_a_trade(), "whatever its balances say");
}

#[test]
fn an_unlisted_pool_between_others_is_one_also_where_nobody_called_it() {
    let story = Story::default()
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, 100)
        .change("x", DAMM_V2_AUTHORITY, "X", -500)
        .change("pool's x", POOL, "X", 499)
        .change("pool's sol", POOL, WRAPPED_SOL, -99)
        .call(
            DAMM_V2,
            &SWAP.to_be_bytes(),
            &[DAMM_V2_AUTHORITY, "first", "in", "out", "x", "sol", "X", WRAPPED_SOL, ANA],
        )
        .transfer("ana's sol", "sol", 100)
        .transfer("x", "ana's x", 500)
        .call(UNLISTED, &[], &[POOL, "pool's x", "pool's sol"])
        .transfer("ana's x", "pool's x", 499)
        .transfer("pool's sol", "ana's sol", 99);
    assert_eq!(story.swaps(), ["first: -500 X +100 SOL", "pool: +499 X -99 SOL"]);
}

#[test]
fn who_passes_on_what_they_get_is_no_pool() {
    let story = Story::default()
        .change("sol", POOL, WRAPPED_SOL, 100)
        .change("x", POOL, "X", -500)
        .change("agent's sol", OTHER_POOL, WRAPPED_SOL, -1)
        .change("agent's x", OTHER_POOL, "X", 2)
        .call(AGGREGATOR, &[], &["sol", "x", "agent's sol", "agent's x", "ana's x", "ana's sol"])
        .transfer("ana's sol", "agent's sol", 99)
        .calls(UNLISTED, &[], &[POOL, "sol", "x", "agent's sol", "agent's x"])
        .transfer("agent's sol", "sol", 100)
        .transfer("x", "agent's x", 500)
        .transfer("agent's x", "ana's x", 498);
    assert_eq!(story.swaps(), ["pool: +100 SOL -500 X"]);
}
