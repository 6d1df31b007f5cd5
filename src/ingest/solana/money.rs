//! The mints that prices are in. It must not know a transaction.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_in_the_stable_coin_of_a_pair_before_sol() {
        assert_eq!(Money::of_mint(WRAPPED_SOL), Some(Money::Sol));
        assert!(Money::Usdc < Money::Usdt && Money::Usdt < Money::Sol);
        assert_eq!(Money::of_mint("DROP"), None);
    }
}
