//! What has to hold of credentials: whoever has a secret is let in, and nobody else, whatever is sent. It must not know
//! what they let in to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use glow_broadcast::auth::bearer::is_publisher;
use glow_broadcast::auth::secret::{PublisherSecrets, Secret, SecretError};
use glow_broadcast::auth::webhook_signature::{SignatureError, WebhookSignature};
use glow_broadcast::core::time::UnixMillis;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const NOW: UnixMillis = UnixMillis(1_614_265_330_999);
const NOW_IN_SECONDS: u64 = 1_614_265_330;
const TOLERANCE_IN_SECONDS: u64 = 300;

/// The input is a secret, a previous secret (or nothing), `Authorization`, `webhook-id`, `webhook-timestamp` and
/// `webhook-signature`, each on a line, and then the body. It is 21:42:10 GMT on 25 February 2021; where the secret is
/// blank, it is `secret`.
pub fn signature(bytes: &[u8]) {
    let mut lines = bytes.splitn(7, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let [current, previous, authorization, id, timestamp, signatures] =
        std::array::from_fn(|_| String::from_utf8_lossy(line()).into_owned());
    let body = line();
    let [current, previous] = [current, previous].map(|text| secret(&text));
    let current = current.unwrap_or_else(|| "secret".to_owned());
    let valid: Vec<String> = std::iter::once(current).chain(previous).collect();
    let parsed = |text: &String| Secret::parse(text).unwrap().unwrap();
    let secrets = PublisherSecrets::new(parsed(&valid[0]), valid.get(1).map(parsed));

    assert_eq!(
        is_publisher(&authorization, &secrets),
        is_bearer(&authorization, &valid),
        "{authorization:?}"
    );
    for secret in &valid {
        assert!(is_publisher(&format!("Bearer {secret}"), &secrets));
        assert!(
            !is_publisher(&format!("Bearer {secret}x"), &secrets) || valid.contains(&format!("{secret}x"))
        );
        assert!(!is_publisher(&format!("Basic {secret}"), &secrets));
    }

    offered_is_judged(&id, &timestamp, &signatures, body, &valid, &secrets);
    for key in valid.iter().flat_map(|secret| keys(secret)) {
        true_is_let_in(if id.is_empty() { "msg" } else { &id }, &key, body, &valid, &secrets);
    }
}

/// A line that is a secret, as it is configured: without white space around it.
fn secret(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let result = Secret::parse(text).map(|secret| secret.is_some());
    let is_unusable = trimmed.strip_prefix("whsec_").is_some_and(|rest| decoded(rest).is_none());
    if is_unusable {
        assert_eq!(result, Err(SecretError::NotBase64));
        return None;
    }
    assert_eq!(result, Ok(!trimmed.is_empty()));
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn decoded(base64: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(base64).ok().filter(|bytes| !bytes.is_empty())?;
    assert_eq!(STANDARD.encode(&bytes), base64, "bytes have one text");
    Some(bytes)
}

/// The keys that a secret may be signed with: its own bytes, and those that its base64 stands for.
fn keys(secret: &str) -> Vec<Vec<u8>> {
    let base64 = secret.strip_prefix("whsec_").unwrap_or(secret);
    std::iter::once(secret.as_bytes().to_vec()).chain(decoded(base64)).collect()
}

fn is_bearer(authorization: &str, valid: &[String]) -> bool {
    let bytes = authorization.as_bytes();
    bytes.len() > 7
        && bytes[..6].eq_ignore_ascii_case(b"bearer")
        && bytes[6] == b' '
        && valid.iter().any(|secret| authorization[7..].trim() == secret)
}

fn signed(id: &str, timestamp: &str, body: &[u8], key: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn verified(
    [id, timestamp, signatures]: [&str; 3],
    body: &[u8],
    secrets: &PublisherSecrets,
) -> Option<Result<(), SignatureError>> {
    let header = |text: &str| Some(text.to_owned());
    let signature = WebhookSignature::from_headers(header(id), header(timestamp), header(signatures))?;
    assert_eq!(signature.id(), id);
    let result = signature.verify(secrets, NOW, body);
    match signature.check_time(NOW) {
        Ok(()) => assert!(matches!(result, Ok(()) | Err(SignatureError::NoMatch))),
        Err(error) => assert_eq!(result, Err(error)),
    }
    Some(result)
}

/// What a stranger offers is valid only if it is, to the letter, what a holder of a secret would have written.
fn offered_is_judged(
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    valid: &[String],
    secrets: &PublisherSecrets,
) {
    let result = verified([id, timestamp, signatures], body, secrets);
    if [id, timestamp, signatures].contains(&"") {
        assert_eq!(result, None);
        return;
    }
    let is_true = |offered: &str| {
        valid.iter().flat_map(|secret| keys(secret)).any(|key| signed(id, timestamp, body, &key) == offered)
    };
    let is_number = timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let expected = match timestamp.parse::<u64>() {
        Ok(seconds) if is_number => {
            if NOW_IN_SECONDS.abs_diff(seconds) > TOLERANCE_IN_SECONDS {
                Err(SignatureError::OutsideTolerance)
            } else if signatures.split(' ').any(is_true) {
                Ok(())
            } else {
                Err(SignatureError::NoMatch)
            }
        }
        _ => Err(SignatureError::NoTimestamp),
    };
    assert_eq!(result, Some(expected));
}

/// A true signature is valid at both ends of the tolerance and beside others, and for nothing else.
fn true_is_let_in(id: &str, key: &[u8], body: &[u8], valid: &[String], secrets: &PublisherSecrets) {
    for (seconds, expected) in [
        (NOW_IN_SECONDS - TOLERANCE_IN_SECONDS - 1, Err(SignatureError::OutsideTolerance)),
        (NOW_IN_SECONDS - TOLERANCE_IN_SECONDS, Ok(())),
        (NOW_IN_SECONDS + TOLERANCE_IN_SECONDS, Ok(())),
        (NOW_IN_SECONDS + TOLERANCE_IN_SECONDS + 1, Err(SignatureError::OutsideTolerance)),
    ] {
        let timestamp = seconds.to_string();
        let signature = signed(id, &timestamp, body, key);
        assert_eq!(verified([id, &timestamp, &signature], body, secrets), Some(expected));
    }
    let now = NOW_IN_SECONDS.to_string();
    let signature = signed(id, &now, body, key);
    let check =
        |id: &str, signatures: &str, body: &[u8]| verified([id, &now, signatures], body, secrets).unwrap();
    assert_eq!(check(id, &format!("v1a,x v1,AAAA  {signature} v1,"), body), Ok(()));
    let no_match = Err(SignatureError::NoMatch);
    assert_eq!(check(id, &signature, &[body, b" "].concat()), no_match);
    assert_eq!(check(&format!("{id}x"), &signature, body), no_match);
    assert_eq!(check(id, &signature.replace("v1,", "v2,"), body), no_match);
    assert_eq!(check(id, signature.trim_end_matches('='), body), no_match);
    assert_eq!(check(id, &signed(id, &now, body, b"another key of nobody's"), body), no_match, "{valid:?}");
}
