//! The parameters of a URL's query. It must not know what a parameter means.

use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A parameter that stands there twice.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{0} is given more than once")]
pub struct Repeated(pub &'static str);

/// The text of a parameter, where the query has it. The query may begin with its `?`.
pub(super) fn parameter(query: &str, name: &'static str) -> Result<Option<String>, Repeated> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    let value = values.next();
    if values.next().is_some() {
        return Err(Repeated(name));
    }
    Ok(value.map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned()))
}

/// The whole number that a text of digits alone is, where it is within 64 bits.
pub(super) fn whole(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}
