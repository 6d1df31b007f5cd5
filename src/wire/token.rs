//! What is told of tokens, and what publishers say of them. It must not know where it is kept, nor who asks.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::digits::number;
use super::request_body::{BodyError, Change, Fields, TextBounds};
use super::to_json;
use crate::core::decimal::Decimal;
use crate::core::found::Creation;
use crate::core::tick::Phase;
use crate::core::token::Token;

/// The largest body of `PUT /tokens/:mint`, in bytes.
pub const MAX_TOKEN_BYTES: usize = 32_768;

/// The fields of a change.
const FIELDS: [&str; 8] = ["name", "symbol", "description", "uri", "image", "creator", "supply", "phase"];

/// How a link may begin: what a page follows is not to run a script.
const SCHEMES: [&str; 4] = ["https://", "http://", "ipfs://", "ar://"];

/// The longest link, in characters.
const MAX_LINK: usize = 2_048;

const NAME: TextBounds = TextBounds { most: 128, is_multiline: false };
const SYMBOL: TextBounds = TextBounds { most: 32, is_multiline: false };
const DESCRIPTION: TextBounds = TextBounds { most: 4_096, is_multiline: true };

/// What a publisher says of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenChange {
    pub(super) name: Change<String>,
    pub(super) symbol: Change<String>,
    description: Change<String>,
    pub(super) uri: Change<String>,
    image: Change<String>,
    pub(super) creator: Change<String>,
    pub(super) supply: Change<Decimal>,
    phase: Option<Phase>,
}

impl TokenChange {
    /// Reads what a publisher says. What is left out stays as it is; what is `null` is taken back.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn decode(body: &[u8]) -> Result<Self, BodyError> {
        let fields = Fields::read(body, &FIELDS)?;
        let name = "a text of 1 to 128 characters without control characters, or null";
        let link =
            "a link of at most 2048 characters that begins with https://, http://, ipfs:// or ar://, or null";
        let link = |field| fields.change(field, link, |text| is_link(text).then(|| text.to_owned()));
        Ok(Self {
            name: fields.text("name", name, NAME)?,
            symbol: fields.text("symbol", "a text of 1 to 32 characters, or null", SYMBOL)?,
            description: fields.text(
                "description",
                "a text of 1 to 4096 characters, or null",
                DESCRIPTION,
            )?,
            uri: link("uri")?,
            image: link("image")?,
            creator: fields.text("creator", name, NAME)?,
            supply: fields.amount("supply", "a number from 0 on, of at most 64 characters, or null")?,
            phase: phase(&fields)?,
        })
    }

    /// What the chain says of a token that was made there: of texts that nobody has checked, those that a publisher could
    /// have said as well. One that is too long is cut, a link is not: half of it leads elsewhere.
    #[must_use]
    pub fn of_creation(creation: &Creation) -> Self {
        let text = |text: &Option<Rc<str>>, bounds: TextBounds| {
            let cut: Option<String> = text.as_ref().map(|text| text.chars().take(bounds.most).collect());
            cut.filter(|text| bounds.admit(text)).map_or(Change::Keep, Change::Set)
        };
        let uri = creation.uri.as_deref().filter(|uri| is_link(uri));
        Self {
            name: text(&creation.name, NAME),
            symbol: text(&creation.symbol, SYMBOL),
            uri: uri.map_or(Change::Keep, |uri| Change::Set(uri.to_owned())),
            creator: text(&creation.creator, NAME),
            supply: creation.supply.clone().map_or(Change::Keep, Change::Set),
            ..Self::default()
        }
    }

    /// The change as JSON: texts, without what stays as it is.
    #[must_use]
    pub fn encode(&self) -> String {
        let texts = [
            ("name", &self.name),
            ("symbol", &self.symbol),
            ("description", &self.description),
            ("uri", &self.uri),
            ("image", &self.image),
            ("creator", &self.creator),
        ];
        let changed = texts.into_iter().filter(|(_, change)| !change.is_keep());
        let mut fields: BTreeMap<&str, Option<String>> =
            changed.map(|(field, change)| (field, change.value().cloned())).collect();
        if !self.supply.is_keep() {
            fields.insert("supply", self.supply.value().map(Decimal::to_string));
        }
        if let Some(phase) = self.phase {
            fields.insert("phase", Some(phase.name().to_owned()));
        }
        to_json(&fields)
    }
}

