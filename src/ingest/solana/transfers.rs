//! What the token programs moved, instruction by instruction. It must not know who moved it, nor why.
//!
//! Layouts: the instructions of SPL Token, which Token-2022 shares, and Token-2022's transfer fee extension
//! (`TokenInstruction` and `TransferFeeInstruction` in the programs' sources).

use super::instruction::Instruction;
use super::money::WRAPPED_SOL;
use super::transaction::Transaction;

const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
pub(super) const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

/// Tokens that left an account, came to one, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'t> {
    /// Which instruction moved them.
    pub at: usize,
    /// Where they left; `None` for tokens that were minted.
    pub from: Option<&'t str>,
    /// Where they came to; `None` for tokens that were burned.
    pub to: Option<&'t str>,
    /// How many units left.
    pub units: i128,
    /// How many of them the mint's own fee withheld, where the instruction says so. A plain transfer of a mint with a fee
    /// doesn't.
    pub withheld: i128,
}

/// Whether a program is one of the two that keep tokens.
pub fn is_token_program(program: &str) -> bool {
    matches!(program, TOKEN | TOKEN_2022)
}

/// Programs that move nothing of their own accord.
const PLAIN_PROGRAMS: [&str; 3] = [
    "11111111111111111111111111111111",
    "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
    "ComputeBudget111111111111111111111111111111",
];

/// Whether a program is one of those.
pub fn is_plain_program(program: &str) -> bool {
    PLAIN_PROGRAMS.contains(&program)
}

/// All transfers of a transaction, in order; `None` where an instruction of a token program can't be read: payloads are
/// trimmed, and then nothing adds up.
pub fn transfers<'t>(transaction: &'t Transaction<'_>) -> Option<Vec<Transfer<'t>>> {
    let mut transfers = Vec::new();
    for (at, instruction) in transaction.instructions.iter().enumerate() {
        if is_token_program(&instruction.program) {
            transfers.extend(transfer(at, instruction)?);
        }
    }
    Some(transfers)
}

/// What an instruction moved: `Some(None)` for one that moves nothing.
#[expect(
    clippy::option_option,
    reason = "one is for data that can't be read, the other for what moves nothing"
)]
fn transfer<'t>(at: usize, instruction: &'t Instruction<'_>) -> Option<Option<Transfer<'t>>> {
    let data = instruction.data()?;
    let (tag, arguments) = data.split_first()?;
    let account = |position| instruction.account(position);
    let (from, to, arguments) = match tag {
        // Transfer; TransferChecked.
        3 => (Some(account(0)?), Some(account(1)?), arguments),
        12 => (Some(account(0)?), Some(account(2)?), arguments),
        // MintTo and MintToChecked; Burn and BurnChecked.
        7 | 14 => (None, Some(account(1)?), arguments),
        8 | 15 => (Some(account(0)?), None, arguments),
        // TransferFeeExtension, of which the second is TransferCheckedWithFee.
        26 if arguments.first() == Some(&1) => (Some(account(0)?), Some(account(2)?), arguments.get(1..)?),
        _ => return Some(None),
    };
    let units = u64::from_le_bytes(*arguments.first_chunk()?).into();
    // Behind the units and the decimals.
    let withheld =
        if *tag == 26 { u64::from_le_bytes(*arguments.get(9..)?.first_chunk()?).into() } else { 0 };
    Some(Some(Transfer { at, from, to, units, withheld }))
}

/// What an instruction of a token program says that an account holds.
pub fn mint_of<'t>(instruction: &'t Instruction<'_>, account: &str) -> Option<&'t str> {
    if !is_token_program(&instruction.program) || !instruction.names(account) {
        return None;
    }
    let (mint, accounts): (usize, &[usize]) = match instruction.data()?.as_slice() {
        // InitializeAccount in its three forms; Burn and BurnChecked.
        [1 | 16 | 18 | 8 | 15, ..] => (1, &[0]),
        // MintTo and MintToChecked.
        [7 | 14, ..] => (0, &[1]),
        // TransferChecked, and with a fee.
        [12, ..] | [26, 1, ..] => (1, &[0, 2]),
        // SyncNative.
        [17, ..] => return Some(WRAPPED_SOL),
        _ => return None,
    };
    let is_named = accounts.iter().any(|position| instruction.account(*position) == Some(account));
    if is_named { instruction.account(mint) } else { None }
}

