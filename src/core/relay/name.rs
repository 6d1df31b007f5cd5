//! The names of relays: what one is for, where it is and its number there. It must not know how an object is found by
//! its name.

use std::fmt;

use crate::core::place::Place;

/// What a relay is for. A relay of either kind does the same; they differ in which ping the runtime answers for them, as
/// sockets for one topic are promised another answer than those for many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Sockets for many topics.
    Many,
    /// Sockets for one topic each that its room does not hold.
    One,
}

/// A relay's name, such as `relay-weur-0` or `overflow-any-12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelayName {
    /// What it is for.
    pub purpose: Purpose,
    /// Where its clients are; `None` where that is not known.
    pub place: Option<Place>,
    /// Its number among those, from 0. They open one after another as they fill.
    pub number: u32,
}

/// How a place is written that is not known.
const ANYWHERE: &str = "any";

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Many => "relay",
            Self::One => "overflow",
        }
    }
}

impl RelayName {
    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let word = parts.next()?;
        let purpose = [Purpose::Many, Purpose::One].into_iter().find(|purpose| purpose.word() == word)?;
        let place = match parts.next()? {
            ANYWHERE => None,
            hint => Some(Place::parse(hint)?),
        };
        let number = parts.next()?.parse().ok()?;
        let name = Self { purpose, place, number };
        // One relay has one name.
        (name.to_string() == text).then_some(name)
    }
}

impl fmt::Display for RelayName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.map_or(ANYWHERE, Place::hint);
        write!(formatter, "{}-{place}-{}", self.purpose.word(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_for_where_and_which() {
        let name = RelayName { purpose: Purpose::Many, place: Some(Place::Weur), number: 3 };
        assert_eq!(name.to_string(), "relay-weur-3");
        assert_eq!(RelayName::parse("relay-weur-3"), Some(name));
        let anywhere = RelayName { purpose: Purpose::One, place: None, number: 0 };
        assert_eq!(RelayName::parse("overflow-any-0"), Some(anywhere));
        for other in
            ["", "relay", "relay-weur", "relay-xx-1", "relay-weur-01", "relay-weur-1-2", "room-weur-1"]
        {
            assert_eq!(RelayName::parse(other), None, "{other}");
        }
    }
}
