//! The query of `GET /tokens`. It must not know how tokens are found.

use thiserror::Error;

use super::subscription::{QueryError, parameter};
use crate::core::tick::Phase;
use crate::core::token::Cursor;
use crate::core::topic::Topic;

/// How many tokens a page has where nobody asks for another number.
const DEFAULT_LIMIT: u32 = 50;

/// The most tokens of a page.
const MAX_LIMIT: u32 = 100;

/// Which tokens are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenQuery {
    /// Those of one phase only.
    pub phase: Option<Phase>,
    /// How many, 1 to 100.
    pub limit: u32,
    /// From where on.
    pub after: Option<Cursor>,
}

/// Why a query is not understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TokenQueryError {
    /// No phase.
    #[error("phase is bonding or amm")]
    Phase,
    /// No number of tokens.
    #[error("limit is a whole number from 1 to {MAX_LIMIT}")]
    Limit,
    /// No place in the list.
    #[error("cursor is the `next` of the page before")]
    Cursor,
    /// A parameter that stands there twice.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl TokenQuery {
    /// Reads a query, without its `?`.
    ///
    /// # Errors
    /// The first [`TokenQueryError`].
    pub fn decode(query: &str) -> Result<Self, TokenQueryError> {
        let phase = parameter(query, "phase")?
            .map(|name| Phase::parse(&name).ok_or(TokenQueryError::Phase))
            .transpose()?;
        let limit = parameter(query, "limit")?
            .map_or(Ok(DEFAULT_LIMIT), |text| limit(&text).ok_or(TokenQueryError::Limit))?;
        let after = parameter(query, "cursor")?
            .map(|text| decode_cursor(&text).ok_or(TokenQueryError::Cursor))
            .transpose()?;
        Ok(Self { phase, limit, after })
    }
}

fn limit(text: &str) -> Option<u32> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|limit| is_digits && (1..=MAX_LIMIT).contains(limit))
}

/// A place in the list, as a query can carry it.
pub(super) fn encode_cursor(cursor: &Cursor) -> String {
    format!("{}.{}", cursor.created_at, cursor.topic)
}

fn decode_cursor(text: &str) -> Option<Cursor> {
    let (seconds, topic) = text.split_once('.')?;
    let cursor = Cursor { created_at: seconds.parse().ok()?, topic: Topic::parse(topic).ok()? };
    // One place has one text, and its number is one that the database takes.
    (encode_cursor(&cursor) == text && cursor.created_at < 1 << 53).then_some(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        let all = TokenQuery { phase: None, limit: 50, after: None };
        assert_eq!(TokenQuery::decode("").unwrap(), all);
        assert_eq!(TokenQuery::decode("other=1").unwrap(), all);
        let cursor = Cursor { created_at: 17, topic: Topic::parse("market:a.b").unwrap() };
        let query = format!("phase=amm&limit=100&cursor={}", encode_cursor(&cursor));
        let expected = TokenQuery { phase: Some(Phase::Amm), limit: 100, after: Some(cursor) };
        assert_eq!(TokenQuery::decode(&query).unwrap(), expected);
    }

    #[test]
    fn what_is_not_understood_is_told_apart() {
        for query in ["phase=", "phase=AMM", "phase=moon"] {
            assert_eq!(TokenQuery::decode(query), Err(TokenQueryError::Phase), "{query}");
        }
        for query in ["limit=0", "limit=101", "limit=", "limit=+5", "limit=1e1", "limit=99999999999"] {
            assert_eq!(TokenQuery::decode(query), Err(TokenQueryError::Limit), "{query}");
        }
        for query in
            ["cursor=", "cursor=x", "cursor=1", "cursor=1.", "cursor=01.A", "cursor=-1.A", "cursor=1.a%20b"]
        {
            assert_eq!(TokenQuery::decode(query), Err(TokenQueryError::Cursor), "{query}");
        }
        assert!(matches!(TokenQuery::decode("limit=1&limit=2"), Err(TokenQueryError::Query(_))));
    }
}