/// Nobody can take a phase back.
fn phase(fields: &Fields<'_>) -> Result<Option<Phase>, BodyError> {
    let (field, rule) = ("phase", "bonding or amm");
    match fields.change(field, rule, Phase::parse)? {
        Change::Keep => Ok(None),
        Change::Set(phase) => Ok(Some(phase)),
        Change::Clear => Err(BodyError::Field { field, rule }),
    }
}

/// Whether a text is a link that may be told: of a kind that nothing runs.
#[must_use]
pub fn is_link(text: &str) -> bool {
    let has_scheme = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
    has_scheme && text.chars().count() <= MAX_LINK && !text.chars().any(char::is_control)
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
pub fn encode_page(tokens: &[Token], next: Option<String>) -> String {
    #[derive(Serialize)]
    struct Page<'a> {
        tokens: Vec<Told<'a>>,
        next: Option<String>,
    }
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
    use crate::core::mint::Mint;
    use crate::core::tick::{ChainTime, Quote};
    use crate::core::token::{Description, LastPrice};
    use crate::core::topic::Topic;

    fn read(body: &str) -> Result<TokenChange, BodyError> {
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
            r#"{"description":"two\nlines; DROP TABLE tokens;--","phase":"bonding","supply":"1000000000"}"#,
            r#"{"supply":null}"#,
        ] {
            assert_eq!(read(body).unwrap().encode(), body);
        }
        let exact = read(r#"{"supply":18446744073709551616.5}"#).unwrap();
        assert_eq!(exact.encode(), r#"{"supply":"18446744073709551616.5"}"#);
    }

    #[test]
    fn each_rule_of_a_change_has_its_error() {
        let field = |body: &str| match read(body) {
            Err(BodyError::Field { field, .. }) => field,
            other => panic!("{body}: {other:?}"),
        };
        for (body, name) in [
            (r#"{"name":""}"#, "name"),
            (r#"{"name":1}"#, "name"),
            (r#"{"name":"a\u0000b"}"#, "name"),
            (r#"{"image":"javascript:alert(1)"}"#, "image"),
            (r#"{"uri":"ftp://a"}"#, "uri"),
            (r#"{"supply":-1}"#, "supply"),
            (r#"{"supply":"-1"}"#, "supply"),
            (r#"{"supply":"many"}"#, "supply"),
            (r#"{"supply":1e999999}"#, "supply"),
            (r#"{"supply":[1]}"#, "supply"),
            (r#"{"phase":null}"#, "phase"),
            (r#"{"phase":"moon"}"#, "phase"),
        ] {
            assert_eq!(field(body), name, "{body}");
        }
        let long = format!(r#"{{"symbol":"{}"}}"#, "é".repeat(33));
        assert_eq!(field(&long), "symbol");
        assert!(read(&long.replacen('é', "", 1)).is_ok(), "characters count, not bytes");
        assert_eq!(read(r#"{"nam":"x"}"#), Err(BodyError::Unknown("nam".to_owned())));
    }

    #[test]
    fn of_what_the_chain_says_only_that_is_taken_which_a_publisher_could_say() {
        let said = |text: &str| Some(Rc::from(text));
        let creation = Creation {
            mint: Mint::parse("H74CYmXgMkYHYuSRsZt6RJb4NYp2u72Vw8BS5huApump").unwrap(),
            creator: said("a\u{0}b"),
            name: said("Drop"),
            symbol: said(&"é".repeat(33)),
            uri: said("javascript:alert(1)"),
            supply: Decimal::parse("1000000000"),
        };
        let symbol = "é".repeat(32);
        let expected = format!(r#"{{"name":"Drop","supply":"1000000000","symbol":"{symbol}"}}"#);
        assert_eq!(TokenChange::of_creation(&creation).encode(), expected);
        let link = Creation { uri: said("ipfs://bafy"), symbol: None, supply: None, ..creation };
        assert_eq!(TokenChange::of_creation(&link).encode(), r#"{"name":"Drop","uri":"ipfs://bafy"}"#);
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
