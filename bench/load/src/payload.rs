//! The messages that are posted, and finding them again in frames: each has a number `n`, which no other has. It must
//! not know how frames travel.

use std::sync::LazyLock;

use memchr::memmem::{Finder, find};

static NUMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(br#""n":"#));

/// As long as makes the whole about 200 bytes.
const PADDING: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// The JSON of message `n`.
pub fn message(n: u64) -> String {
    format!(
        r#"{{"type":"PRICE_UPDATE","price":0.0000{:04},"timestamp":1724101800,"n":{n},"padding":"{PADDING}"}}"#,
        1 + n % 9998
    )
}

/// The JSON of message `n` to a topic that it names itself, so that every server's subscribers can tell which it is of.
pub fn message_to(topic: &str, n: u64) -> String {
    message(n).replacen('{', &format!(r#"{{"token":"{topic}","#), 1)
}

/// The numbers of the messages in a frame, in its order.
pub fn numbers(text: &[u8]) -> impl Iterator<Item = u64> {
    NUMBER.find_iter(text).map(|at| number_at(&text[at + 4..]))
}

/// The digits at the start of `text`, as a number.
pub fn number_at(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// Whether a frame repeats a message that was published before its socket came.
pub fn is_snapshot(text: &[u8]) -> bool {
    find(text, br#""snapshot":true"#).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_about_200_bytes_and_is_found_in_a_batch() {
        assert!((190..=215).contains(&message(123_456).len()));
        let batch = format!(r#"{{"type":"BATCH_UPDATE","updates":[{},{}]}}"#, message(7), message(1_000_000));
        assert_eq!(numbers(batch.as_bytes()).collect::<Vec<_>>(), [7, 1_000_000]);
    }
}
