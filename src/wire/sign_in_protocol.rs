//! What the Worker and a wallet's `SignIn` object say to each other. It must not know when a nonce expires.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::core::time::UnixMillis;

/// The status of the answer for a nonce that is used up now.
pub const SPENT_STATUS: u16 = 204;

/// The status of the answer for a nonce that was used up before.
pub const REPEATED_STATUS: u16 = 409;

/// A nonce to be used up.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Spending {
    nonce: String,
    expires: u64,
}

/// A text that is not what was agreed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("Worker and sign-in don't understand each other")]
pub struct NotUnderstood;

/// The body of the request: a nonce, and until when it would be good.
#[must_use]
pub fn encode(nonce: &str, expires: UnixMillis) -> String {
    super::to_json(&Spending { nonce: nonce.to_owned(), expires: expires.0 })
}

/// Reads the body of the request.
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode(body: &str) -> Result<(String, UnixMillis), NotUnderstood> {
    let Spending { nonce, expires } = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    Ok((nonce, UnixMillis(expires)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let expires = UnixMillis(1_700_000_300_000);
        assert_eq!(decode(&encode("n", expires)), Ok(("n".to_owned(), expires)));
        assert_eq!(decode("n"), Err(NotUnderstood));
    }
}
