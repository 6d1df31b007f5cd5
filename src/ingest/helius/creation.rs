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
