//! Kinds of transactions by example: which swaps a reader that adds up owners would miss, and which it would invent. They
//! must not need a payload.

mod agents;

use std::borrow::Cow;

use super::hop::Hop;
use super::instruction::Instruction;
use super::money::WRAPPED_SOL;
use super::swaps::Ledger;
use super::transaction::{TokenAccount, Transaction};
use super::unlisted::unlisted;

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const AGGREGATOR: &str = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4";
const DAMM_V2: &str = "cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG";
const DAMM_V2_AUTHORITY: &str = "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC";
const DBC: &str = "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN";
const DBC_AUTHORITY: &str = "FhVo3mqL8PW5pH5U2CN4XE33DokiyZnUwuGpH2hmHLuM";
const UNLISTED: &str = "11111111111111111111111111111112";
/// Addresses off the curve.
const POOL: &str = "9Y4N73XDkU9N14PSHsh4niyNbTjEoRJpG39vBSDvtbzu";
const OTHER_POOL: &str = "5SgCbsXtWLzuwtkBQj3YkGViQaLFKReUz9bAMtwzyFdG";
const ANA: &str = "AY6k8bcjwLPjyq1DaaUDDs4whdtv5GyMVLHbxbVk8K6D";

const SWAP: u64 = 0xf8c6_9e91_e175_87c8;
const CREATE: u64 = 0x8c55_d7b0_6636_684f;

/// A transaction that is written down call by call.
#[derive(Default)]
struct Story {
    accounts: Vec<(&'static str, &'static str, &'static str, i128)>,
    instructions: Vec<Instruction<'static>>,
    outer: usize,
    is_trimmed: bool,
}

impl Story {
    /// A token account that ends with so many units more: its address, its owner, its mint.
    fn change(mut self, address: &'static str, owner: &'static str, mint: &'static str, units: i128) -> Self {
        self.accounts.push((address, owner, mint, units));
        self
    }

    /// An instruction of the transaction's own.
    fn call(mut self, program: &'static str, data: &[u8], accounts: &[&'static str]) -> Self {
        self.outer += 1;
        self.calls(program, data, accounts)
    }

    /// An instruction that the last one of the transaction's own calls.
    fn calls(mut self, program: &'static str, data: &[u8], accounts: &[&'static str]) -> Self {
        self.instructions.push(Instruction {
            program: program.into(),
            accounts: accounts.iter().map(|account| Cow::from(*account)).collect(),
            outer: self.outer,
            data: bs58::encode(data).into_string().into(),
        });
        self
    }

    fn transfer(self, from: &'static str, to: &'static str, units: u64) -> Self {
        let data = if self.is_trimmed { vec![] } else { [&[3], units.to_le_bytes().as_slice()].concat() };
        self.calls(TOKEN, &data, &[from, to, "authority"])
    }

    /// A swap with a pool of Meteora's DAMM v2, whose vaults have one owner in all pools.
    fn damm_v2(self, pool: &'static str, [one, other]: [&'static str; 2]) -> Self {
        let accounts = [DAMM_V2_AUTHORITY, pool, "in", "out", one, other, "X", WRAPPED_SOL, ANA];
        self.calls(DAMM_V2, &SWAP.to_be_bytes(), &accounts)
    }

    /// A swap with a curve of Meteora's.
    fn curve(self) -> Self {
        let accounts =
            [DBC_AUTHORITY, "config", "curve", "in", "ana's", "base", "quote", "X", WRAPPED_SOL, ANA];
        self.call(DBC, &SWAP.to_be_bytes(), &accounts)
    }

    /// What each swap moved, as its pool saw it, and why others are not known.
    fn swaps(&self) -> Vec<String> {
        let transaction = Transaction {
            fee_payer: Some(ANA.into()),
            token_accounts: self.accounts.iter().copied().map(TokenAccount::from).collect(),
            instructions: self.instructions.clone(),
            ..Transaction::default()
        };
        let ledger = Ledger::of(&transaction);
        let known = ledger.hops();
        let hops: Vec<_> = known.iter().flatten().cloned().collect();
        let found = known.iter().cloned().chain(unlisted(&transaction, &ledger, &hops));
        found.map(|swap| swap.map_or_else(|reason| reason.name().to_owned(), |hop| line(&hop))).collect()
    }
}

fn line(hop: &Hop<'_>) -> String {
    let symbol = |mint| if mint == WRAPPED_SOL { "SOL" } else { mint };
    let [one, other] = hop.legs;
    let name = match hop.pool {
        POOL => "pool",
        OTHER_POOL => "other pool",
        name => name,
    };
    format!("{name}: {:+} {} {:+} {}", one.units, symbol(one.mint), other.units, symbol(other.mint))
}

