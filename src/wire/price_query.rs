//! The query of `GET /tokens/:mint/prices`. It must not know what there is to be shown.

use thiserror::Error;

use super::query::{Repeated, parameter};
use crate::core::chart::Span;
use crate::core::market::span::{Interval, MAX_STEPS, Range};
use crate::core::tick::Quote;

/// Which chart is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceQuery {
    /// How much of the past, in which steps.
    pub span: Span,
    /// What prices are to be in; `None` for what the token was first priced in.
    pub quote: Option<Quote>,
}

/// Why a query is not understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PriceQueryError {
    /// No range.
    #[error("range is 1h, 1d, 7d or 14d")]
    Range,
    /// No interval.
    #[error("interval is 1m, 5m, 1h or 1d")]
    Interval,
    /// More steps than a chart has.
    #[error(
        "a chart has at most {MAX_STEPS} steps, and {} in steps of {} has {}: ask for interval={}",
        .0.range.name(), .0.interval.name(), .0.steps(), .0.range.finest().name()
    )]
    TooLong(Span),
    /// No quote.
    #[error("quote is at most 44 letters and digits, such as SOL")]
    Quote,
    /// A parameter that stands there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
}

impl PriceQuery {
    /// Reads a query, without its `?`.
    ///
    /// # Errors
    /// The first [`PriceQueryError`].
    pub fn decode(query: &str) -> Result<Self, PriceQueryError> {
        let range = match parameter(query, "range")? {
            None => Range::D1,
            Some(name) => Range::parse(&name).ok_or(PriceQueryError::Range)?,
        };
        let interval = match parameter(query, "interval")? {
            None => range.interval(),
            Some(name) => Interval::parse(&name).ok_or(PriceQueryError::Interval)?,
        };
        let span = Span { range, interval };
        if span.steps() > MAX_STEPS {
            return Err(PriceQueryError::TooLong(span));
        }
        let quote = parameter(query, "quote")?
            .map(|name| Quote::parse(&name).ok_or(PriceQueryError::Quote))
            .transpose()?;
        Ok(Self { span, quote })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        let read = |query| PriceQuery::decode(query).unwrap();
        let day = Span { range: Range::D1, interval: Interval::M5 };
        assert_eq!(read(""), PriceQuery { span: day, quote: None });
        assert_eq!(read("range=14d").span.interval, Interval::H1);
        let query = read("range=7d&interval=1d&quote=USDC&x=1");
        assert_eq!(query.span, Span { range: Range::D7, interval: Interval::D1 });
        assert_eq!(query.quote, Quote::parse("USDC"));
        assert_eq!(read("quote=").quote, Some(Quote::default()), "of prices that say nothing");
    }

    #[test]
    fn what_is_not_understood_is_told_apart() {
        let two_weeks = Span { range: Range::D14, interval: Interval::M1 };
        for (query, error) in [
            ("range=", PriceQueryError::Range),
            ("range=30d", PriceQueryError::Range),
            ("range=1D", PriceQueryError::Range),
            ("interval=1s", PriceQueryError::Interval),
            ("interval=", PriceQueryError::Interval),
            ("range=14d&interval=1m", PriceQueryError::TooLong(two_weeks)),
            ("quote=SOL%27--", PriceQueryError::Quote),
        ] {
            assert_eq!(PriceQuery::decode(query), Err(error), "{query}");
        }
        assert_eq!(
            PriceQueryError::TooLong(two_weeks).to_string(),
            "a chart has at most 1500 steps, and 14d in steps of 1m has 20160: ask for interval=1h"
        );
        assert!(matches!(PriceQuery::decode("range=1d&range=1d"), Err(PriceQueryError::Repeated(_))));
    }
}
