//! When something on a market is worth an alert, and how grave it is. It must not know what was alerted before.

use super::alert::{AlertFacts, Severity};
use super::thresholds::AlertThresholds;
use super::volumes::Volume;
use crate::core::decimal::Decimal;
use crate::core::tick::{LiquidityChange, Quote, Side, Trade};

/// What is worth an alert, and how grave it is.
pub(super) type Found = (AlertFacts, Severity);

/// A trade that is worth so much: `Warning` from 10 times that, `Critical` from 100 times.
pub(super) fn whale(trade: &Trade, thresholds: &AlertThresholds) -> Option<Found> {
    let value_usd = trade.value_usd.clone()?;
    let severity = severity(&value_usd, &thresholds.whale_usd, 10, 100)?;
    let Trade { side, trader, amount, .. } = trade.clone();
    Some((AlertFacts::Whale { side, trader, amount, value_usd }, severity))
}

/// A price that has moved from the lowest or the highest of the window, whichever is further: `Warning` from twice the
/// threshold, `Critical` from 5 times. A fall is as grave as the rise that would undo it, so to half is as grave as to
/// twice.
pub(super) fn price_move(
    quote: &Quote,
    (low, high): (Decimal, Decimal),
    to: &Decimal,
    thresholds: &AlertThresholds,
) -> Option<Found> {
    let percent = Decimal::from_whole(thresholds.price_percent.into());
    let of_hundred = |change: Decimal, whole: &Decimal| change.times(&hundred()).over(whole);
    let rise = of_hundred(to.minus(&low), &low)?;
    let (fall, undone) = (of_hundred(high.minus(to), &high)?, of_hundred(high.minus(to), to)?);
    let (from, grave) = match (rise >= percent, fall >= percent) {
        (true, true) if rise >= undone => (low, rise),
        (true, false) => (low, rise),
        (_, true) => (high, undone),
        (false, false) => return None,
    };
    let severity = severity(&grave, &percent, 2, 5)?;
    let window_seconds = thresholds.price_window_seconds;
    Some((AlertFacts::Move { quote: quote.clone(), from, to: to.clone(), window_seconds }, severity))
}

/// So many times the usual: `Warning` from twice as much, `Critical` from 5 times.
pub(super) fn volume(volume: Volume, thresholds: &AlertThresholds) -> Option<Found> {
    let Volume { running, average } = volume;
    let average = average?;
    let threshold = average.times(&Decimal::from_whole(thresholds.volume_times.into()));
    let severity = severity(&running, &threshold, 2, 5)?;
    Some((AlertFacts::Volume { running, average }, severity))
}

/// A withdrawal of so much of what was in the pool: at least `Warning`, `Critical` from twice as much.
pub(super) fn withdrawal(
    change: &LiquidityChange,
    reserve: Decimal,
    thresholds: &AlertThresholds,
) -> Option<Found> {
    let amount = Decimal::default().minus(&change.change);
    let severity = rug_severity(&amount, &reserve, thresholds.rug_liquidity_percent)?;
    let LiquidityChange { pool, quote, trader, .. } = change.clone();
    Some((AlertFacts::Withdrawal { pool, trader, quote, amount, reserve }, severity))
}

/// A sale of so much of what there is of the token: at least `Warning`, `Critical` from twice as much.
pub(super) fn dump(trade: &Trade, supply: &Decimal, thresholds: &AlertThresholds) -> Option<Found> {
    if trade.side != Some(Side::Sell) {
        return None;
    }
    let severity = rug_severity(&trade.amount, supply, thresholds.rug_supply_percent)?;
    let Trade { trader, amount, .. } = trade.clone();
    Some((AlertFacts::Dump { trader, amount, supply: supply.clone() }, severity))
}

fn rug_severity(part: &Decimal, whole: &Decimal, percent: u32) -> Option<Severity> {
    let threshold = whole.times(&Decimal::from_whole(percent.into()));
    let severity = severity(&part.times(&hundred()), &threshold, 2, 2)?;
    Some(severity.max(Severity::Warning))
}

