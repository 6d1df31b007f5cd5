//! What each swap moved, instruction by instruction, as the vaults of its pool saw it. It must not know what a price is.
//!
//! A swap is what came into one vault and went out of the other between its instruction and the next one that names them.
//! The transfers say how much; where an instruction is the only one that names a vault, the change of its balance does; and
//! where SOL lies in no token account, or the payload has no transfers, the exchange's own event. Always the sum over all
//! swaps has to be the change of the vault's balance.

use std::cell::OnceCell;

use super::event::{Moved, may_be_event, swap_event};
use super::exchange::{Action, Call, Exchange, Vault};
use super::hop::{Hop, Leg, Unexplained, is_opposite};
use super::instruction::Instruction;
use super::transaction::Transaction;
use super::transfers::{TOKEN_2022, Transfer, is_plain_program, is_token_program, transfers, withheld};
use crate::core::tick::Phase;

/// What a transaction says of which instruction moved what.
pub struct Ledger<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    pub(super) transfers: Option<Vec<Transfer<'t>>>,
    /// The instructions in which exchanges write of their own swaps, and what they write, read when it is asked for: it is
    /// the longest data of a transaction.
    events: Vec<(usize, OnceCell<Option<Moved>>)>,
    /// The instructions of exchanges that name a pool where one is known to stand.
    pub calls: Vec<Call<'t>>,
}

impl<'t> Ledger<'t> {
    /// Reads the instructions of the known exchanges.
    pub fn of(transaction: &'t Transaction<'t>) -> Self {
        let (mut calls, mut events) = (Vec::new(), Vec::new());
        for (at, instruction) in transaction.instructions.iter().enumerate() {
            let Some(exchange) = Exchange::of_program(&instruction.program) else { continue };
            calls.extend(exchange.calls(at, instruction));
            if may_be_event(exchange, instruction) {
                events.push((at, OnceCell::new()));
            }
        }
        Self { transaction, transfers: transfers(transaction), events, calls }
    }

