//! What the Worker and a room say to each other. Worker and room may run different versions for some minutes after a
//! deployment, so a change here has to be understood by the version before it. It must not know how either is reached.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::core::publication::{Publication, Seq};
use crate::core::room::Refusal;

/// The room's path for [`encode_publications`].
pub const PUBLISH_PATH: &str = "/publish";

/// The room's path for a subscriber's handshake.
pub const SUBSCRIBE_PATH: &str = "/subscribe";

/// The header that carries a subscriber's hashed address.
pub const ADDRESS_HEADER: &str = "x-room-address";

/// A message between Worker and room that the other one does not understand.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a message between Worker and room was not understood")]
pub struct NotUnderstood;

/// The request body for publications to one room, in order: the array of their objects.
#[must_use]
pub fn encode_publications(publications: &[Publication]) -> String {
    let objects: Vec<&str> = publications.iter().map(Publication::as_json).collect();
    format!("[{}]", objects.join(","))
}

/// Reads [`encode_publications`]. The payloads were checked by the Worker and are not checked again.
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_publications(body: &str) -> Result<Vec<Publication>, NotUnderstood> {
    let objects: Vec<&RawValue> = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    Ok(objects.iter().map(|object| Publication::from_checked_object(object.get().to_owned())).collect())
}

/// The room's answer: the places that the publications got, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Sockets that the last of them was handed to.
    pub connections: u32,
    /// The place of the first.
    pub first_seq: u64,
}

impl Published {
    /// The answer for publications of which the first got `first`.
    #[must_use]
    pub fn new(connections: u32, first: Seq) -> Self {
        Self { connections, first_seq: first.get() }
    }

    /// The response body.
    #[must_use]
    pub fn encode(self) -> String {
        super::to_json(&self)
    }

    /// Reads a response body.
    ///
    /// # Errors
    /// [`NotUnderstood`].
    pub fn decode(body: &str) -> Result<Self, NotUnderstood> {
        serde_json::from_str(body).map_err(|_| NotUnderstood)
    }
}

/// The status with which a room turns a socket away; the body says why.
pub const REFUSED_STATUS: u16 = 409;

/// The response body for a socket that is turned away.
#[must_use]
pub fn encode_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Full => "full",
        Refusal::TooManyFromAddress => "address",
    }
}

/// Reads [`encode_refusal`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_refusal(body: &str) -> Result<Refusal, NotUnderstood> {
    match body {
        "full" => Ok(Refusal::Full),
        "address" => Ok(Refusal::TooManyFromAddress),
        _ => Err(NotUnderstood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_between_versions_is_unchanged() {
        let publications = [r#"{"a":1e-9,"token":"T"}"#, r#"{"b":"],[","token":"T"}"#]
            .map(|object| Publication::from_checked_object(object.to_owned()));
        let body = encode_publications(&publications);
        assert_eq!(body, r#"[{"a":1e-9,"token":"T"},{"b":"],[","token":"T"}]"#);
        assert_eq!(decode_publications(&body).unwrap(), publications);
        let published = Published { connections: 3, first_seq: 7 };
        assert_eq!(published.encode(), r#"{"connections":3,"first_seq":7}"#);
        assert_eq!(Published::decode(r#"{"connections":3,"first_seq":7,"later":1}"#), Ok(published));
        assert_eq!(decode_publications("[{]"), Err(NotUnderstood));
        for refusal in [Refusal::Full, Refusal::TooManyFromAddress] {
            assert_eq!(decode_refusal(encode_refusal(refusal)), Ok(refusal));
        }
        assert_eq!((encode_refusal(Refusal::Full), REFUSED_STATUS), ("full", 409));
    }
}
