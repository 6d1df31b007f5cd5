//! What a publisher names a publication by, so that a repeat of it changes nothing. It must not know which header or
//! field a name came in.

use std::rc::Rc;

use thiserror::Error;

/// The longest key that a publisher may give, and the longest signature and type that make one, in characters.
pub const MAX_KEY_LENGTH: usize = 255;

/// A publication's name. Names of different kinds never meet: nobody can give a key that a transaction will have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Rc<str>);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an idempotency key has 1 to {MAX_KEY_LENGTH} characters, this one has {length}")]
pub struct KeyError {
    /// Its length in characters.
    pub length: usize,
}

impl IdempotencyKey {
    /// The key that a publisher gave to one publication.
    ///
    /// # Errors
    /// [`KeyError`] when it is empty or longer than [`MAX_KEY_LENGTH`].
    pub fn given(key: &str) -> Result<Self, KeyError> {
        let length = key.chars().count();
        if (1..=MAX_KEY_LENGTH).contains(&length) {
            Ok(Self(format!("k{key}").into()))
        } else {
            Err(KeyError { length })
        }
    }

    /// The key of one publication of a request that was itself given a key.
    #[must_use]
    pub fn of_item(&self, place: usize) -> Self {
        Self(format!("i{place}:{}", self.0).into())
    }

    /// The key of what a transaction caused: its signature and the publication's type. `None` when one of them is empty
    /// or longer than [`MAX_KEY_LENGTH`], as no transaction's is.
    #[must_use]
    pub fn of_transaction(signature: &str, kind: &str) -> Option<Self> {
        let fits = |text: &str| (1..=MAX_KEY_LENGTH).contains(&text.chars().count());
        (fits(signature) && fits(kind)).then(|| Self(format!("t{}:{kind}{signature}", kind.len()).into()))
    }

    /// The key whose text was stored.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_255_characters_of_any_script() {
        assert!(IdempotencyKey::given("x").is_ok());
        assert!(IdempotencyKey::given(&"é".repeat(255)).is_ok());
        assert_eq!(IdempotencyKey::given(""), Err(KeyError { length: 0 }));
        assert_eq!(IdempotencyKey::given(&"x".repeat(300)), Err(KeyError { length: 300 }));
    }

    #[test]
    fn keys_of_different_kinds_differ_whatever_they_are_made_of() {
        let transaction = |signature, kind| IdempotencyKey::of_transaction(signature, kind).unwrap();
        let given = |key| IdempotencyKey::given(key).unwrap();
        assert_ne!(transaction("ab", "c"), transaction("b", "ca"));
        assert_ne!(given("t1:cab"), transaction("ab", "c"));
        assert_ne!(given("x").of_item(0), given("i0:kx"));
        assert_ne!(given("x").of_item(0), given("x").of_item(1));
        assert_eq!(IdempotencyKey::of_transaction("", "TRADE"), None);
        assert_eq!(IdempotencyKey::of_transaction(&"x".repeat(256), "TRADE"), None);
    }

    #[test]
    fn a_stored_key_is_the_same_key() {
        let key = IdempotencyKey::given("order-7").unwrap();
        assert_eq!(IdempotencyKey::from_stored(key.as_str()), key);
    }
}
