//! Where a token's life on a bonding curve begins and where it leaves it. It must not know of prices.
//!
//! Layouts: the published interfaces of the programs.

use std::rc::Rc;

use super::exchange::PUMP_FUN;
use super::instruction::Instruction;
use super::names;
use super::transaction::Transaction;
use crate::core::decimal::Decimal;
use crate::core::found::Creation;
use crate::core::mint::Mint;
use crate::core::wallet::{KEY_BYTES, Wallet};

/// The longest data of an instruction that makes a token, in characters of base58: a program may hand 10 KiB to another.
const MAX_DATA: usize = 14_000;

/// A program that makes tokens.
struct Launchpad {
    program: &'static str,
    /// What its creations begin with, and where they have the mint and who makes it.
    creations: &'static [(u64, usize, usize)],
    /// What stands between that and the three texts, in bytes.
    before_texts: usize,
    /// Whether the maker's key stands behind the texts, too.
    names_creator: bool,
    /// What its migrations to other exchanges begin with, and where they have the mint.
    migrations: &'static [(u64, usize)],
}

const LAUNCHPADS: [Launchpad; 3] = [
    Launchpad {
        program: PUMP_FUN,
        creations: &[(0x181e_c828_051c_0777, 0, 7), (0xd690_4cec_5f8b_31b4, 0, 5)],
        before_texts: 0,
        names_creator: true,
        migrations: &[(0x9bea_e792_ec9e_a21e, 2), (0xbbcb_121f_ceed_fe29, 2), (0xb712_469c_946d_a122, 2)],
    },
    // Raydium LaunchLab: the decimals stand before the texts.
    Launchpad {
        program: "LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj",
        creations: &[
            (0xafaf_6d1f_0d98_9bed, 6, 1),
            (0x4399_af27_da10_2620, 6, 1),
            (0x25be_7ede_2c9a_ab11, 6, 1),
        ],
        before_texts: 1,
        names_creator: false,
        migrations: &[(0xcf52_c091_fecf_91df, 1), (0x885c_c867_1cda_908c, 1)],
    },
    // Meteora's dynamic bonding curves.
    Launchpad {
        program: "dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN",
        creations: &[(0x8c55_d7b0_6636_684f, 3, 2), (0xa976_334e_916e_dc9b, 3, 2)],
        before_texts: 0,
        names_creator: false,
        migrations: &[(0x9ca9_e667_35e4_5040, 13), (0x1b01_3016_b43f_76d9, 7)],
    },
];

/// What a transaction began or ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lives {
    /// Tokens that it made.
    pub creations: Vec<Creation>,
    /// Tokens that left their curve.
    pub migrations: Vec<Mint>,
}

/// Whether a payload names a program that makes tokens, so that its instructions are worth reading.
#[must_use]
pub fn may_hold_a_creation(json: &str) -> bool {
    LAUNCHPADS.iter().any(|launchpad| json.contains(launchpad.program))
}

/// Reads the instructions of the programs that make tokens.
pub fn lives(transaction: &Transaction<'_>) -> Lives {
    let mut lives = Lives::default();
    // An event is written with one account.
    for instruction in transaction.instructions.iter().filter(|instruction| instruction.accounts.len() > 1) {
        if let Some(launchpad) = LAUNCHPADS.iter().find(|launchpad| launchpad.program == instruction.program)
        {
            lives.read(launchpad, instruction, transaction);
        }
    }
    lives
}

impl Lives {
    fn read(&mut self, launchpad: &Launchpad, instruction: &Instruction<'_>, transaction: &Transaction<'_>) {
        let Some(data) = instruction.data_of_at_most(MAX_DATA) else { return };
        let Some((tag, arguments)) = data.split_first_chunk::<8>() else { return };
        let tag = u64::from_be_bytes(*tag);
        let mint = |position: usize| instruction.account(position).and_then(|mint| Mint::parse(mint).ok());
        if let Some((_, position)) = launchpad.migrations.iter().find(|(own, _)| *own == tag) {
            self.migrations.extend(mint(*position).filter(|mint| !self.migrations.contains(mint)));
        }
        let Some((_, position, creator)) = launchpad.creations.iter().find(|(own, ..)| *own == tag) else {
            return;
        };
        let Some(mint) = mint(*position) else { return };
        if self.creations.iter().all(|creation| creation.mint != mint) {
            let supply = supply(&mint, transaction);
            let texts = arguments.get(launchpad.before_texts..).unwrap_or_default();
            let signer = instruction.account(*creator);
            self.creations.push(creation(mint, supply, texts, (launchpad.names_creator, signer)));
        }
    }
}

/// How much of a token there is once it has been made: all that anybody has.
fn supply(mint: &Mint, transaction: &Transaction<'_>) -> Option<Decimal> {
    let accounts = transaction.token_accounts.iter();
    let units = accounts.filter(|account| account.mint == mint.as_str()).map(|account| account.change).sum();
    Some(Decimal::from_units(units, transaction.decimals(mint.as_str())?)).filter(Decimal::is_positive)
}

