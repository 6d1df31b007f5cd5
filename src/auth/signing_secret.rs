//! Secrets that the service signs with itself, or shares with an identity provider: long enough for HMAC-SHA256. It must
//! not print them, nor know what is signed.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

/// The least bytes of a key for HMAC-SHA256 (RFC 7518 §3.2).
pub const LEAST_BYTES: usize = 32;

/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 32;

/// Bytes of a seal.
pub(super) const SEAL_BYTES: usize = 16;

/// A secret of at least [`LEAST_BYTES`], without white space at its ends. Its bytes are the key.
#[derive(Clone)]
pub struct SigningSecret {
    text: String,
    mac: Hmac<Sha256>,
}

/// Why a text is no [`SigningSecret`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("is too short: it has to have at least {LEAST_BYTES} bytes, as `openssl rand -base64 32` gives them")]
pub struct TooShort;

impl SigningSecret {
    /// Reads a secret; `None` when the text is blank.
    ///
    /// # Errors
    /// [`TooShort`].
    pub fn parse(text: &str) -> Result<Option<Self>, TooShort> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() < LEAST_BYTES {
            return Err(TooShort);
        }
        let mac = Hmac::new_from_slice(text.as_bytes()).map_err(|_| TooShort)?;
        Ok(Some(Self { text: text.to_owned(), mac }))
    }

    /// The signature of the parts, one after another.
    pub(super) fn sign(&self, parts: &[&[u8]]) -> [u8; SIGNATURE_BYTES] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether a signature is that of the parts. It takes as long for a wrong one as for the right one.
    pub(super) fn verifies(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        self.sign(parts).ct_eq(signature).into()
    }

    /// The same for the first [`SEAL_BYTES`] of a signature alone.
    pub(super) fn verifies_seal(&self, parts: &[&[u8]], seal: &[u8; SEAL_BYTES]) -> bool {
        self.seal(parts).ct_eq(seal).into()
    }

    /// The first [`SEAL_BYTES`] of the signature of the parts: enough where a stranger has minutes to guess.
    pub(super) fn seal(&self, parts: &[&[u8]]) -> [u8; SEAL_BYTES] {
        let mut seal = [0; SEAL_BYTES];
        for (byte, signed) in seal.iter_mut().zip(self.sign(parts)) {
            *byte = signed;
        }
        seal
    }
}

impl PartialEq for SigningSecret {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for SigningSecret {}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(…)")
    }
}

/// The service's own signing secrets: one, or two while it is being rotated. What either signed is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSecrets {
    current: SigningSecret,
    previous: Option<SigningSecret>,
}

impl SigningSecrets {
    /// `previous` stays valid beside `current` until the operator removes it.
    #[must_use]
    pub fn new(current: SigningSecret, previous: Option<SigningSecret>) -> Self {
        Self { current, previous }
    }

    /// The one that new signatures are made with.
    pub(super) fn current(&self) -> &SigningSecret {
        &self.current
    }

    /// Both.
    pub fn iter(&self) -> impl Iterator<Item = &SigningSecret> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_32_bytes_and_a_blank_one_is_none() {
        assert_eq!(SigningSecret::parse(" \n"), Ok(None));
        assert_eq!(SigningSecret::parse(&"x".repeat(31)), Err(TooShort));
        assert!(SigningSecret::parse(&"x".repeat(32)).unwrap().is_some());
    }

    #[test]
    fn debugging_output_does_not_show_it() {
        let secret = SigningSecret::parse(&"horse".repeat(10)).unwrap().unwrap();
        assert!(!format!("{secret:?}").contains("horse"));
    }

    #[test]
    fn a_signature_is_an_hmac_with_sha_256_of_the_parts_together() {
        let secret = SigningSecret::parse(&"k".repeat(32)).unwrap().unwrap();
        let signature = secret.sign(&[b"one ", b"two"]);
        assert_eq!(signature, secret.sign(&[b"one two"]));
        assert!(secret.verifies(&[b"one two"], &signature));
        assert!(!secret.verifies(&[b"one two!"], &signature));
        assert!(!secret.verifies(&[b"one two"], &signature[..16]));
    }
}
