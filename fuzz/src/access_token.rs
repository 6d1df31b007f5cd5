//! What has to hold of tokens: who has a secret or a key can say who somebody is, and nobody else, whatever is sent. It
//! must not know what a token opens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use glow_broadcast::auth::json_web_token::TokenError;
use glow_broadcast::auth::key_set::KeySet;
use glow_broadcast::auth::signing_secret::{SigningSecret, SigningSecrets};
use glow_broadcast::auth::trust::{self, Provider, Trust};
use glow_broadcast::auth::{access_token, credentials::Credentials};
use glow_broadcast::core::access::{Identity, Subject};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::wallet::Wallet;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const NOW_IN_SECONDS: f64 = 1_700_000_000.0;
const SKEW_IN_SECONDS: f64 = 60.0;
const MOST_BYTES: usize = 8_192;

const OWN_SECRET: &str = "the service's own secret, of more than 32 bytes";
const PROVIDER_SECRET: &str = "the provider's secret, of more than 32 bytes too";
const WALLET: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

/// The input is a key set, a header, claims, each on a line, and then a token as it is sent. The header and claims are
/// tried with each of the signatures that a stranger could make, and with those that only the two holders of a secret
/// can. It is 22:13:20 GMT on 14 November 2023.
pub fn access_token(bytes: &[u8]) {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let [keys, header, claims] = std::array::from_fn(|_| line());
    let sent = String::from_utf8_lossy(line()).into_owned();
    let keys = KeySet::parse(keys).unwrap_or_default();

    what_is_sent_is_judged(&sent, &keys);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    for signature in [vec![], vec![0; 32], vec![0; 64], vec![0; 256], hmac(&signed, b"")] {
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert!(trust::verify(&token, &trust(), &keys, NOW).is_err(), "{token}");
    }
    for secret in [OWN_SECRET, PROVIDER_SECRET] {
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac(&signed, secret.as_bytes())));
        is_what_it_says(&token, secret, header, claims, &keys);
    }
    an_issued_token_comes_back(&keys);
    credentials_are_found(&sent);
}

fn trust() -> Trust {
    let secret = |text| SigningSecret::parse(text).unwrap().unwrap();
    let provider = Provider { secret: Some(secret(PROVIDER_SECRET)), has_keys: true, ..Provider::default() };
    Trust { own: Some(SigningSecrets::new(secret(OWN_SECRET), None)), provider }
}

fn hmac(signed: &str, key: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A token from nowhere is accepted only if it ends in a signature by one of the secrets. (Nobody has the private keys
/// of a key set that a fuzzer made up.)
fn what_is_sent_is_judged(sent: &str, keys: &KeySet) {
    let result = trust::verify(sent, &trust(), keys, NOW);
    if sent.len() > MOST_BYTES {
        assert_eq!(result, Err(TokenError::TooLong));
    }
    let is_by = |secret: &str| {
        sent.rsplit_once('.').is_some_and(|(signed, signature)| {
            URL_SAFE_NO_PAD.encode(hmac(signed, secret.as_bytes())) == signature
        })
    };
    assert!(result.is_err() || is_by(OWN_SECRET) || is_by(PROVIDER_SECRET), "{sent}");
    // It is asked before it is verified, and must not fail.
    let _ = trust::takes_keys(sent, &trust());
}

/// Whoever signed with a secret is believed what the rules allow its holder to say, and no more.
fn is_what_it_says(token: &str, secret: &str, header: &[u8], claims: &[u8], keys: &KeySet) {
    let result = trust::verify(token, &trust(), keys, NOW);
    let Ok(identity) = result else { return };
    // An ordinary parser may stop at what the service leaves aside, such as a number that is too large.
    let (Some(header), Some(claims)) = (object(header), object(claims)) else { return };
    assert_eq!(header.get("alg").and_then(Value::as_str), Some("HS256"));
    assert!(header.get("crit").is_none_or(Value::is_null));
    let exp = claims["exp"].as_f64().expect("a token that never expires was accepted");
    assert!(exp > NOW_IN_SECONDS, "{exp}");
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "accepted times are positive")]
    let expected = UnixMillis::LAST.0.min((exp * 1_000.0) as u64);
    assert!(identity.expires.0.abs_diff(expected) <= 1, "{exp}");
    assert!(
        claims.get("nbf").and_then(Value::as_f64).is_none_or(|nbf| nbf <= NOW_IN_SECONDS + SKEW_IN_SECONDS)
    );
    let subject = claims["sub"].as_str().expect("a token that names nobody was accepted");
    let is_own = claims.get("iss").and_then(Value::as_str) == Some("glow-broadcast");
    assert_eq!(secret == OWN_SECRET, is_own, "each holder speaks for itself");
    match &identity.subject {
        Subject::Wallet(wallet) => assert!(is_own && wallet.as_str() == subject),
        Subject::Account(name) => assert!(!is_own && name == subject && !name.is_empty()),
    }
    // A signature is for its text alone.
    let changed = token.replacen('.', "A.", 1);
    assert!(trust::verify(&changed, &trust(), keys, NOW).is_err());
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_str(std::str::from_utf8(bytes).expect("what is no text was accepted")).ok()
}

fn an_issued_token_comes_back(keys: &KeySet) {
    let wallet = Wallet::parse(WALLET).unwrap();
    let token = access_token::issue(&trust().own.unwrap(), &wallet, NOW);
    let expires = NOW.later_by(3_600_000);
    assert_eq!(
        trust::verify(&token, &trust(), keys, NOW),
        Ok(Identity { subject: Subject::Wallet(wallet), expires })
    );
}

/// Headers of any text are read, and the subprotocol that is answered is one of those that were offered.
fn credentials_are_found(text: &str) {
    let Credentials { token, subprotocol } = Credentials::from_headers(Some(text), Some(text));
    assert!(token.is_none_or(|token| !token.is_empty() && text.contains(&token)));
    assert!(subprotocol.is_none_or(|name| text.split(',').any(|offered| offered.trim() == name)));
    let found = Credentials::from_headers(None, Some("glow, bearer.a.b.c"));
    assert_eq!((found.token.as_deref(), found.subprotocol.as_deref()), (Some("a.b.c"), Some("glow")));
}
