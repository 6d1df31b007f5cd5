//! The signed requests that came lately, in SQLite, until their signatures have ended. It must not know what one is good
//! for.

use serde::Deserialize;
use worker::{Result, SqlStorage};

use super::number;
use crate::core::time::UnixMillis;

// Without a row's own number there is no index besides the key, and a request costs a row when it comes, one when it is
// done, and one when it is forgotten.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS signed_requests (id TEXT PRIMARY KEY, purpose TEXT NOT NULL, \
                      receipt TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID";
const SELECT: &str = "SELECT purpose, receipt, expires FROM signed_requests WHERE id = ?";
const INSERT: &str = "INSERT INTO signed_requests (id, purpose, receipt, expires) VALUES (?, ?, ?, ?)";
const EXTEND: &str = "UPDATE signed_requests SET expires = ? WHERE id = ?";
const SETTLE: &str = "UPDATE signed_requests SET receipt = ? WHERE id = ?";
const DELETE: &str = "DELETE FROM signed_requests WHERE expires < ?";
const IS_ANY: &str = "SELECT 1 AS one FROM signed_requests LIMIT 1";

/// What is remembered of a request.
#[derive(Deserialize)]
pub struct Remembered {
    /// What it is for.
    pub purpose: String,
    /// What was done of it, as a text.
    pub receipt: String,
    /// When its signature ends, in Unix milliseconds.
    pub expires: u64,
}

#[derive(Deserialize)]
struct One {}

/// The table.
pub struct Table(SqlStorage);

impl Table {
    /// The table of an object, made where it is not there yet.
    ///
    /// # Errors
    /// What the storage throws, here and in each of the others.
    pub fn of(sql: SqlStorage) -> Result<Self> {
        sql.exec(CREATE, None)?;
        Ok(Self(sql))
    }

    /// What is remembered of the request of this name.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn get(&self, id: &str) -> Result<Option<Remembered>> {
        let rows: Vec<Remembered> = self.0.exec(SELECT, Some(vec![id.into()]))?.to_array()?;
        Ok(rows.into_iter().next())
    }

    /// Remembers a request.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn insert(&self, id: &str, request: &Remembered) -> Result<()> {
        let Remembered { purpose, receipt, expires } = request;
        let values = vec![id.into(), purpose.into(), receipt.into(), number(*expires)?];
        self.0.exec_raw(INSERT, Some(values))?;
        Ok(())
    }

    /// Remembers a request until a later time.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn extend(&self, id: &str, expires: u64) -> Result<()> {
        self.0.exec_raw(EXTEND, Some(vec![number(expires)?, id.into()]))?;
        Ok(())
    }

    /// Writes down what was done of a request.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn settle(&self, id: &str, receipt: &str) -> Result<()> {
        self.0.exec(SETTLE, Some(vec![receipt.into(), id.into()]))?;
        Ok(())
    }

    /// Forgets those whose signatures ended before `then`, and says whether any are left.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn forget_before(&self, then: UnixMillis) -> Result<bool> {
        self.0.exec_raw(DELETE, Some(vec![number(then.0)?]))?;
        let left: Vec<One> = self.0.exec(IS_ANY, None)?.to_array()?;
        Ok(!left.is_empty())
    }
}
