//! Alerts that are still to be published, as they are stored meanwhile. It must not know in which words they will be told.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::digits::Digits;
use crate::core::market::alert::{Alert, AlertFacts, Severity};
use crate::core::market::rule::{AlertRule, Basis, Condition, Firing, RuleId};
use crate::core::publication::Seq;
use crate::core::tick::{ChainTime, Quote, Side};
use crate::core::wallet::Wallet;

/// An alert.
#[derive(Serialize, Deserialize)]
pub(super) struct AlertFields {
    #[serde(flatten)]
    facts: FactsFields,
    severity: String,
    at: (u64, u64),
    by: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum FactsFields {
    Whale { side: Option<String>, trader: Option<String>, amount: Digits, value: Digits },
    Move { quote: String, from: Digits, to: Digits, within: u64 },
    Volume { running: Digits, average: Digits },
    Withdrawal { pool: String, trader: Option<String>, quote: String, amount: Digits, reserve: Digits },
    Dump { trader: Option<String>, amount: Digits, supply: Digits },
}

impl AlertFields {
    pub(super) fn of(alert: &Alert) -> Self {
        Self {
            facts: FactsFields::of(&alert.facts),
            severity: alert.severity.name().to_owned(),
            at: (alert.at.timestamp, alert.at.slot),
            by: alert.seq.get(),
        }
    }

    pub(super) fn read(self) -> Option<Alert> {
        Some(Alert {
            facts: self.facts.read()?,
            severity: Severity::parse(&self.severity)?,
            at: time(self.at),
            seq: Seq::new(self.by),
        })
    }
}

impl FactsFields {
    fn of(facts: &AlertFacts) -> Self {
        let name = |name: Option<Rc<str>>| name.map(|name| name.to_string());
        match facts.clone() {
            AlertFacts::Whale { side, trader, amount, value_usd } => Self::Whale {
                side: side.map(|side| side.name().to_owned()),
                trader: name(trader),
                amount: Digits(amount),
                value: Digits(value_usd),
            },
            AlertFacts::Move { quote, from, to, window_seconds } => Self::Move {
                quote: quote.as_str().to_owned(),
                from: Digits(from),
                to: Digits(to),
                within: window_seconds,
            },
            AlertFacts::Volume { running, average } => {
                Self::Volume { running: Digits(running), average: Digits(average) }
            }
            AlertFacts::Withdrawal { pool, trader, quote, amount, reserve } => Self::Withdrawal {
                pool: pool.to_string(),
                trader: name(trader),
                quote: quote.as_str().to_owned(),
                amount: Digits(amount),
                reserve: Digits(reserve),
            },
            AlertFacts::Dump { trader, amount, supply } => {
                Self::Dump { trader: name(trader), amount: Digits(amount), supply: Digits(supply) }
            }
        }
    }

    fn read(self) -> Option<AlertFacts> {
        let name = |name: Option<String>| name.map(Rc::from);
        Some(match self {
            Self::Whale { side, trader, amount, value } => AlertFacts::Whale {
                side: optional(side, Side::parse).ok()?,
                trader: name(trader),
                amount: amount.0,
                value_usd: value.0,
            },
            Self::Move { quote, from, to, within } => AlertFacts::Move {
                quote: Quote::parse(&quote)?,
                from: from.0,
                to: to.0,
                window_seconds: within,
            },
            Self::Volume { running, average } => {
                AlertFacts::Volume { running: running.0, average: average.0 }
            }
            Self::Withdrawal { pool, trader, quote, amount, reserve } => AlertFacts::Withdrawal {
                pool: pool.into(),
                trader: name(trader),
                quote: Quote::parse(&quote)?,
                amount: amount.0,
                reserve: reserve.0,
            },
            Self::Dump { trader, amount, supply } => {
                AlertFacts::Dump { trader: name(trader), amount: amount.0, supply: supply.0 }
            }
        })
    }
}

/// A user's own alert that came true.
#[derive(Serialize, Deserialize)]
pub(super) struct FiringFields {
    rule: String,
    owner: String,
    #[serde(flatten)]
    condition: ConditionFields,
    measured: Digits,
    at: (u64, u64),
}

/// What is in dollars has no `quote`.
#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum ConditionFields {
    Above { price: Digits, quote: Option<String> },
    Below { price: Digits, quote: Option<String> },
    Volume { volume: Digits },
}

