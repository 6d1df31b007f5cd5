//! Liquidity that came into pools or went. It must not know of trades.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::balances::{Balances, Leg, Owner};
use super::trades::pair;
use super::venue::{Standing, Venues};
use crate::core::decimal::Decimal;
use crate::core::found::TokenLiquidity;
use crate::core::mint::Mint;
use crate::core::tick::{ChainTime, LiquidityChange, Quote};
use crate::ingest::solana::{AddressKind, Money};

/// A pool both of whose sides grew or both shrank.
struct Filled<'t> {
    owner: &'t str,
    base: Leg<'t>,
    quote: Leg<'t>,
    money: Money,
    standing: Standing,
}

/// The changes of a transaction.
pub(super) fn liquidity(
    balances: &Balances<'_>,
    venues: &Venues<'_>,
    at: ChainTime,
    (fee_payer, trader): (Option<&str>, Option<&Rc<str>>),
) -> Vec<TokenLiquidity> {
    let owners = balances.owners.iter().filter(|owner| Some(owner.address) != fee_payer);
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut changes = Vec::new();
    for pool in settled(owners.filter_map(|owner| filled(owner, venues)).collect()) {
        let (Ok(mint), Some(decimals), Some(quote)) = (
            Mint::parse(pool.base.mint),
            balances.decimals(pool.quote.mint),
            Quote::parse(pool.money.symbol()),
        ) else {
            continue;
        };
        let place = places.entry(pool.base.mint).or_default();
        let change = Decimal::from_units(pool.quote.units, decimals);
        changes.push(TokenLiquidity {
            mint,
            place: *place,
            change: LiquidityChange { at, pool: pool.owner.into(), quote, change, trader: trader.cloned() },
            dex: venues.name(pool.standing).map(Rc::from),
        });
        *place += 1;
    }
    changes
}

/// Where an exchange's pools are among those whose sides changed, nobody else is one: a shared wallet that fills a pool is
/// emptied itself. And what left one of them for another has not been withdrawn: only the rest has.
fn settled(mut filled: Vec<Filled<'_>>) -> Vec<Filled<'_>> {
    if !filled.iter().any(|pool| pool.standing.is_pool) {
        return filled;
    }
    filled.retain(|pool| pool.standing.is_pool);
    let mut added: BTreeMap<(&str, Money), i128> = BTreeMap::new();
    for pool in filled.iter().filter(|pool| pool.quote.units > 0) {
        *added.entry((pool.base.mint, pool.money)).or_default() += pool.quote.units;
    }
    for pool in filled.iter_mut().filter(|pool| pool.quote.units < 0) {
        let left = added.entry((pool.base.mint, pool.money)).or_default();
        let moved = (*left).min(-pool.quote.units);
        *left -= moved;
        pool.quote.units += moved;
    }
    filled.retain(|pool| pool.quote.units != 0);
    filled
}

/// The SOL of an account of its own is no liquidity: it is rent, or a curve's that is made or done.
fn filled<'t>(owner: &Owner<'t>, venues: &Venues<'_>) -> Option<Filled<'t>> {
    let [one, other] = *owner.legs.as_slice() else { return None };
    let (base, quote, money) = pair([one, other])?;
    if owner.is_native || (base.units < 0) != (quote.units < 0) {
        return None;
    }
    if AddressKind::of(owner.address) != AddressKind::Program {
        return None;
    }
    let standing = venues.standing(owner.address);
    Some(Filled { owner: owner.address, base, quote, money, standing })
}

#[cfg(test)]
mod tests {
    use super::super::instructions;
    use super::*;
    use crate::ingest::solana::WRAPPED_SOL;

    /// Owners of all pools of an exchange, and a program's address that nobody knows.
    const CURVES: &str = "FhVo3mqL8PW5pH5U2CN4XE33DokiyZnUwuGpH2hmHLuM";
    const POOLS: &str = "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC";
    const VAULT: &str = "5SgCbsXtWLzuwtkBQj3YkGViQaLFKReUz9bAMtwzyFdG";
    const TOKEN: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

    /// What is told of owners that each have so many lamports more or less, and of the token likewise.
    fn told(changes: &[(&'static str, i128)]) -> Vec<(String, String)> {
        let owner = |(address, units): &(&'static str, i128)| Owner {
            address,
            legs: vec![Leg { mint: TOKEN, units: 7 * units }, Leg { mint: WRAPPED_SOL, units: *units }],
            is_native: false,
        };
        let balances = Balances { owners: changes.iter().map(owner).collect(), ..Balances::default() };
        let instructions = instructions::read(None);
        let venues = Venues { instructions: &instructions, source: None };
        let changes = liquidity(&balances, &venues, ChainTime::default(), (None, None));
        let line = |told: &TokenLiquidity| (told.change.pool.to_string(), told.change.change.to_string());
        changes.iter().map(line).collect()
    }

    fn change(pool: &str, sol: &str) -> (String, String) {
        (pool.to_owned(), sol.to_owned())
    }

    #[test]
    fn what_moves_from_a_curve_to_a_pool_has_come_and_has_not_gone() {
        let moved = told(&[(CURVES, -5_000_000_000), (POOLS, 5_000_000_000)]);
        assert_eq!(moved, [change(POOLS, "5")]);
        let less = told(&[(CURVES, -5_000_000_000), (POOLS, 1_000_000_000)]);
        assert_eq!(less, [change(CURVES, "-4"), change(POOLS, "1")], "the rest is gone");
    }

    #[test]
    fn who_takes_the_liquidity_is_no_pool() {
        let taken = [(POOLS, -5_000_000_000), (VAULT, 5_000_000_000)];
        assert_eq!(told(&taken), [change(POOLS, "-5")]);
        assert_eq!(told(&[(VAULT, -1)]), [change(VAULT, "-0.000000001")], "an exchange that nobody knows");
        assert_eq!(told(&[(TOKEN, -1)]), [], "a wallet");
    }
}
