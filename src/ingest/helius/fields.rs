//! Fields that both shapes of a transaction have. It must not know where they stand.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::value::RawValue;

use crate::core::tick::ChainTime;
use crate::core::time::{UnixMillis, unix_seconds};
use crate::core::wallet::Wallet;
use crate::ingest::solana::{MAX_SIGNATURE, Misunderstood};
use crate::wire::number::whole;

/// A whole number from 0 on.
pub(super) fn natural(value: &RawValue) -> Option<u64> {
    whole(value).and_then(|number| u64::try_from(number).ok())
}

/// Whether what is said of an error says that there was one.
pub(super) fn has_failed(error: &RawValue) -> bool {
    !matches!(error.get(), "null" | "false" | "0" | "\"\"")
}

pub(super) fn signature_of(text: Option<Cow<'_, str>>) -> Result<Rc<str>, Misunderstood> {
    let signature = text.filter(|text| (1..=MAX_SIGNATURE).contains(&text.len()));
    signature.map(Rc::from).ok_or(Misunderstood::NoSignature)
}

pub(super) fn address_of(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    Wallet::parse(&text).is_ok().then_some(text)
}

/// The time of a transaction that came at `received`, where it doesn't say its own.
pub(super) fn time_of(timestamp: Option<u64>, slot: Option<u64>, received: UnixMillis) -> ChainTime {
    let timestamp = timestamp.and_then(unix_seconds).unwrap_or(received.seconds());
    ChainTime { timestamp, slot: slot.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_says_no_is_none() {
        for (json, failed) in [
            ("null", false),
            ("false", false),
            ("0", false),
            ("\"\"", false),
            ("true", true),
            ("{\"InstructionError\":[0,{\"Custom\":1}]}", true),
            ("\"AccountInUse\"", true),
        ] {
            assert_eq!(has_failed(serde_json::from_str(json).unwrap()), failed, "{json}");
        }
    }
}
