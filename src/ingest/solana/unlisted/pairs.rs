//! The vaults of an owner, two by two. It must not know which exchange they belong to.

use super::Search;
use crate::ingest::solana::exchange::Vault;
use crate::ingest::solana::hop::{Leg, Unexplained, is_opposite};
use crate::ingest::solana::money::WRAPPED_SOL;
use crate::ingest::solana::transaction::TokenAccount;

/// The most vaults of one owner that are paired: a transaction has at most 256 accounts, and a route some ten hops.
const MAX_VAULTS: usize = 32;

/// Two vaults of one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair<'t> {
    pub(super) vaults: [Vault<'t>; 2],
    pub(super) legs: [Leg<'t>; 2],
}

impl<'t> Search<'_, 't> {
    /// The vaults of an owner, two by two: one grew, the other shrank. The only vault of an owner whose own SOL moved the
    /// other way is one side of a bonding curve.
    ///
    /// # Errors
    /// [`Unexplained::Pairing`] where there is none or more than one way.
    pub(super) fn pairs(
        &self,
        owner: &'t str,
        vaults: &[&'t TokenAccount<'t>],
    ) -> Result<Vec<Pair<'t>>, Unexplained> {
        if let [vault] = vaults {
            let lamports = self.transaction.lamports(owner);
            let is_curve =
                vault.mint != WRAPPED_SOL && vault.owner == owner && is_opposite(vault.change, lamports);
            let sol = Leg { mint: WRAPPED_SOL, units: lamports };
            let pair = Pair { vaults: [tokens(vault), Vault::Lamports(owner)], legs: [leg(vault), sol] };
            return Ok(is_curve.then_some(pair).into_iter().collect());
        }
        let Some((first, others)) = vaults.split_first() else { return Ok(Vec::new()) };
        let is_one_way = others.iter().all(|vault| !is_opposite(vault.change, first.change));
        if is_one_way || others.iter().all(|vault| vault.mint == first.mint) {
            return Ok(Vec::new());
        }
        let mut ways = Vec::new();
        if vaults.len() <= MAX_VAULTS {
            pair_up(vaults, &mut Vec::new(), &mut ways);
        }
        match ways.pop() {
            Some(way) if ways.is_empty() => Ok(way),
            _ => Err(Unexplained::Pairing),
        }
    }
}

impl<'t> Pair<'t> {
    pub(super) fn of(one: &'t TokenAccount<'_>, other: &'t TokenAccount<'_>) -> Self {
        Self { vaults: [tokens(one), tokens(other)], legs: [leg(one), leg(other)] }
    }
}

/// Whether accounts are of two mints or more.
pub(super) fn hold_two_mints(accounts: &[&TokenAccount<'_>]) -> bool {
    accounts.iter().any(|account| accounts.first().is_some_and(|first| first.mint != account.mint))
}

/// The accounts of each owner, in the order in which they stand.
pub(super) fn by_owner<'t>(accounts: &[&'t TokenAccount<'t>]) -> Vec<(&'t str, Vec<&'t TokenAccount<'t>>)> {
    let mut owners: Vec<(&str, Vec<_>)> = Vec::new();
    for account in accounts {
        match owners.iter_mut().find(|(owner, _)| *owner == account.owner) {
            Some((_, own)) => own.push(*account),
            None => owners.push((&account.owner, vec![*account])),
        }
    }
    owners
}

/// Two vaults that own themselves.
pub(super) fn self_owned<'t>(
    accounts: &[&'t TokenAccount<'t>],
) -> Option<(&'t str, Vec<&'t TokenAccount<'t>>)> {
    let vaults: Vec<_> =
        accounts.iter().filter(|account| account.owner == account.address).copied().collect();
    let [first, _] = vaults.as_slice() else { return None };
    Some((&first.address, vaults))
}

/// Collects the ways to pair accounts, each pair of two mints, of which one grew and the other shrank: at most two ways, as
/// the second makes it ambiguous.
fn pair_up<'t>(left: &[&'t TokenAccount<'t>], chosen: &mut Vec<Pair<'t>>, ways: &mut Vec<Vec<Pair<'t>>>) {
    let Some((first, rest)) = left.split_first() else {
        ways.push(chosen.clone());
        return;
    };
    if !can_be_paired(left) {
        return;
    }
    for (index, other) in rest.iter().enumerate() {
        if ways.len() > 1 {
            return;
        }
        if first.mint == other.mint || !is_opposite(first.change, other.change) {
            continue;
        }
        let mut rest = rest.to_vec();
        rest.remove(index);
        chosen.push(Pair::of(first, other));
        pair_up(&rest, chosen, ways);
        chosen.pop();
    }
}

/// Whether there is a way to pair accounts: as many grew as shrank, and of no mint are there more than of all others. So
/// every search ends at a way, and none goes astray for long.
fn can_be_paired(accounts: &[&TokenAccount<'_>]) -> bool {
    let grown = accounts.iter().filter(|account| account.change > 0).count();
    let of = |mint: &str| accounts.iter().filter(|account| account.mint == mint).count();
    2 * grown == accounts.len() && accounts.iter().all(|account| of(&account.mint) <= grown)
}

fn tokens<'t>(account: &'t TokenAccount<'_>) -> Vault<'t> {
    Vault::Tokens(&account.address)
}

fn leg<'t>(account: &'t TokenAccount<'_>) -> Leg<'t> {
    Leg { mint: &account.mint, units: account.change }
}
