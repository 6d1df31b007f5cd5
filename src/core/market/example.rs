//! Ticks for tests to vary. It must not be part of the service.

use std::rc::Rc;

use super::rule::{AlertRule, Condition, RuleId};
use crate::core::decimal::Decimal;
use crate::core::tick::{ChainTime, LiquidityChange, PricePoint, Quote, Side, Trade};
use crate::core::wallet::Wallet;

pub(crate) fn number(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub(crate) fn at(timestamp: u64) -> ChainTime {
    ChainTime { timestamp, slot: 0 }
}

pub(crate) fn sol() -> Quote {
    Quote::parse("SOL").unwrap()
}

pub(crate) fn trade(timestamp: u64, price: &str, amount: &str) -> Trade {
    Trade {
        at: at(timestamp),
        side: Some(Side::Buy),
        amount: number(amount),
        quote_amount: number(price).times(&number(amount)),
        price: number(price),
        quote: sol(),
        value_usd: None,
        phase: None,
        trader: Some(Rc::from("ana")),
        pool: None,
    }
}

pub(crate) fn price_point(timestamp: u64, price: &str) -> PricePoint {
    PricePoint { at: at(timestamp), price: number(price), quote: sol(), phase: None, trader: None }
}

pub(crate) fn liquidity(timestamp: u64, pool: &str, change: &str) -> LiquidityChange {
    LiquidityChange {
        at: at(timestamp),
        pool: Rc::from(pool),
        quote: sol(),
        change: number(change),
        trader: Some(Rc::from("ben")),
    }
}

pub(crate) fn rule(name: &str, condition: Condition) -> AlertRule {
    let owner = Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU").unwrap();
    AlertRule { id: RuleId::parse(name).unwrap(), owner, condition }
}
