//! Exact decimal numbers: amounts and prices. It owns how a quotient is rounded; it must not know what a number means,
//! nor go through a binary float, which would change its digits.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr as _;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode, Zero as _};

/// Significant digits of a quotient: three more than a 64-bit float tells apart.
pub const QUOTIENT_DIGITS: NonZeroU64 = NonZeroU64::MIN.saturating_add(19);

/// The most characters of a number that is read.
const MAX_TEXT: usize = 64;

/// The furthest that a number's last digit may be from the point, either way.
const MAX_SCALE: i64 = 64;

/// A decimal number. Sums, differences and products are exact; quotients have [`QUOTIENT_DIGITS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(BigDecimal);

impl Decimal {
    /// `units` of a token that counts with so many `decimals`: 1,500,000 units with 6 decimals are 1.5.
    #[must_use]
    pub fn from_units(units: i128, decimals: u8) -> Self {
        Self(BigDecimal::from_bigint(BigInt::from(units), i64::from(decimals)).normalized())
    }

    /// The nearest number of units of a token that counts with so many `decimals`; `None` past 127 bits.
    #[must_use]
    pub fn to_units(&self, decimals: u8) -> Option<i128> {
        let units = self.0.with_scale_round(i64::from(decimals), RoundingMode::HalfEven);
        i128::try_from(units.into_bigint_and_scale().0).ok()
    }

    /// A whole number.
    #[must_use]
    pub fn from_whole(number: u64) -> Self {
        Self(BigDecimal::from(number))
    }

    /// Reads a number as JSON writes it, at most 64 characters and 64 places from the point; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_json = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            && text.bytes().next_back().is_some_and(|byte| byte.is_ascii_digit())
            && text
                .strip_prefix('-')
                .unwrap_or(text)
                .bytes()
                .next()
                .is_some_and(|byte| byte.is_ascii_digit());
        if !is_json || text.len() > MAX_TEXT {
            return None;
        }
        // Before it is aligned with others: 1e999999999 has as many zeros.
        let number = BigDecimal::from_str(text).ok()?;
        let (_, scale) = number.as_bigint_and_exponent();
        (-MAX_SCALE..=MAX_SCALE).contains(&scale).then(|| Self(number.normalized()))
    }

    /// This number divided by another one, rounded to the nearest; `None` for a division by 0.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let quotient = (&self.0 / &other.0).with_precision_round(QUOTIENT_DIGITS, RoundingMode::HalfEven);
        Some(Self(quotient.normalized()))
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self((&self.0 + &other.0).normalized())
    }

    /// This number less the other one.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self((&self.0 - &other.0).normalized())
    }

    /// The product of both.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self((&self.0 * &other.0).normalized())
    }

    /// The number with at most [`QUOTIENT_DIGITS`] significant digits.
    #[must_use]
    pub fn rounded(&self) -> Self {
        Self(self.0.with_precision_round(QUOTIENT_DIGITS, RoundingMode::HalfEven).normalized())
    }

    /// The number with at most so many places after the point, rounded to the nearest.
    #[must_use]
    pub fn to_places(&self, places: u8) -> Self {
        let (_, scale) = self.0.as_bigint_and_exponent();
        if scale <= i64::from(places) {
            return self.clone();
        }
        Self(self.0.with_scale_round(i64::from(places), RoundingMode::HalfEven).normalized())
    }

    /// Whether it is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is more than 0.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        *self > Self::default()
    }
}

/// As JSON writes a number: digits with a point and without an exponent.
impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_plain_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn units_of_a_token_become_its_amount() {
        assert_eq!(Decimal::from_units(33_970_733_092, 6).to_string(), "33970.733092");
        assert_eq!(Decimal::from_units(-450_000_000_000, 9).to_string(), "-450");
        assert_eq!(Decimal::from_units(1, 9).to_string(), "0.000000001");
        assert_eq!(
            Decimal::from_units(i128::from(u64::MAX), 0).to_string(),
            "18446744073709551615",
            "past 2^53"
        );
    }

    #[test]
    fn an_amount_is_as_many_units_as_it_was_made_of() {
        assert_eq!(number("71334900.280873").to_units(6), Some(71_334_900_280_873));
        assert_eq!(number("-1e-9").to_units(9), Some(-1));
        assert_eq!(
            number("19479468.498286001").to_units(6),
            Some(19_479_468_498_286),
            "a float's last digit"
        );
        assert_eq!(number("1e60").to_units(9), None);
    }

    #[test]
    fn a_price_is_as_exact_as_its_digits() {
        let price = number("1.881912085").over(&number("33970.733092")).unwrap();
        assert_eq!(price.to_string(), "0.000055398041599614002231");
        assert_eq!(number("1").over(&number("0.0")), None);
    }

    #[test]
    fn sums_and_products_keep_every_digit() {
        assert_eq!(number("0.1").plus(&number("0.2")).to_string(), "0.3");
        assert_eq!(number("1e3").minus(&number("1e-9")).to_string(), "999.999999999");
        assert_eq!(number("0.000000001").times(&number("0.000000001")).to_string(), "0.000000000000000001");
        assert_eq!(number("1.0").to_string(), "1");
        assert!(number("0.10") == number("1e-1") && number("-1") < number("0"));
    }

    #[test]
    fn a_number_is_cut_to_its_places() {
        let cut = |text, places| number(text).to_places(places).to_string();
        assert_eq!(
            (cut("1.2345", 2), cut("-0.0051", 2), cut("0.001", 2)),
            ("1.23".into(), "-0.01".into(), "0".into())
        );
        assert_eq!((cut("1e20", 0), cut("1.5", 9)), ("100000000000000000000".into(), "1.5".into()));
    }

    #[test]
    fn what_json_does_not_write_is_no_number_and_neither_is_what_would_fill_the_memory() {
        for text in
            ["", "-", "+1", ".5", "1.", "1e", "0x1", "NaN", "Infinity", "1_000", " 1", "1e999999999", "1e-65"]
        {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
        assert_eq!(Decimal::parse(&"9".repeat(65)), None);
        assert_eq!(number("-12.5e+2").to_string(), "-1250");
    }
}
