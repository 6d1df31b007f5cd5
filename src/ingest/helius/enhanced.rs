//! The transactions of enhanced webhooks, as Helius writes them: `accountData`, `instructions`, `tokenTransfers`. It must
//! not judge what they say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields::{address_of, has_failed, natural, signature_of, time_of};
use crate::core::decimal::Decimal;
use crate::core::time::UnixMillis;
use crate::ingest::solana::{
    Instruction, MAX_INSTRUCTIONS, MAX_UNITS, Misunderstood, TokenAccount, Transaction, may_hold_a_creation,
};
use crate::wire::number::{digits, whole};
use crate::wire::object::{Name, text_of};

/// The fields that are looked at, each as it was written: what is wrong with one must not lose the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields<'a> {
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
    /// Only a raw transaction has these.
    #[serde(borrow, default)]
    pub(super) meta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) transaction: Option<&'a RawValue>,
    #[serde(borrow, default)]
    block_time: Option<&'a RawValue>,
}

/// An account, and what the transaction did to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    #[serde(borrow, default, rename = "account")]
    address: Option<Name<'a>>,
    #[serde(borrow, default)]
    native_balance_change: Option<&'a RawValue>,
    #[serde(borrow, default)]
    token_balance_changes: Option<Vec<TokenChange<'a>>>,
}

/// A change of a token account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenChange<'a> {
    #[serde(borrow, default)]
    user_account: Option<Name<'a>>,
    #[serde(borrow, default)]
    token_account: Option<Name<'a>>,
    #[serde(borrow, default)]
    mint: Option<Name<'a>>,
    #[serde(borrow, default)]
    raw_token_amount: Option<RawTokenAmount<'a>>,
}

/// How many units.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTokenAmount<'a> {
    #[serde(borrow, default)]
    token_amount: Option<&'a RawValue>,
    #[serde(borrow, default)]
    decimals: Option<&'a RawValue>,
}

/// Tokens that went from one to another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transfer<'a> {
    #[serde(borrow, default)]
    from_user_account: Option<Name<'a>>,
    #[serde(borrow, default)]
    to_user_account: Option<Name<'a>>,
    #[serde(borrow, default)]
    mint: Option<Name<'a>>,
    #[serde(borrow, default)]
    token_amount: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstructionFields<'a> {
    #[serde(borrow, default)]
    program_id: Option<Name<'a>>,
    #[serde(borrow, default)]
    accounts: Option<Vec<Name<'a>>>,
    #[serde(borrow, default)]
    data: Option<Name<'a>>,
    #[serde(borrow, default)]
    inner_instructions: Option<Vec<InstructionFields<'a>>>,
}

impl Fields<'_> {
    /// Whether they are those of a raw transaction.
    pub(super) fn is_raw(&self) -> bool {
        self.transaction.is_some() && self.signature.is_none()
    }

    pub(super) fn slot(&self) -> Option<u64> {
        self.slot.and_then(natural)
    }

    pub(super) fn block_time(&self) -> Option<u64> {
        self.block_time.and_then(natural)
    }
}

/// Reads a transaction that came at `received`, which is its time where it doesn't say its own.
///
/// # Errors
/// Why it isn't understood.
pub(super) fn read<'a>(fields: &Fields<'a>, received: UnixMillis) -> Result<Transaction<'a>, Misunderstood> {
    let slot = fields.slot();
    let mut transaction = Transaction {
        signature: signature_of(fields.signature.and_then(text_of))?,
        at: time_of(fields.timestamp.and_then(natural), slot, received),
        has_failed: fields.transaction_error.is_some_and(has_failed),
        fee_payer: fields.fee_payer.and_then(text_of).and_then(address_of),
        source: fields.source.and_then(text_of),
        ..Transaction::default()
    };
    if transaction.has_failed {
        return Ok(transaction);
    }
    if let Some(accounts) = fields.account_data {
        let accounts: Vec<Account<'_>> =
            serde_json::from_str(accounts.get()).map_err(|_| Misunderstood::Shape)?;
        accounts.into_iter().try_for_each(|account| account.apply(&mut transaction))?;
    }
    if let Some(transfers) = fields.token_transfers {
        complete(&mut transaction, transfers)?;
    }
    if let Some(instructions) = fields.instructions.map(RawValue::get)
        // Most transactions hold neither, and instructions are the bulk of a body. What makes a token mints it.
        && (transaction.may_hold_a_trade()
            || (!transaction.token_accounts.is_empty() && may_hold_a_creation(instructions)))
    {
        let fields: Vec<InstructionFields<'_>> = serde_json::from_str(instructions).unwrap_or_default();
        for (outer, instruction) in fields.into_iter().enumerate() {
            flatten(instruction, outer, &mut transaction.instructions);
        }
        transaction.instructions.truncate(MAX_INSTRUCTIONS);
    }
    Ok(transaction)
}

