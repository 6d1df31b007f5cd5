//! What a built-in alert tells, and how grave that is. It must not know in which words it is told.

use std::rc::Rc;

use crate::core::decimal::Decimal;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Seq;
use crate::core::tick::{ChainTime, Quote, Side};
use crate::core::view::AlertKind;

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look.
    Warning,
    /// Worth acting on.
    Critical,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// Its name, on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Reads [`Severity::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertFacts {
    /// A very large trade.
    Whale {
        /// What the trader did.
        side: Option<Side>,
        /// Who.
        trader: Option<Rc<str>>,
        /// How much of the token.
        amount: Decimal,
        /// What that is worth, in dollars.
        value_usd: Decimal,
    },
    /// The price moved.
    Move {
        /// What it is in.
        quote: Quote,
        /// The extreme that it moved from.
        from: Decimal,
        /// What it is now.
        to: Decimal,
        /// Within how long, in seconds.
        window_seconds: u64,
    },
    /// More is traded than usual.
    Volume {
        /// How much of the token in the running minute.
        running: Decimal,
        /// How much in an average one.
        average: Decimal,
    },
    /// Liquidity was withdrawn.
    Withdrawal {
        /// From which pool.
        pool: Rc<str>,
        /// By whom.
        trader: Option<Rc<str>>,
        /// What it is counted in.
        quote: Quote,
        /// How much of that.
        amount: Decimal,
        /// How much of it there was before.
        reserve: Decimal,
    },
    /// Somebody sold a large part of what there is.
    Dump {
        /// Who.
        trader: Option<Rc<str>>,
        /// How much of the token.
        amount: Decimal,
        /// How much there is of it.
        supply: Decimal,
    },
}

/// A built-in alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What happened.
    pub facts: AlertFacts,
    /// How grave it is.
    pub severity: Severity,
    /// When it happened.
    pub at: ChainTime,
    /// The place of the publication that told of it.
    pub seq: Seq,
}

/// The name of a kind, on the wire.
#[must_use]
pub fn kind_name(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Price => "price",
        AlertKind::Volume => "volume",
        AlertKind::Whale => "whale",
        AlertKind::Rug => "rug",
    }
}

impl Alert {
    /// What it warns of.
    #[must_use]
    pub fn kind(&self) -> AlertKind {
        self.facts.kind()
    }

    /// Its name: the same however often it is told.
    #[must_use]
    pub fn key(&self) -> IdempotencyKey {
        IdempotencyKey::of_alert(kind_name(self.kind()), self.at.timestamp, self.seq.get())
    }
}

impl AlertFacts {
    /// What they warn of.
    #[must_use]
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::Whale { .. } => AlertKind::Whale,
            Self::Move { .. } => AlertKind::Price,
            Self::Volume { .. } => AlertKind::Volume,
            Self::Withdrawal { .. } | Self::Dump { .. } => AlertKind::Rug,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{at, number};

    #[test]
    fn an_alert_is_known_by_what_it_warns_of_and_by_what_told_of_it() {
        let dump = AlertFacts::Dump { trader: None, amount: number("3"), supply: number("9") };
        let alert = Alert { facts: dump, severity: Severity::Warning, at: at(10), seq: Seq::new(4) };
        assert_eq!(alert.kind(), AlertKind::Rug);
        assert_eq!(Alert { severity: Severity::Critical, ..alert.clone() }.key(), alert.key());
        assert_ne!(Alert { seq: Seq::new(5), ..alert.clone() }.key(), alert.key());
        assert!(Severity::ALL.into_iter().all(|severity| Severity::parse(severity.name()) == Some(severity)));
    }
}
