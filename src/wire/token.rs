//! What is told of tokens, and what publishers say of them. It must not know where it is kept, nor who asks.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use thiserror::Error;

use super::{is_json_whitespace, number, to_json};
use crate::core::decimal::Decimal;
use crate::core::tick::Phase;
use crate::core::token::{Cursor, Token};

/// The largest body of `PUT /tokens/:mint`, in bytes.
pub const MAX_TOKEN_BYTES: usize = 32_768;

/// How a link may begin: what a page follows is not to run a script.
const SCHEMES: [&str; 4] = ["https://", "http://", "ipfs://", "ar://"];

/// What a publisher says of a token. What is left out stays as it is; what is `null` is taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenChange {
    /// Its name.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    name: Said,
    /// Its symbol.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    symbol: Said,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    description: Said,
    /// Where its metadata lie.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    uri: Said,
    /// Where its picture lies.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    image: Said,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Said::is_nothing")]
    creator: Said,
    /// How much of it there is, as a number or its digits. Serialised as its digits.
    #[serde(default, deserialize_with = "digits", skip_serializing_if = "Said::is_nothing")]
    supply: Said,
    /// Where it is traded.
    #[serde(default, deserialize_with = "phase", skip_serializing_if = "Said::is_nothing")]
    phase: Said,
}

/// What a publisher says in one member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Said {
    /// It is not there.
    #[default]
    Nothing,
    /// It is `null`.
    Null,
    /// It is a text.
    Text(String),
}

impl Said {
    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|text| text.map_or(Self::Null, Self::Text))
    }
}

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

/// Why a body says nothing of a token.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not JSON.
    #[error("the body is not JSON: {reason}")]
    NotJson {
        /// Where and why.
        reason: String,
    },
    /// JSON of another shape.
    #[error(
        "the body is an object of name, symbol, description, uri, image, creator, supply and phase: {reason}"
    )]
    Shape {
        /// Where and why.
        reason: String,
    },
    /// A text that is too long.
    #[error("{field} has at most {limit} characters")]
    TooLong {
        /// Which.
        field: &'static str,
        /// How many it may have.
        limit: usize,
    },
    /// A text with characters that no text has.
    #[error("{field} has a control character")]
    Control {
        /// Which.
        field: &'static str,
    },
    /// A text of nothing.
    #[error("{field} is empty: leave it out, or take it back with null")]
    Empty {
        /// Which.
        field: &'static str,
    },
    /// A link that is none.
    #[error("{field} begins with https://, http://, ipfs:// or ar://")]
    Link {
        /// Which.
        field: &'static str,
    },
    /// No amount.
    #[error("supply is a number from 0 on, of at most 64 characters")]
    Supply,
}

impl TokenChange {
    /// Reads what a publisher says.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn decode(body: &[u8]) -> Result<Self, TokenError> {
        let text = std::str::from_utf8(body).map_err(|_| TokenError::NotUtf8)?;
        let change: Self = serde_json::from_str(text).map_err(|error| {
            let reason = error.to_string();
            if error.is_data() { TokenError::Shape { reason } } else { TokenError::NotJson { reason } }
        })?;
        // A struct could also be read from an array.
        if !text.trim_start_matches(is_json_whitespace).starts_with('{') {
            return Err(TokenError::Shape { reason: "this is an array".to_owned() });
        }
        change.check()?;
        Ok(change)
    }

    /// The change as [`TokenChange::decode`] reads it.
    #[must_use]
    pub fn encode(&self) -> String {
        to_json(self)
    }

    fn check(&self) -> Result<(), TokenError> {
        check_text("name", &self.name, 128)?;
        check_text("symbol", &self.symbol, 32)?;
        check_text("description", &self.description, 4_096)?;
        check_text("creator", &self.creator, 128)?;
        check_link("uri", &self.uri)?;
        check_link("image", &self.image)?;
        let Some(supply) = self.supply.text() else { return Ok(()) };
        let is_amount = Decimal::parse(supply).is_some_and(|supply| supply >= Decimal::default());
        if is_amount { Ok(()) } else { Err(TokenError::Supply) }
    }
}

