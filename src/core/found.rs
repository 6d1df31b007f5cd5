//! What one transaction on the chain did to tokens' markets. It must not know which webhook told of it, nor how it is
//! published.

use std::rc::Rc;

use super::decimal::Decimal;
use super::mint::Mint;
use super::tick::{ChainTime, LiquidityChange, Trade};

/// A transaction and what was found in it. Cheap to clone but for its lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Its signature.
    pub signature: Rc<str>,
    /// When it happened.
    pub at: ChainTime,
    /// Whether it failed, and so did nothing.
    pub has_failed: bool,
    /// Who paid its fee: who traded, as far as anybody can tell.
    pub trader: Option<Rc<str>>,
    /// Its trades, each with a pool of its own, in the order in which the pools are told of.
    pub trades: Vec<TokenTrade>,
    /// Liquidity that came or went.
    pub liquidity: Vec<TokenLiquidity>,
    /// Tokens that it made.
    pub creations: Vec<Creation>,
    /// Tokens that left their bonding curve.
    pub migrations: Vec<Mint>,
    /// What one SOL cost in dollars, where it was traded for a stable coin.
    pub sol_usd: Option<Decimal>,
}

impl Found {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trades.is_empty()
            && self.liquidity.is_empty()
            && self.creations.is_empty()
            && self.migrations.is_empty()
            && self.sol_usd.is_none()
    }
}

/// A trade, and of which token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTrade {
    /// The token.
    pub mint: Mint,
    /// Which of the token's trades in its transaction it is: 0 for the first.
    pub place: usize,
    /// The trade; its value in dollars is left to whoever knows the price of SOL.
    pub trade: Trade,
    /// The exchange's name, where it is known.
    pub dex: Option<Rc<str>>,
}

/// A change of liquidity, and of which token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenLiquidity {
    /// The token.
    pub mint: Mint,
    /// Which of the token's changes in its transaction it is: 0 for the first.
    pub place: usize,
    /// The change.
    pub change: LiquidityChange,
    /// The exchange's name, where it is known.
    pub dex: Option<Rc<str>>,
}

/// A token that was made on a bonding curve, and what its maker says of it: nothing of that is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// The token.
    pub mint: Mint,
    /// Who made it.
    pub creator: Option<Rc<str>>,
    /// Its name.
    pub name: Option<Rc<str>>,
    /// Its symbol.
    pub symbol: Option<Rc<str>>,
    /// Where more is said.
    pub uri: Option<Rc<str>>,
    /// How much of it there is.
    pub supply: Option<Decimal>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_with_a_price_of_sol_alone_is_not_empty() {
        assert!(Found::default().is_empty());
        let reference = Found { sol_usd: Some(Decimal::from_whole(150)), ..Found::default() };
        assert!(!reference.is_empty());
    }
}
