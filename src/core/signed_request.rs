//! What is remembered of a signed request, so that it is good once, and only where it was sent first. It must not know how a
//! request is signed, nor how long it is good for.

use std::collections::BTreeMap;

use super::idempotency::IdempotencyKey;
use super::publication::Seq;
use super::topic::Topic;

/// What was done of a signed request: of each message, by its topic and its key, the place that it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt(BTreeMap<IdempotencyKey, Seq>);

/// What a signed request is, by what is remembered of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The first of its name.
    First,
    /// The one that came before, of which this much was done.
    Repeat(Receipt),
    /// One whose name was used for something else.
    Used,
}

impl Claim {
    /// Judges a request for `purpose`, a route and what it is about, such as `POST /broadcast/SOL`. `known` is what the
    /// first request of its name was for, and what was done of it.
    #[must_use]
    pub fn judge(purpose: &str, known: Option<(&str, Receipt)>) -> Self {
        match known {
            None => Self::First,
            Some((first, receipt)) if first == purpose => Self::Repeat(receipt),
            Some(_) => Self::Used,
        }
    }
}

impl Receipt {
    /// The receipt with these entries.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = (IdempotencyKey, Seq)>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// Notes that a message was given this place.
    pub fn note(&mut self, topic: &Topic, key: IdempotencyKey, place: Seq) {
        self.0.insert(key.of_topic(topic), place);
    }

    /// The place that a message was given, where it was published.
    #[must_use]
    pub fn place_of(&self, topic: &Topic, key: IdempotencyKey) -> Option<Seq> {
        self.0.get(&key.of_topic(topic)).copied()
    }

    /// Takes over what another one says. What stands here already stays.
    pub fn absorb(&mut self, other: Self) {
        for (key, place) in other.0 {
            self.0.entry(key).or_insert(place);
        }
    }

    /// All entries, each message as one key.
    pub fn entries(&self) -> impl Iterator<Item = (IdempotencyKey, Seq)> {
        self.0.iter().map(|(key, place)| (*key, *place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str) -> Topic {
        Topic::parse(text).unwrap()
    }

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::given(text).unwrap()
    }

    #[test]
    fn a_signed_request_is_good_where_it_was_sent_first_and_nowhere_else() {
        let mut receipt = Receipt::default();
        receipt.note(&topic("wallet:ana"), key("msg_1"), Seq::new(7));
        let known = || Some(("POST /broadcast/wallet:ana", receipt.clone()));
        assert_eq!(Claim::judge("POST /broadcast/wallet:ana", None), Claim::First);
        assert_eq!(Claim::judge("POST /broadcast/wallet:ana", known()), Claim::Repeat(receipt.clone()));
        for elsewhere in ["POST /broadcast/SOL", "POST /broadcast", "PUT /tokens/wallet:ana"] {
            assert_eq!(Claim::judge(elsewhere, known()), Claim::Used, "{elsewhere}");
        }
    }

    #[test]
    fn a_receipt_knows_each_message_by_topic_and_key_and_keeps_its_first_place() {
        let mut receipt = Receipt::default();
        receipt.note(&topic("A"), key("x"), Seq::new(1));
        let mut later = Receipt::default();
        later.note(&topic("A"), key("x"), Seq::new(9));
        later.note(&topic("B"), key("x"), Seq::new(2));
        receipt.absorb(later);
        let places = [("A", "x"), ("B", "x"), ("C", "x"), ("A", "y")]
            .map(|(name, text)| receipt.place_of(&topic(name), key(text)));
        assert_eq!(places, [Some(Seq::new(1)), Some(Seq::new(2)), None, None]);
        assert_eq!(Receipt::new(receipt.entries()), receipt);
    }
}
