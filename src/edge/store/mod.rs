//! What outlives memory: one file per table, and in them the only SQL. It must not decide what is stored.

pub mod alert_rules;
pub mod balance_snapshots;
pub mod history;
pub mod hot_copies;
pub mod images;
pub mod prices;
pub mod relays;
pub mod room;
mod schema;
pub mod signed_requests;
pub mod spent_nonces;
pub mod subscriptions;
pub mod tokens;
pub mod uploads;
pub mod users;

use serde::Deserialize;
use worker::{D1Database, Env, Result, SqlStorage, SqlStorageValue, wasm_bindgen::JsValue};

use super::bindings::DATABASE_BINDING;
use crate::wire::page::{MAX_TIME, Page};

const FIND: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?";

#[derive(Deserialize)]
struct Named {
    #[allow(dead_code, reason = "it is enough that there is one")]
    name: String,
}

/// Whether there is a table of this name.
///
/// # Errors
/// What the storage throws.
fn has_table(sql: &SqlStorage, name: &str) -> Result<bool> {
    let tables: Vec<Named> = sql.exec(FIND, vec![name.into()])?.to_array()?;
    Ok(!tables.is_empty())
}

/// A number for a statement. Past 2^53 JavaScript could no longer tell one from the next.
///
/// # Errors
/// For such a number.
fn number(number: u64) -> Result<JsValue> {
    Ok(SqlStorageValue::try_from_i64(i64::try_from(number).unwrap_or(i64::MAX))?.into())
}

/// The database, with its tables.
///
/// # Errors
/// Where there is none by that name, and what it throws.
pub async fn database(env: &Env) -> Result<D1Database> {
    let database = env.d1(DATABASE_BINDING)?;
    schema::ensure(&database).await?;
    Ok(database)
}

/// A text for a statement, or NULL.
fn optional(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::NULL, JsValue::from_str)
}

/// The time and the identifier that the rows of a page come before, newest first.
fn before(page: &Page) -> (u64, &str) {
    page.after.as_ref().map_or((MAX_TIME, ""), |cursor| (cursor.at, &cursor.id))
}
