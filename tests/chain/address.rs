//! Addresses: some that there can be a key to, and programs' own, to which there is none. It must not know who has them.

use std::sync::LazyLock;

use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

pub type Address = &'static str;

pub const SYSTEM: Address = "11111111111111111111111111111111";
pub const TOKEN: Address = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
pub const TOKEN_2022: Address = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
pub const ASSOCIATED: Address = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";
pub const BUDGET: Address = "ComputeBudget111111111111111111111111111111";
pub const AGGREGATOR: Address = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4";

/// How many programs' addresses there are: enough for one transaction.
const MANY: usize = 320;

static ALL: LazyLock<(Vec<Address>, Vec<Address>)> = LazyLock::new(|| {
    let (mut wallets, mut programs): (Vec<Address>, Vec<Address>) = Default::default();
    let keys = (0_u32..).map(|number| <[u8; 32]>::from(Sha256::digest(number.to_le_bytes())));
    for key in keys {
        let text = || &*bs58::encode(key).into_string().leak();
        match VerifyingKey::from_bytes(&key) {
            Ok(_) if wallets.len() < 32 => wallets.push(text()),
            Err(_) if programs.len() < MANY => programs.push(text()),
            _ if wallets.len() == 32 && programs.len() == MANY => break,
            _ => {}
        }
    }
    (wallets, programs)
});

/// The bytes of an address.
pub fn key(address: Address) -> Vec<u8> {
    bs58::decode(address).into_vec().unwrap()
}

/// A program's own address that instructions name by this role and that has no part in a swap.
pub fn bystander(role: &str) -> Address {
    let place = role.bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    ALL.1[place % 48]
}

/// Hands out addresses, each once.
#[derive(Default)]
pub struct Addresses {
    wallets: usize,
    programs: usize,
}

impl Addresses {
    pub fn wallet(&mut self) -> Address {
        self.wallets += 1;
        ALL.0[self.wallets - 1]
    }

    pub fn program(&mut self) -> Address {
        self.programs += 1;
        ALL.1[47 + self.programs]
    }
}
