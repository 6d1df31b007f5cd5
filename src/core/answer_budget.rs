//! How many bytes of the past somebody is given in a minute: what is asked for in a few bytes may be answered with a whole
//! history. Who has had that much is refused and told so, and nothing is lost: it comes back, and resumes. It must not
//! know what a byte says.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::address::Address;
use super::time::UnixMillis;

/// The minute in which bytes are counted, in milliseconds.
pub const MINUTE_MILLIS: u64 = 60_000;

/// Bytes of the past that one socket is given in a minute, for each frame that it may send in one. With 100 frames that is
/// 8 MB: 100 topics at once, each with its whole history of 256 messages of 320 bytes.
const BYTES_PER_FRAME: u64 = 81_920;

/// Bytes of the past that the sockets of one address are given by one object in a minute: 64 MiB. Those are 2 seconds of the
/// object's one thread (measured: 25 ms for 780 KB), and 64 KB for each of 1,000 phones behind one carrier's address.
pub const BYTES_PER_ADDRESS: u64 = 67_108_864;

/// Bytes of the past that one socket is given in a minute, where it may send so many frames in one.
#[must_use]
pub fn bytes_per_socket(frames_per_minute: NonZeroU32) -> u64 {
    BYTES_PER_FRAME.saturating_mul(u64::from(frames_per_minute.get()))
}

/// What was given in the current minute, which began with the first of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Given {
    began: UnixMillis,
    bytes: u64,
}

/// What each address was given in its current minute by one object. Only a while of memory: an object that sleeps gives
/// nothing, and sleeps after ten seconds at the earliest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswersByAddress {
    given: BTreeMap<Address, Given>,
    /// When those whose minute was over were last left out.
    swept: UnixMillis,
}

impl AnswersByAddress {
    /// Whether an address may be given more of the past now.
    #[must_use]
    pub fn may_be_given(&self, address: Address, now: UnixMillis) -> bool {
        self.given.get(&address).is_none_or(|given| is_over(*given, now) || given.bytes < BYTES_PER_ADDRESS)
    }

    /// Counts what an address was given.
    pub fn give(&mut self, address: Address, bytes: u64, now: UnixMillis) {
        if now.since(self.swept) >= MINUTE_MILLIS {
            self.given.retain(|_, given| !is_over(*given, now));
            self.swept = now;
        }
        let given = self.given.entry(address).or_insert(Given { began: now, bytes: 0 });
        if is_over(*given, now) {
            *given = Given { began: now, bytes: 0 };
        }
        given.bytes = given.bytes.saturating_add(bytes);
    }
}

fn is_over(given: Given, now: UnixMillis) -> bool {
    now.since(given.began) >= MINUTE_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
    const ANA: Address = Address(1);
    const BEN: Address = Address(2);

    #[test]
    fn an_address_is_given_so_much_in_a_minute_and_no_other_one_less() {
        let mut answers = AnswersByAddress::default();
        answers.give(ANA, BYTES_PER_ADDRESS - 1, NOW);
        assert!(answers.may_be_given(ANA, NOW));
        answers.give(ANA, 1_000_000, NOW.later_by(1_000));
        assert!(!answers.may_be_given(ANA, NOW.later_by(59_999)));
        assert!(answers.may_be_given(BEN, NOW));
        assert!(answers.may_be_given(ANA, NOW.later_by(60_000)), "its next minute");
    }

    #[test]
    fn an_address_that_was_given_nothing_for_a_minute_is_forgotten() {
        let mut answers = AnswersByAddress::default();
        for address in 0..1_000 {
            answers.give(Address(address), 1, NOW.later_by(address));
        }
        answers.give(ANA, 1, NOW.later_by(2 * MINUTE_MILLIS));
        assert_eq!(answers.given.len(), 1);
    }

    #[test]
    fn a_socket_that_resumes_100_topics_with_their_whole_histories_has_budget_for_that() {
        let per_minute = bytes_per_socket(NonZeroU32::new(100).unwrap());
        assert!(per_minute >= 100 * 256 * 320);
    }
}
