//! What has to hold of sign-ins: who has a wallet's key can sign in, and nobody else, whatever is sent. It must not know
//! what a sign-in opens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use glow_broadcast::auth::nonce::Audience;
use glow_broadcast::auth::sign_in::{self, Challenge, NotSignedIn, Offer};
use glow_broadcast::auth::signing_secret::{SigningSecret, SigningSecrets};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::wallet::Wallet;
use glow_broadcast::wire::sign_in as bodies;
use serde_json::Value;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const ORIGIN: &str = "https://broadcast.glow.trade";
const RANDOM: [u8; 16] = [7; 16];

/// The input is the body of a sign-in. What it offers is tried as it is, and each part of it beside true ones. It is
/// 22:13:20 GMT on 14 November 2023.
pub fn sign_in(bytes: &[u8]) {
    bodies_are_judged(bytes);
    let offered = bodies::verify_request(bytes);
    let (wallet, nonce, signature) = match &offered {
        Ok(request) => (request.wallet.as_str(), request.nonce.as_str(), request.signature.as_str()),
        Err(_) => ("", "", ""),
    };
    let key = SigningKey::from_bytes(&[1; 32]);
    let own = Wallet::parse(&bs58::encode(key.verifying_key()).into_string()).unwrap();
    let Challenge { nonce: true_nonce, message } = challenge(&own);
    let true_signature = key.sign(message.as_bytes()).to_bytes();
    let true_nonce = true_nonce.as_str();

    for text in [
        bs58::encode(true_signature).into_string(),
        STANDARD.encode(true_signature),
        URL_SAFE_NO_PAD.encode(true_signature),
    ] {
        assert!(judge(own.as_str(), true_nonce, &text).is_ok());
        // Beside one true part, what is sent is good only if it is the true one.
        assert_eq!(judge(own.as_str(), nonce, &text).is_ok(), nonce == true_nonce, "{nonce}");
        assert_eq!(judge(wallet, true_nonce, &text).is_ok(), wallet == own.as_str(), "{wallet}");
    }
    let is_true = [bs58::decode(signature).into_vec().ok(), base64(signature)]
        .into_iter()
        .flatten()
        .any(|bytes| bytes == true_signature);
    assert_eq!(judge(own.as_str(), true_nonce, signature).is_ok(), is_true, "{signature}");
    if nonce != true_nonce {
        assert_eq!(judge(wallet, nonce, signature), Err(NotSignedIn));
    }
    // A message for any wallet has one line for each thing it says, whatever the wallet's text was.
    if let Ok(wallet) = Wallet::parse(wallet) {
        assert_eq!(challenge(&wallet).message.split('\n').count(), 11);
    }
}

fn secrets() -> SigningSecrets {
    let secret = SigningSecret::parse("the service's own secret, of more than 32 bytes").unwrap().unwrap();
    SigningSecrets::new(secret, None)
}

fn challenge(wallet: &Wallet) -> Challenge {
    sign_in::challenge(&secrets(), Audience { wallet, origin: ORIGIN }, None, RANDOM, NOW)
}

fn judge(wallet: &str, nonce: &str, signature: &str) -> Result<(), NotSignedIn> {
    sign_in::verify(&secrets(), ORIGIN, Offer { wallet, nonce, signature }, NOW).map(|_| ())
}

/// Base64 of either alphabet, padded, half padded or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    let is_mixed = text.contains(['+', '/']) && text.contains(['-', '_']);
    let unpadded = match text.trim_end_matches('=') {
        unpadded if text.len() - unpadded.len() <= 2 => unpadded,
        _ => text,
    };
    let url_safe = unpadded.replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(url_safe).ok().filter(|_| !is_mixed)
}

/// A body is accepted only if it is an object that has what is asked for, as an ordinary parser reads it.
fn bodies_are_judged(bytes: &[u8]) {
    let (nonce_request, verify_request) = (bodies::nonce_request(bytes), bodies::verify_request(bytes));
    assert!(nonce_request.is_ok() || verify_request.is_err());
    // An ordinary parser may stop at what the service leaves aside, such as half of a surrogate pair.
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let text = |name: &str| value.as_object()?.get(name)?.as_str().map(str::to_owned);
    if let Ok(request) = nonce_request {
        assert_eq!(Some(request.wallet), text("wallet"));
    }
    if let Ok(request) = verify_request {
        let given = [request.wallet, request.nonce, request.signature];
        assert_eq!(given.map(Some), [text("wallet"), text("nonce"), text("signature")]);
    }
}
