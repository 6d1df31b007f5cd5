//! The keys that a market knows as one short text: there are thousands of them, and they are stored again and again. It
//! must not know what the keys are of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::core::market::known::{Known, KnownKey};
use crate::core::publication::Seq;

/// Each key's fingerprint in 8 bytes, then how much its place, and how much its time, is after those of the key before
/// it: numbers of 7 bits a byte, the lowest first.
pub(super) fn encode(known: &Known) -> String {
    let mut bytes = Vec::new();
    let (mut seq, mut since) = (0, 0);
    for key in known.iter() {
        bytes.extend(key.fingerprint.to_le_bytes());
        push_number(&mut bytes, key.seq.get().wrapping_sub(seq));
        push_number(&mut bytes, key.since.wrapping_sub(since));
        (seq, since) = (key.seq.get(), key.since);
    }
    STANDARD_NO_PAD.encode(bytes)
}

/// Reads [`encode`]; `None` for what was never written.
pub(super) fn decode(text: &str) -> Option<Known> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let mut rest = bytes.as_slice();
    let mut keys: Vec<KnownKey> = Vec::new();
    let (mut seq, mut since) = (0_u64, 0_u64);
    while let Some((fingerprint, after)) = rest.split_first_chunk() {
        rest = after;
        seq = seq.wrapping_add(take_number(&mut rest)?);
        since = since.wrapping_add(take_number(&mut rest)?);
        keys.push(KnownKey { fingerprint: u64::from_le_bytes(*fingerprint), seq: Seq::new(seq), since });
    }
    rest.is_empty().then(|| Known::load(keys))
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while let Some(low) = u8::try_from(number & 0x7f).ok().filter(|_| number > 0x7f) {
        bytes.push(low | 0x80);
        number >>= 7;
    }
    bytes.extend(u8::try_from(number));
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::core::market::known::MAX_KNOWN;

    proptest! {
        #[test]
        fn keys_are_read_as_they_were_written(keys in vec(any::<(u64, u64, u64)>(), 0..20)) {
            let key = |(fingerprint, seq, since)| KnownKey { fingerprint, seq: Seq::new(seq), since };
            let known = Known::load(keys.into_iter().map(key));
            prop_assert_eq!(decode(&encode(&known)), Some(known));
        }

        #[test]
        fn what_was_never_written_is_nothing(bytes in vec(any::<u8>(), 0..40)) {
            if let Some(known) = decode(&STANDARD_NO_PAD.encode(bytes)) {
                prop_assert_eq!(decode(&encode(&known)), Some(known));
            }
        }
    }

    #[test]
    fn what_ends_too_early_is_nothing() {
        for bytes in [&[1_u8; 9][..], &[1; 7], &[0xff; 30]] {
            assert_eq!(decode(&STANDARD_NO_PAD.encode(bytes)), None, "{bytes:?}");
        }
        assert_eq!((decode("!"), decode("")), (None, Some(Known::default())));
    }

    #[test]
    fn a_full_list_is_small() {
        let key = |number: u64| KnownKey {
            fingerprint: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            seq: Seq::new(1_000_000 + 2 * number),
            since: 1_800_000_000 + number / 20,
        };
        let known = Known::load((0..MAX_KNOWN as u64).map(key));
        assert!(encode(&known).len() <= MAX_KNOWN * 14, "{}", encode(&known).len());
    }
}
