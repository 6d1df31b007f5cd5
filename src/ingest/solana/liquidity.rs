//! Liquidity that came into pools or went. It must not know of trades: what swaps moved is none.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::address::AddressKind;
use super::exchange::{Action, Exchange, Vault};
use super::hop::{Hop, Leg, is_opposite};
use super::money::Money;
use super::swaps::Ledger;
use super::trades::{name, pair, trader};
use super::transaction::{TokenAccount, Transaction};
use crate::core::decimal::Decimal;
use crate::core::found::TokenLiquidity;
use crate::core::mint::Mint;
use crate::core::tick::{LiquidityChange, Quote};

/// A pool whose sides grew or shrank.
struct Filled<'t> {
    pool: &'t str,
    base: &'t str,
    quote: Leg<'t>,
    money: Money,
    exchange: Option<&'static Exchange>,
    user: Option<&'t str>,
}

/// The changes of a transaction.
pub fn liquidity<'t>(
    transaction: &'t Transaction<'t>,
    ledger: &Ledger<'t>,
    hops: &[Hop<'t>],
) -> Vec<TokenLiquidity> {
    let mut filled = listed(transaction, ledger, hops);
    if filled.is_empty() {
        filled = unlisted(transaction, ledger, hops);
    }
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut changes = Vec::new();
    for Filled { pool, base, quote, money, exchange, user } in settled(filled) {
        let (Ok(mint), Some(decimals), Some(symbol)) =
            (Mint::parse(base), transaction.decimals(quote.mint), Quote::parse(money.symbol()))
        else {
            continue;
        };
        let place = places.entry(base).or_default();
        let change = LiquidityChange {
            at: transaction.at,
            pool: pool.into(),
            quote: symbol,
            change: Decimal::from_units(quote.units, decimals),
            trader: trader(user, transaction),
        };
        let dex = name(exchange, transaction.source.as_deref()).map(Rc::from);
        changes.push(TokenLiquidity { mint, place: *place, change, dex });
        *place += 1;
    }
    changes
}

