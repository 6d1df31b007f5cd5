//! A Solana wallet's address. It must not know how a wallet proves that it is one's own.

use std::fmt;

use thiserror::Error;

/// Bytes of an ed25519 public key.
pub const KEY_BYTES: usize = 32;

/// A wallet: an ed25519 public key, and the one base58 text of it. Whether the key is one that somebody can sign with
/// is not checked here: an address off the curve belongs to a program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wallet {
    key: [u8; KEY_BYTES],
    text: String,
}

/// Why a text is no [`Wallet`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a wallet is a public key of 32 bytes, in base58")]
pub struct WalletError;

impl Wallet {
    /// Reads a wallet from base58.
    ///
    /// # Errors
    /// [`WalletError`].
    pub fn parse(text: &str) -> Result<Self, WalletError> {
        let mut key = [0; KEY_BYTES];
        match bs58::decode(text).onto(&mut key) {
            Ok(KEY_BYTES) => Ok(Self { key, text: text.to_owned() }),
            _ => Err(WalletError),
        }
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> &[u8; KEY_BYTES] {
        &self.key
    }

    /// Its base58 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Wallet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_32_bytes_of_base58() {
        let text = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
        let wallet = Wallet::parse(text).unwrap();
        assert_eq!((wallet.as_str(), wallet.key().len()), (text, 32));
        assert!(Wallet::parse("11111111111111111111111111111111").is_ok(), "the system program's");
        for other in ["", "1", "0OIl", &format!("{text}{text}"), &format!(" {text}"), "DROP"] {
            assert_eq!(Wallet::parse(other), Err(WalletError), "{other}");
        }
    }
}