/// A route from X to SOL to Y through two pools of one authority.
fn route(is_trimmed: bool) -> Story {
    Story { is_trimmed, ..Story::default() }
        .change("x", DAMM_V2_AUTHORITY, "X", 500)
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, -90)
        .change("more sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, 90)
        .change("y", DAMM_V2_AUTHORITY, "Y", -7)
        .call(AGGREGATOR, &[], &["x", "sol", "more sol", "y"])
        .damm_v2("first", ["x", "sol"])
        .transfer("ana's x", "x", 500)
        .transfer("sol", "ana's sol", 90)
        .damm_v2("second", ["y", "more sol"])
        .transfer("ana's sol", "more sol", 90)
        .transfer("y", "ana's y", 7)
}

#[test]
fn a_route_through_two_pools_of_one_authority_has_two_hops() {
    let hops = ["first: +500 X -90 SOL", "second: -7 Y +90 SOL"];
    assert_eq!(route(false).swaps(), hops);
    assert_eq!(route(true).swaps(), hops, "each vault is named once, so the balances say it");
    let bare = Story { instructions: vec![], ..route(true) };
    assert_eq!(
        bare.swaps(),
        [format!("{DAMM_V2_AUTHORITY}: +500 X -90 SOL"), format!("{DAMM_V2_AUTHORITY}: +90 SOL -7 Y")],
        "there is one way to pair the vaults"
    );
}

#[test]
fn vaults_that_can_be_paired_in_two_ways_are_counted_and_not_guessed() {
    let twice = Story::default()
        .change("x", DAMM_V2_AUTHORITY, "X", 500)
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, -90)
        .change("more x", DAMM_V2_AUTHORITY, "X", 5)
        .change("more sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, -80);
    assert_eq!(twice.swaps(), ["pairing"]);
}

/// A purchase and a sale in one pool, of which balances show the difference alone.
fn sandwich(is_trimmed: bool) -> Story {
    Story { is_trimmed, ..Story::default() }
        .change("x", DAMM_V2_AUTHORITY, "X", -10)
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, 9)
        .call(AGGREGATOR, &[], &[])
        .damm_v2("pool", ["x", "sol"])
        .transfer("ana's sol", "sol", 99)
        .transfer("x", "ana's x", 110)
        .damm_v2("pool", ["x", "sol"])
        .transfer("ana's x", "x", 100)
        .transfer("sol", "ana's sol", 90)
}

#[test]
fn a_purchase_and_a_sale_in_one_pool_are_two_trades_and_without_their_transfers_none() {
    assert_eq!(sandwich(false).swaps(), ["pool: -110 X +99 SOL", "pool: +100 X -90 SOL"]);
    assert_eq!(sandwich(true).swaps(), ["no_transfers", "no_transfers"]);
}

#[test]
fn transfers_that_do_not_add_up_to_the_balances_are_counted_and_not_believed() {
    let short = Story { accounts: vec![], ..sandwich(false) };
    let short =
        short.change("x", DAMM_V2_AUTHORITY, "X", -9).change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, 9);
    assert_eq!(short.swaps(), ["sum", "sum"]);
}

#[test]
fn what_a_mint_withholds_never_comes_to_its_pool() {
    let taxed = Story::default()
        .change("x", DAMM_V2_AUTHORITY, "X", 980)
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, -90)
        .call(AGGREGATOR, &[], &[])
        .damm_v2("pool", ["x", "sol"])
        .transfer("ana's x", "x", 1_000)
        .transfer("sol", "ana's sol", 90);
    assert_eq!(taxed.swaps(), ["pool: +980 X -90 SOL"]);
    let twice = Story { accounts: vec![], ..taxed }
        .change("x", DAMM_V2_AUTHORITY, "X", 980 + 490)
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, -130)
        .damm_v2("pool", ["x", "sol"])
        .transfer("ana's x", "x", 500)
        .transfer("sol", "ana's sol", 40);
    assert_eq!(twice.swaps(), ["pool: +980 X -90 SOL", "pool: +490 X -40 SOL"], "two percent of each");
}

