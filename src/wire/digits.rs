//! Decimal numbers in what the service itself stores, as texts, and in what it publishes, as JSON's numbers: with all
//! their digits either way. It must not know what a number is of.

use std::borrow::Cow;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::core::decimal::Decimal;

/// A number as a text, which no parser rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits(pub(super) Decimal);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Decimal::parse(&text).map(Self).ok_or_else(|| D::Error::custom("not a decimal number"))
    }
}

/// A number as it is published. A decimal's own text is one.
pub(super) fn number(decimal: &Decimal) -> Option<Box<RawValue>> {
    RawValue::from_string(decimal.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_digits() {
        let decimal = Decimal::parse("1234567890.000000000000000001").unwrap();
        let text = serde_json::to_string(&Digits(decimal.clone())).unwrap();
        assert_eq!(text, r#""1234567890.000000000000000001""#);
        assert_eq!(serde_json::from_str::<Digits>(&text).unwrap(), Digits(decimal.clone()));
        assert_eq!(number(&decimal).unwrap().get(), "1234567890.000000000000000001");
        assert!(
            serde_json::from_str::<Digits>("1").is_err() && serde_json::from_str::<Digits>(r#""x""#).is_err()
        );
    }
}