    /// What each of the known exchanges' swaps moved.
    pub fn hops(&self) -> Vec<Result<Hop<'t>, Unexplained>> {
        self.swaps().filter_map(|call| self.hop(call).transpose()).collect()
    }

    /// The known exchanges' swaps.
    pub fn swaps(&self) -> impl Iterator<Item = &Call<'t>> {
        self.calls.iter().filter(|call| call.action == Action::Swap)
    }

    /// Whether a hop moved a vault. Pools may share theirs.
    pub fn swaps_with(&self, hop: &Hop<'_>, vault: Vault<'_>) -> bool {
        let mut own = self.swaps().filter(|call| Some(call.at) == hop.at && call.pool == hop.pool);
        own.any(|call| call.vaults.contains(&vault))
    }

    /// What one of them moved; `None` for one that moved nothing.
    fn hop(&self, call: &Call<'t>) -> Result<Option<Hop<'t>>, Unexplained> {
        let legs = self.legs(call)?;
        if legs.iter().all(|leg| leg.units == 0) {
            return Ok(None);
        }
        if !is_opposite(legs[0].units, legs[1].units) {
            return Err(Unexplained::OneWay);
        }
        Ok(Some(Hop {
            at: Some(call.at),
            exchange: Some(call.exchange),
            pool: call.pool,
            legs,
            is_native: call.is_native(),
            phase: call.exchange.phase,
            user: call.user,
            is_side_known: true,
        }))
    }

    fn legs(&self, call: &Call<'t>) -> Result<[Leg<'t>; 2], Unexplained> {
        let units = match self.by_balances(call) {
            Ok(units) if !call.is_native() => units,
            by_balances => match self.event(call) {
                Some(moved) if call.vaults.into_iter().all(|vault| self.is_confirmed(vault)) => moved,
                Some(_) => return Err(Unexplained::Event),
                None => by_balances?,
            },
        };
        let mints = self.mints(call).ok_or(Unexplained::Sum)?;
        Ok([Leg { mint: mints[0], units: units[0] }, Leg { mint: mints[1], units: units[1] }])
    }

    /// What a swap moved, by the transfers or the balances of its vaults.
    fn by_balances(&self, call: &Call<'t>) -> Result<Moved, Unexplained> {
        let [one, other] = call.vaults;
        Ok([self.moved(call.at, one)?, self.moved(call.at, other)?])
    }

    /// What the exchange writes of a swap in the units of both vaults: its next event before its next call.
    fn event(&self, call: &Call<'t>) -> Option<Moved> {
        if !call.has_event_in_units() {
            return None;
        }
        let next = self.calls.iter().find(|other| other.at > call.at && other.exchange == call.exchange);
        let is_own = |at: usize| at > call.at && next.is_none_or(|next| at < next.at);
        self.events.iter().filter(|(at, _)| is_own(*at)).find_map(|(at, read)| {
            let instruction = self.transaction.instructions.get(*at)?;
            *read.get_or_init(|| swap_event(call.exchange, instruction))
        })
    }

    /// What the event of a swap says of one of its vaults.
    fn event_of(&self, call: &Call<'t>, vault: Vault<'t>) -> Option<i128> {
        let mut sides = call.vaults.into_iter().zip(self.event(call)?);
        sides.find_map(|(own, units)| (own == vault).then_some(units))
    }

    /// Whether the events of all swaps with a vault come to its change. What else may have moved it makes that unknown: a
    /// token that is being made is minted into its vault, and what SOL of an account of its own does is rent too.
    fn is_confirmed(&self, vault: Vault<'t>) -> bool {
        let address = vault.address();
        let Some(account) = self.transaction.token_account(address) else { return true };
        let swaps: Vec<_> = self.swaps().filter(|call| call.vaults.contains(&vault)).collect();
        let is_swapped_alone = self.naming(address).len() == swaps.len();
        let sum = swaps.iter().try_fold(0, |sum, call| Some(sum + self.event_of(call, vault)?));
        !is_swapped_alone || sum == Some(account.change)
    }

    /// How much more a vault has after an instruction of a known exchange.
    fn moved(&self, at: usize, vault: Vault<'t>) -> Result<i128, Unexplained> {
        self.moved_among(&self.naming(vault.address()), at, vault)
    }

    /// How much more a vault has after one of the instructions that move it, by the transfers or by its balance.
    ///
    /// # Errors
    /// Why that can't be known.
    pub fn moved_among(&self, naming: &[usize], at: usize, vault: Vault<'t>) -> Result<i128, Unexplained> {
        let address = vault.address();
        let is_alone = naming == [at] && !self.is_named_elsewhere(at, address);
        let change = match vault {
            Vault::Lamports(_) => self.transaction.lamports(address),
            Vault::Tokens(_) => self.transaction.token_account(address).map_or(0, |account| account.change),
        };
        match (&self.transfers, vault) {
            (Some(transfers), Vault::Tokens(_)) => {
                let moved = by_transfers(self.transaction, transfers, naming, at, (address, change));
                moved.or(is_alone.then_some(change)).ok_or(Unexplained::Sum)
            }
            _ if is_alone => Ok(change),
            _ => self.given_to_the_user(at, vault).ok_or(Unexplained::NoTransfers),
        }
    }

    /// How much more a token account has by the transfers that an instruction caused, where all of them come to its change.
    pub fn moved_under(&self, at: usize, vault: Vault<'t>) -> Option<i128> {
        let account = self.transaction.token_account(vault.address())?;
        let transfers = self.transfers.as_ref()?;
        by_transfers(self.transaction, transfers, &[at], at, (vault.address(), account.change))
    }

    /// Whether another of the transaction's own instructions names an account, of a program that may call any exchange:
    /// payloads leave out what it called.
    fn is_named_elsewhere(&self, at: usize, address: &str) -> bool {
        let outer = self.transaction.outer(at);
        self.transaction.instructions.iter().any(|other| {
            Some(other.outer) != outer && other.names(address) && may_call_an_exchange(&other.program)
        })
    }

    /// What a vault gave is what the trader's account got, where only the vault was moved by something else too: by the
    /// creation of its token.
    fn given_to_the_user(&self, at: usize, vault: Vault<'t>) -> Option<i128> {
        let instruction = self.transaction.instructions.get(at)?;
        let mint = self.mint(vault)?;
        let is_plain = !instruction.names(TOKEN_2022);
        let accounts = self.transaction.token_accounts.iter();
        let mut others = accounts.filter(|account| {
            account.mint == mint && account.address != vault.address() && instruction.names(&account.address)
        });
        let (Some(user), None) = (others.next(), others.next()) else { return None };
        let is_untouched = self.naming(&user.address) == [at]
            && !self.transaction.instructions.iter().enumerate().any(|(index, other)| {
                is_token_program(&other.program) && other.names(&user.address) && self.is_outer(index)
            });
        (is_plain && is_untouched && user.change > 0).then_some(-user.change)
    }

    /// Whether an instruction is the transaction's own, and none that another one called.
    pub fn is_outer(&self, at: usize) -> bool {
        let outer = self.transaction.outer(at);
        outer.is_some() && at.checked_sub(1).and_then(|before| self.transaction.outer(before)) != outer
    }

    /// The instructions of known exchanges that may have moved an account. What makes a bonding curve mints its token, and
    /// moves nothing of its quote.
    fn naming(&self, address: &str) -> Vec<usize> {
        let makes_its_quote = |at: usize| {
            self.calls.iter().any(|call| {
                let is_curve = call.action == Action::Creation && call.exchange.phase == Phase::Bonding;
                call.at == at && is_curve && call.vaults[1].address() == address
            })
        };
        let instructions = self.transaction.instructions.iter().enumerate();
        let naming = |(at, instruction): (usize, &Instruction<'_>)| {
            let is_named = instruction.names(address) && Exchange::of_program(&instruction.program).is_some();
            (is_named && !makes_its_quote(at)).then_some(at)
        };
        instructions.filter_map(naming).collect()
    }
}

