//! The codes by which users refer others. It must not know whose a code is.

/// Characters of a code, and random bytes that it takes.
pub const CODE_LENGTH: usize = 8;

/// Digits and letters that are not mistaken for one another when they are read out or copied by hand: no 0, 1, I, O.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A referral code, in capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralCode(String);

impl ReferralCode {
    /// A new code. Each of the 2^40 is as likely as the next one.
    #[must_use]
    pub fn from_random(random: [u8; CODE_LENGTH]) -> Self {
        let character = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).map(|byte| char::from(*byte));
        Self(random.iter().filter_map(character).collect())
    }

    /// Reads a code, in capitals or not; `None` for a text that can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code = text.to_ascii_uppercase();
        let is_code = code.len() == CODE_LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(Self(code))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_made_in_capitals_or_not() {
        let code = ReferralCode::from_random([0, 31, 32, 63, 255, 8, 9, 10]);
        assert_eq!(code.as_str(), "2Z2ZZABC");
        assert_eq!(ReferralCode::parse("2z2zZabc"), Some(code));
        for text in ["", "2Z2ZZAB", "2Z2ZZABCD", "2Z2ZZAB0", "2Z2ZZABI", "2Z2ZZAB ", "2Z2ZZ'--", "２Z2ZZAB"]
        {
            assert_eq!(ReferralCode::parse(text), None, "{text}");
        }
    }
}
