//! Bytes to values and back, at each boundary: payloads, batches, frames, problems, close codes, the language between
//! Worker and room. Pure: it must not know a request, a socket or a variable, and decides nothing.

pub mod attachment;
pub mod batch;
pub mod close;
pub mod frame;
pub mod payload;
pub mod problem;
pub mod room_protocol;

/// The JSON text of a value of this crate's own types.
///
/// Serialising fails only for maps whose keys are no strings and for failing custom code; these types have neither.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
