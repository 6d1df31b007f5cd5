//! A webhook's body: each transaction on its own, in the order of the chain. It must not know what becomes of what is
//! found.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::value::RawValue;
use thiserror::Error;

use super::balances::Balances;
use super::creation::lives;
use super::instructions;
use super::liquidity::liquidity;
use super::pool::pools;
use super::reference::sol_usd;
use super::trades::trades;
use super::transaction::{Misunderstood, Transaction};
use super::venue::{PUMP_FUN, Venues};
use crate::core::found::Found;
use crate::core::time::UnixMillis;

/// The most items of a body.
pub const MAX_TRANSACTIONS: usize = 10_000;

/// Why a body holds no transactions at all.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WebhookError {
    /// Not JSON.
    #[error("the body is not JSON: {reason}")]
    NotJson {
        /// The parser's words, with line and column.
        reason: String,
    },
    /// JSON, but no array.
    #[error("the body has to be a JSON array of transactions")]
    NotAnArray,
    /// An array of more than [`MAX_TRANSACTIONS`].
    #[error("a body has at most {MAX_TRANSACTIONS} transactions, this one has {count}")]
    TooMany {
        /// How many.
        count: usize,
    },
}

/// What a body holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Webhook {
    /// How many items it has, whatever they are.
    pub transactions: usize,
    /// How many of them repeat the signature of one before.
    pub duplicates: usize,
    /// How many of them failed on the chain.
    pub failed: usize,
    /// Those that are not understood: the place of each, and why. A failed transaction and one without a trade are
    /// understood.
    pub skipped: Vec<(usize, Misunderstood)>,
    /// What was found, by slot and then as it stands in the body; nothing for a transaction that holds nothing.
    pub found: Vec<Found>,
}

impl Webhook {
    /// How many trades were found.
    #[must_use]
    pub fn trades(&self) -> usize {
        self.found.iter().map(|found| found.trades.len()).sum()
    }
}

/// Reads a body that came at `received`, which is the time of transactions that don't say theirs.
///
/// # Errors
/// [`WebhookError`]; what is wrong with one item is no error.
pub fn read(body: &str, received: UnixMillis) -> Result<Webhook, WebhookError> {
    let items: Vec<&RawValue> = serde_json::from_str(body).map_err(|error| {
        if error.is_data() {
            WebhookError::NotAnArray
        } else {
            WebhookError::NotJson { reason: error.to_string() }
        }
    })?;
    if items.len() > MAX_TRANSACTIONS {
        return Err(WebhookError::TooMany { count: items.len() });
    }
    let mut webhook = Webhook { transactions: items.len(), ..Webhook::default() };
    let mut signatures = BTreeSet::new();
    for (place, item) in items.into_iter().enumerate() {
        match Transaction::read(item, received).and_then(|transaction| found(&transaction)) {
            Ok(found) if !signatures.insert(Rc::clone(&found.signature)) => webhook.duplicates += 1,
            Ok(found) if found.has_failed => webhook.failed += 1,
            Ok(found) if found.is_empty() => {}
            Ok(found) => webhook.found.push(found),
            Err(reason) => webhook.skipped.push((place, reason)),
        }
    }
    webhook.found.sort_by_key(|found| found.at.slot);
    Ok(webhook)
}

/// What a transaction did.
///
/// # Errors
/// Why it isn't understood.
fn found(transaction: &Transaction<'_>) -> Result<Found, Misunderstood> {
    let mut found = Found {
        signature: Rc::clone(&transaction.signature),
        at: transaction.at,
        has_failed: transaction.has_failed,
        ..Found::default()
    };
    if found.has_failed {
        return Ok(found);
    }
    let balances = Balances::of(transaction)?;
    let json = transaction.instructions();
    let has_pairs = balances.owners.iter().any(|owner| owner.legs.len() == 2);
    let names_pump_fun = || json.is_some_and(|json| json.contains(PUMP_FUN.program()));
    // Most have neither, and instructions are the bulk of a body.
    if !has_pairs && !names_pump_fun() {
        return Ok(found);
    }
    let instructions = instructions::read(json);
    let venues = Venues { instructions: &instructions, source: transaction.source.as_deref() };
    let fee_payer = transaction.fee_payer.as_deref();
    found.trader = fee_payer.map(Rc::from);
    let pools = pools(&balances, &venues, fee_payer);
    found.trades = trades(&pools, &balances, &venues, found.at, found.trader.as_ref());
    found.liquidity = liquidity(&balances, &venues, found.at, (fee_payer, found.trader.as_ref()));
    found.sol_usd = sol_usd(&pools);
    let lives = lives(&instructions);
    (found.creations, found.migrations) = (lives.creations, lives.migrations);
    Ok(found)
}
