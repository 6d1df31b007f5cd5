//! One published message and its place in the order of its topic. It must not know how either is written in a frame.

use std::rc::Rc;

use super::feed::Feed;
use super::idempotency::IdempotencyKey;
use super::tick::Tick;

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
        self.after(1)
    }

    /// The place that many after this one.
    #[must_use]
    pub fn after(self, count: usize) -> Self {
        Self(self.0.saturating_add(count as u64))
    }

    /// The place that many before this one; [`Seq::NONE`] where there are not so many.
    #[must_use]
    pub fn before(self, count: usize) -> Self {
        Self(self.0.saturating_sub(count as u64))
    }

    /// How many places this one is after `other`; 0 when it is not.
    #[must_use]
    pub fn distance_from(self, other: Self) -> usize {
        usize::try_from(self.0.saturating_sub(other.0)).unwrap_or(usize::MAX)
    }

    /// The number as it stands on the wire.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

/// A publisher's message: the text of one JSON object, checked, with every digit as it was posted. Cheap to clone.
///
/// Only `wire` makes one, so holding one means that it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication(Rc<str>);

impl Publication {
    pub(crate) fn from_checked_object(object: impl Into<Rc<str>>) -> Self {
        Self(object.into())
    }

    /// The JSON object's text, from `{` to `}`.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

/// Publications that follow one another, each with its place: `first` is that of the first.
pub fn in_places(
    first: Seq,
    publications: &[Publication],
) -> impl Iterator<Item = (Seq, &Publication)> + Clone {
    publications.iter().enumerate().map(move |(count, publication)| (first.after(count), publication))
}

/// A publication, what makes a repeat of it known, and where else it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The publication.
    pub publication: Publication,
    /// Its key; `None` when its publisher gave it none.
    pub key: Option<IdempotencyKey>,
    /// The feed that it goes to besides.
    pub feed: Option<Feed>,
    /// What it is to the market of its token.
    pub market: MarketPart,
}

/// What a publication is to the market of its token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MarketPart {
    /// Nothing that it knows.
    #[default]
    Nothing,
    /// Something that a publisher says happened on it.
    Tick(Rc<Tick>),
    /// Something that the service saw on the chain, and warns of where it has to. What publishers say they warn of
    /// themselves.
    Witnessed(Rc<Tick>),
    /// The price that the trade before it would make: published only where the market takes it for the price.
    Proposal,
}

impl Keyed {
    /// A publication that has no key, goes to no feed and is nothing to a market.
    #[must_use]
    pub fn bare(publication: Publication) -> Self {
        Self { publication, key: None, feed: None, market: MarketPart::Nothing }
    }

    /// What it takes to keep it, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.publication.as_json().len() + self.key.map_or(0, |_| IdempotencyKey::STORED_BYTES)
    }
}
