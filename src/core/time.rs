//! Points in time as the platform gives them. It owns the units; it must not ask for the time itself.

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
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
