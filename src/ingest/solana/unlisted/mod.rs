//! Swaps with exchanges that nobody listed, and those of trimmed payloads, by what changed. It must not know what a price
//! is.
//!
//! A pool is an address off the ed25519 curve, a program's own, with two vaults that one instruction names together, of
//! which one grew and the other shrank. A wallet that filled the fee payer's quote counts too. Where the instructions name
//! no token accounts, all vaults of an owner are looked at: with more than two of them, they have to be pairs in one way
//! only.

mod pairs;
mod traders;

use super::address::AddressKind;
use super::exchange::{Exchange, Vault};
use super::hop::{Hop, Leg, Unexplained, is_opposite};
use super::instruction::Instruction;
use super::swaps::Ledger;
use super::transaction::{TokenAccount, Transaction};
use super::transfers::{is_plain_program, is_token_program};
use crate::core::tick::Phase;
use pairs::{Pair, by_owner, hold_two_mints, self_owned};

/// What Helius calls pump.fun in `source`.
const PUMP_FUN_SOURCE: &str = "PUMP_FUN";

/// What may be the other side of a trade.
#[derive(Clone, Debug)]
struct Candidate<'t> {
    hop: Hop<'t>,
    owner: &'t str,
    vaults: [Vault<'t>; 2],
    /// The instruction that names its vaults.
    at: Option<usize>,
    /// Whether it stands where only a pool can.
    is_pool: bool,
}

/// The swaps of a transaction besides those that are known.
pub fn unlisted<'t>(
    transaction: &'t Transaction<'t>,
    ledger: &Ledger<'t>,
    known: &[Hop<'t>],
) -> Vec<Result<Hop<'t>, Unexplained>> {
    let search = Search { transaction, ledger, known };
    let rest = search.rest();
    let is_named =
        |account: &TokenAccount<'_>| search.exchanges().any(|(_, call)| call.names(&account.address));
    let found = if rest.iter().any(|account| is_named(account)) {
        search.by_instructions(rest)
    } else {
        search.by_owners(&rest)
    };
    let (candidates, failures): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
    let failures = failures.into_iter().filter_map(Result::err).map(Err);
    let candidates = candidates.into_iter().flatten().collect();
    search.judge(candidates).into_iter().map(Ok).chain(failures).collect()
}

struct Search<'a, 't> {
    transaction: &'t Transaction<'t>,
    ledger: &'a Ledger<'t>,
    known: &'a [Hop<'t>],
}

type Found<'t> = Vec<Result<Candidate<'t>, Unexplained>>;

