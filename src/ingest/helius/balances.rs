//! What each owner had more or less of after a transaction, by mint. It must not know who of them is a pool.

use std::collections::BTreeMap;

use super::transaction::{Account, Misunderstood, TokenChange, Transaction, Transfer};
use crate::core::decimal::Decimal;
use crate::ingest::solana::{Money, WRAPPED_SOL};
use crate::wire::number::{digits, whole};
use crate::wire::object::Name;

/// No amount and no sum is further from 0: the chain's own have 64 bits, and so no arithmetic on a few of these
/// overflows.
const MAX_UNITS: u128 = 1 << 100;

/// Decimals that are believed. No mint that is traded has more.
const MAX_DECIMALS: u8 = 20;

/// One owner's change of one mint; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg<'t> {
    pub(super) mint: &'t str,
    pub(super) units: i128,
}

/// An owner and what changed for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner<'t> {
    pub(super) address: &'t str,
    pub(super) legs: Vec<Leg<'t>>,
    /// Whether its leg of SOL is that of its own account, which also pays rent.
    pub(super) is_native: bool,
}

/// All changes of a transaction.
#[derive(Debug, Default)]
pub(super) struct Balances<'t> {
    /// Those whose tokens changed, in the order in which they are told of.
    pub(super) owners: Vec<Owner<'t>>,
    native: BTreeMap<&'t str, i128>,
    decimals: BTreeMap<&'t str, u8>,
}

impl<'t> Balances<'t> {
    /// Adds up a transaction's changes.
    ///
    /// # Errors
    /// [`Misunderstood::Amount`].
    pub(super) fn of(transaction: &'t Transaction<'_>) -> Result<Self, Misunderstood> {
        let mut net = Net::default();
        let mut native = BTreeMap::new();
        for account in &transaction.accounts {
            if let Some((address, change)) = native_change(account)? {
                add(native.entry(address).or_default(), change)?;
            }
            for change in account.token_balance_changes.iter().flatten() {
                net.change(change)?;
            }
        }
        if net.sums.values().any(|sum| *sum != 0) {
            net.complete(transaction.transfers())?;
        }
        let owners = net.order.iter().filter_map(|address| owner(address, net.owners.get(address)?, &native));
        Ok(Self { owners: owners.collect(), native, decimals: net.decimals })
    }

    /// The decimals of a mint, where somebody says.
    pub(super) fn decimals(&self, mint: &str) -> Option<u8> {
        let told = self.decimals.get(mint).copied();
        told.or_else(|| Money::of_mint(mint).map(Money::decimals))
    }

    /// How much SOL came to an account of its own or went; 0 where nothing is said.
    pub(super) fn native(&self, account: &str) -> i128 {
        self.native.get(account).copied().unwrap_or_default()
    }
}

/// The legs of an owner. SOL of its own account is the other side of what happened to its only token.
fn owner<'t>(
    address: &'t str,
    mints: &BTreeMap<&'t str, i128>,
    native: &BTreeMap<&'t str, i128>,
) -> Option<Owner<'t>> {
    let changed = mints.iter().filter(|(_, units)| **units != 0);
    let mut legs: Vec<Leg<'t>> = changed.map(|(mint, units)| Leg { mint, units: *units }).collect();
    let mut is_native = false;
    if let [Leg { mint, .. }] = legs.as_slice()
        && *mint != WRAPPED_SOL
    {
        let units = native.get(address).copied().filter(|units| *units != 0);
        legs.extend(units.map(|units| Leg { mint: WRAPPED_SOL, units }));
        is_native = units.is_some();
    }
    (!legs.is_empty()).then_some(Owner { address, legs, is_native })
}

#[derive(Default)]
struct Net<'t> {
    owners: BTreeMap<&'t str, BTreeMap<&'t str, i128>>,
    order: Vec<&'t str>,
    sums: BTreeMap<&'t str, i128>,
    decimals: BTreeMap<&'t str, u8>,
}

impl<'t> Net<'t> {
    /// Adds a change; one that doesn't say whose it is, of what or of how much, says nothing.
    fn change(&mut self, change: &'t TokenChange<'_>) -> Result<(), Misunderstood> {
        let (Some(owner), Some(mint), Some(amount)) =
            (&change.user_account, &change.mint, &change.raw_token_amount)
        else {
            return Ok(());
        };
        if let Some(decimals) = amount.decimals {
            let decimals = whole(decimals).and_then(|decimals| u8::try_from(decimals).ok());
            let decimals = decimals.filter(|decimals| *decimals <= MAX_DECIMALS);
            self.decimals.entry(text(mint)).or_insert(decimals.ok_or(Misunderstood::Amount)?);
        }
        let Some(units) = amount.token_amount else { return Ok(()) };
        self.add(text(owner), text(mint), whole(units).ok_or(Misunderstood::Amount)?)
    }

    fn add(&mut self, owner: &'t str, mint: &'t str, units: i128) -> Result<(), Misunderstood> {
        let mints = self.owners.entry(owner).or_insert_with(|| {
            self.order.push(owner);
            BTreeMap::new()
        });
        add(mints.entry(mint).or_default(), units)?;
        add(self.sums.entry(mint).or_default(), units)
    }

    /// Where the changes of a mint don't balance and the transfers name somebody who has none, they are its changes, if
    /// with them the mint does balance.
    fn complete(&mut self, transfers: &'t [Transfer<'_>]) -> Result<(), Misunderstood> {
        let mut missing: BTreeMap<&'t str, BTreeMap<&'t str, i128>> = BTreeMap::new();
        for transfer in transfers {
            let (Some(mint), Some(amount)) = (&transfer.mint, transfer.token_amount) else { continue };
            let mint = text(mint);
            let Some(decimals) = self.decimals.get(mint) else { continue };
            let amount = Decimal::parse(digits(amount));
            let Some(units) = amount.and_then(|amount| amount.to_units(*decimals)) else { continue };
            for (owner, units) in [(&transfer.from_user_account, -units), (&transfer.to_user_account, units)]
            {
                let Some(owner) = owner.as_ref().map(text) else { continue };
                let is_told = self.owners.get(owner).is_some_and(|mints| mints.contains_key(mint));
                if !owner.is_empty() && !is_told {
                    add(missing.entry(mint).or_default().entry(owner).or_default(), units)?;
                }
            }
        }
        for (mint, owners) in missing {
            let sum = self.sums.get(mint).copied().unwrap_or_default();
            if sum + owners.values().sum::<i128>() == 0 {
                owners.into_iter().try_for_each(|(owner, units)| self.add(owner, mint, units))?;
            }
        }
        Ok(())
    }
}

fn text<'t>(Name(text): &'t Name<'_>) -> &'t str {
    text
}

fn native_change<'t>(account: &'t Account<'_>) -> Result<Option<(&'t str, i128)>, Misunderstood> {
    let (Some(address), Some(change)) = (&account.address, account.native_balance_change) else {
        return Ok(None);
    };
    Ok(Some((text(address), whole(change).ok_or(Misunderstood::Amount)?)))
}

fn add(sum: &mut i128, units: i128) -> Result<(), Misunderstood> {
    let total = sum.checked_add(units).filter(|total| total.unsigned_abs() <= MAX_UNITS);
    *sum = total.ok_or(Misunderstood::Amount)?;
    Ok(())
}
