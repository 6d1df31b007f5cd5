//! What a webhook says of a transaction, in either shape, and less of it. It must not know what the transaction is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::address::Address;
use super::scene::Scene;
use super::state::{Balance, Instruction, State, TokenAccount};

const SIGNATURE: &str =
    "5RvdPbXtbP2JTAN5J1h5WW5TB3y2ykGfn6XNYRxWzy6rPGtHuoM6HvUxRz6UqUYi4EqVfrjV13rsmrz2fzyMpRSc";

/// How much a payload holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    Nothing,
    Data,
    InnerInstructions,
    Instructions,
}

impl Trim {
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Data, Self::InnerInstructions, Self::Instructions];
}

/// The transaction's own instructions, each with those that it called.
fn calls(state: &State) -> Vec<(&Instruction, Vec<&Instruction>)> {
    let mut calls: Vec<(&Instruction, Vec<&Instruction>)> = Vec::new();
    for instruction in &state.instructions {
        match calls.last_mut().filter(|_| instruction.height > 1) {
            Some((_, inner)) => inner.push(instruction),
            None => calls.push((instruction, Vec::new())),
        }
    }
    calls
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

fn data(instruction: &Instruction, trim: Trim) -> String {
    if trim == Trim::Data { String::new() } else { bs58::encode(&instruction.data).into_string() }
}

/// An array of one enhanced transaction.
#[expect(clippy::cast_precision_loss, reason = "amounts of transfers are written so, and aren't exact")]
pub fn enhanced(scene: &Scene, trim: Trim) -> String {
    let (state, fee_payer) = (&scene.state, scene.fee_payer);
    let call = |instruction: &Instruction, inner: &str| {
        let accounts = join(instruction.accounts.iter().map(|account| format!("\"{account}\"")));
        let (data, program) = (data(instruction, trim), instruction.program);
        format!(r#"{{"accounts":[{accounts}],"data":"{data}","programId":"{program}"{inner}}}"#)
    };
    let instructions =
        join(calls(state).into_iter().filter(|_| trim != Trim::Instructions).map(|(own, inner)| {
            let inner = join(
                inner.into_iter().filter(|_| trim != Trim::InnerInstructions).map(|inner| call(inner, "")),
            );
            call(own, &format!(r#","innerInstructions":[{inner}]"#))
        }));
    let accounts = accounts(state, fee_payer);
    let changes = join(accounts.iter().map(|account| change(state, account)));
    let transfers = join(state.transfers.iter().filter_map(|transfer| {
        let [from, to] =
            [transfer.from, transfer.to].map(|account| (account, state.token_accounts[account].owner));
        let amount = transfer.units as f64 / 10_f64.powi(transfer.mint.decimals.into());
        let ends = format!(
            r#""fromTokenAccount":"{}","toTokenAccount":"{}","fromUserAccount":"{}","toUserAccount":"{}""#,
            from.0, to.0, from.1, to.1
        );
        let mint = transfer.mint.address;
        (trim != Trim::Instructions).then(|| {
            format!(r#"{{{ends},"tokenAmount":{amount},"mint":"{mint}","tokenStandard":"Fungible"}}"#)
        })
    }));
    format!(
        r#"[{{"description":"","type":"UNKNOWN","source":"UNKNOWN","fee":5000,"feePayer":"{fee_payer}","signature":"{SIGNATURE}","slot":300000000,"timestamp":1800000000,"tokenTransfers":[{transfers}],"nativeTransfers":[],"accountData":[{changes}],"transactionError":null,"instructions":[{instructions}],"events":{{}}}}]"#
    )
}

/// What `accountData` says of an account. One that the transaction opened and closed had nothing before and has nothing
/// after.
fn change(state: &State, address: Address) -> String {
    let lamports = state.lamports.get(address).map_or(0, |balance| balance.change);
    let token = state.token_accounts.get(address).filter(|account| account.balance.change != 0);
    let token = token.map_or(String::new(), |TokenAccount { owner, mint, balance, .. }| {
        let amount = format!(r#"{{"tokenAmount":"{}","decimals":{}}}"#, balance.change, mint.decimals);
        let mint = mint.address;
        format!(r#"{{"userAccount":"{owner}","tokenAccount":"{address}","rawTokenAmount":{amount},"mint":"{mint}"}}"#)
    });
    format!(r#"{{"account":"{address}","nativeBalanceChange":{lamports},"tokenBalanceChanges":[{token}]}}"#)
}

/// All accounts that the transaction names, its payer first.
fn accounts(state: &State, fee_payer: Address) -> Vec<Address> {
    let named = state.instructions.iter().flat_map(|call| call.accounts.iter().chain([&call.program]));
    let changed =
        state.lamports.iter().filter(|(_, balance)| balance.change != 0).map(|(account, _)| account);
    let mut places: BTreeMap<Address, usize> = BTreeMap::new();
    let mut accounts = vec![fee_payer];
    places.insert(fee_payer, 0);
    for account in named.chain(changed) {
        places.entry(account).or_insert_with(|| {
            accounts.push(account);
            accounts.len() - 1
        });
    }
    accounts
}

/// What there was before, so that there was never less than nothing.
fn before(balance: Balance) -> i128 {
    -balance.least
}

/// An array of one raw transaction.
pub fn raw(scene: &Scene, trim: Trim) -> String {
    let (state, fee_payer) = (&scene.state, scene.fee_payer);
    let keys = accounts(state, fee_payer);
    let places: BTreeMap<Address, usize> =
        keys.iter().enumerate().map(|(place, key)| (*key, place)).collect();
    let call = |instruction: &Instruction| {
        let accounts = join(instruction.accounts.iter().map(|account| places[account].to_string()));
        let (data, program) = (data(instruction, trim), places[instruction.program]);
        let height = instruction.height;
        format!(
            r#"{{"accounts":[{accounts}],"data":"{data}","programIdIndex":{program},"stackHeight":{height}}}"#
        )
    };
    let calls = calls(state);
    let own = join(calls.iter().filter(|_| trim != Trim::Instructions).map(|(own, _)| call(own)));
    let inner = join(calls.iter().enumerate().filter(|(_, (_, inner))| !inner.is_empty()).map(
        |(index, (_, inner))| {
            let inner = join(inner.iter().map(|inner| call(inner)));
            format!(r#"{{"index":{index},"instructions":[{inner}]}}"#)
        },
    ));
    let inner =
        if matches!(trim, Trim::InnerInstructions | Trim::Instructions) { String::new() } else { inner };
    let lamports = |is_after| {
        join(keys.iter().map(|key| {
            let balance = state.lamports.get(key).copied().unwrap_or_default();
            (before(balance) + if is_after { balance.change } else { 0 }).to_string()
        }))
    };
    let (lamports_before, lamports_after) = (lamports(false), lamports(true));
    let (tokens_before, tokens_after) = (tokens(state, &places, false), tokens(state, &places, true));
    // Some keys come from tables: first those that may be written to.
    let own_keys = keys.len() - keys.len() / 3;
    let text = |keys: &[Address]| join(keys.iter().map(|key| format!("\"{key}\"")));
    let (own_text, rest) = (text(&keys[..own_keys]), &keys[own_keys..]);
    let (writable, readonly) = (text(&rest[..rest.len() / 2]), text(&rest[rest.len() / 2..]));
    let mut meta = format!(r#""err":null,"fee":5000,"innerInstructions":[{inner}],"logMessages":[]"#);
    write!(meta, r#","loadedAddresses":{{"writable":[{writable}],"readonly":[{readonly}]}}"#).unwrap();
    write!(meta, r#","preBalances":[{lamports_before}],"postBalances":[{lamports_after}]"#).unwrap();
    write!(meta, r#","preTokenBalances":[{tokens_before}],"postTokenBalances":[{tokens_after}]"#).unwrap();
    let message =
        format!(r#"{{"accountKeys":[{own_text}],"instructions":[{own}],"recentBlockhash":"{}"}}"#, keys[0]);
    format!(
        r#"[{{"blockTime":1800000000,"indexWithinBlock":3,"meta":{{{meta}}},"slot":300000000,"transaction":{{"message":{message},"signatures":["{SIGNATURE}"]}},"version":0}}]"#
    )
}

/// What token accounts hold before or after; those that aren't there then are left out.
fn tokens(state: &State, places: &BTreeMap<Address, usize>, is_after: bool) -> String {
    let there = state
        .token_accounts
        .iter()
        .filter(|(_, account)| !(if is_after { account.is_closed } else { account.is_opened }));
    join(there.filter_map(|(address, account)| {
        let place = places.get(address)?;
        let TokenAccount { owner, mint, balance, .. } = account;
        let units = before(*balance) + if is_after { balance.change } else { 0 };
        let amount = format!(r#"{{"amount":"{units}","decimals":{}}}"#, mint.decimals);
        let (mint, program) = (mint.address, mint.program);
        Some(format!(
            r#"{{"accountIndex":{place},"mint":"{mint}","owner":"{owner}","programId":"{program}","uiTokenAmount":{amount}}}"#
        ))
    }))
}
