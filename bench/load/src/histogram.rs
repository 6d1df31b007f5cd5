//! Durations by the million in a few kilobytes, exact to one part in 64. It must not know what they are durations of.

use std::time::Duration;

use serde_json::{Value, json};

/// Each power of two of nanoseconds is cut into so many steps.
const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// How often each duration was seen.
#[derive(Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    longest: Duration,
}

impl Histogram {
    pub fn add(&mut self, duration: Duration) {
        let bucket = bucket(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.longest = self.longest.max(duration);
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The duration that `share` (0 to 1) of all do not exceed, in milliseconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut missing = share * approximate(self.total);
        for (bucket, count) in self.counts.iter().enumerate() {
            missing -= approximate(*count);
            if missing <= 0.0 && *count > 0 {
                return approximate(upper_end(bucket)) / 1e6;
            }
        }
        milliseconds(self.longest)
    }

    pub fn report(&self) -> Value {
        json!({
            "p50": self.quantile(0.5),
            "p99": self.quantile(0.99),
            "max": milliseconds(self.longest),
        })
    }
}

fn bucket(nanoseconds: u64) -> usize {
    let shift = (u64::BITS - nanoseconds.leading_zeros()).saturating_sub(STEP_BITS + 1);
    let step = nanoseconds >> shift;
    usize::try_from(u64::from(shift) * STEPS + step).unwrap_or(usize::MAX)
}

fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / STEPS).saturating_sub(1);
    (bucket - shift * STEPS + 1) << shift
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn approximate(count: u64) -> f64 {
    count as f64
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The value in the middle of unsorted ones, and the quarters beside it.
pub fn summary(mut values: Vec<f64>) -> Value {
    values.sort_by(f64::total_cmp);
    let at = |part: usize| values.get((values.len() * part / 4).min(values.len().saturating_sub(1)));
    json!({ "median": at(2), "low": at(1), "high": at(3) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_one_part_in_64() {
        let mut histogram = Histogram::default();
        for microseconds in 1..=100_000 {
            histogram.add(Duration::from_micros(microseconds));
        }
        for (share, expected) in [(0.01, 1.0), (0.5, 50.0), (0.99, 99.0)] {
            let found = histogram.quantile(share);
            assert!((found / expected - 1.0).abs() < 1.0 / 32.0, "{found} instead of {expected}");
        }
    }
}
