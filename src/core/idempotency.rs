//! What a publisher names a publication by, so that a repeat of it changes nothing. It must not know which header or
//! field a name came in.

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::topic::Topic;

/// The longest key that a publisher may give, in characters.
pub const MAX_KEY_LENGTH: usize = 255;

/// A publication's name: 128 bits of a digest of what it was named by, so that a name is as short to store as it is
/// hard to meet by chance. Names of different kinds never meet: nobody can give a key that a transaction will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdempotencyKey(u128);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// It is empty or longer than [`MAX_KEY_LENGTH`].
    #[error("an idempotency key has 1 to {MAX_KEY_LENGTH} characters, this one has {length}")]
    Length {
        /// Its length in characters.
        length: usize,
    },
    /// It is not a stored key.
    #[error("a stored idempotency key has 32 hexadecimal digits")]
    NotStored,
}

impl IdempotencyKey {
    /// What a stored key takes, in bytes.
    pub const STORED_BYTES: usize = 32;

    /// The key that a publisher gave to one publication.
    ///
    /// # Errors
    /// [`KeyError::Length`].
    pub fn given(key: &str) -> Result<Self, KeyError> {
        let length = key.chars().count();
        if !(1..=MAX_KEY_LENGTH).contains(&length) {
            return Err(KeyError::Length { length });
        }
        Ok(Self::digest(&["given", key]))
    }

    /// The key of one of several publications that were together given a key, by its place among them.
    #[must_use]
    pub fn of_item(self, place: usize) -> Self {
        Self::digest(&["item", &place.to_string(), &self.to_stored()])
    }

    /// The key of one message of a request that was itself given a key: what it says, and how many that say the same stand
    /// before it for the same topic. Its place is not in it, so that a message which failed can be sent again alone.
    #[must_use]
    pub fn of_message(self, payload: &str, before: usize) -> Self {
        Self::digest(&["message", payload, &before.to_string(), &self.to_stored()])
    }

    /// The same key as that of one topic's publication alone, where those of several topics are remembered together.
    #[must_use]
    pub fn of_topic(self, topic: &Topic) -> Self {
        Self::digest(&["topic", topic.as_str(), &self.to_stored()])
    }

    /// The key of what a transaction caused: its signature and the publication's type.
    #[must_use]
    pub fn of_transaction(signature: &str, kind: &str) -> Self {
        Self::digest(&["transaction", signature, kind])
    }

    /// The key in a feed of what was published elsewhere: its topic, that topic's epoch and its place there.
    #[must_use]
    pub fn of_place(topic: &str, epoch: &str, place: u64) -> Self {
        Self::digest(&["place", topic, epoch, &place.to_string()])
    }

    /// The key of an alert: what it warns of and by which publication, the time and the place of which are unlike any
    /// other's in its topic.
    #[must_use]
    pub fn of_alert(kind: &str, timestamp: u64, place: u64) -> Self {
        Self::digest(&["alert", kind, &timestamp.to_string(), &place.to_string()])
    }

    /// The key of the one time that a rule of somebody's own comes true.
    #[must_use]
    pub fn of_rule(rule: &str) -> Self {
        Self::digest(&["rule", rule])
    }

    /// 64 bits of the key: enough to tell apart some thousands.
    #[must_use]
    pub fn fingerprint(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or_default()
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// [`KeyError::NotStored`].
    pub fn from_stored(text: &str) -> Result<Self, KeyError> {
        if text.len() != Self::STORED_BYTES {
            return Err(KeyError::NotStored);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| KeyError::NotStored)
    }

    /// The text to store.
    #[must_use]
    pub fn to_stored(self) -> String {
        format!("{:032x}", self.0)
    }

    /// Each part goes with its length, so that no two lists of parts are the same bytes.
    fn digest(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let bytes: [u8; 32] = digest.finalize().into();
        Self(bytes.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_255_characters_of_any_script() {
        assert!(IdempotencyKey::given("x").is_ok());
        assert!(IdempotencyKey::given(&"é".repeat(255)).is_ok());
        assert_eq!(IdempotencyKey::given(""), Err(KeyError::Length { length: 0 }));
        assert_eq!(IdempotencyKey::given(&"x".repeat(300)), Err(KeyError::Length { length: 300 }));
    }

    #[test]
    fn keys_of_different_kinds_differ_whatever_they_are_made_of() {
        let transaction = IdempotencyKey::of_transaction;
        let given = |key| IdempotencyKey::given(key).unwrap();
        assert_eq!(given("x"), given("x"));
        assert_ne!(given("x"), given("y"));
        assert_ne!(transaction("ab", "c"), transaction("a", "bc"));
        assert_ne!(given("x").of_item(0), given("x").of_item(1));
        assert_ne!(given("x").of_item(0), given("y").of_item(0));
        assert_ne!(given("x").of_message("{}", 0), given("x").of_message("{}", 1));
        assert_ne!(given("x").of_message("{}", 0), given("x").of_message("[]", 0));
        assert_ne!(given("x").of_message("{}", 0), given("y").of_message("{}", 0));
    }

    #[test]
    fn a_stored_key_is_the_same_key_and_its_text_never_changes() {
        let key = IdempotencyKey::given("order-7").unwrap();
        assert_eq!(IdempotencyKey::from_stored(&key.to_stored()), Ok(key));
        assert_eq!(key.to_stored(), "e7f16564861c90d96344a0c9cf09e60e");
        for text in ["", "7", &"g".repeat(32), &"0".repeat(33)] {
            assert_eq!(IdempotencyKey::from_stored(text), Err(KeyError::NotStored), "{text}");
        }
    }
}
