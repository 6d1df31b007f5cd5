//! Signing in with a wallet: the text that is signed, and whether it was. It must not know which nonces were used
//! already.
//! Source of the text: <https://github.com/phantom/sign-in-with-solana>

use thiserror::Error;

use super::nonce::{Audience, Nonce, RANDOM_BYTES};
use super::signing_secret::SigningSecrets;
use super::wallet_signature;
use crate::core::time::UnixMillis;
use crate::core::wallet::Wallet;

/// What somebody who signs in is told by their wallet.
const STATEMENT: &str = "Sign in to read what is private to this wallet. It costs nothing and moves nothing.";

/// What somebody has to sign to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// What makes it good for one sign-in.
    pub nonce: Nonce,
    /// The text to be signed, to the letter.
    pub message: String,
}

/// What somebody offers as a proof: everything as it came.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The wallet, in base58.
    pub wallet: &'a str,
    /// The nonce of the challenge.
    pub nonce: &'a str,
    /// The signature of the challenge's message, in base58 or base64.
    pub signature: &'a str,
}

/// A sign-in that is good if its nonce was never used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who signed.
    pub wallet: Wallet,
    /// The nonce, to be used up.
    pub nonce: Nonce,
}

/// An offer that proves nothing. What is wrong with it is not told.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "this is no valid sign-in: get a nonce, sign its message with the wallet's key, and use it once, in time"
)]
pub struct NotSignedIn;

/// A new challenge for a wallet, by the service at `audience.origin`. Its text names the page's origin, where that may be
/// named: wallets compare it with the page that they see.
#[must_use]
pub fn challenge(
    secrets: &SigningSecrets,
    audience: Audience<'_>,
    page: Option<&str>,
    random: [u8; RANDOM_BYTES],
    now: UnixMillis,
) -> Challenge {
    let nonce = Nonce::issue(secrets, audience, page, random, now);
    Challenge { message: message(audience, &nonce), nonce }
}

/// Judges an offer made to the service at `origin`.
///
/// # Errors
/// [`NotSignedIn`].
pub fn verify(
    secrets: &SigningSecrets,
    origin: &str,
    offer: Offer<'_>,
    now: UnixMillis,
) -> Result<Proof, NotSignedIn> {
    let wallet = Wallet::parse(offer.wallet).map_err(|_| NotSignedIn)?;
    let audience = Audience { wallet: &wallet, origin };
    let nonce = Nonce::open(offer.nonce, secrets, audience, now).ok_or(NotSignedIn)?;
    if wallet_signature::is_signed(&message(audience, &nonce), offer.signature, &wallet) {
        Ok(Proof { wallet, nonce })
    } else {
        Err(NotSignedIn)
    }
}

