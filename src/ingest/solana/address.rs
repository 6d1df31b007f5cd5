//! Whose an address can be. It must not know a transaction.

use ed25519_dalek::VerifyingKey;

use crate::core::wallet::Wallet;

/// Whose an address can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// On the ed25519 curve: there may be a key to it.
    Wallet,
    /// Off the curve: a program's own.
    Program,
    /// No address at all.
    Invalid,
}

impl AddressKind {
    /// Looks at an address in base58. It takes some microseconds.
    #[must_use]
    pub fn of(address: &str) -> Self {
        match Wallet::parse(address) {
            Err(_) => Self::Invalid,
            Ok(wallet) if VerifyingKey::from_bytes(wallet.key()).is_ok() => Self::Wallet,
            Ok(_) => Self::Program,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_on_the_curve_and_a_programs_own_address_is_not() {
        let of = AddressKind::of;
        assert_eq!(of("11111111111111111111111111111111"), AddressKind::Wallet);
        assert_eq!(of("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"), AddressKind::Wallet);
        assert_eq!(of("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1"), AddressKind::Program);
        for text in ["", "So1111", "not base58: 0OIl"] {
            assert_eq!(of(text), AddressKind::Invalid, "{text}");
        }
    }
}
