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

/// The changes of a transaction. What leaves one pool of a token for another has not been withdrawn: of that only the
/// rest is told.
pub(super) fn liquidity(
    balances: &Balances<'_>,
    venues: &Venues<'_>,
    at: ChainTime,
    (fee_payer, trader): (Option<&str>, Option<&Rc<str>>),
) -> Vec<TokenLiquidity> {
    let owners = balances.owners.iter().filter(|owner| Some(owner.address) != fee_payer);
    let mut filled: Vec<Filled<'_>> = owners.filter_map(|owner| filled(owner, venues)).collect();
    // A shared wallet that fills a pool is filled or emptied itself.
    if filled.iter().any(|pool| pool.standing.is_pool) {
        filled.retain(|pool| pool.standing.is_pool);
    }
    let mut added: BTreeMap<(&str, Money), i128> = BTreeMap::new();
    for pool in filled.iter().filter(|pool| pool.quote.units > 0) {
        *added.entry((pool.base.mint, pool.money)).or_default() += pool.quote.units;
    }
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut changes = Vec::new();
    for pool in filled {
        let mut units = pool.quote.units;
        if units < 0 {
            let moved = added.entry((pool.base.mint, pool.money)).or_default();
            let covered = (*moved).min(-units);
            *moved -= covered;
            units += covered;
        }
        let (Ok(mint), Some(decimals), Some(quote)) = (
            Mint::parse(pool.base.mint),
            balances.decimals(pool.quote.mint).filter(|_| units != 0),
            Quote::parse(pool.money.symbol()),
        ) else {
            continue;
        };
        let place = places.entry(pool.base.mint).or_default();
        let change = Decimal::from_units(units, decimals);
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
