//! Users' alert rules, in D1. It must not decide whether a rule fires.

use std::collections::BTreeSet;

use serde::Deserialize;
use worker::{D1PreparedStatement, Env, Error, Result};

use super::{before, database, number};
use crate::core::alert_rule::{AlertRule, Condition, MAX_WAITING, Wish};
use crate::core::decimal::Decimal;
use crate::core::tick::Quote;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::core::wallet::Wallet;
use crate::wire::page::Page;

/// The most waiting rules of one token that are looked at.
pub const MOST_WAITING: u32 = 10_000;

/// For how many seconds a rule that has fired is shown.
const SHOWN_SECONDS: u64 = 30 * 86_400;

/// The most rules that one step throws away.
const MOST_SWEPT: u32 = 1_000;

// The count and the row are one statement: of several requests at once none gets past the limit. A rule that waits
// already is not written again.
const INSERT: &str = "INSERT INTO alert_rules (id, wallet, mint, condition, threshold, quote, created_at) \
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 \
  WHERE (SELECT COUNT(*) FROM alert_rules WHERE wallet = ?2 AND fired_at IS NULL) < ?8 \
  ON CONFLICT DO NOTHING";

const SAME: &str = "SELECT id, wallet, mint, condition, threshold, quote, created_at, fired_at FROM alert_rules \
  WHERE wallet = ?1 AND mint = ?2 AND condition = ?3 AND threshold = ?4 AND quote = ?5 AND fired_at IS NULL";

const LIST: &str = "SELECT id, wallet, mint, condition, threshold, quote, created_at, fired_at FROM alert_rules \
  WHERE wallet = ?1 AND (created_at, id) < (?2, ?3) ORDER BY created_at DESC, id DESC LIMIT ?4";

const DELETE: &str = "DELETE FROM alert_rules WHERE id = ?1 AND wallet = ?2 \
  RETURNING id, wallet, mint, condition, threshold, quote, created_at, fired_at";

const WAITING: &str = "SELECT id, wallet, mint, condition, threshold, quote, created_at, fired_at FROM alert_rules \
  WHERE mint = ?1 AND fired_at IS NULL LIMIT ?2";

const STILL_WAITING: &str = "SELECT id FROM alert_rules \
  WHERE id IN (SELECT value FROM json_each(?1)) AND fired_at IS NULL";

const FIRED: &str = "UPDATE alert_rules SET fired_at = ?2 \
  WHERE id IN (SELECT value FROM json_each(?1)) AND fired_at IS NULL RETURNING id";

const SWEEP: &str = "DELETE FROM alert_rules \
  WHERE id IN (SELECT id FROM alert_rules WHERE fired_at < ?1 LIMIT ?2) RETURNING id";

#[derive(Deserialize)]
struct Row {
    id: String,
    wallet: String,
    mint: String,
    condition: String,
    threshold: String,
    quote: String,
    created_at: u64,
    fired_at: Option<u64>,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// Has a rule wait, by this identifier, unless the same waits already: then that one is returned. `None` for a wallet
/// that has [`MAX_WAITING`] others.
///
/// # Errors
/// What the database throws.
pub async fn insert(
    env: &Env,
    id: &str,
    wallet: &Wallet,
    wish: &Wish,
    now: UnixMillis,
) -> Result<Option<AlertRule>> {
    let database = database(env).await?;
    let threshold = wish.threshold.to_string();
    let said = [
        wallet.as_str().into(),
        wish.token.as_str().into(),
        wish.condition.name().into(),
        threshold.into(),
        wish.quote.as_str().into(),
    ];
    let values = [&[id.into()], said.as_slice(), &[number(now.seconds())?, MAX_WAITING.into()]].concat();
    let statements = vec![database.prepare(INSERT).bind(&values)?, database.prepare(SAME).bind(&said)?];
    let results = database.batch(statements).await?;
    let found = results.last().map(worker::D1Result::results::<Row>).transpose()?.unwrap_or_default();
    found.into_iter().next().map(Row::rule).transpose()
}

/// The rules of a wallet, newest first: at most one more than the page has.
///
/// # Errors
/// What the database throws.
pub async fn list(env: &Env, wallet: &Wallet, page: &Page) -> Result<Vec<AlertRule>> {
    let (at, id) = before(page);
    let values = [wallet.as_str().into(), number(at)?, id.into(), page.wanted().into()];
    rules(database(env).await?.prepare(LIST).bind(&values)?).await
}

/// Takes a wallet's rule away, and returns it; `None` where it has none by this identifier.
///
/// # Errors
/// What the database throws.
pub async fn delete(env: &Env, id: &str, wallet: &Wallet) -> Result<Option<AlertRule>> {
    let statement = database(env).await?.prepare(DELETE).bind(&[id.into(), wallet.as_str().into()])?;
    Ok(rules(statement).await?.into_iter().next())
}

/// The rules that wait for something to happen to a token: at most [`MOST_WAITING`].
///
/// # Errors
/// What the database throws.
pub async fn waiting(env: &Env, token: &Topic) -> Result<Vec<AlertRule>> {
    rules(database(env).await?.prepare(WAITING).bind(&[token.as_str().into(), MOST_WAITING.into()])?).await
}

/// Those of these rules that still wait: nobody has taken them away, and they have not fired.
///
/// # Errors
/// What the database throws.
pub async fn still_waiting(env: &Env, ids: &[&str]) -> Result<BTreeSet<String>> {
    let statement =
        database(env).await?.prepare(STILL_WAITING).bind(&[serde_json::to_string(ids)?.into()])?;
    Ok(statement.all().await?.results::<Identified>()?.into_iter().map(|row| row.id).collect())
}

/// Notes that rules have fired, and returns those that had not before: whoever is told of these tells everybody once.
///
/// # Errors
/// What the database throws.
pub async fn fired(env: &Env, ids: &[String], at: UnixMillis) -> Result<Vec<String>> {
    let values = [serde_json::to_string(ids)?.into(), number(at.seconds())?];
    let fired = database(env).await?.prepare(FIRED).bind(&values)?.all().await?;
    Ok(fired.results::<Identified>()?.into_iter().map(|row| row.id).collect())
}

/// Throws away some rules that fired a month ago, and says how many.
///
/// # Errors
/// What the database throws.
pub async fn sweep(env: &Env, now: UnixMillis) -> Result<usize> {
    let before = number(now.seconds().saturating_sub(SHOWN_SECONDS))?;
    let swept = database(env).await?.prepare(SWEEP).bind(&[before, MOST_SWEPT.into()])?.all().await?;
    Ok(swept.results::<Identified>()?.len())
}

async fn rules(statement: D1PreparedStatement) -> Result<Vec<AlertRule>> {
    statement.all().await?.results::<Row>()?.into_iter().map(Row::rule).collect()
}

impl Row {
    fn rule(self) -> Result<AlertRule> {
        let id = self.id.clone();
        self.parse().ok_or_else(|| Error::RustError(format!("the stored rule {id} is none")))
    }

    fn parse(self) -> Option<AlertRule> {
        let wish = Wish {
            token: Topic::parse(&self.mint).ok()?,
            condition: Condition::parse(&self.condition)?,
            threshold: Decimal::parse(&self.threshold)?,
            quote: Quote::parse(&self.quote)?,
        };
        Some(AlertRule {
            id: self.id,
            wallet: Wallet::parse(&self.wallet).ok()?,
            wish,
            created: UnixMillis::from_seconds(self.created_at),
            fired: self.fired_at.map(UnixMillis::from_seconds),
        })
    }
}
