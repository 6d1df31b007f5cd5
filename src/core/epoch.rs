//! The life of a topic's order: within one epoch a place stands for one publication, across epochs it says nothing. It
//! must not know where an epoch is stored.

use std::fmt;

use super::time::UnixMillis;

/// One life of a topic's order.
///
/// It is named by the time at which it began. That is unique: an order that is kept ends only after
/// `ROOM_RETENTION` without use, and one that is not kept (`HISTORY_SIZE=0`) begins once in a room's time in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// It began with the topic's first publication, at this time.
    Began(UnixMillis),
    /// There was no publication yet at this time, and so nothing is stored.
    Unborn(UnixMillis),
    /// None of this service's.
    Foreign,
}

impl Epoch {
    /// Reads an epoch as a subscriber gives it back. What no epoch is written as is [`Epoch::Foreign`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (is_unborn, digits) = match text.strip_prefix('0') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        // No sign, no upper case, no second zero: one epoch has one text.
        let is_canonical = digits.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        match u64::from_str_radix(digits, 36) {
            Ok(millis) if is_canonical && !digits.starts_with('0') => {
                if is_unborn {
                    Self::Unborn(UnixMillis(millis))
                } else {
                    Self::Began(UnixMillis(millis))
                }
            }
            _ => Self::Foreign,
        }
    }

    /// Whether this is named by a later time than `other`. Among epochs of one topic that says which is the later one, as
    /// far as the clock of its room is right.
    #[must_use]
    pub fn is_later_than(self, other: Self) -> bool {
        match (self, other) {
            (Self::Began(this) | Self::Unborn(this), Self::Began(that) | Self::Unborn(that)) => this > that,
            _ => false,
        }
    }

    /// Whether a subscriber that was told `told` has followed this epoch from there on.
    ///
    /// Who was told that there was no publication yet belongs to the life that began next. Another life can't have
    /// begun and ended in between unless at least `retention_millis` went by.
    #[must_use]
    pub fn continues(self, told: Self, retention_millis: u64) -> bool {
        match (self, told) {
            (Self::Began(now), Self::Began(then)) => now == then,
            (Self::Began(later) | Self::Unborn(later), Self::Unborn(then)) => {
                later.since(then) < retention_millis
            }
            _ => false,
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Began(at) => formatter.write_str(&base36(at.0)),
            Self::Unborn(at) => write!(formatter, "0{}", base36(at.0)),
            Self::Foreign => Ok(()),
        }
    }
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        digits.extend(u32::try_from(number % 36).ok().and_then(|digit| char::from_digit(digit, 36)));
        number /= 36;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: UnixMillis = UnixMillis(1_700_000_000_000);
    const RETENTION: u64 = 14 * 86_400_000;

    #[test]
    fn an_epoch_is_read_as_it_is_written() {
        for epoch in [Epoch::Began(FIRST), Epoch::Unborn(FIRST), Epoch::Began(UnixMillis(u64::MAX))] {
            assert_eq!(Epoch::parse(&epoch.to_string()), epoch);
        }
        assert_eq!(Epoch::Began(FIRST).to_string(), "loyw3v28");
        assert_eq!(Epoch::Unborn(FIRST).to_string(), "0loyw3v28");
    }

    #[test]
    fn other_texts_are_foreign() {
        for text in ["", "0", "00", "00loyw3v28", "+1", "-1", "LOYW3V28", "é", "epoch 1", &"z".repeat(100)] {
            assert_eq!(Epoch::parse(text), Epoch::Foreign, "{text:?}");
        }
    }

    #[test]
    fn a_life_continues_itself_and_what_was_told_before_it_began() {
        let began = Epoch::Began(FIRST);
        let told = |millis: u64| Epoch::Unborn(UnixMillis(FIRST.0 - millis));
        assert!(began.continues(began, RETENTION));
        assert!(began.continues(told(RETENTION - 1), RETENTION));
        assert!(!began.continues(told(RETENTION), RETENTION), "a whole life may lie between");
        assert!(!began.continues(Epoch::Began(UnixMillis(FIRST.0 + 1)), RETENTION));
        assert!(!began.continues(Epoch::Foreign, RETENTION));
        assert!(Epoch::Unborn(FIRST).continues(told(5), RETENTION));
        assert!(!Epoch::Unborn(FIRST).continues(began, RETENTION));
    }
}
