//! A publisher's payload: bytes to a checked publication and the key it has of its own. The payload is checked and
//! completed as text and never re-serialised, so that `0.00007345`, `1e-9` and 20-digit integers arrive with the digits
//! that were posted. It must not know who posted it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use super::description::kind_of;
use super::object::{Name, text_of};
use super::publisher::ENVELOPE_BYTES;
use super::shared_frame::{ADDED_BYTES, MAX_FRAME_BYTES};
use super::{ObjectError, from_object, is_json_whitespace, request_body};
use crate::core::feed::Feed;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Publication};
use crate::core::topic::Topic;

/// How deeply a payload may be nested. The frame of a batch adds two levels, and common parsers of other languages read
/// 127 without complaint.
pub const MAX_NESTING: usize = 125;

/// The largest payload that an operator may allow, in bytes. With what the service adds it fits a frame, and so does what a
/// publisher's frame around it is answered.
pub const MAX_PAYLOAD_BYTES: usize = MAX_FRAME_BYTES - ENVELOPE_BYTES - ADDED_BYTES;

/// The fields that the service itself adds to a publication, and by which its subscribers know how far they are.
const RESERVED_FIELDS: [&str; 4] = ["seq", "epoch", "snapshot", "tokenSeq"];

/// The types of the frames that are the service's own: a publication of one of these could not be told apart from them.
const RESERVED_TYPES: [&str; 9] =
    ["connected", "subscribed", "unsubscribed", "authenticated", "gap", "position", "error", "pong", "data"];

/// The one type that is the service's and publishers' too: each of its `updates` is what a payload is.
const BATCH_UPDATE: &str = "BATCH_UPDATE";

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
    /// A `type` of the service's own frames.
    #[error("the type `{name}` is that of a frame of the service's own: choose another")]
    ReservedType {
        /// Which.
        name: &'static str,
    },
    /// A `BATCH_UPDATE` whose `updates` are no list of payloads.
    #[error("the `updates` of a BATCH_UPDATE are a list of objects")]
    Updates,
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
    fields.check(topic)?;
    if fields.is_batch {
        check_updates(topic, &fields.updates)?;
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

/// Checks the updates of a payload that is several: each is what a payload is, but not several again.
fn check_updates(topic: &Topic, lists: &[&RawValue]) -> Result<(), PayloadError> {
    let lists = lists.iter().map(|list| serde_json::from_str(list.get()).map_err(|_| PayloadError::Updates));
    let lists: Vec<Vec<&RawValue>> = lists.collect::<Result<_, _>>()?;
    if lists.is_empty() {
        return Err(PayloadError::Updates);
    }
    lists.into_iter().flatten().try_for_each(|update| {
        let fields = scan(update.get()).map_err(|error| match error {
            PayloadError::NotAnObject => PayloadError::Updates,
            error => error,
        })?;
        fields.check(topic)?;
        if fields.is_batch { Err(PayloadError::ReservedType { name: BATCH_UPDATE }) } else { Ok(()) }
    })
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
    reserved_type: Option<&'static str>,
    is_batch: bool,
    updates: Vec<&'a RawValue>,
    /// Every `token` there is; `None` for one that is no string.
    tokens: Vec<Option<Cow<'a, str>>>,
    signature: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    /// Whichever of several fields of one name a subscriber's parser takes, none may be wrong.
    fn check(&self, topic: &Topic) -> Result<(), PayloadError> {
        if let Some(field) = self.reserved {
            return Err(PayloadError::ReservedField { field });
        }
        if let Some(name) = self.reserved_type {
            return Err(PayloadError::ReservedType { name });
        }
        if self.tokens.iter().any(|token| token.as_deref() != Some(topic.as_str())) {
            return Err(PayloadError::TokenDiffers);
        }
        Ok(())
    }

    fn note_type(&mut self, name: Option<Cow<'a, str>>) {
        let is = |reserved: &&str| name.as_deref() == Some(*reserved);
        self.reserved_type = RESERVED_TYPES.into_iter().find(is).or(self.reserved_type);
        self.is_batch |= is(&BATCH_UPDATE);
        self.kind = name;
    }
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
                "type" => fields.note_type(text_of(map.next_value()?)),
                "updates" => fields.updates.push(map.next_value()?),
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
            (r#"{"type":"TRADE","tokenSeq":9}"#, "tokenSeq"),
        ] {
            assert_eq!(check(payload), Err(PayloadError::ReservedField { field }), "{payload}");
        }
        assert!(check(r#"{"nested":{"seq":1}}"#).is_ok(), "only the top level is the service's");
    }

    #[test]
    fn the_types_of_the_services_own_frames_are_refused_however_they_are_spelt() {
        for (payload, name) in [
            (r#"{"type":"gap","symbol":"SOL","percent":3.1}"#, "gap"),
            (r#"{"type":"connected","exchange":"binance"}"#, "connected"),
            (r#"{"t\u0079pe":"g\u0061p"}"#, "gap"),
            (r#"{"type":"gap","type":"TRADE"}"#, "gap"),
            (r#"{"type":"TRADE","type":"error"}"#, "error"),
            (r#"{"updates":[{"type":"pong"}],"type":"BATCH_UPDATE"}"#, "pong"),
            (r#"{"type":"BATCH_UPDATE","updates":[{"type":"BATCH_UPDATE","updates":[]}]}"#, "BATCH_UPDATE"),
        ] {
            assert_eq!(check(payload), Err(PayloadError::ReservedType { name }), "{payload}");
        }
        for reserved in RESERVED_TYPES {
            let payload = format!(r#"{{"type":"{reserved}"}}"#);
            assert_eq!(check(&payload), Err(PayloadError::ReservedType { name: reserved }));
        }
        for free in
            [r#"{"type":"Gap"}"#, r#"{"type":["gap"]}"#, r#"{"kind":"gap"}"#, r#"{"a":{"type":"gap"}}"#]
        {
            assert!(check(free).is_ok(), "{free}");
        }
    }

    #[test]
    fn each_update_of_several_is_what_a_payload_is() {
        let batch = |updates: &str| check(&format!(r#"{{"type":"BATCH_UPDATE","updates":{updates}}}"#));
        assert!(batch(r#"[{"type":"PRICE_UPDATE","price":1e-9},{"token":"T"}]"#).is_ok());
        assert!(batch("[]").is_ok());
        assert_eq!(check(r#"{"type":"BATCH_UPDATE"}"#), Err(PayloadError::Updates));
        assert_eq!(batch(r#"[{},{"s\u0065q":1}]"#), Err(PayloadError::ReservedField { field: "seq" }));
        assert_eq!(batch(r#"[{"token":"U"}]"#), Err(PayloadError::TokenDiffers));
        for updates in ["{}", "7", "null", "[7]", "[[]]"] {
            assert_eq!(batch(updates), Err(PayloadError::Updates), "{updates}");
        }
        let repeated = r#"{"type":"BATCH_UPDATE","updates":[{"seq":1}],"updates":[]}"#;
        assert_eq!(check(repeated), Err(PayloadError::ReservedField { field: "seq" }));
        assert!(
            check(r#"{"type":"NEWS","updates":[{"seq":1}]}"#).is_ok(),
            "only a batch's updates are read so"
        );
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