impl<'a> Account<'a> {
    fn apply(self, transaction: &mut Transaction<'a>) -> Result<(), Misunderstood> {
        if let Some(Name(account)) = &self.address {
            transaction.notice(account);
        }
        if let (Some(Name(account)), Some(change)) = (self.address, self.native_balance_change) {
            let change = whole(change).ok_or(Misunderstood::Amount)?;
            if change != 0 {
                transaction.change_lamports(account, change)?;
            }
        }
        self.token_balance_changes.into_iter().flatten().try_for_each(|change| change.apply(transaction))
    }
}

impl<'a> TokenChange<'a> {
    /// A change that doesn't say whose it is, of what or of how much, says nothing.
    fn apply(self, transaction: &mut Transaction<'a>) -> Result<(), Misunderstood> {
        let (Some(Name(owner)), Some(Name(mint)), Some(amount)) =
            (self.user_account, self.mint, self.raw_token_amount)
        else {
            return Ok(());
        };
        if let Some(decimals) = amount.decimals {
            let decimals = whole(decimals).and_then(|decimals| u8::try_from(decimals).ok());
            transaction.learn_decimals(mint.clone(), decimals)?;
        }
        let Some(units) = amount.token_amount else { return Ok(()) };
        let change = whole(units).ok_or(Misunderstood::Amount)?;
        let address = self.token_account.map_or(Cow::Borrowed(""), |Name(address)| address);
        transaction.change_tokens(TokenAccount { address, owner, mint, change })
    }
}

/// Each instruction before those that it called, as deep as JSON is read.
fn flatten<'a>(fields: InstructionFields<'a>, outer: usize, instructions: &mut Vec<Instruction<'a>>) {
    let InstructionFields { program_id, accounts, data, inner_instructions } = fields;
    if let Some(Name(program)) = program_id {
        instructions.push(Instruction {
            program,
            accounts: accounts.unwrap_or_default().into_iter().map(|Name(account)| account).collect(),
            outer,
            data: data.map_or(Cow::Borrowed(""), |Name(data)| data),
        });
    }
    for inner in inner_instructions.into_iter().flatten() {
        flatten(inner, outer, instructions);
    }
}

