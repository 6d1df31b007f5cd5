//! How a room's order began and until when the room is kept: one row, in the room's own SQLite. It owns the version of
//! the whole schema, and brings older ones forward. A room that was never published to has no table and has cost no
//! write. It must not know what is published.

use serde::Deserialize;
use worker::{Error, Result, SqlStorage};

use super::history::HistoryTable;
use super::{has_table, number};
use crate::core::event::Founding;
use crate::core::publication::Seq;
use crate::core::time::UnixMillis;

/// The version that this code writes. 1 was a table `sequence` with the last place alone.
const SCHEMA: u32 = 2;

const NAME: &str = "room";
const FIND: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('room', 'sequence') \
                    ORDER BY name";
const CREATE: &str = "CREATE TABLE IF NOT EXISTS room (id INTEGER PRIMARY KEY CHECK (id = 1), schema INTEGER NOT NULL, \
                      began INTEGER NOT NULL, base INTEGER NOT NULL, kept_until INTEGER)";
const INSERT: &str = "INSERT INTO room (id, schema, began, base) VALUES (1, ?, ?, ?)";
const LOAD: &str = "SELECT schema, began, base, kept_until FROM room";
const KEEP: &str = "UPDATE room SET kept_until = ?";
const LOAD_SEQUENCE: &str = "SELECT seq FROM sequence";
const DROP_SEQUENCE: &str = "DROP TABLE sequence";

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Row {
    schema: u32,
    began: u64,
    base: u64,
    kept_until: Option<u64>,
}

#[derive(Deserialize)]
struct Sequence {
    seq: u64,
}

/// The table of one room.
pub struct RoomTable(SqlStorage);

impl RoomTable {
    /// The table in a room's storage, whether it is there already or not.
    #[must_use]
    pub fn of(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// How the order began and until when it is kept; `None` where nothing is stored. What an older version stored is
    /// brought forward: its order goes on, as an epoch that begins `now`.
    ///
    /// # Errors
    /// What the storage throws, and a schema that is newer than this code.
    pub fn load(&self, now: UnixMillis) -> Result<Option<(Founding, Option<UnixMillis>)>> {
        let tables: Vec<Named> = self.0.exec(FIND, None)?.to_array()?;
        match tables.first().map(|table| table.name.as_str()) {
            None => Ok(None),
            Some("sequence") => self.bring_forward(now).map(|founding| Some((founding, None))),
            Some(_) => self.read(),
        }
    }

    /// Stores how the order began.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn found(&self, Founding { began, base }: Founding) -> Result<()> {
        self.0.exec(CREATE, None)?;
        let row = vec![SCHEMA.into(), number(began.0)?, number(base.get())?];
        self.0.exec_raw(INSERT, Some(row))?;
        Ok(())
    }

    /// Stores until when the room is kept, beside how its order began. Where that is not stored, the alarm alone knows.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn keep(&self, until: UnixMillis) -> Result<()> {
        if has_table(&self.0, NAME)? {
            self.0.exec_raw(KEEP, Some(vec![number(until.0)?]))?;
        }
        Ok(())
    }

    /// `None` for a table without its row: what was to be stored with it failed.
    fn read(&self) -> Result<Option<(Founding, Option<UnixMillis>)>> {
        let rows: Vec<Row> = self.0.exec(LOAD, None)?.to_array()?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        if row.schema > SCHEMA {
            let newer =
                format!("the room was stored by a newer version: schema {}, not {SCHEMA}", row.schema);
            return Err(Error::RustError(newer));
        }
        let founding = Founding { began: UnixMillis(row.began), base: Seq::new(row.base) };
        Ok(Some((founding, row.kept_until.map(UnixMillis))))
    }

    fn bring_forward(&self, now: UnixMillis) -> Result<Founding> {
        let rows: Vec<Sequence> = self.0.exec(LOAD_SEQUENCE, None)?.to_array()?;
        let founding = Founding { began: now, base: Seq::new(rows.first().map_or(0, |row| row.seq)) };
        HistoryTable::of(self.0.clone()).create()?;
        self.found(founding)?;
        self.0.exec(DROP_SEQUENCE, None)?;
        Ok(founding)
    }
}
