//! Points in time as the platform gives them. It owns the units; it must not ask for the time itself.

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The last point that the runtime takes as an alarm's, the end of the year 2188: a later one it refuses with "This API
    /// doesn't support dates after 2189". What others say lasts longer than that lasts until then.
    pub const LAST: Self = Self(6_911_049_600_000 - 1);

    /// The point that many seconds after the Unix epoch.
    #[must_use]
    pub fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Whole seconds since the Unix epoch, rounded down: the unit of `timestamp` on the wire.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1_000
    }

    /// Milliseconds from `earlier` to this point; 0 when `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The point that many milliseconds after this one.
    #[must_use]
    pub fn later_by(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// The last point that is told of in seconds, in the year 5138: a larger number counts milliseconds.
const LAST_SECOND: u64 = 100_000_000_000;

/// Unix seconds of a number that counts seconds or milliseconds, whichever is a time at all; `None` past the year 5138.
#[must_use]
pub fn unix_seconds(number: u64) -> Option<u64> {
    let seconds = if number > LAST_SECOND { number / 1_000 } else { number };
    (seconds <= LAST_SECOND).then_some(seconds)
}

/// Days in 400 years of the Gregorian calendar, after which it repeats.
const DAYS_OF_400_YEARS: u64 = 146_097;

impl UnixMillis {
    /// The time as `2024-01-01T00:00:00.000Z` (RFC 3339, in UTC).
    #[must_use]
    pub fn to_rfc_3339(self) -> String {
        let (days, millis) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = date(days);
        let (seconds, millis) = (millis / 1_000, millis % 1_000);
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
    }
}

/// The date that lies `days` after 1 January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let mut year = 1_970 + days / DAYS_OF_400_YEARS * 400;
    let mut left = days % DAYS_OF_400_YEARS;
    while left >= days_of_year(year) {
        left -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while left >= days_of_month(year, month) {
        left -= days_of_month(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_milliseconds_are_told_apart_by_their_size() {
        assert_eq!(unix_seconds(1_700_000_000), Some(1_700_000_000));
        assert_eq!(unix_seconds(1_700_000_000_123), Some(1_700_000_000));
        assert_eq!(unix_seconds(16_666_666_666_700_000), None, "neither");
    }

    #[test]
    fn a_time_as_text() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(UnixMillis(millis).to_rfc_3339(), text);
        }
    }
}
