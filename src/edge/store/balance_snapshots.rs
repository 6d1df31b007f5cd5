//! What wallets had, in D1: written once, never changed, and forgotten. It must not know what a payload says.

use serde::Deserialize;
use worker::{D1Database, D1Result, Env, Error, Result};

use super::{before, database, number};
use crate::core::balance_snapshot::Snapshot;
use crate::core::time::UnixMillis;
use crate::core::wallet::Wallet;
use crate::wire::balance;
use crate::wire::balances::BalancesQuery;

// One row for each identifier: what is inserted twice is there once.
const INSERT: &str = "INSERT INTO balance_snapshots (wallet, id, taken_at, payload) VALUES (?1, ?2, ?3, ?4) \
                      ON CONFLICT DO NOTHING";

const LIST: &str = "SELECT id, taken_at, payload FROM balance_snapshots \
  WHERE wallet = ?1 AND taken_at BETWEEN ?2 AND ?3 AND (taken_at, id) < (?4, ?5) \
  ORDER BY taken_at DESC, id DESC LIMIT ?6";

const LAST_UNTIL: &str = "SELECT id, taken_at, payload FROM balance_snapshots \
  WHERE wallet = ?1 AND taken_at <= ?2 ORDER BY taken_at DESC, id DESC LIMIT 1";

const FIRST_BETWEEN: &str = "SELECT id, taken_at, payload FROM balance_snapshots \
  WHERE wallet = ?1 AND taken_at BETWEEN ?2 AND ?3 ORDER BY taken_at, id LIMIT 1";

const FORGET: &str = "DELETE FROM balance_snapshots WHERE (wallet, id) IN \
  (SELECT wallet, id FROM balance_snapshots WHERE taken_at < ?1 LIMIT ?2)";

#[derive(Deserialize)]
struct Row {
    id: String,
    taken_at: u64,
    payload: String,
}

/// A snapshot that is to be written.
#[derive(Clone, Debug)]
pub struct NewSnapshot {
    /// Whose it is.
    pub wallet: Wallet,
    /// What tells it from the wallet's others, as `core::balance_snapshot::snapshot_id` gives it.
    pub id: String,
    /// When the wallet had what it says, as `wire::balance::taken_at` reads it.
    pub taken: UnixMillis,
    /// The payload, as it was published.
    pub payload: String,
}

/// What is known of a wallet's balance in some time.
pub struct Found {
    /// The snapshots of the page, newest first: at most one more than it has.
    pub snapshots: Vec<Snapshot>,
    /// What the wallet had at the beginning and at the end of that time, where it is known: the last snapshot until
    /// then, or at the beginning the first one after.
    pub ends: Option<(Snapshot, Snapshot)>,
}

/// Writes snapshots, all or none. Those that are there already stay as they are.
///
/// # Errors
/// What the database throws.
pub async fn insert(env: &Env, snapshots: &[NewSnapshot]) -> Result<()> {
    if snapshots.is_empty() {
        return Ok(());
    }
    let database = database(env).await?;
    let statement = |new: &NewSnapshot| {
        database.prepare(INSERT).bind(&[
            new.wallet.as_str().into(),
            new.id.as_str().into(),
            number(new.taken.seconds())?,
            new.payload.as_str().into(),
        ])
    };
    database.batch(snapshots.iter().map(statement).collect::<Result<_>>()?).await?;
    Ok(())
}

/// Looks up a wallet's snapshots.
///
/// # Errors
/// What the database throws.
pub async fn find(env: &Env, wallet: &Wallet, query: &BalancesQuery) -> Result<Found> {
    let database = database(env).await?;
    let whose = || wallet.as_str().into();
    let (from, to) = (number(query.from)?, number(query.to)?);
    let (at, id) = before(&query.page);
    let page = [whose(), from.clone(), to.clone(), number(at)?, id.into(), query.page.wanted().into()];
    let statements = vec![
        database.prepare(LIST).bind(&page)?,
        database.prepare(LAST_UNTIL).bind(&[whose(), from.clone()])?,
        database.prepare(FIRST_BETWEEN).bind(&[whose(), from, to.clone()])?,
        database.prepare(LAST_UNTIL).bind(&[whose(), to])?,
    ];
    let results = database.batch(statements).await?;
    let [listed, until_from, after_from, until_to] = results.as_slice() else {
        return Err(Error::RustError("a batch of four has not four results".to_owned()));
    };
    let begin = one(until_from)?.or(one(after_from)?);
    Ok(Found { snapshots: snapshots(listed)?, ends: begin.zip(one(until_to)?) })
}

/// Forgets at most `limit` snapshots of before `then`, in Unix seconds, and says how many it were.
///
/// # Errors
/// What the database throws.
pub async fn forget_before(database: &D1Database, then: u64, limit: u32) -> Result<usize> {
    let result = database.prepare(FORGET).bind(&[number(then)?, limit.into()])?.run().await?;
    Ok(result.meta()?.and_then(|meta| meta.changes).unwrap_or_default())
}

fn one(result: &D1Result) -> Result<Option<Snapshot>> {
    Ok(snapshots(result)?.into_iter().next())
}

fn snapshots(result: &D1Result) -> Result<Vec<Snapshot>> {
    let snapshot = |row: Row| Snapshot {
        taken: UnixMillis::from_seconds(row.taken_at),
        holdings: balance::holdings(&row.payload),
        id: row.id,
    };
    Ok(result.results::<Row>()?.into_iter().map(snapshot).collect())
}