fn message(Audience { wallet, origin }: Audience<'_>, nonce: &Nonce) -> String {
    let origin = nonce.page().unwrap_or(origin);
    let domain = origin.split_once("://").map_or(origin, |(_, domain)| domain);
    let (issued, expires) = (nonce.issued().to_rfc_3339(), nonce.expires().to_rfc_3339());
    let nonce = nonce.as_str();
    format!(
        "{domain} wants you to sign in with your Solana account:\n{wallet}\n\n{STATEMENT}\n\nURI: {origin}\n\
         Version: 1\nChain ID: mainnet\nNonce: {nonce}\nIssued At: {issued}\nExpiration Time: {expires}"
    )
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::super::signing_secret::SigningSecret;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_999);
    const ORIGIN: &str = "http://localhost:8787";

    struct Signer {
        key: SigningKey,
        wallet: Wallet,
    }

    impl Signer {
        fn new(seed: u8) -> Self {
            let key = SigningKey::from_bytes(&[seed; 32]);
            let wallet = Wallet::parse(&bs58::encode(key.verifying_key()).into_string()).unwrap();
            Self { key, wallet }
        }

        fn challenge(&self) -> Challenge {
            self.challenge_for(None)
        }

        fn challenge_for(&self, page: Option<&str>) -> Challenge {
            challenge(&secrets(), Audience { wallet: &self.wallet, origin: ORIGIN }, page, [9; 16], NOW)
        }

        fn sign(&self, message: &str) -> String {
            bs58::encode(self.key.sign(message.as_bytes()).to_bytes()).into_string()
        }
    }

    fn secrets() -> SigningSecrets {
        SigningSecrets::new(SigningSecret::parse(&"s".repeat(32)).unwrap().unwrap(), None)
    }

    fn judge(wallet: &Wallet, nonce: &str, signature: &str, now: UnixMillis) -> Result<Proof, NotSignedIn> {
        verify(&secrets(), ORIGIN, Offer { wallet: wallet.as_str(), nonce, signature }, now)
    }

    #[test]
    fn the_message_is_a_sign_in_with_solana_text() {
        let signer = Signer::new(1);
        let Challenge { nonce, message } = signer.challenge();
        let expected = [
            "localhost:8787 wants you to sign in with your Solana account:",
            signer.wallet.as_str(),
            "",
            STATEMENT,
            "",
            "URI: http://localhost:8787",
            "Version: 1",
            "Chain ID: mainnet",
            &format!("Nonce: {}", nonce.as_str()),
            "Issued At: 2023-11-14T22:13:20.000Z",
            "Expiration Time: 2023-11-14T22:18:20.000Z",
        ];
        assert_eq!(message.split('\n').collect::<Vec<_>>(), expected);
    }

    #[test]
    fn who_signs_the_message_in_time_is_signed_in() {
        let signer = Signer::new(1);
        let Challenge { nonce, message } = signer.challenge();
        let proof = judge(&signer.wallet, nonce.as_str(), &signer.sign(&message), NOW);
        assert_eq!(proof, Ok(Proof { wallet: signer.wallet, nonce }));
    }

    #[test]
    fn the_message_names_the_page_that_asked_and_another_page_makes_another_nonce() {
        let signer = Signer::new(1);
        let Challenge { nonce, message } = signer.challenge_for(Some("https://app.glow.trade"));
        assert!(
            message.starts_with("app.glow.trade wants you to sign in with your Solana account:\n"),
            "{message}"
        );
        assert!(message.contains("\nURI: https://app.glow.trade\n"), "{message}");
        assert_eq!(message.split('\n').count(), 11);
        let signature = signer.sign(&message);
        let proof = judge(&signer.wallet, nonce.as_str(), &signature, NOW);
        assert_eq!(proof, Ok(Proof { wallet: signer.wallet.clone(), nonce }));
        for other in [signer.challenge(), signer.challenge_for(Some("https://app.glow.trade.evil"))] {
            let refused = judge(&signer.wallet, other.nonce.as_str(), &signature, NOW);
            assert_eq!(refused, Err(NotSignedIn));
        }
    }

    #[test]
    fn nothing_else_is_a_sign_in() {
        let (ana, ben) = (Signer::new(1), Signer::new(2));
        let Challenge { nonce, message } = ana.challenge();
        let (nonce, signature) = (nonce.as_str(), ana.sign(&message));
        let refused = Err(NotSignedIn);
        assert_eq!(judge(&ben.wallet, nonce, &ben.sign(&message), NOW), refused, "another wallet's nonce");
        assert_eq!(
            judge(&ana.wallet, nonce, &ben.sign(&message), NOW),
            refused,
            "another wallet's signature"
        );
        assert_eq!(judge(&ana.wallet, nonce, &ana.sign(&format!("{message}\n")), NOW), refused, "changed");
        assert_eq!(judge(&ana.wallet, "nonce", &signature, NOW), refused, "no nonce");
        assert_eq!(judge(&ana.wallet, nonce, "signature", NOW), refused, "no signature");
        assert_eq!(judge(&ana.wallet, nonce, &signature, NOW.later_by(300_000)), refused, "expired");
        let offer = Offer { wallet: ana.wallet.as_str(), nonce, signature: &signature };
        assert_eq!(verify(&secrets(), "https://evil.example", offer, NOW), refused, "another service");
        assert_eq!(verify(&secrets(), ORIGIN, Offer { wallet: "ana", ..offer }, NOW), refused, "no wallet");
    }
}
