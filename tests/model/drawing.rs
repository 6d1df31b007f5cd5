//! Candles as anybody would draw them from what was told, and as a reader sees them. It must not know a room or a market.

use glow_broadcast::core::decimal::Decimal;
use glow_broadcast::core::market::hour::Hour;
use glow_broadcast::core::market::minute::Minute;
use glow_broadcast::core::tick::ChainTime;

/// One thing in the chart as it was told: open, high, low and close are drawn from these.
#[derive(Clone, Debug)]
pub struct Point {
    pub at: ChainTime,
    pub price: Decimal,
    pub amount: Option<Decimal>,
}

/// When a candle begins, its open, high, low and close, its volume, its trades.
pub type Drawn = (u64, [Decimal; 4], Decimal, u64);

/// The candle of a minute's points, in the order in which they were told.
pub fn draw(minute: Minute, points: &[Point]) -> Drawn {
    let first = points.iter().map(|point| point.at).min().unwrap();
    let last = points.iter().map(|point| point.at).max().unwrap();
    let open = points.iter().find(|point| point.at == first).unwrap().price.clone();
    let close = points.iter().rfind(|point| point.at == last).unwrap().price.clone();
    let high = points.iter().map(|point| &point.price).max().unwrap().clone();
    let low = points.iter().map(|point| &point.price).min().unwrap().clone();
    let amounts: Vec<&Decimal> = points.iter().filter_map(|point| point.amount.as_ref()).collect();
    let volume = amounts.iter().fold(Decimal::default(), |sum, amount| sum.plus(amount));
    (minute.0 * 60, [open, high, low, close], volume, amounts.len() as u64)
}

/// The candles of an hour.
pub fn drawn(hour: &Hour) -> impl Iterator<Item = Drawn> {
    hour.candles().map(|(start, candle)| {
        let prices = [&candle.open, &candle.high, &candle.low, &candle.close].map(Decimal::clone);
        (start, prices, candle.volume.clone(), candle.trades)
    })
}
