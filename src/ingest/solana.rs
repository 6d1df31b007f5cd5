//! What is known of Solana for good: the mints that prices are in, and which addresses are nobody's own. It must not know
//! a transaction.

use ed25519_dalek::VerifyingKey;

use crate::core::wallet::Wallet;

/// SOL as a token.
pub const WRAPPED_SOL: &str = "So11111111111111111111111111111111111111112";

const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const USDT: &str = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB";

/// What prices are in. The first of a pair's is the one that its price is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Money {
    /// A stable coin.
    Usdc,
    /// Another one.
    Usdt,
    /// SOL, wrapped or as it is.
    Sol,
}

impl Money {
    /// Which a mint is; `None` for a token.
    #[must_use]
    pub fn of_mint(mint: &str) -> Option<Self> {
        match mint {
            USDC => Some(Self::Usdc),
            USDT => Some(Self::Usdt),
            WRAPPED_SOL => Some(Self::Sol),
            _ => None,
        }
    }

    /// Its symbol.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Usdc => "USDC",
            Self::Usdt => "USDT",
            Self::Sol => "SOL",
        }
    }

    /// The decimals that it counts with.
    #[must_use]
    pub fn decimals(self) -> u8 {
        match self {
            Self::Usdc | Self::Usdt => 6,
            Self::Sol => 9,
        }
    }

    /// Whether one of it is a dollar.
    #[must_use]
    pub fn is_stable(self) -> bool {
        self != Self::Sol
    }
}

/// Whose an address can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// On the ed25519 curve: there may be a key to it.
    Wallet,
    /// Off the curve: a program's own.
    Program,
    /// No address at all.
    Invalid,
}

impl AddressKind {
    /// Looks at an address in base58. It takes some microseconds.
    #[must_use]
    pub fn of(address: &str) -> Self {
        match Wallet::parse(address) {
            Err(_) => Self::Invalid,
            Ok(wallet) if VerifyingKey::from_bytes(wallet.key()).is_ok() => Self::Wallet,
            Ok(_) => Self::Program,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_on_the_curve_and_a_programs_own_address_is_not() {
        let of = AddressKind::of;
        assert_eq!(of("11111111111111111111111111111111"), AddressKind::Wallet);
        assert_eq!(of("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"), AddressKind::Wallet);
        assert_eq!(of("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"), AddressKind::Program);
        for text in ["", "So1111", "not base58: 0OIl"] {
            assert_eq!(of(text), AddressKind::Invalid, "{text}");
        }
    }

    #[test]
    fn a_price_is_in_the_stable_coin_of_a_pair_before_sol() {
        assert_eq!(Money::of_mint(WRAPPED_SOL), Some(Money::Sol));
        assert!(Money::Usdc < Money::Usdt && Money::Usdt < Money::Sol);
        assert_eq!(Money::of_mint("DROP"), None);
    }
}
