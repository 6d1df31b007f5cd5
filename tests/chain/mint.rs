//! What is traded. It must not know where.

use super::address::{Address, Addresses, TOKEN, TOKEN_2022};
use super::choices::Choices;

pub const SOL: Mint = Mint::money("So11111111111111111111111111111111111111112", 9);
pub const USDC: Mint = Mint::money("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6);
pub const USDT: Mint = Mint::money("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mint {
    pub address: Address,
    pub decimals: u8,
    pub program: Address,
    pub tax: Option<Tax>,
}

/// What is withheld of each transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tax {
    /// In ten thousandths.
    rate: i128,
    most: i128,
    /// Whether the instruction says how much it is.
    pub is_told: bool,
}

impl Mint {
    const fn money(address: Address, decimals: u8) -> Self {
        Self { address, decimals, program: TOKEN, tax: None }
    }

    pub fn token(addresses: &mut Addresses, choices: &mut Choices<'_>) -> Self {
        let decimals = choices.pick(&[6, 6, 9, 5, 0, 1, 2, 3, 4, 7, 8]);
        let program = choices.pick(&[TOKEN, TOKEN, TOKEN_2022]);
        let tax = (program == TOKEN_2022 && choices.once_in(2)).then(|| Tax {
            rate: choices.pick(&[1, 30, 500, 1_000]),
            most: choices.pick(&[i128::MAX, i128::MAX, 1 << 20]),
            is_told: choices.once_in(2),
        });
        Self { address: addresses.program(), decimals, program, tax }
    }

    /// Whether what several transfers withheld can't be told from its sum.
    pub fn is_capped(&self) -> bool {
        self.tax.is_some_and(|tax| tax.most < i128::MAX && !tax.is_told)
    }

    /// Its symbol, if prices are in it.
    pub fn money_symbol(&self) -> Option<&'static str> {
        let monies = [(SOL, "SOL"), (USDC, "USDC"), (USDT, "USDT")];
        monies.into_iter().find(|(mint, _)| mint.address == self.address).map(|(_, symbol)| symbol)
    }

    /// What a transfer of so many units leaves behind, as Token-2022 reckons it.
    pub fn withheld(&self, units: i128) -> i128 {
        self.tax.map_or(0, |tax| ((units * tax.rate + 9_999) / 10_000).min(tax.most))
    }
}
