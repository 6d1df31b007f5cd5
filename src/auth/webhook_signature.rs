//! Signatures by the Standard Webhooks specification, as an alternative to the bearer.
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
//! It must not know what a signed body says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::secret::{PublisherSecrets, Secret};
use crate::core::time::UnixMillis;

/// How far a signature's time may lie from now, on either side, in seconds.
pub const TOLERANCE_SECONDS: u64 = 300;

/// The three headers of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSignature {
    id: String,
    timestamp: String,
    signatures: String,
}

/// Why a signature lets nobody in.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SignatureError {
    /// Its time is no number of seconds.
    #[error("webhook-timestamp is not a time in Unix seconds")]
    NoTimestamp,
    /// It was made too long ago, or is from the future.
    #[error("webhook-timestamp is more than {TOLERANCE_SECONDS} seconds away from now")]
    OutsideTolerance,
    /// None of the signatures is one of this id, time and body with a valid secret.
    #[error("no signature in webhook-signature is valid for this body")]
    NoMatch,
    /// Its id was used before, for something else or for what is done once.
    #[error("this webhook-id was used before: sign each request with an id of its own")]
    Used,
}

impl WebhookSignature {
    /// The signature that a request carries in `webhook-id`, `webhook-timestamp` and `webhook-signature`; `None`
    /// when one of them is missing or empty.
    #[must_use]
    pub fn from_headers(
        id: Option<String>,
        timestamp: Option<String>,
        signatures: Option<String>,
    ) -> Option<Self> {
        let given = |header: Option<String>| header.filter(|text| !text.is_empty());
        Some(Self { id: given(id)?, timestamp: given(timestamp)?, signatures: given(signatures)? })
    }

    /// The message's own name. It is signed, but not before [`Self::verify`] has said so.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it ends.
    ///
    /// # Errors
    /// [`SignatureError::NoTimestamp`].
    pub fn expires(&self) -> Result<UnixMillis, SignatureError> {
        Ok(UnixMillis::from_seconds(self.seconds()?.saturating_add(TOLERANCE_SECONDS)))
    }

    /// Checks the time alone: worth doing before a stranger's body is read.
    ///
    /// # Errors
    /// [`SignatureError::NoTimestamp`] and [`SignatureError::OutsideTolerance`].
    pub fn check_time(&self, now: UnixMillis) -> Result<(), SignatureError> {
        if self.seconds()?.abs_diff(now.seconds()) > TOLERANCE_SECONDS {
            return Err(SignatureError::OutsideTolerance);
        }
        Ok(())
    }

    /// Checks time and signature of a body.
    ///
    /// # Errors
    /// Any [`SignatureError`].
    pub fn verify(
        &self,
        secrets: &PublisherSecrets,
        now: UnixMillis,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        self.check_time(now)?;
        // The body is hashed once for each key, however many signatures a stranger offers.
        let valid: Vec<[u8; 32]> =
            secrets.iter().flat_map(Secret::signing_keys).filter_map(|key| self.sign(&key, body)).collect();
        let matches = |offered: &[u8]| valid.iter().any(|signature| signature.ct_eq(offered).into());
        let mut offered = self.signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
        if offered.any(|signature| STANDARD.decode(signature).is_ok_and(|bytes| matches(&bytes))) {
            Ok(())
        } else {
            Err(SignatureError::NoMatch)
        }
    }

    fn seconds(&self) -> Result<u64, SignatureError> {
        let is_digits = self.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        self.timestamp.parse().ok().filter(|_| is_digits).ok_or(SignatureError::NoTimestamp)
    }

    fn sign(&self, key: &[u8], body: &[u8]) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        for part in [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED_AT: UnixMillis = UnixMillis(1_614_265_330_000);

    fn signature(signatures: &str) -> WebhookSignature {
        let header = |text: &str| Some(text.to_owned());
        WebhookSignature::from_headers(
            header("msg_p5jXN8AQM9LWM0D4loKWxJek"),
            header("1614265330"),
            header(signatures),
        )
        .unwrap()
    }

    fn secrets(current: &str, previous: Option<&str>) -> PublisherSecrets {
        let secret = |text| Secret::parse(text).unwrap().unwrap();
        PublisherSecrets::new(secret(current), previous.map(secret))
    }

    const VALID: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_specifications_example_is_valid_alone_beside_others_and_during_a_rotation() {
        let valid = |signatures: &str, secrets| signature(signatures).verify(&secrets, SIGNED_AT, BODY);
        assert_eq!(valid(VALID, secrets(SECRET, None)), Ok(()));
        assert_eq!(valid(&format!("v1a,zzz v1,AAAA {VALID}"), secrets(SECRET, None)), Ok(()));
        assert_eq!(valid(VALID, secrets("another", Some(SECRET))), Ok(()));
    }

    #[test]
    fn another_body_secret_version_or_garbage_is_not() {
        let check = |signatures: &str, secrets, body| signature(signatures).verify(&secrets, SIGNED_AT, body);
        let no_match = Err(SignatureError::NoMatch);
        assert_eq!(check(VALID, secrets(SECRET, None), b"{}"), no_match);
        assert_eq!(check(VALID, secrets("another", None), BODY), no_match);
        assert_eq!(check(&VALID.replace("v1", "v2"), secrets(SECRET, None), BODY), no_match);
        assert_eq!(check("v1,", secrets(SECRET, None), BODY), no_match);
        assert_eq!(check("garbage", secrets(SECRET, None), BODY), no_match);
        assert_eq!(check("v1,g0hM9SsE+OTPJTGt/tmIKtSy", secrets(SECRET, None), BODY), no_match);
    }

    #[test]
    fn five_minutes_are_tolerated_on_both_sides() {
        let at =
            |seconds: u64| signature(VALID).verify(&secrets(SECRET, None), UnixMillis(seconds * 1_000), BODY);
        assert_eq!(at(1_614_265_330 + 300), Ok(()));
        assert_eq!(at(1_614_265_330 - 300), Ok(()));
        assert_eq!(at(1_614_265_330 + 301), Err(SignatureError::OutsideTolerance));
        assert_eq!(at(1_614_265_330 - 301), Err(SignatureError::OutsideTolerance));
    }

    #[test]
    fn a_missing_header_is_no_signature_and_a_bad_time_an_error() {
        let header = |text: &str| Some(text.to_owned());
        assert_eq!(WebhookSignature::from_headers(None, header("1"), header("v1,AA==")), None);
        assert_eq!(WebhookSignature::from_headers(header("id"), header(""), header("v1,AA==")), None);
        for bad in ["soon", "+1614265330", "-1", "1614265330.0"] {
            let bad = WebhookSignature::from_headers(header("id"), header(bad), header("v1,AA==")).unwrap();
            assert_eq!(bad.check_time(SIGNED_AT), Err(SignatureError::NoTimestamp));
        }
    }
}
