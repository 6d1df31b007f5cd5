//! The place of a room's last publication, in the room's own SQLite: one row, written once per batch. A room that was
//! never published to has no table and has cost no write. It must not know what is published.

use std::cell::Cell;

use serde::Deserialize;
use worker::{SqlStorage, SqlStorageValue};

use crate::core::publication::Seq;

const EXISTS: &str = "SELECT COUNT(*) AS count FROM sqlite_master WHERE type = 'table' AND name = 'sequence'";
const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS sequence (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL)";
const LOAD: &str = "SELECT seq FROM sequence";
const SAVE: &str =
    "INSERT INTO sequence (id, seq) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq";

/// The table of one room.
pub struct SequenceTable {
    sql: SqlStorage,
    is_created: Cell<bool>,
}

impl SequenceTable {
    /// The table in a room's storage, whether it is there already or not.
    #[must_use]
    pub fn of(sql: SqlStorage) -> Self {
        Self { sql, is_created: Cell::new(false) }
    }

    /// The stored place; [`Seq::NONE`] where none is.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn load(&self) -> worker::Result<Seq> {
        #[derive(Deserialize)]
        struct Row {
            seq: u64,
        }
        self.is_created.set(self.exists()?);
        if !self.is_created.get() {
            return Ok(Seq::NONE);
        }
        let rows: Vec<Row> = self.sql.exec(LOAD, None)?.to_array()?;
        Ok(rows.first().map_or(Seq::NONE, |row| Seq::new(row.seq)))
    }

    /// Stores a place. The runtime holds back every frame and answer that is sent after it until the write is durable.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn save(&self, seq: Seq) -> worker::Result<()> {
        // An error past 2^53, where JavaScript could no longer tell one place from the next.
        let number = SqlStorageValue::try_from_i64(i64::try_from(seq.get()).unwrap_or(i64::MAX))?;
        if !self.is_created.get() {
            self.sql.exec(CREATE, None)?;
            self.is_created.set(true);
        }
        self.sql.exec(SAVE, Some(vec![number]))?;
        Ok(())
    }

    fn exists(&self) -> worker::Result<bool> {
        #[derive(Deserialize)]
        struct Row {
            count: u32,
        }
        let row: Row = self.sql.exec(EXISTS, None)?.one()?;
        Ok(row.count > 0)
    }
}
