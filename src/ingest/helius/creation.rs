//! Where a token's life on pump.fun begins and where it leaves its curve. It must not know of prices.

use std::rc::Rc;

use super::balances::Balances;
use super::instructions::Instruction;
use super::venue::{PUMP_FUN, Venues};
use crate::core::found::Creation;
use crate::core::mint::Mint;
use crate::core::tick::Phase;
use crate::core::wallet::{KEY_BYTES, Wallet};
use crate::ingest::solana::Money;

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

/// Reads the instructions of pump.fun. Without them an emptied curve is the sign of a migration.
pub(super) fn lives(balances: &Balances<'_>, venues: &Venues<'_>) -> Lives {
    let mut lives = Lives::default();
    for instruction in venues.instructions.iter().filter(|instruction| PUMP_FUN.is_called_by(instruction)) {
        lives.read(instruction);
    }
    let curves = balances.owners.iter().filter(|owner| owner.is_native);
    for curve in curves.filter(|owner| owner.legs.iter().all(|leg| leg.units < 0)) {
        let token = curve.legs.iter().find(|leg| Money::of_mint(leg.mint).is_none());
        if venues.phase(venues.standing(curve.address), true) == Phase::Bonding
            && let Some(mint) = token.and_then(|leg| Mint::parse(leg.mint).ok())
        {
            lives.migrated(mint);
        }
    }
    lives
}

impl Lives {
    fn read(&mut self, instruction: &Instruction<'_>) {
        let Some(data) = instruction.data() else { return };
        let Some((discriminator, arguments)) = data.split_first_chunk::<8>() else { return };
        let mint = |place| instruction.account(place).and_then(|mint| Mint::parse(mint).ok());
        if MIGRATE.contains(discriminator)
            && let Some(mint) = mint(MIGRATED)
        {
            self.migrated(mint);
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

    fn migrated(&mut self, mint: Mint) {
        if !self.migrations.contains(&mint) {
            self.migrations.push(mint);
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