/// How grave it is that something has reached a threshold, by how many times it has; `None` where it has not, and for a
/// threshold of 0.
fn severity(reached: &Decimal, threshold: &Decimal, warning: u64, critical: u64) -> Option<Severity> {
    if reached < threshold || threshold.is_zero() {
        return None;
    }
    let is_times = |times: u64| *reached >= threshold.times(&Decimal::from_whole(times));
    Some(match () {
        () if is_times(critical) => Severity::Critical,
        () if is_times(warning) => Severity::Warning,
        () => Severity::Info,
    })
}

fn hundred() -> Decimal {
    Decimal::from_whole(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::example::{liquidity, number, sol, trade};

    fn thresholds() -> AlertThresholds {
        AlertThresholds::default()
    }

    fn severity_of(found: Option<Found>) -> Option<Severity> {
        found.map(|(_, severity)| severity)
    }

    #[test]
    fn a_whale_is_graver_the_larger_it_is() {
        for (value, severity) in [
            ("1999.99", None),
            ("2000", Some(Severity::Info)),
            ("20000", Some(Severity::Warning)),
            ("200000", Some(Severity::Critical)),
        ] {
            let trade = Trade { value_usd: Some(number(value)), ..trade(0, "1", "1") };
            assert_eq!(severity_of(whale(&trade, &thresholds())), severity, "{value}");
        }
        assert_eq!(whale(&trade(0, "1", "1000000"), &thresholds()), None, "nobody knows what it is worth");
    }

    #[test]
    fn a_move_either_way_counts_from_the_extreme_that_it_is_further_from() {
        let moved = |to: &str| price_move(&sol(), (number("100"), number("110")), &number(to), &thresholds());
        for (to, from, severity) in [
            ("120", "100", Severity::Info),
            ("140", "100", Severity::Warning),
            ("200", "100", Severity::Critical),
            ("88", "110", Severity::Info),
            ("75", "110", Severity::Warning),
            ("55", "110", Severity::Critical),
            ("121", "100", Severity::Info),
        ] {
            let (facts, told) = moved(to).unwrap();
            assert_eq!(told, severity, "{to}");
            assert!(matches!(facts, AlertFacts::Move { from: told, .. } if told == number(from)), "{to}");
        }
        assert_eq!((moved("119.9"), moved("88.1"), moved("105")), (None, None, None));
    }

    #[test]
    fn unusually_much_is_so_many_times_the_average() {
        let traded = |running: &str, average: Option<&str>| {
            let average = average.map(number);
            severity_of(volume(Volume { running: number(running), average }, &thresholds()))
        };
        assert_eq!(traded("49", Some("10")), None);
        assert_eq!(traded("50", Some("10")), Some(Severity::Info));
        assert_eq!(traded("100", Some("10")), Some(Severity::Warning));
        assert_eq!(traded("250", Some("10")), Some(Severity::Critical));
        assert_eq!(traded("250", None), None, "nobody knows what is usual");
    }

    #[test]
    fn the_signs_of_a_fraud_are_never_just_good_to_know() {
        let withdrawn =
            |change: &str| severity_of(withdrawal(&liquidity(0, "P", change), number("100"), &thresholds()));
        assert_eq!((withdrawn("-29"), withdrawn("50")), (None, None));
        assert_eq!((withdrawn("-30"), withdrawn("-60")), (Some(Severity::Warning), Some(Severity::Critical)));
        let sold = |side, amount| {
            severity_of(dump(
                &Trade { side: Some(side), ..trade(0, "1", amount) },
                &number("1000"),
                &thresholds(),
            ))
        };
        assert_eq!((sold(Side::Sell, "199"), sold(Side::Buy, "900")), (None, None));
        assert_eq!(
            (sold(Side::Sell, "200"), sold(Side::Sell, "400")),
            (Some(Severity::Warning), Some(Severity::Critical))
        );
    }
}
