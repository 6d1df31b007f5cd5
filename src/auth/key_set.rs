//! The public keys of an identity provider (JWKS, RFC 7517), and what they verify. It must not know how the keys are
//! fetched, nor what a token says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::VerifyingKey;
use p256::ecdsa::signature::Verifier as _;
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPublicKey};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::json_web_token::{Algorithm, Token, TokenError};

/// The largest key set, in bytes.
pub const MOST_BYTES: usize = 65_536;

/// The most keys that are taken from a set. A provider has two or three.
const MOST_KEYS: usize = 32;

/// Sizes of an RSA modulus, in bits: the least by RFC 7518 §3.3, and the most that is worth a request's time.
const LEAST_MODULUS_BITS: usize = 2_048;
const MOST_MODULUS_BITS: usize = 4_096;

/// Bytes of a coordinate on P-256.
const COORDINATE_BYTES: usize = 32;

/// A document that is no key set.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the answer is no JSON Web Key Set")]
pub struct NoKeySet;

/// The keys that signatures can be verified with.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    public: PublicKey,
}

/// A key is for one algorithm, so that nobody can have it used for another.
#[derive(Clone, Debug)]
enum PublicKey {
    /// For RS256.
    Rsa(RsaPublicKey),
    /// For ES256.
    P256(VerifyingKey),
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct JsonWebKey {
    kty: String,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a key set. Keys that are for something else, or not understood, are left out (RFC 7517 §5); shared secrets
    /// are among those: what everybody can read is none.
    ///
    /// # Errors
    /// [`NoKeySet`].
    pub fn parse(json: &[u8]) -> Result<Self, NoKeySet> {
        let document: Document = serde_json::from_slice(json).map_err(|_| NoKeySet)?;
        let keys = document.keys.into_iter();
        Ok(Self(keys.filter_map(|key| Key::parse(key.get())).take(MOST_KEYS).collect()))
    }

    /// Verifies a token's signature by the key that it names, or, where it names none, by the only one there is for its
    /// algorithm.
    pub(super) fn verify(&self, token: &Token<'_>) -> Result<(), TokenError> {
        let Some(id) = token.key_id.as_deref() else {
            return self.verify_by_only_key(token);
        };
        let mut named = self.0.iter().filter(|key| key.id.as_deref() == Some(id)).peekable();
        if named.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        let key = named.find(|key| key.public.is_for(token.algorithm)).ok_or(TokenError::Algorithm)?;
        if key.public.verifies(token.signed, &token.signature) { Ok(()) } else { Err(TokenError::Signature) }
    }

    /// A provider that gives its one key no name may have replaced it.
    fn verify_by_only_key(&self, token: &Token<'_>) -> Result<(), TokenError> {
        let mut fit = self.0.iter().filter(|key| key.public.is_for(token.algorithm));
        match (fit.next(), fit.next()) {
            (Some(key), None) if key.public.verifies(token.signed, &token.signature) => Ok(()),
            _ => Err(TokenError::UnknownKey),
        }
    }
}

impl Key {
    fn parse(json: &str) -> Option<Self> {
        let key: JsonWebKey = serde_json::from_str(json).ok()?;
        let is_for_signatures = key.r#use.as_deref().is_none_or(|r#use| r#use == "sig")
            && key.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|one| one == "verify"));
        if !is_for_signatures {
            return None;
        }
        let is_for = |algorithm| key.alg.as_deref().is_none_or(|given| given == algorithm);
        let public = match key.kty.as_str() {
            "RSA" if is_for("RS256") => PublicKey::rsa(&bytes(key.n.as_ref())?, &bytes(key.e.as_ref())?)?,
            "EC" if is_for("ES256") && key.crv.as_deref() == Some("P-256") => {
                PublicKey::p256(&bytes(key.x.as_ref())?, &bytes(key.y.as_ref())?)?
            }
            _ => return None,
        };
        Some(Self { id: key.kid, public })
    }
}

impl PublicKey {
    fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        // Some providers write zeros before a number; here a number costs the more time the longer it is written.
        let significant =
            |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
        let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(&significant(bytes));
        let sizes = LEAST_MODULUS_BITS..=MOST_MODULUS_BITS;
        RsaPublicKey::new_with_size_limits(number(modulus), number(exponent), sizes).ok().map(Self::Rsa)
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        if x.len() != COORDINATE_BYTES || y.len() != COORDINATE_BYTES {
            return None;
        }
        // SEC 1, §2.3.3: an uncompressed point.
        VerifyingKey::from_sec1_bytes(&[&[4], x, y].concat()).ok().map(Self::P256)
    }

    fn is_for(&self, algorithm: Algorithm) -> bool {
        matches!((self, algorithm), (Self::Rsa(_), Algorithm::Rs256) | (Self::P256(_), Algorithm::Es256))
    }

    fn verifies(&self, signed: &str, signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => {
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(signed), signature).is_ok()
            }
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(signed.as_bytes(), &signature).is_ok()),
        }
    }
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok().filter(|bytes| !bytes.is_empty())
}
