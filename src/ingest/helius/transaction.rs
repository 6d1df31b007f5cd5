//! One transaction as Helius writes it, before anybody asks what it means. It must not judge what it says.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::core::tick::ChainTime;
use crate::core::time::{UnixMillis, unix_seconds};
use crate::core::wallet::Wallet;
use crate::wire::number::whole;
use crate::wire::object::{Name, text_of};

/// The longest signature, in characters: one of 64 bytes has 88 in base58.
const MAX_SIGNATURE: usize = 128;

/// Why an item of a body is no transaction that is understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Misunderstood {
    /// Another shape: a raw webhook's, or none at all.
    #[error("not the shape of an enhanced transaction")]
    Shape,
    /// No signature, as a raw webhook's has none where this is looked for.
    #[error("no signature")]
    NoSignature,
    /// More than any transaction has.
    #[error("more token accounts than a transaction has")]
    TooLarge,
    /// An amount that is no whole number of at most 127 bits.
    #[error("an amount that is no whole number")]
    Amount,
}

/// The fields that are looked at, each as it was written: what is wrong with one must not lose the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    signature: Option<&'a RawValue>,
    #[serde(borrow, default)]
    slot: Option<&'a RawValue>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    fee_payer: Option<&'a RawValue>,
    #[serde(borrow, default)]
    transaction_error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    account_data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    token_transfers: Option<&'a RawValue>,
    #[serde(borrow, default)]
    instructions: Option<&'a RawValue>,
}

/// An account, and what the transaction did to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account<'a> {
    #[serde(borrow, default)]
    #[serde(rename = "account")]
    pub(super) address: Option<Name<'a>>,
    #[serde(borrow, default)]
    pub(super) native_balance_change: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) token_balance_changes: Option<Vec<TokenChange<'a>>>,
}

/// A change of a token account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenChange<'a> {
    #[serde(borrow, default)]
    pub(super) user_account: Option<Name<'a>>,
    #[serde(borrow, default)]
    pub(super) mint: Option<Name<'a>>,
    #[serde(borrow, default)]
    pub(super) raw_token_amount: Option<RawTokenAmount<'a>>,
}

/// How many units.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawTokenAmount<'a> {
    #[serde(borrow, default)]
    pub(super) token_amount: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) decimals: Option<&'a RawValue>,
}

/// Tokens that went from one to another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transfer<'a> {
    #[serde(borrow, default)]
    pub(super) from_user_account: Option<Name<'a>>,
    #[serde(borrow, default)]
    pub(super) to_user_account: Option<Name<'a>>,
    #[serde(borrow, default)]
    pub(super) mint: Option<Name<'a>>,
    #[serde(borrow, default)]
    pub(super) token_amount: Option<&'a RawValue>,
}

/// A transaction. What takes long to read is read by those who want it.
pub(super) struct Transaction<'a> {
    pub(super) signature: Rc<str>,
    pub(super) at: ChainTime,
    pub(super) has_failed: bool,
    pub(super) fee_payer: Option<Cow<'a, str>>,
    pub(super) source: Option<Cow<'a, str>>,
    pub(super) accounts: Vec<Account<'a>>,
    token_transfers: Option<&'a RawValue>,
    transfers: OnceCell<Vec<Transfer<'a>>>,
    instructions: Option<&'a RawValue>,
}

impl<'a> Transaction<'a> {
    /// Reads one item of a body that came at `received`.
    ///
    /// # Errors
    /// Why it isn't understood.
    pub(super) fn read(item: &'a RawValue, received: UnixMillis) -> Result<Self, Misunderstood> {
        // A derived type would be read from an array too.
        let is_object = item.get().starts_with('{');
        let fields: Fields<'a> =
            serde_json::from_str(item.get()).ok().filter(|_| is_object).ok_or(Misunderstood::Shape)?;
        let signature = fields
            .signature
            .and_then(text_of)
            .filter(|text| (1..=MAX_SIGNATURE).contains(&text.len()))
            .ok_or(Misunderstood::NoSignature)?;
        let accounts = match fields.account_data {
            Some(accounts) => serde_json::from_str(accounts.get()).map_err(|_| Misunderstood::Shape)?,
            None => Vec::new(),
        };
        let timestamp = fields.timestamp.and_then(natural).and_then(unix_seconds);
        Ok(Self {
            signature: Rc::from(signature),
            at: ChainTime {
                timestamp: timestamp.unwrap_or(received.seconds()),
                slot: fields.slot.and_then(natural).unwrap_or_default(),
            },
            has_failed: fields.transaction_error.is_some(),
            fee_payer: fields.fee_payer.and_then(text_of).filter(|address| Wallet::parse(address).is_ok()),
            source: fields.source.and_then(text_of),
            accounts,
            token_transfers: fields.token_transfers,
            transfers: OnceCell::new(),
            instructions: fields.instructions,
        })
    }

    /// Its transfers; none where they are of another shape.
    pub(super) fn transfers(&self) -> &[Transfer<'a>] {
        let read = || serde_json::from_str(self.token_transfers?.get()).ok();
        self.transfers.get_or_init(|| read().unwrap_or_default())
    }

    /// The JSON of its instructions.
    pub(super) fn instructions(&self) -> Option<&'a str> {
        self.instructions.map(RawValue::get)
    }
}

fn natural(value: &RawValue) -> Option<u64> {
    whole(value).and_then(|number| u64::try_from(number).ok())
}
