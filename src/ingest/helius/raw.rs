//! The transactions of raw webhooks, which are those of the RPC interface and of block streams: `{blockTime, meta, slot,
//! transaction}`, accounts by their position among the keys. It must not judge what they say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::enhanced::Fields;
use super::fields::{address_of, has_failed, signature_of, time_of};
use crate::core::time::UnixMillis;
use crate::ingest::solana::{
    Instruction, MAX_ACCOUNTS, MAX_INSTRUCTIONS, Misunderstood, TokenAccount, Transaction,
    may_hold_a_creation,
};
use crate::wire::number::whole;
use crate::wire::object::Name;

#[derive(Deserialize)]
struct Signed<'a> {
    #[serde(borrow, default)]
    signatures: Vec<Name<'a>>,
    #[serde(borrow)]
    message: Message<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow)]
    account_keys: Vec<Key<'a>>,
    #[serde(borrow)]
    instructions: &'a RawValue,
}

/// An address, alone or with what else is said of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Key<'a> {
    Address(#[serde(borrow)] Cow<'a, str>),
    Parsed {
        #[serde(borrow)]
        pubkey: Cow<'a, str>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    #[serde(borrow, default)]
    err: Option<&'a RawValue>,
    #[serde(borrow, default)]
    inner_instructions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    loaded_addresses: Option<LoadedAddresses<'a>>,
    #[serde(borrow, default)]
    pre_balances: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    post_balances: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pre_token_balances: Option<Vec<TokenBalance<'a>>>,
    #[serde(borrow, default)]
    post_token_balances: Option<Vec<TokenBalance<'a>>>,
}

#[derive(Default, Deserialize)]
struct LoadedAddresses<'a> {
    #[serde(borrow, default)]
    writable: Vec<Name<'a>>,
    #[serde(borrow, default)]
    readonly: Vec<Name<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenBalance<'a> {
    account_index: usize,
    #[serde(borrow)]
    mint: Name<'a>,
    #[serde(borrow, default)]
    owner: Option<Name<'a>>,
    #[serde(borrow)]
    ui_token_amount: TokenAmount<'a>,
}

#[derive(Deserialize)]
struct TokenAmount<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    #[serde(default)]
    decimals: Option<u8>,
}

#[derive(Deserialize)]
struct InnerInstructions<'a> {
    index: usize,
    #[serde(borrow)]
    instructions: Vec<InstructionFields<'a>>,
}

/// An instruction by positions among the keys, or, of a parsed transaction, by addresses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstructionFields<'a> {
    #[serde(default)]
    program_id_index: Option<usize>,
    #[serde(borrow, default)]
    program_id: Option<Name<'a>>,
    #[serde(borrow, default)]
    accounts: Option<Accounts<'a>>,
    #[serde(borrow, default)]
    data: Option<Name<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Accounts<'a> {
    Positions(Vec<usize>),
    Addresses(#[serde(borrow)] Vec<Cow<'a, str>>),
}

/// Reads a transaction that came at `received`, which is its time where it doesn't say its own.
///
/// # Errors
/// Why it isn't understood.
pub(super) fn read<'a>(fields: &Fields<'a>, received: UnixMillis) -> Result<Transaction<'a>, Misunderstood> {
    let part = |part: Option<&'a RawValue>| part.map(RawValue::get).ok_or(Misunderstood::Shape);
    let (signed, meta) = (part(fields.transaction)?, part(fields.meta)?);
    let signed: Signed<'a> = serde_json::from_str(signed).map_err(|_| Misunderstood::Shape)?;
    let meta: Meta<'a> = serde_json::from_str(meta).map_err(|_| Misunderstood::Shape)?;
    let keys = keys(signed.message.account_keys, meta.loaded_addresses.unwrap_or_default())?;
    let mut transaction = Transaction {
        signature: signature_of(signed.signatures.into_iter().next().map(|Name(signature)| signature))?,
        at: time_of(fields.block_time(), fields.slot(), received),
        has_failed: meta.err.is_some_and(has_failed),
        fee_payer: keys.first().cloned().and_then(address_of),
        ..Transaction::default()
    };
    if transaction.has_failed {
        return Ok(transaction);
    }
    for key in &keys {
        transaction.notice(key);
    }
    read_lamports(&mut transaction, &keys, &meta.pre_balances, &meta.post_balances)?;
    let (before, after) = (meta.pre_token_balances, meta.post_token_balances);
    read_tokens(&mut transaction, &keys, before.unwrap_or_default(), after.unwrap_or_default())?;
    let is_launched = keys.iter().any(|key| may_hold_a_creation(key));
    if transaction.may_hold_a_trade() || is_launched {
        let inner = meta.inner_instructions.map(RawValue::get);
        transaction.instructions = instructions(&keys, signed.message.instructions.get(), inner);
    }
    Ok(transaction)
}

