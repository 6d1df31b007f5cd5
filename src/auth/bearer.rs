//! `Authorization: Bearer <secret>` (RFC 6750). It must not know what the bearer is let in to.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::secret::PublisherSecrets;

/// Whether an `Authorization` header carries one of the secrets. The scheme is read without regard to case
/// (RFC 9110 §11.1), the secret with it.
///
/// Digests are compared, in constant time and all of them, so that neither how much of a guess is right, nor the
/// length of a secret, nor whether a rotation is under way shows in the time it takes.
#[must_use]
pub fn is_publisher(authorization: &str, secrets: &PublisherSecrets) -> bool {
    let Some((scheme, credentials)) = authorization.split_once(' ') else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return false;
    }
    let offered = Sha256::digest(credentials.trim().as_bytes());
    secrets
        .iter()
        .map(|secret| Sha256::digest(secret.as_bytes()).ct_eq(&offered))
        .fold(Choice::from(0), |any, one| any | one)
        .into()
}

#[cfg(test)]
mod tests {
    use super::super::secret::Secret;
    use super::*;

    fn secrets(current: &str, previous: Option<&str>) -> PublisherSecrets {
        let secret = |text| Secret::parse(text).unwrap().unwrap();
        PublisherSecrets::new(secret(current), previous.map(secret))
    }

    #[test]
    fn the_secret_is_let_in_and_so_is_the_previous_one_during_a_rotation() {
        let rotating = secrets("new-secret", Some("old-secret"));
        assert!(is_publisher("Bearer new-secret", &rotating));
        assert!(is_publisher("bearer old-secret", &rotating));
        assert!(!is_publisher("Bearer old-secret", &secrets("new-secret", None)));
    }

    #[test]
    fn nothing_else_is() {
        let secrets = secrets("s3cret", None);
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "s3cret",
            "Basic s3cret",
            "Bearer S3CRET",
            "Bearer s3cre",
            "Bearer s3crett",
            "Bearer s3cret s3cret",
            "Bearer s3cret, Bearer s3cret",
            "Bearer wrong, Bearer s3cret",
            "Bearer s3cret, Bearer wrong",
            "Bearer s3cret,",
            "Bearer,s3cret",
            "Bearer:s3cret",
            "Bearer=s3cret",
            "Bearer\ts3cret",
            "Bearer Bearer s3cret",
            "Bearer \"s3cret\"",
            "Bearer token=s3cret",
            "Bearer czNjcmV0",
            "Bearer s3cret\0",
            " Bearer s3cret",
            "Bearer\u{a0}s3cret",
            "Ｂearer s3cret",
        ] {
            assert!(!is_publisher(header, &secrets), "{header:?}");
        }
    }
}