/// Where the changes of a mint don't balance and the transfers name somebody who has none, they are its changes, if with
/// them the mint does balance: trimmed payloads leave out the pool.
fn complete<'a>(transaction: &mut Transaction<'a>, json: &'a RawValue) -> Result<(), Misunderstood> {
    let mut sums: BTreeMap<Cow<'a, str>, i128> = BTreeMap::new();
    for account in &transaction.token_accounts {
        *sums.entry(account.mint.clone()).or_default() += account.change;
    }
    if sums.values().all(|sum| *sum == 0) {
        return Ok(());
    }
    let transfers: Vec<Transfer<'a>> = serde_json::from_str(json.get()).unwrap_or_default();
    let mut missing: BTreeMap<Cow<'a, str>, BTreeMap<Cow<'a, str>, i128>> = BTreeMap::new();
    for transfer in transfers {
        let (Some(Name(mint)), Some(amount)) = (transfer.mint, transfer.token_amount) else { continue };
        let Some(decimals) = transaction.decimals.get(&mint) else { continue };
        let units = Decimal::parse(digits(amount)).and_then(|amount| amount.to_units(*decimals));
        let Some(units) = units.filter(|units| units.unsigned_abs() <= MAX_UNITS) else { continue };
        for (owner, units) in [(transfer.from_user_account, -units), (transfer.to_user_account, units)] {
            let Some(Name(owner)) = owner.filter(|Name(owner)| !owner.is_empty()) else { continue };
            let mut accounts = transaction.token_accounts.iter();
            if !accounts.any(|account| account.owner == owner && account.mint == mint) {
                let sum = missing.entry(mint.clone()).or_default().entry(owner).or_default();
                *sum = sum.checked_add(units).ok_or(Misunderstood::Amount)?;
            }
        }
    }
    for (mint, owners) in missing {
        let sum = sums.get(&mint).copied().unwrap_or_default();
        let added = owners.values().try_fold(0_i128, |sum, units| sum.checked_add(*units));
        if added.and_then(|added| sum.checked_add(added)) == Some(0) {
            for (owner, change) in owners {
                let account = TokenAccount { address: "".into(), owner, mint: mint.clone(), change };
                transaction.change_tokens(account)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(owner: &str, mint: &str, units: &str) -> String {
        let amount = format!(r#"{{"tokenAmount":{units},"decimals":6}}"#);
        let change = format!(r#"{{"userAccount":"{owner}","mint":"{mint}","rawTokenAmount":{amount}}}"#);
        format!(r#"{{"account":"of {owner}","tokenBalanceChanges":[{change}]}}"#)
    }

    /// What a transaction's accounts changed by, as `owner mint units`.
    fn changes(accounts: &[String], transfers: &str) -> Result<Vec<String>, Misunderstood> {
        let accounts = accounts.join(",");
        let json =
            format!(r#"{{"signature":"s","accountData":[{accounts}],"tokenTransfers":[{transfers}]}}"#);
        let transaction = read(&serde_json::from_str(&json).unwrap(), UnixMillis(0))?;
        let accounts = transaction.token_accounts.iter();
        Ok(accounts.map(|account| format!("{} {} {}", account.owner, account.mint, account.change)).collect())
    }

    #[test]
    fn the_changes_of_accounts_without_an_address_are_added_up() {
        let accounts = [change("ana", "X", "\"70\""), change("ana", "X", "-30"), change("ben", "X", "5")];
        assert_eq!(changes(&accounts, "").unwrap(), ["ana X 40", "ben X 5"]);
    }

    #[test]
    fn a_transfer_tells_of_an_owner_without_a_change_if_with_it_the_mint_balances() {
        let transfer = |amount: &str| {
            format!(
                r#"{{"fromUserAccount":"curve","toUserAccount":"ana","mint":"X","tokenAmount":{amount}}}"#
            )
        };
        let ana = [change("ana", "X", "1500001")];
        assert_eq!(changes(&ana, &transfer("1.500001")).unwrap(), ["ana X 1500001", "curve X -1500001"]);
        assert_eq!(changes(&ana, &transfer("1.5")).unwrap(), ["ana X 1500001"], "not all is said");
        let both = [change("ana", "X", "1500001"), change("curve", "X", "-1500000")];
        assert_eq!(changes(&both, &transfer("1.500001")).unwrap().len(), 2, "each has its own change");
        let all = [change("ana", "X", "2"), change("ben", "X", "-2")];
        assert_eq!(changes(&all, &transfer("1")).unwrap().len(), 2, "nothing is missing");
    }

    #[test]
    fn an_amount_that_is_none_is_an_error_and_one_that_is_not_there_is_no_change() {
        let most = i128::try_from(MAX_UNITS).unwrap().to_string();
        for units in ["1.5", "\"\"", "true", "1e3", &i128::MIN.to_string(), &"9".repeat(60)] {
            assert_eq!(changes(&[change("ana", "X", units)], ""), Err(Misunderstood::Amount), "{units}");
        }
        let too_many = [change("ana", "X", &most), change("ana", "X", "1")];
        assert_eq!(changes(&too_many, ""), Err(Misunderstood::Amount));
        assert_eq!(changes(&[change("ana", "X", "null")], ""), Ok(vec![]));
        let owners: Vec<_> = (0..=256).map(|owner| change(&owner.to_string(), "X", "1")).collect();
        assert_eq!(changes(&owners, ""), Err(Misunderstood::TooLarge));
    }
}
