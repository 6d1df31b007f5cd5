//! Permissions to upload one picture: a URL's last part that says which and until when, sealed so that only the service
//! can make one. It must not know which permissions were used already.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::signing_secret::SigningSecrets;
use crate::core::image_key::ImageKey;
use crate::core::time::UnixMillis;

/// How long a permission is good for, in seconds.
pub const LIFETIME_SECONDS: u64 = 3_600;

/// Keeps these signatures apart from anything else that is signed with the same secret: no JWT has a zero byte.
const PURPOSE: &[u8] = b"glow-broadcast upload permission\0";

/// A permission for a picture of this key.
#[must_use]
pub fn issue(secrets: &SigningSecrets, key: &ImageKey, now: UnixMillis) -> String {
    let permitted = format!("{}/{key}", now.seconds().saturating_add(LIFETIME_SECONDS));
    let signature = secrets.current().sign(&[PURPOSE, permitted.as_bytes()]);
    format!("{}.{}", URL_SAFE_NO_PAD.encode(&permitted), URL_SAFE_NO_PAD.encode(signature))
}

/// The key of the picture that a permission is for. `None` for one that this service did not make, and for one that has
/// expired.
#[must_use]
pub fn open(text: &str, secrets: &SigningSecrets, now: UnixMillis) -> Option<ImageKey> {
    let (permitted, signature) = text.split_once('.')?;
    let (permitted, signature) =
        (URL_SAFE_NO_PAD.decode(permitted).ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?);
    if !secrets.iter().any(|secret| secret.verifies(&[PURPOSE, &permitted], &signature)) {
        return None;
    }
    let (expires, key) = std::str::from_utf8(&permitted).ok()?.split_once('/')?;
    let expires = UnixMillis::from_seconds(expires.parse().ok()?);
    (now < expires).then(|| ImageKey::parse(key)).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::signing_secret::SigningSecret;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_999);

    fn secret(letter: &str) -> SigningSecret {
        SigningSecret::parse(&letter.repeat(32)).unwrap().unwrap()
    }

    fn key() -> ImageKey {
        ImageKey::parse("tokens/DROP/image-17.webp").unwrap()
    }

    #[test]
    fn a_permission_is_good_for_an_hour_and_fits_into_a_path() {
        let secrets = SigningSecrets::new(secret("s"), None);
        let permission = issue(&secrets, &key(), NOW);
        assert!(permission.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
        let at = |seconds| open(&permission, &secrets, UnixMillis::from_seconds(seconds));
        assert_eq!(at(1_700_003_599), Some(key()));
        assert_eq!(at(1_700_003_600), None);
    }

    #[test]
    fn what_either_secret_made_is_good_while_one_is_rotated() {
        let permission = issue(&SigningSecrets::new(secret("s"), None), &key(), NOW);
        let rotated = SigningSecrets::new(secret("t"), Some(secret("s")));
        assert_eq!(open(&permission, &rotated, NOW), Some(key()));
        assert_eq!(open(&permission, &SigningSecrets::new(secret("t"), None), NOW), None);
    }

    #[test]
    fn a_permission_that_was_changed_anywhere_is_none() {
        let secrets = SigningSecrets::new(secret("s"), None);
        let permission = issue(&secrets, &key(), NOW);
        for place in 0..permission.len() {
            let mut other = permission.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(open(std::str::from_utf8(&other).unwrap(), &secrets, NOW), None, "{place}");
        }
        for other in
            ["", ".", "a.b", &format!("{permission}A"), &format!("{permission}."), &format!(" {permission}")]
        {
            assert_eq!(open(other, &secrets, NOW), None, "{other}");
        }
    }

    #[test]
    fn nothing_else_that_the_same_secret_signs_is_a_permission() {
        let secrets = SigningSecrets::new(secret("s"), None);
        let permitted = "99999999999/tokens/DROP/image-17.webp";
        let signature = secrets.current().sign(&[permitted.as_bytes()]);
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(permitted), URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(open(&text, &secrets, NOW), None);
    }
}
