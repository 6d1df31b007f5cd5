//! What a room has written down of its token's market, and what it reads of what others wrote. It must not know a table.

use super::decimal::Decimal;
use super::market::candles::Flush;
use super::market::rule::{AlertRule, RuleId};
use super::market::rules::Nearest;
use super::tick::Phase;
use super::token::LastPrice;

/// After how long what failed is tried again, in milliseconds.
#[cfg(not(feature = "fault-injection"))]
pub const RETRY_MILLIS: u64 = 30_000;

/// The tests' build does not let them wait.
#[cfg(feature = "fault-injection")]
pub const RETRY_MILLIS: u64 = 500;

/// What others write down of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// What it is called for short.
    pub symbol: Option<String>,
    /// How much there is of it.
    pub supply: Option<Decimal>,
    /// What its users want to be told of, of the scales that were asked for.
    pub rules: Vec<Nearest>,
}

/// What users change of what they want to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleChange {
    /// There is a new rule.
    Came(AlertRule),
    /// A rule was taken away.
    Went(RuleId),
    /// Nobody says which.
    Any,
}

/// What is written down of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charting {
    /// The minutes that are closed.
    pub flush: Flush,
    /// What the token costs; `None` where nothing that happened was a price.
    pub price: Option<LastPrice>,
    /// Where it is traded, where that is known.
    pub phase: Option<Phase>,
}
