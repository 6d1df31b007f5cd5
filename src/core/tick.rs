//! What happens on a token's market, as far as prices, candles and alerts need it: a trade, a price, liquidity that came
//! or went. It must not know which program it happened in, nor how it is written.

use std::rc::Rc;

use super::decimal::Decimal;

/// What a price is in: the symbol of SOL or of a stable coin, or whatever its publisher calls it; empty where it says
/// nothing. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quote(Rc<str>);

/// The longest [`Quote`], in characters: that of a mint.
const MAX_QUOTE: usize = 44;

impl Quote {
    /// What dollars are called, of the names that they have.
    pub const DOLLAR: &str = "USD";

    /// Reads a quote: at most 44 letters and digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = text.len() <= MAX_QUOTE && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name.then(|| Self(text.into()))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is SOL.
    #[must_use]
    pub fn is_sol(&self) -> bool {
        self.as_str() == "SOL"
    }

    /// Whether one of it is a dollar, as far as anybody cares.
    #[must_use]
    pub fn is_dollar(&self) -> bool {
        matches!(self.as_str(), "USDC" | "USDT" | Self::DOLLAR)
    }
}

/// What the one who traded did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Got the token.
    Buy,
    /// Gave it.
    Sell,
}

impl Side {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// Reads [`Side::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Buy, Self::Sell].into_iter().find(|side| side.name() == name)
    }
}

/// Where a token is traded: at first against the bonding curve that it was made on, later in pools. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// On its bonding curve.
    Bonding,
    /// In pools of an automated market maker.
    Amm,
}

impl Phase {
    /// Its name, on the wire and in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bonding => "bonding",
            Self::Amm => "amm",
        }
    }

    /// Reads [`Phase::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Bonding, Self::Amm].into_iter().find(|phase| phase.name() == name)
    }
}

/// The largest whole number that JavaScript, and so the database, tells from the next: 2^53 - 1.
pub const MAX_NUMBER: u64 = 9_007_199_254_740_991;

/// When something happened on the chain. Ordered as it happened there; within a slot, as it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainTime {
    /// Unix seconds.
    pub timestamp: u64,
    /// The slot; 0 where nobody said.
    pub slot: u64,
}

impl ChainTime {
    /// The time within bounds. A number past [`MAX_NUMBER`] is no slot: it could never be written down.
    #[must_use]
    pub fn bounded(timestamp: u64, slot: u64) -> Self {
        let is_slot = slot <= MAX_NUMBER;
        Self { timestamp: timestamp.min(MAX_NUMBER), slot: if is_slot { slot } else { 0 } }
    }
}

/// A trade of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// When it happened.
    pub at: ChainTime,
    /// What the trader did, where that is known.
    pub side: Option<Side>,
    /// How much of the token changed hands.
    pub amount: Decimal,
    /// For how much of the quote.
    pub quote_amount: Decimal,
    /// What one of the token cost.
    pub price: Decimal,
    /// In what.
    pub quote: Quote,
    /// The same in dollars, where that is known: what changed hands was worth.
    pub value_usd: Option<Decimal>,
    /// On the curve or in a pool.
    pub phase: Option<Phase>,
    /// Who traded.
    pub trader: Option<Rc<str>>,
    /// The pool that it was with.
    pub pool: Option<Rc<str>>,
}

/// A price of a token, without a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricePoint {
    /// When it was the price.
    pub at: ChainTime,
    /// What one of the token costs.
    pub price: Decimal,
    /// In what.
    pub quote: Quote,
    /// On the curve or in a pool.
    pub phase: Option<Phase>,
    /// Whose trade made it, where that is known.
    pub trader: Option<Rc<str>>,
}

/// Liquidity that came into a pool or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiquidityChange {
    /// When it happened.
    pub at: ChainTime,
    /// Which pool.
    pub pool: Rc<str>,
    /// The side of it that is counted: SOL or a stable coin.
    pub quote: Quote,
    /// How much of it: more than 0 for what came in.
    pub change: Decimal,
    /// Who did it.
    pub trader: Option<Rc<str>>,
}

/// A token that was made, as far as its market reckons with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What it is called for short, where that is said.
    pub symbol: Option<Rc<str>>,
    /// How much there is of it.
    pub supply: Decimal,
}

/// Something that happened on a token's market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tick {
    /// The token was made.
    NewToken(NewToken),
    /// A trade.
    Trade(Trade),
    /// A price.
    Price(PricePoint),
    /// Liquidity came or went.
    Liquidity(LiquidityChange),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for phase in [Phase::Bonding, Phase::Amm] {
            assert_eq!(Phase::parse(phase.name()), Some(phase));
        }
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(Side::parse(side.name()), Some(side));
        }
        assert!(Phase::Bonding < Phase::Amm, "a token moves on");
    }

    #[test]
    fn a_number_that_could_not_be_written_down_is_no_slot() {
        assert_eq!(ChainTime::bounded(7, MAX_NUMBER), ChainTime { timestamp: 7, slot: MAX_NUMBER });
        assert_eq!(
            ChainTime::bounded(u64::MAX, MAX_NUMBER + 1),
            ChainTime { timestamp: MAX_NUMBER, slot: 0 }
        );
    }

    #[test]
    fn a_quote_is_a_short_name() {
        assert!(Quote::parse("USDC").unwrap().is_dollar());
        assert!(!Quote::parse("So11111111111111111111111111111111111111112").unwrap().is_dollar());
        assert_eq!(Quote::parse(""), Some(Quote::default()), "where nothing is said");
        for text in ["SOL/USD", "a b", "€", &"x".repeat(45)] {
            assert_eq!(Quote::parse(text), None, "{text:?}");
        }
    }
}
