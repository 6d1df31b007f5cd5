//! Numbers as they come: JSON numbers or the same in quotes, of which no digit may be lost. It must not know what they
//! count.

use serde_json::value::RawValue;

/// The number's text, without the quotes where it has some.
#[must_use]
pub fn digits(value: &RawValue) -> &str {
    let text = value.get();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// A whole number; `None` for anything else and for one past 127 bits.
#[must_use]
pub fn whole(value: &RawValue) -> Option<i128> {
    digits(value).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<i128> {
        whole(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_whole_number_is_read_with_all_its_digits_in_quotes_or_without() {
        assert_eq!(read("-42"), Some(-42));
        assert_eq!(read(r#""18446744073709551616""#), Some(1 << 64));
        assert_eq!(read("170141183460469231731687303715884105727"), Some(i128::MAX));
    }

    #[test]
    fn what_is_no_whole_number_is_none() {
        for json in [
            "1.5",
            "1e3",
            "true",
            "[1]",
            r#""""#,
            r#""x""#,
            "null",
            "170141183460469231731687303715884105728",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
