//! Users' alert rules, in D1. It must not decide whether a rule fires.

use std::collections::BTreeSet;

use serde::Deserialize;
use worker::wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement, D1Result, Env, Error, Result};

use super::{before, database, number};
use crate::core::alert_rule::{AlertRule, Condition, MAX_WAITING, WAITING_DAYS, Wish};
use crate::core::decimal::Decimal;
use crate::core::market::rules::{MAX_WATCHED, Nearest, Scale};
use crate::core::tick::Quote;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::core::wallet::Wallet;
use crate::wire::page::Page;

/// For how many seconds a rule that has fired is shown.
const SHOWN_SECONDS: u64 = 30 * 86_400;

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

// Word for word what the index is made of, or the database would sort all rules of the token.
const BASIS: &str = "iif(quote IN ('USDC', 'USDT'), 'USD', quote)";
const MAGNITUDE: &str = "iif(substr(threshold, 1, 2) = '0.', \
  length(ltrim(substr(threshold, 3), '0')) - length(threshold) + 2, instr(threshold || '.', '.') - 1)";
const DIGITS: &str = "ltrim(replace(threshold, '.', ''), '0')";

const STILL_WAITING: &str = "SELECT id FROM alert_rules \
  WHERE id IN (SELECT value FROM json_each(?1)) AND fired_at IS NULL";

const FIRED: &str = "UPDATE alert_rules SET fired_at = ?2 \
  WHERE id IN (SELECT value FROM json_each(?1)) AND fired_at IS NULL RETURNING id";

const SWEEP_FIRED: &str = "DELETE FROM alert_rules \
  WHERE id IN (SELECT id FROM alert_rules WHERE fired_at < ?1 LIMIT ?2)";

const SWEEP_WAITING: &str = "DELETE FROM alert_rules \
  WHERE id IN (SELECT id FROM alert_rules WHERE fired_at IS NULL AND created_at < ?1 LIMIT ?2)";

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

/// The rules of a token that something comes to first, of each of these scales. One that can't be read is left out.
///
/// # Errors
/// What the database throws.
pub async fn nearest(database: &D1Database, token: &Topic, scales: Vec<Scale>) -> Result<Vec<Nearest>> {
    if scales.is_empty() {
        return Ok(Vec::new());
    }
    let statement = |scale: &Scale| {
        let (condition, order) = match scale {
            Scale::Above(_) => (Condition::PriceAbove, "ASC"),
            Scale::Below(_) => (Condition::PriceBelow, "DESC"),
            Scale::Volume => (Condition::VolumeAbove, "ASC"),
        };
        let values = [token.as_str(), condition.name(), scale.quote()].map(JsValue::from);
        database.prepare(nearest_in(order)).bind(&values)
    };
    let statements = scales.iter().map(statement).collect::<Result<_>>()?;
    let results = database.batch(statements).await?;
    let read = |(scale, result): (Scale, D1Result)| {
        let rows: Vec<Row> = result.results()?;
        let are_all = rows.len() < MAX_WATCHED;
        let rules = rows.into_iter().filter_map(|row| row.parse()?.to_be_watched()).collect();
        Ok(Nearest { scale, rules, are_all })
    };
    scales.into_iter().zip(results).map(read).collect()
}

fn nearest_in(order: &str) -> String {
    format!(
        "SELECT id, wallet, mint, condition, threshold, quote, created_at, fired_at FROM alert_rules \
         WHERE mint = ?1 AND condition = ?2 AND {BASIS} = ?3 AND fired_at IS NULL \
         ORDER BY {MAGNITUDE} {order}, {DIGITS} {order} LIMIT {MAX_WATCHED}"
    )
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

/// Throws away at most `limit` rules that fired a month ago, and says how many.
///
/// # Errors
/// What the database throws.
pub async fn sweep_fired(database: &D1Database, now: UnixMillis, limit: u32) -> Result<usize> {
    sweep(database, SWEEP_FIRED, now.seconds().saturating_sub(SHOWN_SECONDS), limit).await
}

/// Throws away at most `limit` rules that have waited for [`WAITING_DAYS`], and says how many. A room that watches one looks
/// whether it still waits before it tells anybody.
///
/// # Errors
/// What the database throws.
pub async fn sweep_waiting(database: &D1Database, now: UnixMillis, limit: u32) -> Result<usize> {
    sweep(database, SWEEP_WAITING, now.seconds().saturating_sub(WAITING_DAYS * 86_400), limit).await
}

async fn sweep(database: &D1Database, statement: &str, before: u64, limit: u32) -> Result<usize> {
    let swept = database.prepare(statement).bind(&[number(before)?, limit.into()])?.run().await?;
    Ok(swept.meta()?.and_then(|meta| meta.changes).unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;

    const MIGRATION: &str = include_str!("../../../migrations/0002_bounds.sql");

    #[test]
    fn the_nearest_rules_are_read_by_what_their_index_is_made_of() {
        let without_space = |text: &str| text.split_whitespace().collect::<String>();
        let of_index = [BASIS, MAGNITUDE, DIGITS].map(without_space).join(",");
        let index = format!("ONalert_rules(mint,condition,{of_index})WHEREfired_atISNULL");
        assert!(without_space(MIGRATION).contains(&index), "{index}");
    }
}
