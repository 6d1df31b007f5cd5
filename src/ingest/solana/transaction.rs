//! One transaction of the chain, whichever payload it comes from: what changed and which instructions ran. It must not
//! judge what that means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use thiserror::Error;

use super::exchange::Exchange;
use super::instruction::Instruction;
use super::money::Money;
use crate::core::tick::ChainTime;

/// The longest signature, in characters: one of 64 bytes has 88 in base58.
pub const MAX_SIGNATURE: usize = 128;

/// No amount and no sum is further from 0: the chain's own have 64 bits, and so no arithmetic on a few of these
/// overflows.
pub const MAX_UNITS: u128 = 1 << 100;

/// Decimals that are believed. No mint that is traded has more.
pub const MAX_DECIMALS: u8 = 20;

/// Accounts of a transaction: it names at most 256.
pub const MAX_ACCOUNTS: usize = 256;

/// Why an item of a body is no transaction that is understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Misunderstood {
    /// Neither the shape of an enhanced transaction nor that of a raw one.
    #[error("the shape of neither an enhanced nor a raw transaction")]
    Shape,
    /// No signature.
    #[error("no signature")]
    NoSignature,
    /// More than any transaction has.
    #[error("more accounts than a transaction has")]
    TooLarge,
    /// An amount that is no whole number of at most 100 bits, or decimals that no mint has.
    #[error("an amount that is no whole number")]
    Amount,
}

/// A token account whose balance changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenAccount<'a> {
    /// Its address; empty where the payload does not say it.
    pub address: Cow<'a, str>,
    /// Who owns it.
    pub owner: Cow<'a, str>,
    /// What it holds.
    pub mint: Cow<'a, str>,
    /// How many units more it holds than before.
    pub change: i128,
}

/// An account of an example: its address, its owner, its mint, and how many units more it holds.
#[cfg(test)]
impl<'a> From<(&'a str, &'a str, &'a str, i128)> for TokenAccount<'a> {
    fn from((address, owner, mint, change): (&'a str, &'a str, &'a str, i128)) -> Self {
        Self { address: address.into(), owner: owner.into(), mint: mint.into(), change }
    }
}

/// A transaction.
#[derive(Debug, Default)]
pub struct Transaction<'a> {
    /// Its signature.
    pub signature: Rc<str>,
    /// When it happened.
    pub at: ChainTime,
    /// Whether it failed, and so changed nothing.
    pub has_failed: bool,
    /// Who paid for it.
    pub fee_payer: Option<Cow<'a, str>>,
    /// What Helius takes it for.
    pub source: Option<Cow<'a, str>>,
    /// The token accounts of which the payload names a change, once each.
    pub token_accounts: Vec<TokenAccount<'a>>,
    /// How many lamports more each account has than before.
    pub lamports: BTreeMap<Cow<'a, str>, i128>,
    /// Whether it names the program of a known exchange.
    pub names_exchange: bool,
    /// The decimals of mints.
    pub decimals: BTreeMap<Cow<'a, str>, u8>,
    /// Its instructions, each before those that it called; none where the payload has none, or none are needed.
    pub instructions: Vec<Instruction<'a>>,
}

impl<'a> Transaction<'a> {
    /// The decimals of a mint, where somebody says.
    #[must_use]
    pub fn decimals(&self, mint: &str) -> Option<u8> {
        let known = self.decimals.get(mint).copied();
        known.or_else(|| Money::of_mint(mint).map(Money::decimals))
    }

    /// How much SOL came to an account of its own or went; 0 where nothing is said.
    #[must_use]
    pub fn lamports(&self, account: &str) -> i128 {
        self.lamports.get(account).copied().unwrap_or_default()
    }

    /// What is said of a token account.
    #[must_use]
    pub fn token_account(&self, address: &str) -> Option<&TokenAccount<'a>> {
        self.token_accounts.iter().find(|account| !address.is_empty() && account.address == address)
    }

    /// Which of its own instructions one belongs to.
    #[must_use]
    pub fn outer(&self, at: usize) -> Option<usize> {
        self.instructions.get(at).map(|instruction| instruction.outer)
    }

    /// Notes a change of a token account. Changes of one account are added up, and so are those of accounts without an
    /// address that have one owner and mint.
    ///
    /// # Errors
    /// [`Misunderstood::Amount`] and [`Misunderstood::TooLarge`].
    pub fn change_tokens(&mut self, change: TokenAccount<'a>) -> Result<(), Misunderstood> {
        let is_same = |known: &&mut TokenAccount<'a>| {
            known.address == change.address
                && known.mint == change.mint
                && (!known.address.is_empty() || known.owner == change.owner)
        };
        if let Some(known) = self.token_accounts.iter_mut().find(is_same) {
            return add(&mut known.change, change.change);
        }
        if self.token_accounts.len() == MAX_ACCOUNTS {
            return Err(Misunderstood::TooLarge);
        }
        add(&mut 0, change.change)?;
        self.token_accounts.push(change);
        Ok(())
    }

    /// Notes an account that it names.
    pub fn notice(&mut self, account: &str) {
        self.names_exchange |= Exchange::of_program(account).is_some();
    }

    /// Notes a change of an account's lamports.
    ///
    /// # Errors
    /// [`Misunderstood::Amount`].
    pub fn change_lamports(&mut self, account: Cow<'a, str>, change: i128) -> Result<(), Misunderstood> {
        add(self.lamports.entry(account).or_default(), change)
    }

    /// Notes the decimals of a mint. The first word counts.
    ///
    /// # Errors
    /// [`Misunderstood::Amount`].
    pub fn learn_decimals(&mut self, mint: Cow<'a, str>, decimals: Option<u8>) -> Result<(), Misunderstood> {
        let decimals = decimals.filter(|decimals| *decimals <= MAX_DECIMALS).ok_or(Misunderstood::Amount)?;
        self.decimals.entry(mint).or_insert(decimals);
        Ok(())
    }

    /// Whether tokens may have changed hands for something else: whether its instructions are worth reading. What is bought
    /// and sold again changes nothing.
    #[must_use]
    pub fn may_hold_a_trade(&self) -> bool {
        if self.names_exchange {
            return true;
        }
        let mut changed = self.token_accounts.iter().filter(|account| account.change != 0);
        let Some(first) = changed.next() else { return false };
        changed.any(|account| account.mint != first.mint)
            || self.token_accounts.iter().any(|account| {
                let lamports = self.lamports(&account.owner);
                account.change != 0 && lamports != 0 && (lamports < 0) != (account.change < 0)
            })
    }
}

/// Adds to a sum within [`MAX_UNITS`].
fn add(sum: &mut i128, units: i128) -> Result<(), Misunderstood> {
    let total = sum.checked_add(units).filter(|total| total.unsigned_abs() <= MAX_UNITS);
    *sum = total.ok_or(Misunderstood::Amount)?;
    Ok(())
}