/// All keys in the order in which instructions count them: the message's own, then those that it loads from tables.
fn keys<'a>(own: Vec<Key<'a>>, loaded: LoadedAddresses<'a>) -> Result<Vec<Cow<'a, str>>, Misunderstood> {
    let is_parsed = own.iter().any(|key| matches!(key, Key::Parsed { .. }));
    let address = |key| match key {
        Key::Address(address) | Key::Parsed { pubkey: address } => address,
    };
    let mut keys: Vec<_> = own.into_iter().map(address).collect();
    if !is_parsed {
        keys.extend(loaded.writable.into_iter().chain(loaded.readonly).map(|Name(address)| address));
    }
    if keys.len() > MAX_ACCOUNTS { Err(Misunderstood::TooLarge) } else { Ok(keys) }
}

fn read_lamports<'a>(
    transaction: &mut Transaction<'a>,
    keys: &[Cow<'a, str>],
    before: &[&RawValue],
    after: &[&RawValue],
) -> Result<(), Misunderstood> {
    for (key, (before, after)) in keys.iter().zip(before.iter().zip(after)) {
        let amount = |value| whole(value).ok_or(Misunderstood::Amount);
        let change = amount(after)?.checked_sub(amount(before)?).ok_or(Misunderstood::Amount)?;
        if change != 0 {
            transaction.change_lamports(key.clone(), change)?;
        }
    }
    Ok(())
}

/// Accounts that did not change are read too, for what they hold.
fn read_tokens<'a>(
    transaction: &mut Transaction<'a>,
    keys: &[Cow<'a, str>],
    before: Vec<TokenBalance<'a>>,
    after: Vec<TokenBalance<'a>>,
) -> Result<(), Misunderstood> {
    let before = before.into_iter().map(|balance| (balance, -1));
    for (balance, sign) in before.chain(after.into_iter().map(|balance| (balance, 1))) {
        let TokenBalance { account_index, mint: Name(mint), owner, ui_token_amount } = balance;
        let Some(address) = keys.get(account_index).cloned() else { return Err(Misunderstood::Shape) };
        let units = whole(ui_token_amount.amount).and_then(|units| units.checked_mul(sign));
        let change = units.ok_or(Misunderstood::Amount)?;
        if ui_token_amount.decimals.is_some() {
            transaction.learn_decimals(mint.clone(), ui_token_amount.decimals)?;
        }
        let owner = owner.map_or(Cow::Borrowed(""), |Name(owner)| owner);
        transaction.change_tokens(TokenAccount { address, owner, mint, change })?;
    }
    Ok(())
}

/// The instructions, each before those that it called; none where they are of another shape.
fn instructions<'a>(keys: &[Cow<'a, str>], own: &'a str, inner: Option<&'a str>) -> Vec<Instruction<'a>> {
    let own: Vec<InstructionFields<'a>> = serde_json::from_str(own).unwrap_or_default();
    let inner: Option<Vec<InnerInstructions<'a>>> = inner.and_then(|json| serde_json::from_str(json).ok());
    let mut called: BTreeMap<usize, Vec<InstructionFields<'a>>> = BTreeMap::new();
    for InnerInstructions { index, instructions } in inner.into_iter().flatten() {
        called.entry(index).or_default().extend(instructions);
    }
    let mut instructions = Vec::new();
    for (outer, fields) in own.into_iter().enumerate() {
        let called = called.remove(&outer).unwrap_or_default();
        let all = std::iter::once(fields).chain(called);
        instructions.extend(all.filter_map(|fields| fields.resolved(keys, outer)));
    }
    instructions.truncate(MAX_INSTRUCTIONS);
    instructions
}

impl<'a> InstructionFields<'a> {
    fn resolved(self, keys: &[Cow<'a, str>], outer: usize) -> Option<Instruction<'a>> {
        let named = self.program_id.map(|Name(program)| program);
        let program = named.or_else(|| keys.get(self.program_id_index?).cloned())?;
        let accounts = match self.accounts {
            Some(Accounts::Positions(positions)) => {
                positions.iter().map(|position| keys.get(*position).cloned()).collect::<Option<Vec<_>>>()?
            }
            Some(Accounts::Addresses(addresses)) => addresses,
            None => Vec::new(),
        };
        let data = self.data.map_or(Cow::Borrowed(""), |Name(data)| data);
        Some(Instruction { program, accounts, outer, data })
    }
}
