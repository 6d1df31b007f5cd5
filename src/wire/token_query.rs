//! The query of `GET /tokens`. It must not know how tokens are found.

use thiserror::Error;

use super::page::{Page, PageError};
use super::query::{Repeated, parameter};
use crate::core::tick::Phase;

/// Which tokens are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenQuery {
    /// Those of one phase only.
    pub phase: Option<Phase>,
    /// Which of these.
    pub page: Page,
}

/// Why a query is not understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TokenQueryError {
    /// No phase.
    #[error("phase is bonding or amm")]
    Phase,
    /// No page.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A parameter that stands there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
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
        Ok(Self { phase, page: Page::decode(query)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        let query = TokenQuery::decode("phase=amm&limit=100&other=1").unwrap();
        assert_eq!((query.phase, query.page.limit), (Some(Phase::Amm), 100));
        assert_eq!(TokenQuery::decode("").unwrap().phase, None);
        for query in ["phase=", "phase=AMM", "phase=moon"] {
            assert_eq!(TokenQuery::decode(query), Err(TokenQueryError::Phase), "{query}");
        }
        assert_eq!(TokenQuery::decode("limit=0"), Err(TokenQueryError::Page(PageError::Limit)));
        assert!(matches!(TokenQuery::decode("phase=amm&phase=amm"), Err(TokenQueryError::Repeated(_))));
    }
}
