//! The topics of sockets whose attachment has no room for them, in a relay's own SQLite: a row for each such socket, by
//! its `connectionId`. It must not know what a row says.

use std::cell::Cell;

use serde::Deserialize;
use worker::{Result, SqlStorage};

use super::has_table;

const NAME: &str = "subscriptions";
const CREATE: &str = "CREATE TABLE IF NOT EXISTS subscriptions (connection TEXT PRIMARY KEY, topics TEXT NOT NULL) WITHOUT ROWID";
const LOAD: &str = "SELECT topics FROM subscriptions WHERE connection = ?";
const CONNECTIONS: &str = "SELECT connection FROM subscriptions";
const SAVE: &str = "INSERT OR REPLACE INTO subscriptions (connection, topics) VALUES (?, ?)";
const DELETE: &str = "DELETE FROM subscriptions WHERE connection = ?";

#[derive(Deserialize)]
struct Row {
    topics: String,
}

#[derive(Deserialize)]
struct Key {
    connection: String,
}

/// The table of one relay. Most relays never have one.
pub struct SubscriptionsTable {
    sql: SqlStorage,
    /// Whether it is there; empty until somebody looked.
    is_there: Cell<Option<bool>>,
}

impl SubscriptionsTable {
    /// The table in a relay's storage, whether it is there already or not.
    #[must_use]
    pub fn of(sql: SqlStorage) -> Self {
        Self { sql, is_there: Cell::default() }
    }

    /// A connection's row; `None` where it has none.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn load(&self, connection: &str) -> Result<Option<String>> {
        if !self.is_there()? {
            return Ok(None);
        }
        let rows: Vec<Row> = self.sql.exec(LOAD, vec![connection.into()])?.to_array()?;
        Ok(rows.into_iter().next().map(|row| row.topics))
    }

    /// The connections that have a row.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn connections(&self) -> Result<Vec<String>> {
        if !self.is_there()? {
            return Ok(vec![]);
        }
        let rows: Vec<Key> = self.sql.exec(CONNECTIONS, None)?.to_array()?;
        Ok(rows.into_iter().map(|row| row.connection).collect())
    }

    /// Stores a connection's row.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn save(&self, connection: &str, topics: &str) -> Result<()> {
        if !self.is_there()? {
            self.sql.exec(CREATE, None)?;
            self.is_there.set(Some(true));
        }
        self.sql.exec(SAVE, vec![connection.into(), topics.into()])?;
        Ok(())
    }

    /// Deletes a connection's row, where it has one.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn delete(&self, connection: &str) -> Result<()> {
        if self.is_there()? {
            self.sql.exec(DELETE, vec![connection.into()])?;
        }
        Ok(())
    }

    /// The whole storage was deleted.
    pub fn gone(&self) {
        self.is_there.set(Some(false));
    }

    fn is_there(&self) -> Result<bool> {
        if let Some(is_there) = self.is_there.get() {
            return Ok(is_there);
        }
        let is_there = has_table(&self.sql, NAME)?;
        self.is_there.set(Some(is_there));
        Ok(is_there)
    }
}
