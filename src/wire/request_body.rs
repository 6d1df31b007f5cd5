//! Bodies of requests: the text of any, and the fields of those of REST, read strictly: what is not known is refused by
//! name. It must not know what a field is for.

use std::str::Utf8Error;

use thiserror::Error;

use super::object::{self, Object, number_of};
use super::{ObjectError, from_object};
use crate::core::decimal::Decimal;

/// The largest body of a request that tells something of a user, in bytes.
pub const MAX_REQUEST_BYTES: usize = 16_384;

/// How much of an unknown field's name is repeated, in characters.
const NAME_SHOWN: usize = 64;

/// A byte-order mark, in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The text of a body that is JSON. A byte-order mark, which some clients put before what they send, is passed over
/// (RFC 8259 §8.1 leaves that to the reader).
///
/// # Errors
/// Where the body is not UTF-8.
pub fn text_of(body: &[u8]) -> Result<&str, Utf8Error> {
    std::str::from_utf8(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body))
}

/// Why a body is not what its route takes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not JSON.
    #[error("the body is not JSON: {reason}")]
    NotJson {
        /// Where and why.
        reason: String,
    },
    /// JSON, but no object.
    #[error("the body has to be one JSON object")]
    NotAnObject,
    /// A field that the route does not know.
    #[error("there is no field `{0}` here")]
    Unknown(String),
    /// A field that is missing, or has another value than it may.
    #[error("`{field}` has to be {rule}")]
    Field {
        /// Which.
        field: &'static str,
        /// What it has to be.
        rule: &'static str,
    },
}

impl BodyError {
    /// Whether the body could not even be read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::NotUtf8 | Self::NotJson { .. })
    }
}

/// What a request does to a value that may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The field is not there: the value stays.
    #[default]
    Keep,
    /// The field is `null`.
    Clear,
    /// The field has a value.
    Set(T),
}

impl<T> Change<T> {
    /// The new value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Whether the value stays as it is.
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

/// The bounds of a text that people write.
#[derive(Clone, Copy)]
pub(super) struct TextBounds {
    /// In characters.
    pub most: usize,
    /// Whether it may have line ends and tabs.
    pub is_multiline: bool,
}

/// The fields of a body, all of which have to be known.
pub(super) struct Fields<'a>(Object<'a>);

