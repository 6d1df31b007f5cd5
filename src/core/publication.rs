//! One published message and its place in the order of its topic. It must not know how either is written in a frame.

/// The place of a publication in the order of its topic: 1 for the first, then without a hole.
///
/// Below 2^53, so that every JSON parser reads it exactly; storing a later one is an error. At a million messages a
/// second that lasts 285 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seq(u64);

impl Seq {
    /// The order of a topic that has had no publication.
    pub const NONE: Self = Self(0);

    /// The place with this number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The number as it stands on the wire.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

/// A publisher's message: the text of one JSON object, checked, with every digit as it was posted.
///
/// Only `wire::payload` makes one, so holding one means that it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication(String);

impl Publication {
    pub(crate) fn from_checked_object(object: String) -> Self {
        Self(object)
    }

    /// The JSON object's text, from `{` to `}`.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}
