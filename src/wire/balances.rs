//! `GET /users/:wallet/balances`: for which time it asks, and the answer. It must not know how a snapshot was written.

use serde::Serialize;
use thiserror::Error;

use super::page::{MAX_TIME, Page, PageError};
use super::query::{Repeated, parameter, whole};
use crate::core::balance_snapshot::{Balance, ProfitAndLoss, Snapshot, TokenChange, profit_and_loss};
use crate::core::decimal::Decimal;
use crate::core::time::UnixMillis;

/// The names of ranges, each with its seconds.
const RANGES: [(&str, u64); 5] =
    [("1h", 3_600), ("1d", 86_400), ("7d", 604_800), ("14d", 1_209_600), ("all", MAX_TIME)];

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancesQuery {
    /// From when, in Unix seconds.
    pub from: u64,
    /// Until when, in Unix seconds: that second too.
    pub to: u64,
    /// Which of the snapshots between.
    pub page: Page,
}

/// Why a query asks for no time.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BalancesQueryError {
    /// `range` is none.
    #[error("range is 1h, 1d, 7d, 14d or all")]
    Range,
    /// `from` or `to` is no time.
    #[error("{0} is a time in Unix seconds: a whole number")]
    Time(&'static str),
    /// A range and times.
    #[error("range goes without from and to")]
    Both,
    /// `from` is later than `to`.
    #[error("from is later than to")]
    Backwards,
    /// A parameter that stands there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// No page.
    #[error(transparent)]
    Page(#[from] PageError),
}

impl BalancesQuery {
    /// Reads `range`, or `from` and `to`, and the page. What is not said is everything up to now.
    ///
    /// # Errors
    /// The first [`BalancesQueryError`].
    pub fn decode(query: &str, now: UnixMillis) -> Result<Self, BalancesQueryError> {
        let page = Page::decode(query)?;
        let (from, to) = (time(query, "from")?, time(query, "to")?);
        let range = parameter(query, "range")?;
        let now = now.seconds();
        let (from, to) = match (range, from, to) {
            (Some(name), None, None) => (now.saturating_sub(seconds(&name)?), now),
            (Some(_), _, _) => return Err(BalancesQueryError::Both),
            (None, from, to) => (from.unwrap_or(0), to.unwrap_or(now.max(from.unwrap_or(0)))),
        };
        if from > to {
            return Err(BalancesQueryError::Backwards);
        }
        Ok(Self { from, to, page })
    }
}

fn time(query: &str, name: &'static str) -> Result<Option<u64>, BalancesQueryError> {
    let Some(text) = parameter(query, name)? else {
        return Ok(None);
    };
    let time = whole(&text).filter(|time| *time <= MAX_TIME);
    time.map(Some).ok_or(BalancesQueryError::Time(name))
}

fn seconds(range: &str) -> Result<u64, BalancesQueryError> {
    let found = RANGES.iter().find(|(name, _)| *name == range);
    found.map(|(_, seconds)| *seconds).ok_or(BalancesQueryError::Range)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownBalance<'a> {
    mint: &'a str,
    amount: String,
    value_usd: Option<String>,
}

impl<'a> From<&'a Balance> for ShownBalance<'a> {
    fn from(balance: &'a Balance) -> Self {
        let value_usd = text(balance.value_usd.as_ref());
        Self { mint: &balance.mint, amount: balance.amount.to_string(), value_usd }
    }
}

impl<'a> From<&'a TokenChange> for ShownBalance<'a> {
    fn from(change: &'a TokenChange) -> Self {
        let value_usd = text(change.value_usd.as_ref());
        Self { mint: &change.mint, amount: change.amount.to_string(), value_usd }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownSnapshot<'a> {
    id: &'a str,
    timestamp: u64,
    balances: Vec<ShownBalance<'a>>,
    value_usd: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownEnd<'a> {
    id: &'a str,
    timestamp: u64,
    value_usd: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownChange<'a> {
    from: ShownEnd<'a>,
    to: ShownEnd<'a>,
    value_usd: Option<String>,
    percent: Option<String>,
    tokens: Vec<ShownBalance<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    snapshots: Vec<ShownSnapshot<'a>>,
    profit_and_loss: Option<ShownChange<'a>>,
    next: Option<&'a str>,
}