/// The decimals of a mint, where a transfer names both.
pub fn decimals_of(transaction: &Transaction<'_>, mint: &str) -> Option<u8> {
    let mut own = transaction
        .instructions
        .iter()
        .filter(|instruction| is_token_program(&instruction.program) && instruction.account(1) == Some(mint));
    own.find_map(|instruction| match *instruction.data()?.as_slice() {
        [12, _, _, _, _, _, _, _, _, decimals] | [26, 1, _, _, _, _, _, _, _, _, decimals, ..] => {
            Some(decimals)
        }
        _ => None,
    })
}

/// How much a mint's fee withheld from each of some transfers to one account, where it withheld so much in all: a rate in
/// ten thousandths, each part rounded up, as Token-2022 does. `None` where no rate gives that sum. Where several do, they
/// give the same parts, as no part falls while the rate rises.
pub fn withheld(transfers: &[i128], sum: i128) -> Option<Vec<i128>> {
    if let [_] = transfers {
        return Some(vec![sum]);
    }
    let parts =
        |rate: i128| transfers.iter().map(|units| (units * rate + 9_999) / 10_000).collect::<Vec<_>>();
    let (mut low, mut high) = (1, 10_000);
    while low < high {
        let rate = i128::midpoint(low, high);
        if parts(rate).iter().sum::<i128>() < sum { low = rate + 1 } else { high = rate }
    }
    let found = parts(low);
    (found.iter().sum::<i128>() == sum).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction(program: &'static str, data: &[u8], accounts: &[&'static str]) -> Instruction<'static> {
        Instruction {
            program: program.into(),
            accounts: accounts.iter().map(|account| (*account).into()).collect(),
            outer: 0,
            data: bs58::encode(data).into_string().into(),
        }
    }

    fn data(tag: &[u8], units: u64, rest: &[u8]) -> Vec<u8> {
        [tag, &units.to_le_bytes(), rest].concat()
    }

    #[test]
    fn each_kind_of_transfer_is_read() {
        let with_fee = data(&[26, 1], 500, &[[6].as_slice(), &7_u64.to_le_bytes()].concat());
        let transaction = Transaction {
            instructions: vec![
                instruction(TOKEN, &data(&[3], 100, &[]), &["a", "b", "owner"]),
                instruction(TOKEN_2022, &data(&[12], 200, &[6]), &["a", "mint", "b", "owner"]),
                instruction(TOKEN_2022, &with_fee, &["a", "mint", "b", "owner"]),
                instruction(TOKEN, &data(&[7], 300, &[]), &["mint", "b", "owner"]),
                instruction(TOKEN, &data(&[15], 400, &[6]), &["a", "mint", "owner"]),
                instruction(TOKEN, &[9], &["a", "owner", "owner"]),
                instruction("another program", &[], &[]),
            ],
            ..Transaction::default()
        };
        let transfer = |at, from, to, units, withheld| Transfer { at, from, to, units, withheld };
        let expected = [
            transfer(0, Some("a"), Some("b"), 100, 0),
            transfer(1, Some("a"), Some("b"), 200, 0),
            transfer(2, Some("a"), Some("b"), 500, 7),
            transfer(3, None, Some("b"), 300, 0),
            transfer(4, Some("a"), None, 400, 0),
        ];
        assert_eq!(transfers(&transaction).unwrap(), expected);
    }

    #[test]
    fn where_one_can_not_be_read_nothing_is_said_of_any() {
        for (data, accounts) in
            [(vec![], vec!["a", "b"]), (vec![3, 1], vec!["a", "b"]), (data(&[3], 1, &[]), vec!["a"])]
        {
            let transaction = Transaction {
                instructions: vec![instruction(TOKEN, &data, &accounts)],
                ..Transaction::default()
            };
            assert_eq!(transfers(&transaction), None, "{data:?} {accounts:?}");
        }
    }

    #[test]
    fn what_a_fee_withheld_of_each_transfer_follows_from_the_sum_where_one_rate_gives_it() {
        assert_eq!(withheld(&[1_000_000], 777), Some(vec![777]), "of one, all of it");
        assert_eq!(withheld(&[1_000_000, 2_000_000], 30_000), Some(vec![10_000, 20_000]), "one percent");
        assert_eq!(withheld(&[150, 250], 3), Some(vec![1, 2]), "rounded up");
        assert_eq!(withheld(&[1_000_000, 2_000_000], 30_001), None, "no rate");
    }
}
