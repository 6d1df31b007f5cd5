//! A publisher's payload: bytes to a checked publication and the key it has of its own. The payload is checked and
//! completed as text and never re-serialised, so that `0.00007345`, `1e-9` and 20-digit integers arrive with the digits
//! that were posted. It must not know who posted it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use thiserror::Error;

use super::description::kind_of;
use super::object::{Name, text_of};
use super::{ObjectError, from_object, is_json_whitespace, request_body};
use crate::core::feed::Feed;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Publication};
use crate::core::topic::Topic;

/// How deeply a payload may be nested. The frame of a batch adds two levels, and common parsers of other languages read
/// 127 without complaint.
pub const MAX_NESTING: usize = 125;

/// The fields that the service itself adds to a publication.
const RESERVED_FIELDS: [&str; 3] = ["seq", "epoch", "snapshot"];

/// Why bytes are no payload.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PayloadError {
    /// Not UTF-8.
    #[error("the payload is not UTF-8")]
    NotUtf8,
    /// Not JSON.
    #[error("the payload is not JSON: {reason}")]
    NotJson {
        /// The parser's words, with line and column.
        reason: String,
    },
    /// Nested more deeply than [`MAX_NESTING`].
    #[error("the payload is nested more than {MAX_NESTING} levels deep")]
    TooDeep,
    /// JSON, but no object.
    #[error("the payload has to be one JSON object")]
    NotAnObject,
    /// A field that the service itself adds.
    #[error("the field `{field}` is the service's own: leave it out")]
    ReservedField {
        /// Which.
        field: &'static str,
    },
    /// A `token` that is not the topic published to.
    #[error("the payload's `token` differs from the topic it is published to")]
    TokenDiffers,
}

/// Checks a payload that is published to `topic`, and gives it its `token` where it has none. Its key is that of the
/// transaction which it names by a string `signature`, together with its string `type`.
///
/// # Errors
/// The first rule that it breaks.
pub fn publication(topic: &Topic, payload: &[u8]) -> Result<Keyed, PayloadError> {
    let text = request_body::text_of(payload).map_err(|_| PayloadError::NotUtf8)?;
    check_nesting(payload)?;
    let fields = scan(text)?;
    if let Some(field) = fields.reserved {
        return Err(PayloadError::ReservedField { field });
    }
    if fields.tokens.iter().any(|token| token.as_deref() != Some(topic.as_str())) {
        return Err(PayloadError::TokenDiffers);
    }
    let key = match (&fields.signature, &fields.kind) {
        (Some(signature), Some(kind)) if !signature.is_empty() => {
            Some(IdempotencyKey::of_transaction(signature, kind))
        }
        _ => None,
    };
    let feed = fields.kind.as_deref().and_then(|name| Feed::of(topic, kind_of(name, None)));
    let object = text.trim_matches(is_json_whitespace);
    if !fields.tokens.is_empty() {
        return Ok(Keyed { key, feed, ..Keyed::bare(Publication::from_checked_object(object)) });
    }
    let open = object.strip_suffix('}').ok_or(PayloadError::NotAnObject)?;
    let comma = if fields.is_empty { "" } else { "," };
    let completed = format!("{open}{comma}\"token\":\"{topic}\"}}");
    Ok(Keyed { key, feed, ..Keyed::bare(Publication::from_checked_object(completed)) })
}

/// Counts brackets, before a parser sees them.
///
/// # Errors
/// [`PayloadError::TooDeep`].
fn check_nesting(json: &[u8]) -> Result<(), PayloadError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(PayloadError::TooDeep);
        }
    }
    Ok(())
}

fn scan(text: &str) -> Result<Fields<'_>, PayloadError> {
    from_object(text).map_err(|error| match error {
        ObjectError::NotJson { reason } => PayloadError::NotJson { reason },
        ObjectError::Shape => PayloadError::NotAnObject,
    })
}