fn check_text(field: &'static str, said: &Said, limit: usize) -> Result<(), TokenError> {
    let Some(text) = said.text() else { return Ok(()) };
    if text.trim().is_empty() {
        return Err(TokenError::Empty { field });
    }
    if text.chars().count() > limit {
        return Err(TokenError::TooLong { field, limit });
    }
    let breaks_lines = |character| field == "description" && matches!(character, '\n' | '\r' | '\t');
    if text.chars().any(|character| character.is_control() && !breaks_lines(character)) {
        return Err(TokenError::Control { field });
    }
    Ok(())
}

fn check_link(field: &'static str, said: &Said) -> Result<(), TokenError> {
    check_text(field, said, 2_048)?;
    let Some(link) = said.text() else { return Ok(()) };
    let is_link = SCHEMES.iter().any(|scheme| link.starts_with(scheme));
    if is_link { Ok(()) } else { Err(TokenError::Link { field }) }
}

/// The digits of a number as they stand there, in a string or not. What they mean is checked later.
fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Said, D::Error> {
    let raw: Box<RawValue> = Box::deserialize(deserializer)?;
    let text = raw.get();
    Ok(serde_json::from_str(text).unwrap_or_else(|_| Said::Text(text.to_owned())))
}

/// A phase, which nobody can take back.
fn phase<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Said, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_phase = Phase::parse(&name).is_some();
    if is_phase { Ok(Said::Text(name)) } else { Err(D::Error::custom("phase is bonding or amm")) }
}

/// A token as it is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    token: &'a str,
    name: Option<&'a str>,
    symbol: Option<&'a str>,
    description: Option<&'a str>,
    uri: Option<&'a str>,
    image: Option<&'a str>,
    creator: Option<&'a str>,
    supply: Option<Box<RawValue>>,
    phase: Option<&'static str>,
    price: Option<Box<RawValue>>,
    quote: Option<&'a str>,
    price_timestamp: Option<u64>,
    created_at: u64,
    updated_at: u64,
}

impl<'a> Told<'a> {
    fn of(token: &'a Token) -> Self {
        let (about, price) = (&token.description, token.price.as_ref());
        Self {
            token: token.topic.as_str(),
            name: about.name.as_deref(),
            symbol: about.symbol.as_deref(),
            description: about.text.as_deref(),
            uri: about.uri.as_deref(),
            image: about.image.as_deref(),
            creator: about.creator.as_deref(),
            supply: token.supply.as_ref().and_then(number),
            phase: token.phase.map(Phase::name),
            price: price.and_then(|last| number(&last.price)),
            quote: price.map(|last| last.quote.as_str()).filter(|name| !name.is_empty()),
            price_timestamp: price.map(|last| last.at.timestamp),
            created_at: token.created_at,
            updated_at: token.updated_at,
        }
    }
}

/// The answer to `GET /tokens/:mint`.
#[must_use]
pub fn encode(token: &Token) -> String {
    to_json(&Told::of(token))
}

/// The answer to `GET /tokens`: `next` is where the next page begins.
#[must_use]
pub fn encode_page(tokens: &[Token], next: Option<&Cursor>) -> String {
    #[derive(Serialize)]
    struct Page<'a> {
        tokens: Vec<Told<'a>>,
        next: Option<String>,
    }
    let next = next.map(super::token_query::encode_cursor);
    to_json(&Page { tokens: tokens.iter().map(Told::of).collect(), next })
}

