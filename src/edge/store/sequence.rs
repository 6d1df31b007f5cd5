//! The place of a room's last publication, in the room's own SQLite: one row, written once per batch. A room that was
//! never published to has no table and has cost no write.

use serde::Deserialize;
use worker::{Error, SqlStorage};

use crate::core::publication::Seq;

const EXISTS: &str = "SELECT COUNT(*) AS count FROM sqlite_master WHERE type = 'table' AND name = 'sequence'";
const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS sequence (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL)";
const LOAD: &str = "SELECT seq FROM sequence";
const SAVE: &str =
    "INSERT INTO sequence (id, seq) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq";

/// The stored place; [`Seq::NONE`] where none is.
///
/// # Errors
/// What the storage throws.
pub fn load(sql: &SqlStorage) -> worker::Result<Seq> {
    #[derive(Deserialize)]
    struct Row {
        seq: u64,
    }
    if !exists(sql)? {
        return Ok(Seq::NONE);
    }
    let rows: Vec<Row> = sql.exec(LOAD, None)?.to_array()?;
    Ok(rows.first().map_or(Seq::NONE, |row| Seq::new(row.seq)))
}

/// Stores a place. The runtime holds back every frame and answer that is sent after it until the write is durable.
///
/// # Errors
/// What the storage throws.
pub fn save(sql: &SqlStorage, seq: Seq) -> worker::Result<()> {
    let number = i64::try_from(seq.get()).map_err(|_| Error::RustError("the sequence is used up".into()))?;
    if seq == Seq::NONE.next() {
        sql.exec(CREATE, None)?;
    }
    sql.exec(SAVE, Some(vec![number.into()]))?;
    Ok(())
}

fn exists(sql: &SqlStorage) -> worker::Result<bool> {
    #[derive(Deserialize)]
    struct Row {
        count: u32,
    }
    let row: Row = sql.exec(EXISTS, None)?.one()?;
    Ok(row.count > 0)
}