impl<'t> Search<'_, 't> {
    /// The token accounts that nothing is known of: neither vaults of known pools nor those of who traded with them.
    fn rest(&self) -> Vec<&'t TokenAccount<'t>> {
        let is_trader = |owner: &str| {
            self.transaction.fee_payer.as_deref() == Some(owner)
                || self.known.iter().any(|hop| hop.user == Some(owner))
        };
        let swapped = || self.ledger.swaps().filter_map(|call| self.transaction.instructions.get(call.at));
        let is_known = |TokenAccount { address, .. }: &TokenAccount<'_>| {
            self.ledger.is_vault(address)
                || (!address.is_empty() && swapped().any(|instruction| instruction.names(address)))
        };
        let accounts = self.transaction.token_accounts.iter();
        // All that is theirs: what is left of it would be paired with what it has nothing to do with.
        let passing =
            accounts.clone().filter(|account| account.change != 0 && self.ledger.passes_on(account));
        let passes_on: Vec<&str> = passing.map(|account| account.owner.as_ref()).collect();
        accounts
            .filter(|account| account.change != 0 && !is_trader(&account.owner) && !is_known(account))
            .filter(|account| !passes_on.contains(&account.owner.as_ref()))
            .collect()
    }

    /// The instructions that may be an exchange's: of no known form, and of no program that only moves or makes accounts.
    fn exchanges(&self) -> impl Iterator<Item = (usize, &'t Instruction<'t>)> {
        let instructions = self.transaction.instructions.iter().enumerate();
        instructions.filter(|(at, instruction)| {
            !is_token_program(&instruction.program)
                && !is_plain_program(&instruction.program)
                && !self.ledger.calls.iter().any(|call| call.at == *at)
        })
    }

    /// Pools whose vaults an instruction names together: those that name the fewest accounts first, as who calls an
    /// exchange names all that it does and more.
    fn by_instructions(&self, mut rest: Vec<&'t TokenAccount<'t>>) -> Found<'t> {
        let named = |instruction: &Instruction<'_>, rest: &[&'t TokenAccount<'t>]| {
            let named = rest.iter().filter(|account| instruction.names(&account.address));
            named.copied().collect::<Vec<_>>()
        };
        let mut instructions: Vec<_> = self.exchanges().collect();
        instructions.sort_by_cached_key(|(_, instruction)| named(instruction, &rest).len());
        let mut found = Vec::new();
        // Vaults that an exchange names together, and in which of the transaction's own instructions: who calls it names
        // those of several pools.
        let mut seen: Vec<(usize, &str)> = Vec::new();
        for (at, instruction) in instructions {
            let mut accounts = named(instruction, &rest);
            accounts.retain(|account| !seen.contains(&(instruction.outer, &account.address)));
            for (owner, vaults) in by_owner(&accounts).into_iter().chain(self_owned(&accounts)) {
                if hold_two_mints(&vaults) {
                    seen.extend(vaults.iter().map(|vault| (instruction.outer, vault.address.as_ref())));
                }
                let Ok(pairs) = self.pairs(owner, &vaults).map(|pairs| self.or_both(pairs, &vaults)) else {
                    continue;
                };
                for pair in pairs.into_iter().filter(|pair| names_both(instruction, pair)) {
                    rest.retain(|account| {
                        !pair.vaults.iter().any(|vault| vault.address() == account.address)
                    });
                    let swaps = self.swaps_of(owner, &pair, at);
                    // Who trades has a share in what several instructions did, too, and is no pool.
                    let is_told =
                        swaps.iter().all(Result::is_ok) || AddressKind::of(owner) == AddressKind::Program;
                    found.extend(swaps.into_iter().filter(|_| is_told));
                }
            }
        }
        let left = by_owner(&rest).into_iter();
        let is_torn = |(owner, vaults): &(&'t str, Vec<&'t TokenAccount<'t>>)| {
            vaults.len() > 1
                && self.pairs(owner, vaults).is_err()
                && AddressKind::of(owner) == AddressKind::Program
        };
        found.extend(left.filter(is_torn).map(|_| Err(Unexplained::Pairing)));
        found
    }

    /// Two vaults that changed one way are a pair too, where several instructions moved both.
    fn or_both(&self, pairs: Vec<Pair<'t>>, vaults: &[&'t TokenAccount<'t>]) -> Vec<Pair<'t>> {
        let [one, other] = vaults else { return pairs };
        if !pairs.is_empty() || one.mint == other.mint {
            return pairs;
        }
        let pair = Pair::of(one, other);
        if self.naming_both(&pair).len() > 1 { vec![pair] } else { pairs }
    }

    /// Pools of a payload that names no vaults.
    fn by_owners(&self, rest: &[&'t TokenAccount<'t>]) -> Found<'t> {
        let mut found = Vec::new();
        for (owner, vaults) in by_owner(rest) {
            match self.pairs(owner, &vaults) {
                Ok(pairs) => found.extend(pairs.iter().map(|pair| Ok(self.candidate(owner, pair, None)))),
                Err(reason) if AddressKind::of(owner) == AddressKind::Program => found.push(Err(reason)),
                Err(_) => {}
            }
        }
        found
    }

    /// The swaps with two vaults: one for each instruction that names both, but for those that called one of these.
    fn swaps_of(&self, owner: &'t str, pair: &Pair<'t>, at: usize) -> Found<'t> {
        let own = self.naming_both(pair);
        if own.len() < 2 {
            return vec![Ok(self.candidate(owner, pair, own.first().copied().or(Some(at))))];
        }
        let swap = |at: &usize| {
            let moved = |vault| self.ledger.moved_among(&own, *at, vault);
            let units = [moved(pair.vaults[0])?, moved(pair.vaults[1])?];
            let legs = [Leg { units: units[0], ..pair.legs[0] }, Leg { units: units[1], ..pair.legs[1] }];
            Ok(self.candidate(owner, &Pair { legs, ..*pair }, Some(*at)))
        };
        let swaps: Result<Vec<_>, _> = own.iter().map(swap).collect();
        match swaps {
            Ok(swaps) => {
                let is_swap =
                    |swap: &Candidate<'_>| is_opposite(swap.hop.legs[0].units, swap.hop.legs[1].units);
                swaps.into_iter().filter(is_swap).map(Ok).collect()
            }
            Err(reason) => vec![Err(reason)],
        }
    }

    /// The instructions that name both vaults, but for those that called one of these.
    fn naming_both(&self, pair: &Pair<'t>) -> Vec<usize> {
        let naming = self.exchanges().filter(|(_, instruction)| names_both(instruction, pair));
        let naming: Vec<usize> = naming.map(|(at, _)| at).collect();
        let inner: Vec<usize> = naming.iter().copied().filter(|at| !self.ledger.is_outer(*at)).collect();
        if inner.is_empty() { naming } else { inner }
    }

    fn candidate(&self, owner: &'t str, pair: &Pair<'t>, at: Option<usize>) -> Candidate<'t> {
        let instruction = at.and_then(|at| self.transaction.instructions.get(at));
        let called = instruction.and_then(|instruction| Exchange::of_program(&instruction.program));
        let shared = Exchange::of_authority(owner);
        let named = if at.is_none() { self.exchange_naming(owner) } else { None };
        let exchange = shared.or(called).or(named);
        let is_native = matches!(pair.vaults[1], Vault::Lamports(_));
        let stands_as_pool = |(_, instruction): (usize, &Instruction<'_>)| {
            exchange.is_some_and(|exchange| {
                exchange.program == instruction.program && exchange.has_pool(instruction, owner)
            })
        };
        let hop = Hop {
            at,
            exchange,
            // An authority of many pools is none of them.
            pool: if shared.is_some() && at.is_some() { pair.vaults[0].address() } else { owner },
            legs: pair.legs,
            is_native,
            phase: self.phase(exchange, is_native),
            user: None,
            is_side_known: true,
        };
        let is_pool = shared.is_some() || called.is_some() || self.exchanges().any(stands_as_pool);
        Candidate { hop, owner, vaults: pair.vaults, at, is_pool }
    }

    /// The exchange that was called with an owner, where the payload has no vaults.
    fn exchange_naming(&self, owner: &str) -> Option<&'static Exchange> {
        let mut called = self.transaction.instructions.iter().filter(|instruction| instruction.names(owner));
        called.find_map(|instruction| Exchange::of_program(&instruction.program))
    }

    /// Where nothing names a program, SOL that isn't wrapped is the sign of a curve.
    fn phase(&self, exchange: Option<&Exchange>, is_native: bool) -> Phase {
        let source = self.transaction.source.as_deref();
        let is_unnamed = self.transaction.instructions.is_empty()
            && crate::ingest::solana::trades::name_of(source).is_none();
        match exchange {
            Some(exchange) => exchange.phase,
            None if source == Some(PUMP_FUN_SOURCE) || (is_native && is_unnamed) => Phase::Bonding,
            None => Phase::Amm,
        }
    }
}

fn names_both(instruction: &Instruction<'_>, pair: &Pair<'_>) -> bool {
    pair.vaults.iter().all(|vault| instruction.names(vault.address()))
}
