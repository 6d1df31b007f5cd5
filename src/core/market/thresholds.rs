//! From when on something is worth an alert, as an operator sets it. It must not know a variable's name.

use crate::core::decimal::Decimal;

/// What an operator sets of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketRules {
    /// A trade of known worth below this many dollars is no price.
    pub dust_usd: Decimal,
    /// The built-in alerts.
    pub alerts: AlertThresholds,
}

/// From when on the built-in alerts warn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertThresholds {
    /// What a whale's trade is worth, in dollars.
    pub whale_usd: Decimal,
    /// How far the price moves, in percent.
    pub price_percent: u32,
    /// Within how long, in seconds: at most some minutes, as each minute is remembered.
    pub price_window_seconds: u64,
    /// How many times the average is traded in the running minute.
    pub volume_times: u32,
    /// The average of how many minutes: at most some hours, as each minute is remembered.
    pub volume_window_minutes: u64,
    /// How much of a pool is withdrawn, in percent.
    pub rug_liquidity_percent: u32,
    /// How much of the supply is sold at once, in percent.
    pub rug_supply_percent: u32,
    /// For how long there is no second alert of a kind, in seconds.
    pub cooldown_seconds: u64,
}

impl Default for MarketRules {
    fn default() -> Self {
        Self { dust_usd: Decimal::from_whole(1), alerts: AlertThresholds::default() }
    }
}

impl Default for AlertThresholds {
    fn default() -> Self {
        Self {
            whale_usd: Decimal::from_whole(2_000),
            price_percent: 20,
            price_window_seconds: 300,
            volume_times: 5,
            volume_window_minutes: 60,
            rug_liquidity_percent: 30,
            rug_supply_percent: 20,
            cooldown_seconds: 300,
        }
    }
}
