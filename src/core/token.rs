//! What is known of a token. It must not know where that is kept, nor how it is told.

use super::decimal::Decimal;
use super::tick::{ChainTime, Phase, Quote};
use super::topic::Topic;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is published under: a mint or a symbol.
    pub topic: Topic,
    /// What its maker says of it.
    pub description: Description,
    /// How much of it there is, where that is known.
    pub supply: Option<Decimal>,
    /// Where it is traded, where that is known.
    pub phase: Option<Phase>,
    /// The last price that was written down.
    pub price: Option<LastPrice>,
    /// Whether everybody was told of it.
    pub is_announced: bool,
    /// Since when something is known of it, in Unix seconds.
    pub created_at: u64,
    /// When somebody last said something of it, in Unix seconds. Prices don't count.
    pub updated_at: u64,
}

impl Token {
    /// A token of which nothing is known but that something happened on its market at `since`, in Unix seconds.
    #[must_use]
    pub fn traded_first(topic: &Topic, since: u64) -> Self {
        Self {
            topic: topic.clone(),
            description: Description::default(),
            supply: None,
            phase: None,
            price: None,
            is_announced: false,
            created_at: since,
            updated_at: since,
        }
    }

    /// Learns how its market stands. A token never goes back to its curve.
    pub fn learn(&mut self, phase: Option<Phase>, last: Option<LastPrice>) {
        self.phase = self.phase.max(phase);
        self.price = last.or(self.price.take());
    }
}

/// What the maker of a token says of it: texts, each of which may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: Option<String>,
    /// Its symbol.
    pub symbol: Option<String>,
    /// What it is about.
    pub text: Option<String>,
    /// Where its metadata lie.
    pub uri: Option<String>,
    /// Where its picture lies.
    pub image: Option<String>,
    /// Who made it.
    pub creator: Option<String>,
}

/// The latest price of a token in one quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastPrice {
    /// What one of the token costs.
    pub price: Decimal,
    /// In what.
    pub quote: Quote,
    /// Since when.
    pub at: ChainTime,
    /// On the curve or in a pool, where that is known.
    pub phase: Option<Phase>,
}