/// The JSON of a page of snapshots, and of what was won or lost between the two at the ends of the time asked for: `null`
/// where that is one and the same.
#[must_use]
pub fn balances(snapshots: &[Snapshot], ends: Option<&(Snapshot, Snapshot)>, next: Option<&str>) -> String {
    let ends = ends.filter(|(from, to)| from.id != to.id);
    let changes = ends.map(|(from, to)| profit_and_loss(&from.holdings, &to.holdings));
    let profit_and_loss =
        ends.zip(changes.as_ref()).map(|((from, to), change)| shown_change(from, to, change));
    let snapshots = snapshots.iter().map(shown_snapshot).collect();
    super::to_json(&Answer { snapshots, profit_and_loss, next })
}

/// How long a snapshot is in such a page, in bytes.
#[must_use]
pub fn bytes_of(snapshot: &Snapshot) -> usize {
    super::to_json(&shown_snapshot(snapshot)).len()
}

fn shown_change<'a>(from: &'a Snapshot, to: &'a Snapshot, change: &'a ProfitAndLoss) -> ShownChange<'a> {
    let end = |end: &'a Snapshot| ShownEnd {
        id: &end.id,
        timestamp: end.taken.seconds(),
        value_usd: text(end.holdings.value_usd.as_ref()),
    };
    ShownChange {
        from: end(from),
        to: end(to),
        value_usd: text(change.value_usd.as_ref()),
        percent: text(change.percent.as_ref()),
        tokens: change.tokens.iter().map(ShownBalance::from).collect(),
    }
}

fn shown_snapshot(snapshot: &Snapshot) -> ShownSnapshot<'_> {
    ShownSnapshot {
        id: &snapshot.id,
        timestamp: snapshot.taken.seconds(),
        balances: snapshot.holdings.balances.iter().map(ShownBalance::from).collect(),
        value_usd: text(snapshot.holdings.value_usd.as_ref()),
    }
}

fn text(number: Option<&Decimal>) -> Option<String> {
    number.map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::balance_snapshot::Holdings;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    fn window(query: &str) -> Result<(u64, u64), BalancesQueryError> {
        BalancesQuery::decode(query, NOW).map(|query| (query.from, query.to))
    }

    #[test]
    fn there_is_no_profit_and_no_loss_without_two_snapshots() {
        let snapshot = |id: &str, value: &str| Snapshot {
            id: id.to_owned(),
            taken: NOW,
            holdings: Holdings { value_usd: Decimal::parse(value), ..Holdings::default() },
        };
        let won = |from, to| {
            let json = balances(&[], Some(&(from, to)), None);
            json.contains(r#""profitAndLoss":null"#).then_some(()).ok_or(json)
        };
        assert_eq!(won(snapshot("a", "1"), snapshot("a", "1")), Ok(()));
        let json = won(snapshot("a", "1"), snapshot("b", "1")).unwrap_err();
        assert!(json.contains(r#""valueUsd":"0","percent":"0""#), "{json}");
    }

    #[test]
    fn a_time_is_asked_for_by_a_range_or_by_its_ends() {
        assert_eq!(window(""), Ok((0, 1_700_000_000)));
        assert_eq!(window("range=all"), Ok((0, 1_700_000_000)));
        assert_eq!(window("range=1h"), Ok((1_699_996_400, 1_700_000_000)));
        assert_eq!(window("range=14d"), Ok((1_698_790_400, 1_700_000_000)));
        assert_eq!(window("from=5"), Ok((5, 1_700_000_000)));
        assert_eq!(window("to=7"), Ok((0, 7)));
        assert_eq!(window("from=7&to=7"), Ok((7, 7)));
        assert_eq!(window("from=1700000001"), Ok((1_700_000_001, 1_700_000_001)));
    }

    #[test]
    fn what_is_not_understood_is_told_apart() {
        use BalancesQueryError as Error;
        for (query, error) in [
            ("range=2d", Error::Range),
            ("range=", Error::Range),
            ("range=1D", Error::Range),
            ("from=x", Error::Time("from")),
            ("to=-1", Error::Time("to")),
            ("to=1.5", Error::Time("to")),
            ("from=", Error::Time("from")),
            ("from=9007199254740992", Error::Time("from")),
            ("range=1d&from=1", Error::Both),
            ("from=2&to=1", Error::Backwards),
            ("range=1d&range=1d", Error::Repeated(Repeated("range"))),
            ("limit=0", Error::Page(PageError::Limit)),
        ] {
            assert_eq!(window(query), Err(error), "{query}");
        }
    }
}
