//! A room's recent publications, in its own SQLite: a ring with one row for each batch, and no index besides the key,
//! so that a batch costs one row written. It must not know which row a batch goes to, nor which rows still count.

use std::rc::Rc;

use serde::Deserialize;
use serde_json::value::RawValue;
use worker::{Error, Result, SqlStorage};

use super::{Named, number};
use crate::core::history::StoredBatch;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Publication, Seq};
use crate::wire::market_state;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS history (slot INTEGER PRIMARY KEY, first INTEGER NOT NULL, \
                      publications TEXT NOT NULL, keys TEXT, market TEXT)";
/// Tables of before there were markets lack the column.
const HAS_MARKET: &str = "SELECT name FROM pragma_table_info('history') WHERE name = 'market'";
const ADD_MARKET: &str = "ALTER TABLE history ADD COLUMN market TEXT";
/// Of the markets, only the newest counts.
const LOAD: &str = "SELECT slot, first, publications, keys, \
                    CASE WHEN first = (SELECT MAX(first) FROM history) THEN market END AS market FROM history";
const SAVE: &str =
    "INSERT OR REPLACE INTO history (slot, first, publications, keys, market) VALUES (?, ?, ?, ?, ?)";

#[derive(Deserialize)]
struct Row {
    slot: u32,
    first: u64,
    /// The JSON array of the payloads.
    publications: String,
    /// The JSON array of their keys, `null` for none; absent where none has one.
    keys: Option<String>,
    /// What the market remembered.
    market: Option<String>,
}

/// The table of one room.
pub struct HistoryTable(SqlStorage);

impl HistoryTable {
    /// The table in a room's storage.
    #[must_use]
    pub fn of(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Makes the table.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn create(&self) -> Result<()> {
        self.0.exec(CREATE, None)?;
        Ok(())
    }

    /// Every row.
    ///
    /// # Errors
    /// What the storage throws, and a row that can't be read.
    pub fn load(&self) -> Result<Vec<StoredBatch>> {
        let has_market: Vec<Named> = self.0.exec(HAS_MARKET, None)?.to_array()?;
        if has_market.is_empty() {
            self.0.exec(ADD_MARKET, None)?;
        }
        let rows: Vec<Row> = self.0.exec(LOAD, None)?.to_array()?;
        rows.iter().map(decode).collect()
    }

    /// Stores a batch in its slot. The runtime holds back what is sent after it until the write is durable.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn save(&self, batch: &StoredBatch) -> Result<()> {
        let payloads: Vec<&str> =
            batch.publications.iter().map(|keyed| keyed.publication.as_json()).collect();
        let row = vec![
            batch.slot.into(),
            number(batch.first.get())?,
            format!("[{}]", payloads.join(",")).into(),
            encode_keys(&batch.publications)?.into(),
            batch.market.as_ref().map(market_state::encode).into(),
        ];
        self.0.exec_raw(SAVE, Some(row))?;
        Ok(())
    }
}

fn encode_keys(publications: &[Keyed]) -> Result<Option<String>> {
    if publications.iter().all(|keyed| keyed.key.is_none()) {
        return Ok(None);
    }
    let keys: Vec<Option<String>> =
        publications.iter().map(|keyed| keyed.key.map(IdempotencyKey::to_stored)).collect();
    Ok(Some(serde_json::to_string(&keys)?))
}

fn decode(row: &Row) -> Result<StoredBatch> {
    let unreadable = |error| Error::RustError(format!("row {} of the history: {error}", row.slot));
    let payloads: Vec<&RawValue> = serde_json::from_str(&row.publications).map_err(unreadable)?;
    let keys: Vec<Option<String>> =
        row.keys.as_deref().map_or(Ok(vec![]), serde_json::from_str).map_err(unreadable)?;
    let mut keys = keys.iter();
    let publications: Rc<[Keyed]> = payloads
        .into_iter()
        .map(|payload| Keyed {
            // A key that can't be read makes no repeat known; it costs nobody the publication.
            key: keys.next().and_then(|key| IdempotencyKey::from_stored(key.as_deref()?).ok()),
            // Feeds and the market had it already.
            ..Keyed::bare(Publication::from_checked_object(payload.get()))
        })
        .collect();
    // A market that can't be read begins anew; it costs nobody a publication.
    let market = row.market.as_deref().and_then(market_state::decode);
    Ok(StoredBatch { slot: row.slot, first: Seq::new(row.first), publications, market })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_batch_is_read_as_it_was() {
        let keyed = |object: &str, key: Option<&str>| Keyed {
            key: key.map(|key| IdempotencyKey::given(key).unwrap()),
            ..Keyed::bare(Publication::from_checked_object(object))
        };
        let publications = [keyed(r#"{"p":1e-9,"token":"T"}"#, None), keyed(r#"{ "a" : "],[" }"#, Some("k"))];
        let row = Row {
            slot: 3,
            first: 41,
            publications: r#"[{"p":1e-9,"token":"T"},{ "a" : "],[" }]"#.to_owned(),
            keys: encode_keys(&publications).unwrap(),
            market: Some("not a market".to_owned()),
        };
        let key = IdempotencyKey::given("k").unwrap().to_stored();
        assert_eq!(row.keys, Some(format!(r#"[null,"{key}"]"#)));
        let batch =
            StoredBatch { slot: 3, first: Seq::new(41), publications: publications.into(), market: None };
        assert_eq!(decode(&row).unwrap(), batch);
        let without = Row { keys: None, ..row };
        assert!(decode(&without).unwrap().publications.iter().all(|keyed| keyed.key.is_none()));
    }
}
