//! One transaction, read: the order in which its parts are looked for. It must not decide what they mean.

use std::rc::Rc;

use super::creation::lives;
use super::hop::{Hop, Unexplained};
use super::liquidity::liquidity;
use super::reference::sol_usd;
use super::swaps::Ledger;
use super::trades::{is_of_unknown_decimals, trades};
use super::transaction::Transaction;
use super::unlisted::unlisted;
use crate::core::found::Found;

/// What a transaction holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What was found.
    pub found: Found,
    /// Why swaps that it holds too are no trades, one for each.
    pub unexplained: Vec<Unexplained>,
}

/// Reads a transaction.
#[must_use]
pub fn read(transaction: &Transaction<'_>) -> Reading {
    let mut found = Found {
        signature: Rc::clone(&transaction.signature),
        at: transaction.at,
        has_failed: transaction.has_failed,
        ..Found::default()
    };
    if found.has_failed {
        return Reading { found, unexplained: Vec::new() };
    }
    let (hops, unexplained) =
        if transaction.may_hold_a_trade() { hops(transaction, &mut found) } else { Default::default() };
    if !transaction.instructions.is_empty() {
        let lives = lives(transaction);
        (found.creations, found.migrations) = (lives.creations, lives.migrations);
    }
    found.trader = transaction.fee_payer.as_deref().map(Rc::from);
    found.trades = trades(&hops, transaction);
    found.sol_usd = sol_usd(&hops);
    Reading { found, unexplained }
}

/// The swaps of a transaction, in the order of its instructions, and why some of them are not known.
fn hops<'t>(transaction: &'t Transaction<'t>, found: &mut Found) -> (Vec<Hop<'t>>, Vec<Unexplained>) {
    let ledger = Ledger::of(transaction);
    let (mut hops, mut unexplained) = parted(ledger.hops());
    let (others, more) = parted(unlisted(transaction, &ledger, &hops));
    hops.extend(others);
    unexplained.extend(more);
    let untold = hops.extract_if(.., |hop| is_of_unknown_decimals(hop, transaction));
    unexplained.extend(untold.map(|_| Unexplained::Decimals));
    // What is found last may have run first.
    hops.sort_by_key(|hop| hop.at.unwrap_or(usize::MAX));
    found.liquidity = liquidity(transaction, &ledger, &hops);
    (hops, unexplained)
}

/// The swaps that are known, and why others are not.
fn parted(swaps: Vec<Result<Hop<'_>, Unexplained>>) -> (Vec<Hop<'_>>, Vec<Unexplained>) {
    let (known, unknown): (Vec<_>, Vec<_>) = swaps.into_iter().partition(Result::is_ok);
    (known.into_iter().flatten().collect(), unknown.into_iter().filter_map(Result::err).collect())
}