/// A token is minted into its curve and the first of it bought in one transaction.
fn create_and_buy(is_trimmed: bool) -> Story {
    let minted = if is_trimmed { vec![] } else { [&[7], 1_000_u64.to_le_bytes().as_slice()].concat() };
    Story { is_trimmed, ..Story::default() }
        .change("base", DBC_AUTHORITY, "X", 970)
        .change("quote", DBC_AUTHORITY, WRAPPED_SOL, 5)
        .change("ana's", ANA, "X", 30)
        .call(
            DBC,
            &CREATE.to_be_bytes(),
            &["config", DBC_AUTHORITY, ANA, "X", WRAPPED_SOL, "curve", "base", "quote"],
        )
        .calls(TOKEN, &minted, &["X", "base", "authority"])
        .curve()
        .transfer("in", "quote", 5)
        .transfer("base", "ana's", 30)
}

#[test]
fn what_is_minted_into_a_curve_is_no_part_of_the_first_purchase() {
    assert_eq!(create_and_buy(false).swaps(), ["curve: -30 X +5 SOL"]);
    assert_eq!(create_and_buy(true).swaps(), ["curve: -30 X +5 SOL"], "the trader got what the curve gave");
}

/// A hop in the middle of a route, with an exchange that nobody listed.
#[test]
fn a_hop_with_an_unlisted_exchange_between_two_known_ones_is_a_trade() {
    let route = Story::default()
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, 50)
        .change("x", DAMM_V2_AUTHORITY, "X", -400)
        .change("middle x", POOL, "X", 400)
        .change("middle y", POOL, "Y", -30)
        .change("y", DAMM_V2_AUTHORITY, "Y", 30)
        .change("more sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, -51)
        .call(AGGREGATOR, &[], &["sol", "x", "middle x", "middle y", "y", "more sol"])
        .damm_v2("first", ["x", "sol"])
        .calls(UNLISTED, &[1], &["ana's x", "middle x", "middle y", "ana's y", POOL])
        .damm_v2("last", ["y", "more sol"]);
    assert_eq!(route.swaps(), ["first: -400 X +50 SOL", "last: +30 Y -51 SOL", "pool: +400 X -30 Y"]);
}

#[test]
fn an_order_that_was_filled_is_no_pool() {
    let filled = Story::default()
        .change("order's sol", POOL, WRAPPED_SOL, -50)
        .change("order's x", POOL, "X", 399)
        .change("sol", DAMM_V2_AUTHORITY, WRAPPED_SOL, 50)
        .change("x", DAMM_V2_AUTHORITY, "X", -400)
        .call(UNLISTED, &[1], &["order's sol", "order's x", "keeper's sol"])
        .transfer("order's sol", "keeper's sol", 50)
        .call(AGGREGATOR, &[], &[])
        .damm_v2("first", ["x", "sol"])
        .transfer("keeper's sol", "sol", 50)
        .transfer("x", "keeper's x", 400)
        .call(UNLISTED, &[2], &["order's sol", "order's x", "keeper's x"])
        .transfer("keeper's x", "order's x", 399);
    assert_eq!(filled.swaps(), ["first: -400 X +50 SOL"]);
}

#[test]
fn unlisted_pools_of_one_authority_are_told_apart_by_their_instructions() {
    let both = Story::default()
        .change("x", POOL, "X", -400)
        .change("sol", POOL, WRAPPED_SOL, 50)
        .change("more x", POOL, "X", 400)
        .change("more sol", POOL, WRAPPED_SOL, -51)
        .change("ana's sol", ANA, WRAPPED_SOL, 1)
        .call(UNLISTED, &[1], &["x", "sol", "ana's x", "ana's sol"])
        .call(UNLISTED, &[1], &["more x", "more sol", "ana's x", "ana's sol"]);
    assert_eq!(both.swaps(), ["pool: -400 X +50 SOL", "pool: +400 X -51 SOL"]);
}

#[test]
fn vaults_that_own_themselves_are_a_pool() {
    let books = Story::default()
        .change(POOL, POOL, "X", -400)
        .change(OTHER_POOL, OTHER_POOL, WRAPPED_SOL, 50)
        .call(UNLISTED, &[1], &["market", "ana's x", "ana's sol", POOL, OTHER_POOL]);
    assert_eq!(books.swaps(), ["pool: -400 X +50 SOL"]);
}

#[test]
fn one_of_two_program_addresses_that_swapped_is_the_pool_and_nobody_says_which() {
    let swap = Story::default()
        .change("x", POOL, "X", -400)
        .change("sol", POOL, WRAPPED_SOL, 50)
        .change("its x", OTHER_POOL, "X", 400)
        .change("its sol", OTHER_POOL, WRAPPED_SOL, -50)
        .call(UNLISTED, &[1], &["x", "sol", "its x", "its sol"]);
    assert_eq!(swap.swaps().len(), 1);
}
