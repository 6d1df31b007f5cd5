//! The relays on a room's list, in the room's own SQLite: one row for each, written when it comes and when it goes. It
//! must not know what they are pushed.

use std::collections::BTreeMap;

use serde::Deserialize;
use worker::{Result, SqlStorage};

use super::{has_table, number};
use crate::core::relay::event::Lease;
use crate::core::relay::name::RelayName;

const NAME: &str = "relays";
const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS relays (name TEXT PRIMARY KEY, lease INTEGER NOT NULL) WITHOUT ROWID";
const LOAD: &str = "SELECT name, lease FROM relays";
const SAVE: &str = "INSERT OR REPLACE INTO relays (name, lease) VALUES (?, ?)";
const DELETE: &str = "DELETE FROM relays WHERE name = ?";

#[derive(Deserialize)]
struct Row {
    name: String,
    lease: u64,
}

/// The table of one room.
pub struct RelaysTable(SqlStorage);

impl RelaysTable {
    /// The table in a room's storage, whether it is there already or not.
    #[must_use]
    pub fn of(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Every relay on the list. One whose name a version after this one gave is left out.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn load(&self) -> Result<BTreeMap<RelayName, Lease>> {
        if !has_table(&self.0, NAME)? {
            return Ok(BTreeMap::new());
        }
        let rows: Vec<Row> = self.0.exec(LOAD, None)?.to_array()?;
        let listed =
            rows.into_iter().filter_map(|row| Some((RelayName::parse(&row.name)?, Lease(row.lease))));
        Ok(listed.collect())
    }

    /// Puts a relay on the list.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn save(&self, relay: RelayName, lease: Lease) -> Result<()> {
        self.0.exec(CREATE, None)?;
        self.0.exec_raw(SAVE, Some(vec![relay.to_string().into(), number(lease.0)?]))?;
        Ok(())
    }

    /// Takes a relay off the list.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn delete(&self, relay: RelayName) -> Result<()> {
        self.0.exec(DELETE, vec![relay.to_string().into()])?;
        Ok(())
    }
}
