//! What users want to be told of a token: rules of their own. It must not know what a token costs, nor when a rule was
//! looked at.

use super::decimal::Decimal;
use super::market::rule::{self, Basis, RuleId};
use super::tick::Quote;
use super::time::UnixMillis;
use super::topic::Topic;
use super::wallet::Wallet;

/// The most rules of one wallet that wait.
pub const MAX_WAITING: u32 = 100;

/// For how many days a rule waits. One that nobody will come back for is not watched for ever.
pub const WAITING_DAYS: u64 = 90;

/// What has to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The price is the threshold or more.
    PriceAbove,
    /// The price is the threshold or less.
    PriceBelow,
    /// So much of the token, or more, is traded within a minute.
    VolumeAbove,
}

impl Condition {
    /// Its name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PriceAbove => "price_above",
            Self::PriceBelow => "price_below",
            Self::VolumeAbove => "volume_above",
        }
    }

    /// Reads [`Condition::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::PriceAbove, Self::PriceBelow, Self::VolumeAbove]
            .into_iter()
            .find(|condition| condition.name() == name)
    }
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Which token: a topic without a namespace.
    pub token: Topic,
    /// What has to happen.
    pub condition: Condition,
    /// More than 0.
    pub threshold: Decimal,
    /// What the price is in, `USD` for dollars; empty where the condition is not about a price.
    pub quote: Quote,
}

/// A rule. It fires once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// What it is known by.
    pub id: String,
    /// Who is to be told.
    pub wallet: Wallet,
    /// What it says.
    pub wish: Wish,
    /// Since when it waits, in whole seconds.
    pub created: UnixMillis,
    /// When it fired, in whole seconds.
    pub fired: Option<UnixMillis>,
}

impl AlertRule {
    /// The rule as a market looks at it; `None` where its identifier is none that a market takes.
    #[must_use]
    pub fn to_be_watched(&self) -> Option<rule::AlertRule> {
        let Wish { threshold, quote, .. } = &self.wish;
        let basis = || Basis::of(quote);
        let condition = match self.wish.condition {
            Condition::PriceAbove => rule::Condition::PriceAbove(basis(), threshold.clone()),
            Condition::PriceBelow => rule::Condition::PriceBelow(basis(), threshold.clone()),
            Condition::VolumeAbove => rule::Condition::VolumeAbove(threshold.clone()),
        };
        Some(rule::AlertRule { id: RuleId::parse(&self.id)?, owner: self.wallet.clone(), condition })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_read_by_its_name() {
        for condition in [Condition::PriceAbove, Condition::PriceBelow, Condition::VolumeAbove] {
            assert_eq!(Condition::parse(condition.name()), Some(condition));
        }
        assert_eq!(Condition::parse("PRICE_ABOVE"), None);
    }

    #[test]
    fn a_market_looks_at_a_price_in_dollars_whatever_they_are_called() {
        let wish = |quote: &str| Wish {
            token: Topic::parse("DROP").unwrap(),
            condition: Condition::PriceAbove,
            threshold: Decimal::from_whole(2),
            quote: Quote::parse(quote).unwrap(),
        };
        let rule = |quote| AlertRule {
            id: "r-1".to_owned(),
            wallet: Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU").unwrap(),
            wish: wish(quote),
            created: UnixMillis(0),
            fired: None,
        };
        let watched = |quote| rule(quote).to_be_watched().unwrap().condition;
        let above = |basis| rule::Condition::PriceAbove(basis, Decimal::from_whole(2));
        assert_eq!(watched("USDC"), above(Basis::Dollars));
        assert_eq!(watched("SOL"), above(Basis::Quote(Quote::parse("SOL").unwrap())));
        assert_eq!(AlertRule { id: "no name".to_owned(), ..rule("SOL") }.to_be_watched(), None);
    }
}
