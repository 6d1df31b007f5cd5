//! The variables about markets: what is a price, and what is worth an alert. A mistake must not show the value that was
//! given.

use std::ops::RangeInclusive;

use super::bindings as names;
use super::config::{DAY, Reader};
use crate::core::decimal::Decimal;
use crate::core::market::thresholds::{AlertThresholds, MarketRules};

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn market_rules(&mut self) -> MarketRules {
        let MarketRules { dust_usd, alerts } = MarketRules::default();
        MarketRules {
            dust_usd: self.dollars(names::DUST_USD, dust_usd, 0..=1_000_000),
            alerts: AlertThresholds {
                whale_usd: self.dollars(names::ALERT_WHALE_USD, alerts.whale_usd, 1..=1_000_000_000),
                price_percent: self.number(names::ALERT_PRICE_PERCENT, alerts.price_percent, 1..=1_000),
                volume_times: self.number(names::ALERT_VOLUME_TIMES, alerts.volume_times, 2..=1_000),
                rug_liquidity_percent: self.number(
                    names::ALERT_LIQUIDITY_PERCENT,
                    alerts.rug_liquidity_percent,
                    1..=100,
                ),
                rug_supply_percent: self.number(
                    names::ALERT_SUPPLY_PERCENT,
                    alerts.rug_supply_percent,
                    1..=100,
                ),
                cooldown_seconds: self.seconds(names::ALERT_COOLDOWN, alerts.cooldown_seconds),
                ..alerts
            },
        }
    }

    fn seconds(&mut self, name: &'static str, default: u64) -> u64 {
        self.duration(name, default * 1_000, 1_000..=3_650 * DAY) / 1_000
    }

    fn dollars(&mut self, name: &'static str, default: Decimal, range: RangeInclusive<u64>) -> Decimal {
        let Some(text) = self.text(name) else {
            return default;
        };
        let (least, most) = (Decimal::from_whole(*range.start()), Decimal::from_whole(*range.end()));
        match Decimal::parse(&text) {
            Some(number) if (least..=most).contains(&number) => number,
            _ => {
                self.mistake(name, format!("is a number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::{Config, Mistakes};
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<MarketRules, Mistakes> {
        let value = |name: &str| Some(variables.iter().find(|(variable, _)| *variable == name)?.1.to_owned());
        Config::parse(value).map(|config| config.room.market)
    }

    #[test]
    fn nothing_set_is_what_the_market_goes_by_anyway() {
        assert_eq!(parse(&[]), Ok(MarketRules::default()));
    }

    #[test]
    fn every_variable_is_read() {
        let rules = parse(&[
            ("DUST_USD", "0.50"),
            ("ALERT_WHALE_USD", "1e4"),
            ("ALERT_PRICE_PERCENT", "10"),
            ("ALERT_VOLUME_TIMES", "7"),
            ("ALERT_LIQUIDITY_PERCENT", "50"),
            ("ALERT_SUPPLY_PERCENT", "1"),
            ("ALERT_COOLDOWN", "1h"),
        ]);
        let alerts = AlertThresholds {
            whale_usd: Decimal::from_whole(10_000),
            price_percent: 10,
            volume_times: 7,
            rug_liquidity_percent: 50,
            rug_supply_percent: 1,
            cooldown_seconds: 3_600,
            ..AlertThresholds::default()
        };
        assert_eq!(rules, Ok(MarketRules { dust_usd: Decimal::parse("0.5").unwrap(), alerts }));
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        let variables = [
            ("DUST_USD", "-1"),
            ("ALERT_WHALE_USD", "0.9"),
            ("ALERT_PRICE_PERCENT", "20 %"),
            ("ALERT_VOLUME_TIMES", "1"),
            ("ALERT_LIQUIDITY_PERCENT", "101"),
            ("ALERT_SUPPLY_PERCENT", "0"),
            ("ALERT_COOLDOWN", "5"),
        ];
        let Mistakes(mistakes) = parse(&variables).unwrap_err();
        let named: Vec<_> = mistakes.iter().map(|mistake| mistake.name).collect();
        assert_eq!(named, variables.map(|(name, _)| name));
    }
}