/// The creator whom the instruction names, or else who signed it.
fn creation(
    mint: Mint,
    supply: Option<Decimal>,
    mut arguments: &[u8],
    (names_creator, signer): (bool, Option<&str>),
) -> Creation {
    let mut text =
        |clean: fn(&str) -> Option<Rc<str>>| borsh_text(&mut arguments).and_then(|text| clean(&text));
    let (name, symbol, uri) = (text(names::name), text(names::symbol), text(names::uri));
    let key = arguments.first_chunk::<KEY_BYTES>().filter(|_| names_creator);
    let named = key.map(|key| bs58::encode(key).into_string());
    let signer = signer.filter(|address| Wallet::parse(address).is_ok()).map(str::to_owned);
    Creation { mint, creator: named.or(signer).map(Rc::from), name, symbol, uri, supply }
}

/// A text after its length in four bytes, the lowest first. Where there is none, nothing after it is read either. What is
/// no UTF-8 in it is shown as such.
fn borsh_text(bytes: &mut &[u8]) -> Option<String> {
    let all = std::mem::take(bytes);
    let (length, rest) = all.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::transaction::TokenAccount;
    use super::*;

    const MINT: &str = "So11111111111111111111111111111111111111112";
    const ANA: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

    /// What an instruction of a launchpad begins or ends, where the mint and who signs stand at these positions.
    fn read(program: &'static str, tag: u64, arguments: &[u8], mint: usize, signer: usize) -> Lives {
        let mut accounts = vec!["x".into(); 14];
        accounts[mint] = MINT.into();
        accounts[signer] = ANA.into();
        let data = bs58::encode([&tag.to_be_bytes(), arguments].concat()).into_string().into();
        let mut transaction = Transaction {
            instructions: vec![Instruction { program: program.into(), accounts, outer: 0, data }],
            ..Transaction::default()
        };
        for (owner, change) in [("curve", 970_000_000), (ANA, 30_000_000)] {
            let account =
                TokenAccount { address: owner.into(), owner: owner.into(), mint: MINT.into(), change };
            transaction.change_tokens(account).unwrap();
        }
        transaction.learn_decimals(MINT.into(), Some(6)).unwrap();
        lives(&transaction)
    }

    fn text(text: &str) -> Vec<u8> {
        [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat()
    }

    fn texts(name: &str, symbol: &str, uri: &str) -> Vec<u8> {
        [text(name), text(symbol), text(uri)].concat()
    }

    const PUMP_CREATE: u64 = 0x181e_c828_051c_0777;

    #[test]
    fn a_creation_says_what_its_maker_says_of_the_token_and_how_much_of_it_there_is() {
        let expected = Creation {
            mint: Mint::parse(MINT).unwrap(),
            creator: Some(ANA.into()),
            name: Some("Drop".into()),
            symbol: Some("DROP".into()),
            uri: Some("https://example.com".into()),
            supply: Some(Decimal::from_whole(1_000)),
        };
        let arguments = texts("Drop", "DROP", "https://example.com");
        let with_decimals = [&[6], arguments.as_slice()].concat();
        for (program, tag, arguments, mint, signer) in [
            (PUMP_FUN, PUMP_CREATE, &arguments, 0, 7),
            (LAUNCHPADS[1].program, 0xafaf_6d1f_0d98_9bed, &with_decimals, 6, 1),
            (LAUNCHPADS[2].program, 0x8c55_d7b0_6636_684f, &arguments, 3, 2),
        ] {
            assert_eq!(
                read(program, tag, arguments, mint, signer).creations,
                std::slice::from_ref(&expected),
                "{program}"
            );
        }
        let named =
            read(PUMP_FUN, 0xd690_4cec_5f8b_31b4, &[arguments.as_slice(), &[0; 32], &[1]].concat(), 0, 5);
        let creator = named.creations.first().and_then(|creation| creation.creator.clone());
        assert_eq!(creator.as_deref(), Some("11111111111111111111111111111111"), "before who signs");
    }

    #[test]
    fn a_text_that_is_cut_off_is_left_out_and_the_token_is_known_still() {
        let cut_off = [&text("Drop")[..], &[255, 255, 255, 255], b"cut off"].concat();
        let long = texts(&"x".repeat(10_000), "DROP", "javascript:alert(1)");
        for (arguments, name, symbol) in [
            (cut_off, Some("Drop".into()), None),
            (vec![], None, None),
            (long, Some("x".repeat(128)), Some("DROP")),
        ] {
            let lives = read(PUMP_FUN, PUMP_CREATE, &arguments, 0, 7);
            let [creation] = lives.creations.as_slice() else { panic!("{lives:?}") };
            assert_eq!((creation.name.as_deref(), creation.symbol.as_deref()), (name.as_deref(), symbol));
            assert_eq!(creation.uri, None);
        }
    }

    #[test]
    fn a_migration_names_its_mint_and_other_instructions_nothing() {
        for launchpad in &LAUNCHPADS {
            for (tag, mint) in launchpad.migrations {
                assert_eq!(
                    read(launchpad.program, *tag, &[], *mint, 0).migrations,
                    [Mint::parse(MINT).unwrap()]
                );
            }
        }
        assert_eq!(read(PUMP_FUN, 0x6606_3d12_01da_ebea, &[], 2, 6), Lives::default(), "a purchase");
        assert_eq!(read("another program", PUMP_CREATE, &[], 0, 7), Lives::default());
    }
}
