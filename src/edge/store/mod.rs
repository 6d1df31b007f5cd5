//! What outlives memory: one file per table, and in them the only SQL. It must not decide what is stored.

pub mod history;
pub mod room;
pub mod spent_nonces;

use worker::{SqlStorageValue, wasm_bindgen::JsValue};

/// A number for a statement. Past 2^53 JavaScript could no longer tell one from the next.
///
/// # Errors
/// For such a number.
fn number(number: u64) -> worker::Result<JsValue> {
    Ok(SqlStorageValue::try_from_i64(i64::try_from(number).unwrap_or(i64::MAX))?.into())
}
