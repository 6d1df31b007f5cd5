//! The nonces that a wallet has signed in with, in SQLite of its own, until they expire. It must not know what a nonce
//! is good for.

use serde::Deserialize;
use worker::{Result, SqlStorage};

use super::number;
use crate::core::time::UnixMillis;

// Without a row's own number there is no index besides the key, and a nonce costs one row written.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS spent_nonces (nonce TEXT PRIMARY KEY, expires INTEGER NOT NULL) \
                      WITHOUT ROWID";
const INSERT: &str =
    "INSERT INTO spent_nonces (nonce, expires) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING nonce";
const DELETE: &str = "DELETE FROM spent_nonces WHERE expires < ?";

#[derive(Deserialize)]
struct Row {}

/// The table of one wallet.
pub struct SpentNonces(SqlStorage);

impl SpentNonces {
    /// The table in a wallet's storage, whether it is there already or not.
    #[must_use]
    pub fn of(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Remembers a nonce. False for one that is remembered already: of several calls with one nonce, one gives true.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn insert(&self, nonce: &str, expires: UnixMillis) -> Result<bool> {
        self.0.exec(CREATE, None)?;
        let rows: Vec<Row> =
            self.0.exec_raw(INSERT, Some(vec![nonce.into(), number(expires.0)?]))?.to_array()?;
        Ok(!rows.is_empty())
    }

    /// Forgets the nonces that expired before `then`.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn forget_before(&self, then: UnixMillis) -> Result<()> {
        self.0.exec(CREATE, None)?;
        self.0.exec_raw(DELETE, Some(vec![number(then.0)?]))?;
        Ok(())
    }
}