/// What the service has to know of a payload's top level. Values are passed over, not kept.
#[derive(Default)]
struct Fields<'a> {
    is_empty: bool,
    reserved: Option<&'static str>,
    /// Every `token` there is; `None` for one that is no string.
    tokens: Vec<Option<Cow<'a, str>>>,
    signature: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Fields { is_empty: true, ..Fields::default() };
        while let Some(Name(name)) = map.next_key()? {
            fields.is_empty = false;
            match name.as_ref() {
                "token" => fields.tokens.push(text_of(map.next_value()?)),
                "signature" => fields.signature = text_of(map.next_value()?),
                "type" => fields.kind = text_of(map.next_value()?),
                name => {
                    fields.reserved =
                        RESERVED_FIELDS.into_iter().find(|reserved| *reserved == name).or(fields.reserved);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &str) -> Result<String, PayloadError> {
        let topic = Topic::parse("T").unwrap();
        publication(&topic, payload.as_bytes()).map(|keyed| keyed.publication.as_json().to_owned())
    }

    #[test]
    fn a_payload_keeps_every_character_and_gets_its_token() {
        let cases = [
            (r#"{"price":0.00007345}"#, r#"{"price":0.00007345,"token":"T"}"#),
            (r#"{"a":1e-9,"b":12345678901234567890}"#, r#"{"a":1e-9,"b":12345678901234567890,"token":"T"}"#),
            ("{}", r#"{"token":"T"}"#),
            ("{ }", r#"{ "token":"T"}"#),
            ("\u{feff}{\"a\":\"\u{feff}\"}", "{\"a\":\"\u{feff}\",\"token\":\"T\"}"),
            ("\n { \"a\" : [1, {}] } \r\n", r#"{ "a" : [1, {}] ,"token":"T"}"#),
            (r#"{"a":"}\"\\"}"#, r#"{"a":"}\"\\","token":"T"}"#),
            (r#"{"type":1e400,"signature":"\ud800"}"#, r#"{"type":1e400,"signature":"\ud800","token":"T"}"#),
            (r#"{"emoji":"🚀","lone":"\ud800"}"#, r#"{"emoji":"🚀","lone":"\ud800","token":"T"}"#),
        ];
        for (payload, expected) in cases {
            assert_eq!(check(payload).unwrap(), expected, "{payload}");
        }
    }

    #[test]
    fn a_token_that_is_the_topic_stays_where_it_was_and_another_is_an_error() {
        let same = r#"{"token":"T","price":1}"#;
        assert_eq!(check(same).unwrap(), same);
        assert_eq!(check(r#"{"tok\u0065n":"\u0054"}"#).unwrap(), r#"{"tok\u0065n":"\u0054"}"#);
        for payload in [
            r#"{"token":"U"}"#,
            r#"{"token":"T","token":"U"}"#,
            r#"{"token":null}"#,
            r#"{"token":["T"]}"#,
            r#"{"token":{"T":1}}"#,
            r#"{"token":"\ud800"}"#,
            r#"{"token":1e400}"#,
        ] {
            assert_eq!(check(payload), Err(PayloadError::TokenDiffers), "{payload}");
        }
    }

    #[test]
    fn the_services_own_fields_are_refused_however_they_are_spelt() {
        for (payload, field) in [
            (r#"{"seq":1}"#, "seq"),
            (r#"{"a":{},"epoch":null}"#, "epoch"),
            (r#"{"snapshot":true}"#, "snapshot"),
            (r#"{"s\u0065q":1}"#, "seq"),
        ] {
            assert_eq!(check(payload), Err(PayloadError::ReservedField { field }), "{payload}");
        }
        assert!(check(r#"{"nested":{"seq":1}}"#).is_ok(), "only the top level is the service's");
    }

    #[test]
    fn what_is_no_json_object_is_told_apart() {
        for payload in
            ["", " ", "{", "nonsense", r#"{"a":1,}"#, "{'a':1}", "{\"a\":\"\n\"}", "{}{}", "\u{feff}"]
        {
            assert!(matches!(check(payload), Err(PayloadError::NotJson { .. })), "{payload:?}");
        }
        for payload in ["[]", r#"[{"a":1}]"#, "1", "null", r#""text""#] {
            assert_eq!(check(payload), Err(PayloadError::NotAnObject), "{payload}");
        }
        let topic = Topic::parse("T").unwrap();
        assert_eq!(publication(&topic, b"{\"a\":\"\xff\"}"), Err(PayloadError::NotUtf8));
    }

    #[test]
    fn a_signature_and_a_type_are_a_key_and_one_of_them_alone_is_none() {
        let topic = Topic::parse("T").unwrap();
        let key = |payload: &str| publication(&topic, payload.as_bytes()).unwrap().key;
        let trade = Some(IdempotencyKey::of_transaction("5xy", "TRADE"));
        assert_eq!(key(r#"{"type":"TRADE","signature":"5xy","price":1}"#), trade);
        assert_eq!(key(r#"{"signature":"5\u0078y","ty\u0070e":"TRADE"}"#), trade);
        assert_ne!(key(r#"{"type":"ALERT","signature":"5xy"}"#), trade);
        for none in [
            r#"{"type":"TRADE"}"#,
            r#"{"signature":"5xy"}"#,
            r#"{"type":1,"signature":"5xy"}"#,
            r#"{"type":"T","signature":""}"#,
        ] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn nesting_has_a_bound_that_brackets_in_texts_do_not_reach() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&nested(MAX_NESTING - 1)).is_ok());
        assert_eq!(check(&nested(MAX_NESTING)), Err(PayloadError::TooDeep));
        assert_eq!(check(&nested(10_000)), Err(PayloadError::TooDeep));
        assert!(check(&format!("{{\"a\":\"{}\"}}", "[\\\"".repeat(1_000))).is_ok());
    }
}
