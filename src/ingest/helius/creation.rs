//! Where a token's life on pump.fun begins and where it leaves its curve. It must not know of prices.

use std::rc::Rc;

use super::instructions::Instruction;
use super::venue::PUMP_FUN;
use crate::core::found::Creation;
use crate::core::mint::Mint;
use crate::core::wallet::{KEY_BYTES, Wallet};

/// What an instruction's data begins with.
type Discriminator = [u8; 8];

const CREATE: Discriminator = [24, 30, 200, 40, 5, 28, 7, 119];
const CREATE_V2: Discriminator = [214, 144, 76, 236, 95, 139, 49, 180];

/// Into pools of today; the last one, which is the oldest, into those of Raydium.
const MIGRATE: [Discriminator; 3] = [
    [155, 234, 231, 146, 236, 158, 162, 30],
    [187, 203, 18, 31, 206, 237, 254, 41],
    [183, 18, 70, 156, 148, 109, 161, 34],
];

/// The mint's place among the accounts of a creation, and of a migration.
const CREATED: usize = 0;
const MIGRATED: usize = 2;

/// The longest of a token's texts, in bytes. pump.fun's own are shorter.
const MAX_NAME: usize = 128;
const MAX_SYMBOL: usize = 64;
const MAX_URI: usize = 512;

/// What a transaction began or ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lives {
    pub(super) creations: Vec<Creation>,
    pub(super) migrations: Vec<Mint>,
}

/// Reads the instructions of pump.fun.
pub(super) fn lives(instructions: &[Instruction<'_>]) -> Lives {
    let mut lives = Lives::default();
    for instruction in instructions.iter().filter(|instruction| PUMP_FUN.is_called_by(instruction)) {
        lives.read(instruction);
    }
    lives
}

impl Lives {
    fn read(&mut self, instruction: &Instruction<'_>) {
        let Some(data) = instruction.data() else { return };
        let Some((discriminator, arguments)) = data.split_first_chunk::<8>() else { return };
        let mint = |place| instruction.account(place).and_then(|mint| Mint::parse(mint).ok());
        if MIGRATE.contains(discriminator) {
            self.migrations.extend(mint(MIGRATED).filter(|mint| !self.migrations.contains(mint)));
        }
        let creator_place = match *discriminator {
            CREATE => 7,
            CREATE_V2 => 5,
            _ => return,
        };
        let Some(mint) = mint(CREATED) else { return };
        if self.creations.iter().all(|creation| creation.mint != mint) {
            self.creations.push(creation(mint, arguments, instruction.account(creator_place)));
        }
    }
}

/// The creator whom the instruction names, or else who signed it.
fn creation(mint: Mint, mut arguments: &[u8], signer: Option<&str>) -> Creation {
    let mut text = |most| borsh_text(&mut arguments).filter(|text| text.len() <= most).map(Rc::from);
    let (name, symbol, uri) = (text(MAX_NAME), text(MAX_SYMBOL), text(MAX_URI));
    let named = arguments.first_chunk::<KEY_BYTES>().map(|key| bs58::encode(key).into_string());
    let signer = signer.filter(|address| Wallet::parse(address).is_ok()).map(str::to_owned);
    Creation { mint, creator: named.or(signer).map(Rc::from), name, symbol, uri }
}

/// A text after its length in four bytes, the least first. Where there is none, nothing after it is read either.
fn borsh_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let all = std::mem::take(bytes);
    let (length, rest) = all.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::super::instructions;
    use super::*;

    const MINT: &str = "So11111111111111111111111111111111111111112";
    const ANA: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

    /// An instruction of pump.fun with the mint and who signs at these places.
    fn read(data: &[u8], mint: usize, signer: usize) -> Lives {
        let mut accounts = vec!["\"x\"".to_owned(); 12];
        accounts[mint] = format!("\"{MINT}\"");
        accounts[signer] = format!("\"{ANA}\"");
        let (data, accounts) = (bs58::encode(data).into_string(), accounts.join(","));
        let program = PUMP_FUN.program();
        let json = format!(r#"[{{"programId":"{program}","accounts":[{accounts}],"data":"{data}"}}]"#);
        lives(&instructions::read(Some(&json)))
    }

    fn text(text: &str) -> Vec<u8> {
        [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat()
    }

    #[test]
    fn a_creation_says_what_its_maker_says_of_the_token() {
        let arguments = [text("Drop"), text("DROP"), text("https://example.com")].concat();
        let old = read(&[&CREATE[..], &arguments].concat(), 0, 7);
        let [creation] = old.creations.as_slice() else { panic!("{old:?}") };
        let Creation { mint, creator, name, symbol, uri } = creation.clone();
        assert_eq!(
            (mint.as_str(), creator.as_deref()),
            (MINT, Some(ANA)),
            "who signs, where nobody is named"
        );
        assert_eq!((name.as_deref(), symbol.as_deref()), (Some("Drop"), Some("DROP")));
        assert_eq!(uri.as_deref(), Some("https://example.com"));
        let named = read(&[&CREATE_V2[..], &arguments, &[0; 32], &[1]].concat(), 0, 5);
        let creator = named.creations.first().and_then(|creation| creation.creator.clone());
        assert_eq!(creator.as_deref(), Some("11111111111111111111111111111111"));
    }

    #[test]
    fn a_text_that_is_cut_or_too_long_is_left_out_and_the_token_is_known_still() {
        let long = [text(&"x".repeat(MAX_NAME + 1)), text("DROP")].concat();
        let cut = [&text("Drop")[..], &[255, 255, 255, 255], b"cut"].concat();
        for (arguments, name, symbol) in
            [(long, None, Some("DROP")), (cut, Some("Drop"), None), (vec![], None, None)]
        {
            let lives = read(&[&CREATE[..], &arguments].concat(), 0, 7);
            let [creation] = lives.creations.as_slice() else { panic!("{lives:?}") };
            assert_eq!((creation.name.as_deref(), creation.symbol.as_deref()), (name, symbol));
            assert_eq!(creation.uri, None);
        }
    }

    #[test]
    fn a_migration_names_its_mint_third_and_other_instructions_nothing() {
        for discriminator in MIGRATE {
            assert_eq!(read(&discriminator, 2, 5).migrations, [Mint::parse(MINT).unwrap()]);
        }
        assert_eq!(read(&[102, 6, 61, 18, 1, 218, 235, 234, 9], 2, 6), Lives::default(), "a buy");
        assert_eq!(read(b"short", 0, 7), Lives::default());
    }
}