/// Whether a program may call exchanges: neither is it one, nor one of those that only move or make accounts.
fn may_call_an_exchange(program: &str) -> bool {
    !is_token_program(program) && !is_plain_program(program) && Exchange::of_program(program).is_none()
}

/// How much more an account has after one of the instructions that name it, if all transfers come to its change.
fn by_transfers(
    transaction: &Transaction<'_>,
    transfers: &[Transfer<'_>],
    naming: &[usize],
    at: usize,
    (address, change): (&str, i128),
) -> Option<i128> {
    let cause = |transfer: &Transfer<'_>| {
        let before = naming.iter().rev().find(|naming| **naming < transfer.at)?;
        (transaction.outer(*before) == transaction.outer(transfer.at)).then_some(*before)
    };
    let coming = transfers.iter().filter(|transfer| transfer.to == Some(address));
    let going = transfers.iter().filter(|transfer| transfer.from == Some(address));
    let got: Vec<(Option<usize>, i128)> =
        coming.map(|transfer| (cause(transfer), transfer.units - transfer.withheld)).collect();
    let gave: Vec<(Option<usize>, i128)> = going.map(|transfer| (cause(transfer), transfer.units)).collect();
    let sum = |parts: &[(Option<usize>, i128)]| parts.iter().map(|(_, units)| units).sum::<i128>();
    let kept = match sum(&got) - sum(&gave) - change {
        0 => vec![0; got.len()],
        missing if missing > 0 => {
            withheld(&got.iter().map(|(_, units)| *units).collect::<Vec<_>>(), missing)?
        }
        _ => return None,
    };
    let is_own = |cause: Option<usize>| cause == Some(at);
    let got =
        got.iter().zip(kept).filter(|((cause, _), _)| is_own(*cause)).map(|((_, units), kept)| units - kept);
    let gave = gave.iter().filter(|(cause, _)| is_own(*cause)).map(|(_, units)| units);
    Some(got.sum::<i128>() - gave.sum::<i128>())
}
