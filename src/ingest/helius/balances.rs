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

/// Owners of tokens in a transaction: it names at most 256 accounts.
const MAX_OWNERS: usize = 256;

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
    pub(super) native: BTreeMap<&'t str, i128>,
    pub(super) decimals: BTreeMap<&'t str, u8>,
}

impl<'t> Balances<'t> {
    /// Adds up a transaction's changes.
    ///
    /// # Errors
    /// [`Misunderstood::Amount`] and [`Misunderstood::TooLarge`].
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
        if net.order.len() > MAX_OWNERS {
            return Err(Misunderstood::TooLarge);
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
            let units = amount.and_then(|amount| amount.to_units(*decimals));
            let Some(units) = units.filter(|units| units.unsigned_abs() <= MAX_UNITS) else { continue };
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

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::core::time::UnixMillis;

    const CURVE: &str = r#"{"account":"curve","nativeBalanceChange":500}"#;

    fn change(owner: &str, mint: &str, units: &str) -> String {
        let amount = format!(r#"{{"tokenAmount":{units},"decimals":6}}"#);
        let change = format!(r#"{{"userAccount":"{owner}","mint":"{mint}","rawTokenAmount":{amount}}}"#);
        format!(r#"{{"account":"of {owner}","tokenBalanceChanges":[{change}]}}"#)
    }

    /// The legs of a transaction, as `owner mint units`.
    fn legs(accounts: &[String], transfers: &str) -> Result<Vec<String>, Misunderstood> {
        let accounts = accounts.join(",");
        let json =
            format!(r#"{{"signature":"s","accountData":[{accounts}],"tokenTransfers":[{transfers}]}}"#);
        let item: &RawValue = serde_json::from_str(&json).unwrap();
        let transaction = Transaction::read(item, UnixMillis(0)).unwrap();
        let balances = Balances::of(&transaction)?;
        let of = |owner: &Owner<'_>| -> Vec<String> {
            let leg = |leg: &Leg<'_>| format!("{} {} {}", owner.address, leg.mint, leg.units);
            owner.legs.iter().map(leg).collect()
        };
        Ok(balances.owners.iter().flat_map(of).collect())
    }

    #[test]
    fn the_changes_of_an_owners_accounts_are_added_up_and_what_comes_to_nothing_is_none() {
        let accounts = [
            change("ana", "X", "\"70\""),
            change("ana", "X", "-30"),
            change("ben", "X", "5"),
            change("ben", "X", "-5"),
        ];
        assert_eq!(legs(&accounts, ""), Ok(vec!["ana X 40".to_owned()]));
    }

    #[test]
    fn an_owner_of_one_mint_has_the_sol_of_its_account_on_the_other_side() {
        let sol = format!("curve {WRAPPED_SOL} 500");
        assert_eq!(
            legs(&[CURVE.to_owned(), change("curve", "X", "-7")], ""),
            Ok(vec!["curve X -7".to_owned(), sol])
        );
        let two = [CURVE.to_owned(), change("curve", "X", "-7"), change("curve", "Y", "8")];
        assert_eq!(legs(&two, "").unwrap().len(), 2, "rent, where there is a second mint");
        let wrapped = [CURVE.to_owned(), change("curve", WRAPPED_SOL, "-7")];
        assert_eq!(legs(&wrapped, "").unwrap(), [format!("curve {WRAPPED_SOL} -7")]);
    }

    #[test]
    fn a_transfer_tells_of_an_owner_without_a_change_if_with_it_the_mint_balances() {
        let transfer = |amount: &str| {
            format!(
                r#"{{"fromUserAccount":"curve","toUserAccount":"ana","mint":"X","tokenAmount":{amount}}}"#
            )
        };
        let ana = [change("ana", "X", "1500001")];
        assert_eq!(legs(&ana, &transfer("1.500001")).unwrap(), ["ana X 1500001", "curve X -1500001"]);
        assert_eq!(legs(&ana, &transfer("1.5")).unwrap(), ["ana X 1500001"], "not all is told");
        let both = [change("ana", "X", "1500001"), change("curve", "X", "-1500000")];
        assert_eq!(legs(&both, &transfer("1.500001")).unwrap().len(), 2, "each has its own change");
        let all = [change("ana", "X", "2"), change("ben", "X", "-2")];
        assert_eq!(legs(&all, &transfer("1")).unwrap().len(), 2, "nothing is missing");
    }

    #[test]
    fn an_amount_that_is_none_is_an_error_and_one_that_is_not_there_is_no_change() {
        let most = i128::try_from(MAX_UNITS).unwrap().to_string();
        for units in ["1.5", "\"\"", "true", "1e3", &i128::MIN.to_string(), &"9".repeat(60)] {
            assert_eq!(legs(&[change("ana", "X", units)], ""), Err(Misunderstood::Amount), "{units}");
        }
        let too_many = [change("ana", "X", &most), change("ana", "X", "1")];
        assert_eq!(legs(&too_many, ""), Err(Misunderstood::Amount));
        assert_eq!(legs(&[change("ana", "X", "null")], ""), Ok(vec![]));
        let owners: Vec<_> = (0..=MAX_OWNERS).map(|owner| change(&owner.to_string(), "X", "1")).collect();
        assert_eq!(legs(&owners, ""), Err(Misunderstood::TooLarge));
    }
}
