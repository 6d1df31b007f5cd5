//! Signatures that wallets make: ed25519, strictly verified. It must not know what is signed.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, VerifyingKey};

use crate::core::wallet::Wallet;

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Whether `text` is a wallet's signature of `message`: base58, or base64 of either alphabet, padded or not.
///
/// Strict: keys of small order, whose signatures are valid for more than one message, prove nothing, and nobody can
/// sign with an address that is no point of the curve, as those of programs are.
#[must_use]
pub fn is_signed(message: &str, text: &str, wallet: &Wallet) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(wallet.key()) else {
        return false;
    };
    let verifies = |bytes: &[u8; SIGNATURE_LENGTH]| {
        key.verify_strict(message.as_bytes(), &Signature::from_bytes(bytes)).is_ok()
    };
    readings(text).any(|bytes| verifies(&bytes))
}

/// The signatures that a text may stand for. Few texts have more than one reading, but some do: each is tried.
fn readings(text: &str) -> impl Iterator<Item = [u8; SIGNATURE_LENGTH]> + '_ {
    [base58(text), base64(text, &STANDARD), base64(text, &URL_SAFE)].into_iter().flatten()
}

fn base58(text: &str) -> Option<[u8; SIGNATURE_LENGTH]> {
    let mut bytes = [0; SIGNATURE_LENGTH];
    let length = bs58::decode(text).onto(&mut bytes).ok()?;
    (length == SIGNATURE_LENGTH).then_some(bytes)
}

fn base64(text: &str, alphabet: &Alphabet) -> Option<[u8; SIGNATURE_LENGTH]> {
    GeneralPurpose::new(alphabet, ANY_PADDING).decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{
        STANDARD as PADDED, STANDARD_NO_PAD, URL_SAFE as URL_PADDED, URL_SAFE_NO_PAD,
    };
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn wallet(key: &[u8; 32]) -> Wallet {
        Wallet::parse(&bs58::encode(key).into_string()).unwrap()
    }

    fn signer(seed: u8) -> (SigningKey, Wallet) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let wallet = wallet(key.verifying_key().as_bytes());
        (key, wallet)
    }

    #[test]
    fn a_signature_may_come_in_base58_or_any_base64() {
        let (key, wallet) = signer(1);
        for message in ["", "one", "two", "three"] {
            let signature = key.sign(message.as_bytes()).to_bytes();
            for text in [
                bs58::encode(signature).into_string(),
                PADDED.encode(signature),
                STANDARD_NO_PAD.encode(signature),
                URL_PADDED.encode(signature),
                URL_SAFE_NO_PAD.encode(signature),
            ] {
                assert!(is_signed(message, &text, &wallet), "{text}");
                assert!(!is_signed("other", &text, &wallet), "{text}");
            }
        }
    }

    #[test]
    fn another_wallets_signature_and_garbage_are_none() {
        let ((key, wallet), (_, other)) = (signer(1), signer(2));
        let signature = bs58::encode(key.sign(b"message").to_bytes()).into_string();
        assert!(!is_signed("message", &signature, &other));
        for garbage in ["", "1", "====", "é", &"1".repeat(64), &"A".repeat(88), signature.split_at(1).1] {
            assert!(!is_signed("message", garbage, &wallet), "{garbage}");
        }
    }

    /// For a key of small order, all zeros after the key's own encoding is a signature of anything, unless one looks.
    #[test]
    fn a_key_of_small_order_proves_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        let key = VerifyingKey::from_bytes(&identity).unwrap();
        assert!(ed25519_dalek::Verifier::verify(&key, b"any", &Signature::from_bytes(&signature)).is_ok());
        assert!(!is_signed("any", &bs58::encode(signature).into_string(), &wallet(&identity)));
    }

    /// All points of small order, in each of their texts: some of them are written larger than the field, which most
    /// libraries read all the same.
    #[test]
    fn no_key_of_small_order_proves_anything_however_it_is_written() {
        const EIGHTH: [u8; 32] = [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ];
        const OTHER_EIGHTH: [u8; 32] = [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ];
        // A small number, and one that is as near to 2^255.
        let number = |first: u8, middle: u8, last: u8| {
            let mut text = [middle; 32];
            (text[0], text[31]) = (first, last);
            text
        };
        let small = [0, 1].map(|byte| number(byte, 0, 0));
        let large = [0xec, 0xed, 0xee].map(|byte| number(byte, 0xff, 0x7f));
        for mut key in [&small[..], &large, &[EIGHTH, OTHER_EIGHTH]].concat() {
            for sign in [0, 0x80] {
                key[31] ^= sign;
                for point in [key, small[0], small[1]] {
                    let signature = bs58::encode([point, [0; 32]].concat()).into_string();
                    for message in ["any", "other"] {
                        assert!(!is_signed(message, &signature, &wallet(&key)), "{key:?}");
                    }
                }
            }
        }
    }

    /// The last letter of 64 bytes in base64 holds four bits that stand for nothing.
    #[test]
    fn bits_that_stand_for_nothing_are_none() {
        let (key, wallet) = signer(1);
        let text = STANDARD_NO_PAD.encode(key.sign(b"message").to_bytes());
        let (rest, last) = text.split_at(text.len() - 1);
        let next = last.bytes().map(|letter| char::from(letter + 1)).collect::<String>();
        assert!(is_signed("message", &text, &wallet) && "AQgw".contains(last));
        assert!(!is_signed("message", &format!("{rest}{next}"), &wallet));
    }

    #[test]
    fn nobody_signs_for_an_address_off_the_curve() {
        let off_the_curve =
            (0..=u8::MAX).map(|byte| [byte; 32]).find(|key| VerifyingKey::from_bytes(key).is_err());
        let program = wallet(&off_the_curve.unwrap());
        assert!(!is_signed("any", &"1".repeat(64), &program));
    }

    /// S is unique: the same signature with the group's order added to S is another text of it.
    #[test]
    fn a_signature_that_was_made_over_is_none() {
        const ORDER: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let (key, wallet) = signer(1);
        let mut signature = key.sign(b"message").to_bytes();
        let mut carry = 0;
        for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            [*byte, _] = sum.to_le_bytes();
            carry = sum >> 8;
        }
        assert!(!is_signed("message", &bs58::encode(signature).into_string(), &wallet));
    }
}