impl FiringFields {
    pub(super) fn of(firing: &Firing) -> Self {
        Self {
            rule: firing.rule.id.as_str().to_owned(),
            owner: firing.rule.owner.as_str().to_owned(),
            condition: ConditionFields::of(&firing.rule.condition),
            measured: Digits(firing.measured.clone()),
            at: (firing.at.timestamp, firing.at.slot),
        }
    }

    pub(super) fn read(self) -> Option<Firing> {
        let (id, owner) = (RuleId::parse(&self.rule)?, Wallet::parse(&self.owner).ok()?);
        let rule = AlertRule { id, owner, condition: self.condition.read()? };
        Some(Firing { rule, measured: self.measured.0, at: time(self.at) })
    }
}

impl ConditionFields {
    pub(super) fn of(condition: &Condition) -> Self {
        let quote = |basis: &Basis| match basis {
            Basis::Quote(quote) => Some(quote.as_str().to_owned()),
            Basis::Dollars => None,
        };
        let digits = Digits(condition.threshold().clone());
        match condition {
            Condition::PriceAbove(basis, _) => Self::Above { price: digits, quote: quote(basis) },
            Condition::PriceBelow(basis, _) => Self::Below { price: digits, quote: quote(basis) },
            Condition::VolumeAbove(_) => Self::Volume { volume: digits },
        }
    }

    pub(super) fn read(self) -> Option<Condition> {
        let basis = |quote: Option<String>| match quote {
            Some(quote) => Quote::parse(&quote).map(Basis::Quote),
            None => Some(Basis::Dollars),
        };
        Some(match self {
            Self::Above { price, quote } => Condition::PriceAbove(basis(quote)?, price.0),
            Self::Below { price, quote } => Condition::PriceBelow(basis(quote)?, price.0),
            Self::Volume { volume } => Condition::VolumeAbove(volume.0),
        })
    }
}

/// A stored text that is none of ours.
pub(super) struct Unreadable;

/// Reads what may not be said.
pub(super) fn optional<T>(
    text: Option<String>,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    text.map(|text| parse(&text).ok_or(Unreadable)).transpose()
}

fn time((timestamp, slot): (u64, u64)) -> ChainTime {
    ChainTime { timestamp, slot }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{at, number, rule, sol};

    #[test]
    fn every_alert_is_read_as_it_was_written() {
        let trader = Some(Rc::from("ana"));
        let (one, two, quote) = (number("1.5"), number("0.000000001"), sol());
        for facts in [
            AlertFacts::Whale {
                side: Some(Side::Sell),
                trader: trader.clone(),
                amount: one.clone(),
                value_usd: two.clone(),
            },
            AlertFacts::Move {
                quote: quote.clone(),
                from: one.clone(),
                to: two.clone(),
                window_seconds: 300,
            },
            AlertFacts::Volume { running: one.clone(), average: two.clone() },
            AlertFacts::Withdrawal {
                pool: Rc::from("P"),
                trader: None,
                quote,
                amount: one.clone(),
                reserve: two.clone(),
            },
            AlertFacts::Dump { trader, amount: one.clone(), supply: two.clone() },
        ] {
            let alert = Alert { facts, severity: Severity::Critical, at: at(7), seq: Seq::new(3) };
            let text = super::super::to_json(&AlertFields::of(&alert));
            assert_eq!(serde_json::from_str::<AlertFields>(&text).unwrap().read(), Some(alert), "{text}");
        }
    }

    #[test]
    fn every_rule_that_came_true_is_read_as_it_was_written() {
        for condition in [
            Condition::PriceAbove(Basis::Quote(sol()), number("2")),
            Condition::PriceBelow(Basis::Dollars, number("0.5")),
            Condition::VolumeAbove(number("1000")),
        ] {
            let firing = Firing { rule: rule("r-1", condition), measured: number("3"), at: at(7) };
            let text = super::super::to_json(&FiringFields::of(&firing));
            assert_eq!(serde_json::from_str::<FiringFields>(&text).unwrap().read(), Some(firing), "{text}");
        }
    }
}