impl<'a> Fields<'a> {
    pub(super) fn read(body: &'a [u8], known: &[&str]) -> Result<Self, BodyError> {
        let text = text_of(body).map_err(|_| BodyError::NotUtf8)?;
        let object: Object<'a> = from_object(text).map_err(|error| match error {
            ObjectError::NotJson { reason } => BodyError::NotJson { reason },
            ObjectError::Shape => BodyError::NotAnObject,
        })?;
        if let Some((name, _)) = object.fields().find(|(name, _)| !known.contains(name)) {
            return Err(BodyError::Unknown(name.chars().take(NAME_SHOWN).collect()));
        }
        Ok(Self(object))
    }

    /// What becomes of a field's value, read from its text.
    pub(super) fn change<T>(
        &self,
        field: &'static str,
        rule: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Change<T>, BodyError> {
        let Some(value) = self.0.get(field) else {
            return Ok(Change::Keep);
        };
        if value.get() == "null" {
            return Ok(Change::Clear);
        }
        let text = object::text_of(value);
        text.as_deref().and_then(read).map(Change::Set).ok_or(BodyError::Field { field, rule })
    }

    /// What becomes of an amount, written as a number or as a text of its digits.
    pub(super) fn amount(
        &self,
        field: &'static str,
        rule: &'static str,
    ) -> Result<Change<Decimal>, BodyError> {
        let Some(number) = self.0.given(field).and_then(|value| Decimal::parse(value.get())) else {
            return self.change(field, rule, |text| Decimal::parse(text).filter(is_amount));
        };
        if is_amount(&number) { Ok(Change::Set(number)) } else { Err(BodyError::Field { field, rule }) }
    }

    /// What becomes of a text that people write. It is kept to the letter.
    pub(super) fn text(
        &self,
        field: &'static str,
        rule: &'static str,
        bounds: TextBounds,
    ) -> Result<Change<String>, BodyError> {
        self.change(field, rule, |text| bounds.admit(text).then(|| text.to_owned()))
    }

    /// A field that has to be there, read from its text.
    pub(super) fn required<T>(
        &self,
        field: &'static str,
        rule: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, BodyError> {
        match self.change(field, rule, read)? {
            Change::Set(value) => Ok(value),
            Change::Keep | Change::Clear => Err(BodyError::Field { field, rule }),
        }
    }

    /// A number with every digit, written as one or as a text.
    pub(super) fn number(&self, field: &str) -> Option<Decimal> {
        number_of(self.0.get(field)?)
    }
}

fn is_amount(number: &Decimal) -> bool {
    *number >= Decimal::default()
}

impl TextBounds {
    pub(super) fn admit(self, text: &str) -> bool {
        let breaks_line = |character| self.is_multiline && matches!(character, '\n' | '\r' | '\t');
        let is_written = |character: char| !character.is_control() || breaks_line(character);
        !text.is_empty() && text.chars().count() <= self.most && text.chars().all(is_written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "1 to 5 characters";
    const BOUNDS: TextBounds = TextBounds { most: 5, is_multiline: false };

    fn name(body: &str) -> Result<Change<String>, BodyError> {
        Fields::read(body.as_bytes(), &["name"])?.text("name", RULE, BOUNDS)
    }

    #[test]
    fn a_field_is_kept_cleared_or_set() {
        assert_eq!(name("{}"), Ok(Change::Keep));
        assert_eq!(name(r#"{"name":null}"#), Ok(Change::Clear));
        assert_eq!(name(r#"{"n\u0061me":"\u0041na"}"#), Ok(Change::Set("Ana".to_owned())));
    }

    #[test]
    fn a_byte_order_mark_before_a_body_is_passed_over_and_nothing_else() {
        assert_eq!(name("\u{feff}{\"name\":\"Ana\"}"), Ok(Change::Set("Ana".to_owned())));
        assert!(name("\u{feff}\u{feff}{}").unwrap_err().is_unreadable());
        assert!(name("{}\u{feff}").unwrap_err().is_unreadable());
        assert_eq!(text_of(b"\xEF\xBB\xBF"), Ok(""));
        assert!(
            text_of(b"\xEF\xBB").is_err() && text_of(b"\xFE\xFF\0{").is_err(),
            "half of one, and UTF-16's"
        );
    }

    #[test]
    fn a_text_is_bounded_in_characters_and_kept_to_the_letter() {
        let rule = Err(BodyError::Field { field: "name", rule: RULE });
        for text in
            ["ééééé", "e\u{301}e\u{301}e", "👩\u{200d}👩\u{200d}👧", "\u{202e}abc", "𝕏𝕏𝕏𝕏𝕏", "';--", "%_\\\\"]
        {
            let kept = text.replace("\\\\", "\\");
            assert_eq!(name(&format!(r#"{{"name":"{text}"}}"#)), Ok(Change::Set(kept)), "{text}");
        }
        for json in [
            r#""""#,
            r#""123456""#,
            r#""a\u0000""#,
            r#""a\n""#,
            r#""\u009f""#,
            r#""\ud800""#,
            "1",
            "[]",
            "{}",
        ] {
            assert_eq!(name(&format!(r#"{{"name":{json}}}"#)), rule, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_no_object_or_not_known_is_told_apart() {
        assert_eq!(name("[]"), Err(BodyError::NotAnObject));
        assert!(name("{").unwrap_err().is_unreadable());
        assert_eq!(Fields::read(b"{\"\xff\":1}", &[]).err(), Some(BodyError::NotUtf8));
        assert_eq!(name(r#"{"name":"a","wallet":1}"#), Err(BodyError::Unknown("wallet".to_owned())));
        let long = name(&format!(r#"{{"{}":1}}"#, "é".repeat(100)));
        assert_eq!(long, Err(BodyError::Unknown("é".repeat(64))));
    }
}