/// Pools of known exchanges that an instruction filled or emptied, by what swaps did not move.
fn listed<'t>(transaction: &'t Transaction<'t>, ledger: &Ledger<'t>, hops: &[Hop<'t>]) -> Vec<Filled<'t>> {
    let mut filled: Vec<Filled<'t>> = Vec::new();
    let calls =
        ledger.calls.iter().filter(|call| matches!(call.action, Action::Liquidity | Action::Creation));
    for call in calls {
        if filled.iter().any(|known| known.pool == call.pool) || call.is_native() {
            continue;
        }
        let Some(mints) = ledger.mints(call) else { continue };
        let rest = |vault: Vault<'_>, mint: &'t str| {
            let change = transaction.token_account(vault.address()).map_or(0, |account| account.change);
            let own = hops.iter().filter(|hop| ledger.swaps_with(hop, vault)).flat_map(|hop| hop.legs);
            let swapped: i128 = own.filter(|leg| leg.mint == mint).map(|leg| leg.units).sum();
            Leg { mint, units: change - swapped }
        };
        let legs = [rest(call.vaults[0], mints[0]), rest(call.vaults[1], mints[1])];
        let Some((base, quote, money)) = pair(legs) else { continue };
        if quote.units != 0 && !is_opposite(base.units, quote.units) {
            let (exchange, user) = (Some(call.exchange), call.user);
            filled.push(Filled { pool: call.pool, base: base.mint, quote, money, exchange, user });
        }
    }
    filled
}

/// Owners off the ed25519 curve both of whose vaults grew or both shrank, of exchanges that nobody listed. Who trades with
/// an exchange may be left with some of everything, and is none of them.
fn unlisted<'t>(transaction: &'t Transaction<'t>, ledger: &Ledger<'t>, hops: &[Hop<'t>]) -> Vec<Filled<'t>> {
    let is_user = |owner: &str| ledger.calls.iter().any(|call| call.user == Some(owner));
    // What goes to two accounts of one owner while others swap is a fee of each swap.
    let listed = ledger.swaps().map(|call| call.at);
    let swaps: Vec<_> =
        listed.chain(hops.iter().filter_map(|hop| hop.at)).map(|at| transaction.outer(at)).collect();
    let is_filled_at_once = |one: &str, other: &str| {
        transaction.instructions.is_empty()
            || transaction
                .instructions
                .iter()
                .any(|call| call.names(one) && call.names(other) && !swaps.contains(&Some(call.outer)))
    };
    let accounts = transaction.token_accounts.iter();
    let rest: Vec<_> = accounts
        .filter(|account| {
            account.change != 0 && !ledger.is_vault(&account.address) && !is_user(&account.owner)
        })
        .filter(|account| !ledger.goes_both_ways(&account.address))
        .collect();
    let mut filled: Vec<Filled<'t>> = Vec::new();
    for account in &rest {
        let owner = account.owner.as_ref();
        let own: Vec<_> = rest.iter().filter(|other| other.owner == owner).collect();
        let [one, other] = own.as_slice() else { continue };
        let leg = |account: &&'t TokenAccount<'t>| Leg { mint: &account.mint, units: account.change };
        let Some((base, quote, money)) = pair([leg(one), leg(other)]) else { continue };
        let is_known = filled.iter().any(|known| known.pool == owner);
        let is_fee = !swaps.is_empty() && !is_filled_at_once(&one.address, &other.address);
        if is_known
            || is_fee
            || is_opposite(base.units, quote.units)
            || transaction.fee_payer.as_deref() == Some(owner)
        {
            continue;
        }
        if AddressKind::of(owner) == AddressKind::Program {
            let exchange = Exchange::of_authority(owner);
            filled.push(Filled { pool: owner, base: base.mint, quote, money, exchange, user: None });
        }
    }
    if filled.iter().any(|pool| pool.exchange.is_some()) {
        // A shared wallet that fills a pool is emptied itself.
        filled.retain(|pool| pool.exchange.is_some());
    }
    filled
}

/// What left one pool of an exchange for another one has not been withdrawn: only the rest has.
fn settled(mut filled: Vec<Filled<'_>>) -> Vec<Filled<'_>> {
    let mut added: BTreeMap<(&str, Money), i128> = BTreeMap::new();
    for pool in filled.iter().filter(|pool| pool.exchange.is_some() && pool.quote.units > 0) {
        *added.entry((pool.base, pool.money)).or_default() += pool.quote.units;
    }
    for pool in filled.iter_mut().filter(|pool| pool.exchange.is_some() && pool.quote.units < 0) {
        let left = added.entry((pool.base, pool.money)).or_default();
        let moved = (*left).min(-pool.quote.units);
        *left -= moved;
        pool.quote.units += moved;
    }
    filled.retain(|pool| pool.quote.units != 0);
    filled
}

#[cfg(test)]
mod tests {
    use super::super::instruction::Instruction;
    use super::super::money::WRAPPED_SOL;
    use super::*;

    const ANA: &str = "AY6k8bcjwLPjyq1DaaUDDs4whdtv5GyMVLHbxbVk8K6D";
    const TOKEN: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
    /// Owners of the vaults of all pools of an exchange, and a program's address that nobody knows.
    const CURVES: &str = "FhVo3mqL8PW5pH5U2CN4XE33DokiyZnUwuGpH2hmHLuM";
    const POOLS: &str = "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC";
    const UNKNOWN: &str = "5SgCbsXtWLzuwtkBQj3YkGViQaLFKReUz9bAMtwzyFdG";
    const DLMM: &str = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo";
    const REMOVE: u64 = 0xe6d7_527f_f165_e392;
    const CLAIM: u64 = 0xa920_4f89_88e8_4689;

    /// The changes that a transaction's balances show, as `pool amount`: of accounts `(address, owner, mint, units)`.
    fn changes(
        accounts: &[(&'static str, &'static str, &'static str, i128)],
        removal: Option<u64>,
    ) -> Vec<String> {
        let instruction = |tag: u64| Instruction {
            program: DLMM.into(),
            accounts: [
                "position",
                "pool",
                "map",
                "ana's x",
                "ana's sol",
                "x",
                "sol",
                TOKEN,
                WRAPPED_SOL,
                ANA,
            ]
            .map(Into::into)
            .to_vec(),
            outer: 0,
            data: bs58::encode(tag.to_be_bytes()).into_string().into(),
        };
        let transaction = Transaction {
            token_accounts: accounts.iter().copied().map(TokenAccount::from).collect(),
            instructions: removal.map(instruction).into_iter().collect(),
            ..Transaction::default()
        };
        let ledger = Ledger::of(&transaction);
        let changes = liquidity(&transaction, &ledger, &[]);
        changes.iter().map(|found| format!("{} {}", found.change.pool, found.change.change)).collect()
    }

    /// Owners that each have so many lamports more or less, and of the token likewise.
    fn owners(owners: &[(&'static str, i128)]) -> Vec<String> {
        let both = |(owner, units): &(&'static str, i128)| {
            [("", *owner, TOKEN, 7 * units), ("", *owner, WRAPPED_SOL, *units)]
        };
        changes(&owners.iter().flat_map(both).collect::<Vec<_>>(), None)
    }

    #[test]
    fn a_withdrawal_of_one_side_alone_is_one() {
        let one_side =
            [("sol", "pool", WRAPPED_SOL, -9_000_000_000), ("ana's sol", ANA, WRAPPED_SOL, 9_000_000_000)];
        assert_eq!(changes(&one_side, Some(REMOVE)), ["pool -9"], "the instruction names the token");
        let both = [&one_side[..], &[("x", "pool", TOKEN, -5)]].concat();
        assert_eq!(changes(&both, Some(REMOVE)), ["pool -9"]);
        let token_alone = [("x", "pool", TOKEN, -5)];
        assert_eq!(changes(&token_alone, Some(REMOVE)), [""; 0], "no SOL left");
        assert_eq!(changes(&both, Some(CLAIM)), [""; 0], "fees are no liquidity");
    }

    #[test]
    fn what_moves_from_a_curve_to_a_pool_has_come_and_has_not_gone() {
        let moved = owners(&[(CURVES, -5_000_000_000), (POOLS, 5_000_000_000)]);
        assert_eq!(moved, [format!("{POOLS} 5")]);
        let less = owners(&[(CURVES, -5_000_000_000), (POOLS, 1_000_000_000)]);
        assert_eq!(less, [format!("{CURVES} -4"), format!("{POOLS} 1")], "the rest is gone");
    }

    #[test]
    fn who_takes_the_liquidity_is_no_pool() {
        let taken = [(POOLS, -5_000_000_000), (UNKNOWN, 5_000_000_000)];
        assert_eq!(owners(&taken), [format!("{POOLS} -5")]);
        assert_eq!(
            owners(&[(UNKNOWN, -1)]),
            [format!("{UNKNOWN} -0.000000001")],
            "an exchange that nobody knows"
        );
        assert_eq!(owners(&[(TOKEN, -1)]), [""; 0], "a wallet");
    }
}