/// The payload that tells everybody of a new token, under the names that clients of the channels know.
#[must_use]
pub fn announcement(token: &Token, timestamp: u64) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Announcement<'a> {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        symbol: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        uri: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        creator: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        total_supply: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<&'static str>,
        timestamp: u64,
    }
    let about = &token.description;
    to_json(&Announcement {
        r#type: "NEW_TOKEN",
        name: about.name.as_deref(),
        symbol: about.symbol.as_deref(),
        description: about.text.as_deref(),
        uri: about.uri.as_deref(),
        image: about.image.as_deref(),
        creator: about.creator.as_deref(),
        total_supply: token.supply.as_ref().map(Decimal::to_string),
        phase: token.phase.map(Phase::name),
        timestamp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::tick::{ChainTime, Quote};
    use crate::core::token::{Description, LastPrice};
    use crate::core::topic::Topic;

    fn read(body: &str) -> Result<TokenChange, TokenError> {
        TokenChange::decode(body.as_bytes())
    }

    fn token() -> Token {
        Token {
            topic: Topic::parse("DROP").unwrap(),
            description: Description { name: Some("Drop 💧".to_owned()), ..Description::default() },
            supply: Decimal::parse("1000000000.000000001"),
            phase: Some(Phase::Amm),
            price: Some(LastPrice {
                price: Decimal::parse("0.00007345").unwrap(),
                quote: Quote::parse("SOL").unwrap(),
                at: ChainTime { timestamp: 1_724_101_800, slot: 7 },
                phase: None,
            }),
            is_announced: true,
            created_at: 1_724_101_000,
            updated_at: 1_724_101_001,
        }
    }

    #[test]
    fn a_change_is_read_as_it_is_written() {
        for body in [
            "{}",
            r#"{"name":"Drop","symbol":null}"#,
            r#"{"description":"two\nlines; DROP TABLE tokens;--","supply":"1000000000","phase":"bonding"}"#,
        ] {
            assert_eq!(read(body).unwrap().encode(), body);
        }
        assert_eq!(
            read(r#" {"supply":18446744073709551616.5}"#).unwrap().encode(),
            r#"{"supply":"18446744073709551616.5"}"#
        );
    }

    #[test]
    fn each_rule_of_a_change_has_its_error() {
        for (body, error) in [
            (r#"{"name":""}"#, TokenError::Empty { field: "name" }),
            (r#"{"name":" "}"#, TokenError::Empty { field: "name" }),
            (r#"{"name":"a\u0000b"}"#, TokenError::Control { field: "name" }),
            (r#"{"image":"javascript:alert(1)"}"#, TokenError::Link { field: "image" }),
            (r#"{"uri":"ftp://a"}"#, TokenError::Link { field: "uri" }),
            (r#"{"supply":-1}"#, TokenError::Supply),
            (r#"{"supply":"many"}"#, TokenError::Supply),
            (r#"{"supply":1e999999}"#, TokenError::Supply),
            (r#"{"supply":[1]}"#, TokenError::Supply),
        ] {
            assert_eq!(read(body), Err(error), "{body}");
        }
        let long = format!(r#"{{"symbol":"{}"}}"#, "é".repeat(33));
        assert_eq!(read(&long), Err(TokenError::TooLong { field: "symbol", limit: 32 }));
        assert!(read(&long.replacen('é', "", 1)).is_ok(), "characters count, not bytes");
        for body in ["[]", "1", r#"{"nam":"x"}"#, r#"{"name":1}"#, r#"{"phase":null}"#, r#"{"phase":"moon"}"#]
        {
            assert!(matches!(read(body), Err(TokenError::Shape { .. })), "{body}");
        }
        assert!(matches!(read(r#"{"name":"a","name":"b"}"#), Err(TokenError::Shape { .. })));
        for body in ["", "{", r#"{"name":"\ud800"}"#] {
            assert!(matches!(read(body), Err(TokenError::NotJson { .. })), "{body}");
        }
        assert_eq!(TokenChange::decode(b"{\xff}"), Err(TokenError::NotUtf8));
    }

    #[test]
    fn a_token_is_told_with_exact_digits() {
        assert_eq!(
            encode(&token()),
            concat!(
                r#"{"token":"DROP","name":"Drop 💧","symbol":null,"description":null,"uri":null,"image":null,"#,
                r#""creator":null,"supply":1000000000.000000001,"phase":"amm","price":0.00007345,"quote":"SOL","#,
                r#""priceTimestamp":1724101800,"createdAt":1724101000,"updatedAt":1724101001}"#
            )
        );
        assert_eq!(encode_page(&[], None), r#"{"tokens":[],"next":null}"#);
    }

    #[test]
    fn a_new_token_is_told_under_the_names_of_the_channels() {
        assert_eq!(
            announcement(&token(), 5),
            concat!(
                r#"{"type":"NEW_TOKEN","name":"Drop 💧","totalSupply":"1000000000.000000001","#,
                r#""phase":"amm","timestamp":5}"#
            )
        );
    }
}
