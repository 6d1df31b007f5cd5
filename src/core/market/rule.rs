//! A user's own alert: one condition, which comes true once. It must not know how conditions are looked through.

use std::fmt;
use std::rc::Rc;

use crate::core::decimal::Decimal;
use crate::core::idempotency::IdempotencyKey;
use crate::core::tick::{ChainTime, Quote};
use crate::core::view::AlertKind;
use crate::core::wallet::Wallet;

/// The longest name of a rule, in characters.
pub const MAX_RULE_NAME: usize = 64;

/// What a rule is called: 1 to [`MAX_RULE_NAME`] letters, digits, `-` and `_`, unlike any other rule's of any token.
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(Rc<str>);

/// What the price in a condition is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Basis {
    /// This.
    Quote(Quote),
    /// Dollars, as far as it is known what the token costs in them.
    Dollars,
}

/// When a rule comes true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The price is this or more.
    PriceAbove(Basis, Decimal),
    /// The price is this or less.
    PriceBelow(Basis, Decimal),
    /// So much of the token, or more, is traded within the running minute.
    VolumeAbove(Decimal),
}

/// A user's own alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// Its name.
    pub id: RuleId,
    /// Whose it is.
    pub owner: Wallet,
    /// When it comes true.
    pub condition: Condition,
}

/// A rule that came true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The rule.
    pub rule: AlertRule,
    /// What the price, or the volume, was.
    pub measured: Decimal,
    /// When.
    pub at: ChainTime,
}

impl RuleId {
    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = (1..=MAX_RULE_NAME).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_name.then(|| Self(text.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Basis {
    /// What users mean by a price in `quote`. One of which nobody says what it is in is one in dollars, as far as they care.
    #[must_use]
    pub fn of(quote: &Quote) -> Self {
        let is_dollars = quote.is_dollar() || quote.as_str().is_empty();
        if is_dollars { Self::Dollars } else { Self::Quote(quote.clone()) }
    }

    fn is_of(&self, quote: &Quote) -> bool {
        *self == Self::of(quote)
    }
}

impl Condition {
    /// What it has to reach.
    #[must_use]
    pub fn threshold(&self) -> &Decimal {
        match self {
            Self::PriceAbove(_, threshold)
            | Self::PriceBelow(_, threshold)
            | Self::VolumeAbove(threshold) => threshold,
        }
    }

    /// Whether a price makes it true.
    #[must_use]
    pub fn is_true_at(&self, quote: &Quote, price: &Decimal) -> bool {
        match self {
            Self::PriceAbove(basis, threshold) => basis.is_of(quote) && price >= threshold,
            Self::PriceBelow(basis, threshold) => basis.is_of(quote) && price <= threshold,
            Self::VolumeAbove(_) => false,
        }
    }

    /// What it warns of.
    #[must_use]
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::PriceAbove(..) | Self::PriceBelow(..) => AlertKind::Price,
            Self::VolumeAbove(_) => AlertKind::Volume,
        }
    }
}

impl Firing {
    /// Its name: a rule comes true once.
    #[must_use]
    pub fn key(&self) -> IdempotencyKey {
        IdempotencyKey::of_rule(self.rule.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_a_short_name() {
        assert_eq!(RuleId::parse("a-B_9").unwrap().to_string(), "a-B_9");
        for text in ["", "a b", "é", &"x".repeat(65)] {
            assert_eq!(RuleId::parse(text), None, "{text:?}");
        }
    }
}
