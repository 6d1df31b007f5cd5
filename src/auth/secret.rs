//! The secrets that publishers share with the service. It owns how they are held; it must not print them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

/// The prefix that the Standard Webhooks specification gives to a secret whose rest is base64.
/// Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
const STANDARD_WEBHOOKS_PREFIX: &str = "whsec_";

/// The least bytes of a secret's text, so that nobody finds it by trying.
const LEAST_TEXT_BYTES: usize = 24;

/// The least bytes of the key that a `whsec_` secret stands for.
const LEAST_KEY_BYTES: usize = 16;

/// One secret, never empty, without white space at its ends (a header could not carry it there).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a text can't be a [`Secret`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    /// It starts as a Standard Webhooks secret, but its rest is not.
    #[error("starts with whsec_, so the rest has to be base64 of at least one byte")]
    NotBase64,
    /// It could be found by trying.
    #[error(
        "is too short: it has to have at least {LEAST_TEXT_BYTES} bytes, or {LEAST_KEY_BYTES} bytes of key after whsec_, \
         as `openssl rand -base64 32` gives them"
    )]
    TooShort,
}

impl Secret {
    /// Reads a secret; `None` when the text is blank.
    ///
    /// # Errors
    /// [`SecretError::NotBase64`] for a `whsec_` secret that nobody could sign with.
    pub fn parse(text: &str) -> Result<Option<Self>, SecretError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let secret = Self(text.to_owned());
        if text.starts_with(STANDARD_WEBHOOKS_PREFIX) && secret.decoded_key().is_none() {
            return Err(SecretError::NotBase64);
        }
        Ok(Some(secret))
    }

    /// Checks that nobody finds it by trying. The word `Bearer` before it does not count.
    ///
    /// # Errors
    /// [`SecretError::TooShort`].
    pub fn check_strength(&self) -> Result<(), SecretError> {
        let is_strong = if self.0.starts_with(STANDARD_WEBHOOKS_PREFIX) {
            self.decoded_key().is_some_and(|key| key.len() >= LEAST_KEY_BYTES)
        } else {
            without_scheme(&self.0).len() >= LEAST_TEXT_BYTES
        };
        if is_strong { Ok(()) } else { Err(SecretError::TooShort) }
    }

    /// Whether this is the very text that was offered, in a time that doesn't tell how much of it is right.
    #[must_use]
    pub fn is(&self, offered: &str) -> bool {
        Sha256::digest(self.as_bytes()).ct_eq(&Sha256::digest(offered.as_bytes())).into()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The keys that a signer may have made of this secret: its bytes as they are, and, as the specification's
    /// libraries do by default, what its base64 stands for.
    pub(super) fn signing_keys(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.decoded_key().into_iter().chain(std::iter::once(self.0.as_bytes().to_vec()))
    }

    fn decoded_key(&self) -> Option<Vec<u8>> {
        let base64 = self.0.strip_prefix(STANDARD_WEBHOOKS_PREFIX).unwrap_or(&self.0);
        STANDARD.decode(base64).ok().filter(|key| !key.is_empty())
    }
}

/// What is secret of a secret's text: without the word `Bearer` and the prefix `whsec_`, behind which it is the same.
#[must_use]
pub fn bare(text: &str) -> &str {
    let text = without_scheme(text);
    text.strip_prefix(STANDARD_WEBHOOKS_PREFIX).unwrap_or(text)
}

fn without_scheme(text: &str) -> &str {
    match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim_start(),
        _ => text,
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// The secrets that are valid now: one, or two while it is being rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherSecrets {
    current: Secret,
    previous: Option<Secret>,
}

impl PublisherSecrets {
    /// `previous` stays valid beside `current` until the operator removes it.
    #[must_use]
    pub fn new(current: Secret, previous: Option<Secret>) -> Self {
        Self { current, previous }
    }

    /// The secret that outlives a rotation.
    #[must_use]
    pub fn current(&self) -> &Secret {
        &self.current
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_secret_is_none_rather_than_one_that_lets_everybody_in() {
        assert_eq!(Secret::parse(""), Ok(None));
        assert_eq!(Secret::parse(" \n"), Ok(None));
        assert_eq!(Secret::parse("whsec_"), Err(SecretError::NotBase64));
        assert_eq!(Secret::parse("whsec_not base64"), Err(SecretError::NotBase64));
    }

    #[test]
    fn a_secret_has_24_bytes_and_a_key_16() {
        let strength = |text: &str| Secret::parse(text).unwrap().unwrap().check_strength();
        assert_eq!(strength(&"x".repeat(24)), Ok(()));
        assert_eq!(strength(&format!("whsec_{}", STANDARD.encode([7; 16]))), Ok(()));
        assert_eq!(strength("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), Ok(()));
        for weak in [
            "x".repeat(23),
            format!("Bearer {}", "x".repeat(23)),
            format!("whsec_{}", STANDARD.encode([7; 15])),
        ] {
            assert_eq!(strength(&weak), Err(SecretError::TooShort), "{weak}");
        }
    }

    #[test]
    fn debugging_output_does_not_show_it() {
        let secret = Secret::parse("correct horse").unwrap().unwrap();
        assert!(!format!("{secret:?}").contains("horse"));
    }
}
