//! Bytes to values and back, at each boundary: payloads, batches, frames, problems, close codes, the language between
//! Worker and room. Pure: it must not know a request, a socket or a variable, and decides nothing.

pub mod alert;
pub mod alert_rule;
pub mod attachment;
pub mod balance;
pub mod balances;
pub mod batch;
pub mod candle_row;
pub mod channel;
pub mod close;
pub mod conditional;
pub mod delivery;
pub mod description;
mod digits;
mod due;
pub mod frame;
pub mod image;
mod known;
pub mod market;
pub mod market_answer;
pub mod market_state;
pub mod number;
pub(crate) mod object;
pub mod page;
pub mod payload;
pub mod price;
pub mod price_query;
pub mod problem;
pub mod profile;
pub mod publisher;
pub mod query;
pub mod relay_attachment;
pub mod relay_protocol;
pub mod request_body;
pub mod room_protocol;
pub mod rule_change;
pub mod shared_frame;
pub mod sign_in;
pub mod sign_in_protocol;
pub mod signed_request_protocol;
pub mod socket_frame;
pub mod socket_request;
pub mod standing;
pub mod subscription;
pub mod token;
pub mod token_query;
pub mod webhook;

/// Why a text is not the object that is asked for.
pub(crate) enum ObjectError {
    NotJson { reason: String },
    Shape,
}

/// Reads a value from a JSON object. The fields of a derived type could also be read from an array, in their order.
pub(crate) fn from_object<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, ObjectError> {
    let is_object = text.trim_start_matches(is_json_whitespace).starts_with('{');
    if !is_object {
        // A derived type is read from an array too, and calls one that goes on behind its last field no JSON.
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => ObjectError::Shape,
            Err(error) => ObjectError::NotJson { reason: error.to_string() },
        });
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() { ObjectError::Shape } else { ObjectError::NotJson { reason: error.to_string() } }
    })
}

/// RFC 8259 §2.
fn is_json_whitespace(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// The JSON text of a value of this crate's own types.
///
/// Serialising fails only for maps whose keys are no strings and for failing custom code; these types have neither.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
