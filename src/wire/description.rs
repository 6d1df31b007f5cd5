//! What the service has to know of a publication to decide who gets it, and in which shape. It must not keep more of it
//! than that, nor decide anything.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::from_object;
use super::object::{Name, text_of};
use super::subscription::MAX_SEQ;
use crate::core::publication::{Publication, Seq};
use crate::core::view::{AlertKind, Kind};

/// What the top level of a publication says. Of a repeated field the last counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description<'a> {
    /// What it is about, by its `type`.
    pub kind: Kind,
    /// Its `token`.
    pub token: Option<Cow<'a, str>>,
    /// Its `tokenSeq`: in a feed, the place that it has in its token's own topic.
    pub token_seq: Option<Seq>,
}

/// Describes a publication, reading it once.
#[must_use]
pub fn describe(publication: &Publication) -> Description<'_> {
    // A publication is a checked object, so this doesn't fail.
    let fields = from_object::<Fields<'_>>(publication.as_json()).unwrap_or_default();
    Description { kind: fields.kind(), token: fields.token, token_seq: fields.token_seq }
}

/// The kind of an alert by its name.
#[must_use]
pub fn alert_kind(name: &str) -> Option<AlertKind> {
    Some(match name {
        "price" => AlertKind::Price,
        "volume" => AlertKind::Volume,
        "whale" => AlertKind::Whale,
        "rug" => AlertKind::Rug,
        _ => return None,
    })
}

#[derive(Default)]
struct Fields<'a> {
    r#type: Option<Cow<'a, str>>,
    alert_type: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
    token_seq: Option<Seq>,
}

impl Fields<'_> {
    fn kind(&self) -> Kind {
        let alert = self.alert_type.as_deref().or(self.kind.as_deref());
        self.r#type.as_deref().map_or(Kind::Other, |name| kind_of(name, alert))
    }
}

/// What a publication is about, by its `type` and, for an alert, the name of what it warns of.
pub(super) fn kind_of(name: &str, alert: Option<&str>) -> Kind {
    match name {
        "PRICE_UPDATE" => Kind::Price,
        "TRADE" => Kind::Trade,
        "NEW_TOKEN" => Kind::Token,
        "ALERT" => Kind::Alert(alert.and_then(alert_kind)),
        "BALANCE_UPDATE" => Kind::Balance,
        _ => Kind::Other,
    }
}

/// A place as it is written: a whole number without sign or exponent.
pub(super) fn seq_of(value: &RawValue) -> Option<Seq> {
    let is_digits = value.get().bytes().all(|byte| byte.is_ascii_digit());
    let number = value.get().parse().ok().filter(|number| is_digits && *number <= MAX_SEQ)?;
    Some(Seq::new(number))
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
        let mut fields = Fields::default();
        while let Some(Name(name)) = map.next_key()? {
            match name.as_ref() {
                "type" => fields.r#type = text_of(map.next_value()?),
                "alertType" => fields.alert_type = text_of(map.next_value()?),
                "kind" => fields.kind = text_of(map.next_value()?),
                "token" => fields.token = text_of(map.next_value()?),
                "tokenSeq" => fields.token_seq = seq_of(map.next_value()?),
                _ => {
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

    fn kind(json: &str) -> Kind {
        describe(&Publication::from_checked_object(json)).kind
    }

    #[test]
    fn a_publication_is_about_what_its_type_says() {
        assert_eq!(kind(r#"{"type":"PRICE_UPDATE","price":0.00007345,"token":"DROP"}"#), Kind::Price);
        assert_eq!(kind(r#"{"type":"TRADE","side":"buy","token":"DROP"}"#), Kind::Trade);
        assert_eq!(kind(r#"{"type":"NEW_TOKEN","token":"DROP"}"#), Kind::Token);
        assert_eq!(kind(r#"{"type":"BALANCE_UPDATE","token":"wallet:x"}"#), Kind::Balance);
        for other in [
            r#"{"token":"DROP"}"#,
            r#"{"type":"trade","token":"DROP"}"#,
            r#"{"type":7,"token":"DROP"}"#,
            r#"{"type":"TRADE","type":"\ud800","token":"DROP"}"#,
        ] {
            assert_eq!(kind(other), Kind::Other, "{other}");
        }
    }

    #[test]
    fn an_alert_has_a_kind_of_its_own() {
        let cases = [
            (r#"{"type":"ALERT","alertType":"whale","kind":"rug"}"#, Some(AlertKind::Whale)),
            (r#"{"type":"ALERT","kind":"rug"}"#, Some(AlertKind::Rug)),
            (r#"{"type":"ALERT","alertType":7,"kind":"price"}"#, Some(AlertKind::Price)),
            (r#"{"type":"ALERT","alertType":"volume"}"#, Some(AlertKind::Volume)),
            (r#"{"type":"ALERT","alertType":"listing","kind":"rug"}"#, None),
            (r#"{"type":"ALERT"}"#, None),
        ];
        for (json, expected) in cases {
            assert_eq!(kind(json), Kind::Alert(expected), "{json}");
        }
    }

    #[test]
    fn a_publication_in_a_feed_says_which_token_it_is_of_and_its_place_there() {
        let json = r#"{"type":"TRADE","tokenSeq":1,"token":"A","token":"DR\u004fP","a":1e400,"tokenSeq":42}"#;
        let publication = Publication::from_checked_object(json);
        let Description { kind, token, token_seq } = describe(&publication);
        assert_eq!((kind, token.as_deref(), token_seq), (Kind::Trade, Some("DROP"), Some(Seq::new(42))));
    }

    #[test]
    fn what_is_no_place_is_none() {
        for no_place in ["-1", "1.0", "1e3", "\"1\"", "9007199254740992", "99999999999999999999", "[1]"] {
            let publication = Publication::from_checked_object(format!(r#"{{"tokenSeq":{no_place}}}"#));
            assert_eq!(describe(&publication).token_seq, None, "{no_place}");
        }
    }
}
