//! What has to hold of a handshake's query: what it asks for is understood however it is spelt, and survives the way to
//! the room. It must not know whether it can be had.

use glow_broadcast::core::epoch::Epoch;
use glow_broadcast::core::event::Resume;
use glow_broadcast::wire::query::Repeated;
use glow_broadcast::wire::subscription::{QueryError, Subscription, decode, encode};
use percent_encoding::percent_encode_byte;

const LARGEST_SINCE: u64 = 9_007_199_254_740_991;

/// The input is the query. One that is no UTF-8 never reaches the service: a URL is a text.
pub fn subscription_query(bytes: &[u8]) {
    let Ok(query) = std::str::from_utf8(bytes) else { return };
    let result = decode(query);
    let bare = query.strip_prefix('?').unwrap_or(query);
    let parameters: Vec<(&str, &str)> =
        bare.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();

    assert_eq!(decode(&format!("?{bare}")), result);
    assert_eq!(decode(&format!("{query}&Since=x&token=SOL&")), result, "others' parameters change nothing");
    let backwards = written(parameters.iter().rev().map(|(name, value)| format!("{name}={value}")));
    assert_eq!(decode(&backwards), result, "{backwards}");
    let escaped = written(parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))));
    assert_eq!(decode(&escaped), result, "{escaped}");

    let values = |wanted| parameters.iter().filter(move |(name, _)| *name == wanted).map(|(_, value)| *value);
    let [since, epoch, batch] = ["since", "epoch", "batch"].map(|name| values(name).collect::<Vec<_>>());
    match result {
        Ok(subscription) => {
            assert!(since.len() <= 1 && epoch.len() <= 1 && batch.len() <= 1);
            assert_eq!(
                decode(&encode(&subscription)),
                Ok(subscription),
                "the room reads what the Worker read"
            );
            assert_eq!(subscription.batch, batch.first().is_some_and(|value| unescaped(value) == b"1"));
            let asked = since.first().map(|value| number(&unescaped(value)));
            assert!(asked.is_none_or(|since| since <= LARGEST_SINCE));
            assert_eq!(subscription.resume.map(|Resume { since, .. }| since.get()), asked);
            if let Some(Resume { epoch: known @ (Epoch::Began(_) | Epoch::Unborn(_)), .. }) =
                subscription.resume
            {
                assert_eq!(known.to_string().as_bytes(), unescaped(epoch[0]), "an epoch has one text");
            }
            assert_eq!(subscription.resume.is_some(), epoch.first().is_some_and(|value| !value.is_empty()));
            if since.is_empty() && epoch.is_empty() && batch.is_empty() {
                assert_eq!(subscription, Subscription::default());
            }
        }
        Err(QueryError::Repeated(Repeated(name))) => {
            assert!(values(name).count() > 1, "{name} is there once");
        }
        Err(QueryError::Since) => {
            let value = unescaped(since[0]);
            let digits = value.iter().skip_while(|digit| **digit == b'0').count();
            let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit) && digits <= 16;
            assert!(!is_number || number(&value) > LARGEST_SINCE, "since is a place");
        }
        Err(QueryError::SinceWithoutEpoch) => {
            assert!(since.len() == 1 && epoch.first().is_none_or(|value| value.is_empty()));
        }
        Err(QueryError::EpochWithoutSince) => assert!(since.is_empty() && !epoch[0].is_empty()),
        Err(QueryError::Batch) => assert!(![&b"0"[..], b"1"].contains(&unescaped(batch[0]).as_slice())),
    }
}

/// A query with a `?`, as a name may begin with another one.
fn written(parameters: impl Iterator<Item = String>) -> String {
    format!("?{}", parameters.collect::<Vec<_>>().join("&"))
}

/// The same value with every byte of it escaped.
fn escaped(value: &str) -> String {
    unescaped(value).into_iter().map(percent_encode_byte).collect()
}

/// RFC 3986 §2.1; a `%` that begins no escape stands for itself.
fn unescaped(value: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

/// A place: digits, of which none is lost.
fn number(digits: &[u8]) -> u64 {
    assert!(!digits.is_empty() && digits.iter().all(u8::is_ascii_digit), "{digits:?} is no number");
    digits.iter().fold(0, |number: u64, digit| {
        let ten_times = number.checked_mul(10).unwrap();
        ten_times.checked_add(u64::from(digit - b'0')).unwrap()
    })
}
