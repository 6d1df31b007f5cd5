//! A webhook's body: each transaction on its own, in the order of the chain. It must not know what becomes of what is
//! found.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::value::RawValue;
use thiserror::Error;

use super::enhanced::{self, Fields};
use super::raw;
use crate::core::found::Found;
use crate::core::time::UnixMillis;
use crate::ingest::solana::{self, Misunderstood, Reading, Unexplained};

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
    /// How many swaps are no trades as what they moved can't be told, by the reason.
    pub unexplained: BTreeMap<Unexplained, usize>,
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
        match reading(item, received) {
            Ok(Reading { found, .. }) if !signatures.insert(Rc::clone(&found.signature)) => {
                webhook.duplicates += 1;
            }
            Ok(Reading { found, .. }) if found.has_failed => webhook.failed += 1,
            Ok(Reading { found, unexplained }) => {
                for reason in unexplained {
                    *webhook.unexplained.entry(reason).or_default() += 1;
                }
                webhook.found.extend(Some(found).filter(|found| !found.is_empty()));
            }
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
fn reading(item: &RawValue, received: UnixMillis) -> Result<Reading, Misunderstood> {
    // A derived type would be read from an array too.
    let is_object = item.get().starts_with('{');
    let fields: Option<Fields<'_>> = serde_json::from_str(item.get()).ok().filter(|_| is_object);
    let fields = fields.ok_or(Misunderstood::Shape)?;
    let transaction =
        if fields.is_raw() { raw::read(&fields, received) } else { enhanced::read(&fields, received) }?;
    Ok(solana::read(&transaction))
}
