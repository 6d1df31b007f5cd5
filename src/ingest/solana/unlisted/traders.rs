//! Which of those who changed tokens for others are pools, and which traded with them. It must not know how they were found.

use super::{Candidate, Search};
use crate::core::tick::Phase;
use crate::ingest::solana::address::AddressKind;
use crate::ingest::solana::hop::{Hop, Leg, is_opposite};
use crate::ingest::solana::money::WRAPPED_SOL;

/// What an account costs to exist is a multiple of this, in lamports.
const RENT_STEP: i128 = 6_960;

/// Rent is no more than this, in lamports, for any account that comes and goes with a trade.
const MOST_RENT: i128 = 20_000_000;

/// Two sides of one trade differ by fees: by less than one part in this many.
const FEE_PART: i128 = 20;

impl<'t> Search<'_, 't> {
    /// Which of the candidates are pools, or filled a quote.
    pub(super) fn judge(&self, candidates: Vec<Candidate<'t>>) -> Vec<Hop<'t>> {
        let (mut programs, mut wallets) = (Vec::new(), Vec::new());
        for candidate in candidates.into_iter().filter(|candidate| !self.is_something_else(&candidate.hop)) {
            match AddressKind::of(candidate.owner) {
                AddressKind::Program => programs.push(candidate),
                AddressKind::Wallet => wallets.push(candidate),
                AddressKind::Invalid => {}
            }
        }
        let mut hops = self.without_traders(programs);
        let pools: Vec<_> = self.known.iter().chain(&hops).cloned().collect();
        wallets.retain(|wallet| self.is_two_party(wallet, &pools));
        // Whatever its SOL looks like, a wallet is no curve.
        hops.extend(wallets.into_iter().map(|wallet| Hop { phase: Phase::Amm, ..wallet.hop }));
        hops
    }

    /// A collectible, or rent.
    fn is_something_else(&self, hop: &Hop<'_>) -> bool {
        let is_collectible =
            |leg: &Leg<'_>| leg.units.abs() == 1 && self.transaction.decimals(leg.mint) == Some(0);
        let is_rent = |leg: &Leg<'_>| {
            leg.mint == WRAPPED_SOL && leg.units % RENT_STEP == 0 && leg.units.abs() <= MOST_RENT
        };
        let may_be_rent = hop.is_native && hop.phase != Phase::Bonding;
        hop.legs.iter().any(|leg| is_collectible(leg) || (may_be_rent && is_rent(leg)))
    }

    /// Leaves out programs' addresses that traded with the pools for somebody: a shared wallet, an order that was filled.
    /// Such a one has what all the others together don't, and no exchange knows it as a pool. But what is called between
    /// other exchanges is one too: a hop in the middle of a route has what its neighbours don't.
    fn without_traders(&self, candidates: Vec<Candidate<'t>>) -> Vec<Hop<'t>> {
        let mut left = candidates;
        let mut at = 0;
        while let Some(candidate) = left.get(at) {
            let others = || {
                let rest = left.iter().enumerate().filter(|(index, _)| *index != at);
                rest.map(|(_, other)| &other.hop).chain(self.known)
            };
            let is_other_side = !candidate.is_pool
                && !self.is_routed(candidate, &left)
                && !self.is_called_alone(candidate, &left)
                && is_mirrored(&candidate.hop, |mint| others().map(|other| units(other, mint)).sum())
                && !candidate.hop.legs.iter().any(|leg| self.is_party(leg.mint));
            let is_sure = !self.known.is_empty()
                || self.called_others(candidate, &left)
                || left.iter().enumerate().any(|(index, other)| index != at && other.is_pool);
            if is_other_side && is_sure {
                left.remove(at);
                continue;
            }
            if is_other_side && left.len() == 2 {
                // One of the two is the pool. Either has the price; which one it was, nobody says.
                left.remove(at);
                return left.into_iter().map(|one| Hop { is_side_known: false, ..one.hop }).collect();
            }
            at += 1;
        }
        left.into_iter().map(|candidate| candidate.hop).collect()
    }

    /// Whether one of the transaction's own instructions did all that happened to a candidate, and called no other exchange.
    fn is_called_alone(&self, candidate: &Candidate<'t>, others: &[Candidate<'t>]) -> bool {
        let Some(at) = candidate.at.filter(|at| self.ledger.is_outer(*at)) else { return false };
        let known = self.known.iter().filter_map(|hop| hop.at);
        let mut swaps = others.iter().filter_map(|other| other.at).filter(|other| *other != at).chain(known);
        let mut sides = candidate.vaults.into_iter().zip(candidate.hop.legs);
        sides.all(|(vault, leg)| self.ledger.moved_under(at, vault) == Some(leg.units))
            && !swaps.any(|swap| self.is_under_one_instruction(swap, at))
    }

    /// Whether the exchange of a candidate was called by the same instruction as that of another hop.
    fn is_routed(&self, candidate: &Candidate<'t>, others: &[Candidate<'t>]) -> bool {
        let Some(at) = candidate.at.filter(|at| !self.ledger.is_outer(*at)) else { return false };
        let swaps = self.ledger.swaps().map(|call| call.at);
        let others = others.iter().filter_map(|other| other.at);
        swaps.chain(others).any(|other| other != at && self.is_under_one_instruction(other, at))
    }

    /// Whether a candidate is named by an instruction that only called the exchanges of others.
    fn called_others(&self, candidate: &Candidate<'t>, others: &[Candidate<'t>]) -> bool {
        let Some(at) = candidate.at.filter(|at| self.ledger.is_outer(*at)) else { return false };
        let mut others = others.iter().filter_map(|other| other.at);
        others.any(|other| other != at && self.is_under_one_instruction(other, at))
    }

    /// Whether two instructions belong to the same one of the transaction's own.
    fn is_under_one_instruction(&self, one: usize, other: usize) -> bool {
        self.transaction.outer(one) == self.transaction.outer(other)
    }

    /// Whether the fee payer has a part in what happened to a mint: a token's change, or some SOL more than before.
    fn is_party(&self, mint: &str) -> bool {
        let Some(fee_payer) = self.transaction.fee_payer.as_deref() else { return false };
        let units = self.owned(fee_payer, mint);
        if mint == WRAPPED_SOL { units.max(self.transaction.lamports(fee_payer)) > 0 } else { units != 0 }
    }

    fn owned(&self, owner: &str, mint: &str) -> i128 {
        let accounts = self.transaction.token_accounts.iter();
        accounts
            .filter(|account| account.owner == owner && account.mint == mint)
            .map(|account| account.change)
            .sum()
    }

    /// Whether a wallet filled the fee payer's quote: each has what the other gave, and no pool had a part in it.
    fn is_two_party(&self, wallet: &Candidate<'_>, pools: &[Hop<'_>]) -> bool {
        let Some(fee_payer) = self.transaction.fee_payer.as_deref() else { return false };
        let mut mints: Vec<&str> = Vec::new();
        for account in &self.transaction.token_accounts {
            if account.owner == fee_payer && !mints.contains(&account.mint.as_ref()) {
                mints.push(&account.mint);
            }
        }
        mints.retain(|mint| self.owned(fee_payer, mint) != 0);
        let lamports = self.transaction.lamports(fee_payer);
        let is_native = matches!(mints.as_slice(), [mint] if *mint != WRAPPED_SOL) && lamports != 0;
        let units = |mint: &str| {
            if is_native && mint == WRAPPED_SOL { lamports } else { self.owned(fee_payer, mint) }
        };
        let legs = &wallet.hop.legs;
        let mirrored = legs.iter().all(|leg| {
            // The fee payer's own SOL has fees and rent in it.
            let is_exact = leg.mint != WRAPPED_SOL;
            is_opposite(units(leg.mint), leg.units) && (!is_exact || is_close(units(leg.mint), leg.units))
        });
        let has_both =
            |pool: &Hop<'_>| legs.iter().all(|leg| pool.legs.iter().any(|own| own.mint == leg.mint));
        mints.len() + usize::from(is_native) == 2 && mirrored && !pools.iter().any(has_both)
    }
}

fn units(hop: &Hop<'_>, mint: &str) -> i128 {
    hop.legs.iter().find(|leg| leg.mint == mint).map_or(0, |leg| leg.units)
}

/// Whether these changes are what the other side of a hop would have. In SOL of an account of its own there are fees and
/// rent.
fn is_mirrored(hop: &Hop<'_>, units: impl Fn(&str) -> i128) -> bool {
    hop.legs.iter().all(|leg| {
        let other = units(leg.mint);
        let is_exact = !(hop.is_native && leg.mint == WRAPPED_SOL);
        is_opposite(other, leg.units) && (!is_exact || is_close(other, leg.units))
    })
}

/// Whether two opposite changes are the two sides of one, but for fees.
fn is_close(one: i128, other: i128) -> bool {
    (one + other).abs() <= other.abs() / FEE_PART
}
