//! The feeds: topics that carry one kind of publication for all tokens together. It must not know how a publication gets
//! from its topic into a feed.

use super::topic::{Namespace, Topic, Visibility};
use super::view::Kind;

/// A feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feed {
    /// `feed:trades`
    Trades,
    /// `feed:tokens`
    Tokens,
    /// `feed:alerts`
    Alerts,
}

impl Feed {
    /// The feed that a publication to `topic` goes to besides. What is private stays in its topic, and what is published
    /// to a feed itself is there already.
    #[must_use]
    pub fn of(topic: &Topic, kind: Kind) -> Option<Self> {
        if topic.visibility() == Visibility::Private || topic.namespace() == Some(Namespace::Feed) {
            return None;
        }
        match kind {
            Kind::Trade => Some(Self::Trades),
            Kind::Token => Some(Self::Tokens),
            Kind::Alert(_) => Some(Self::Alerts),
            Kind::Price | Kind::Balance | Kind::Other => None,
        }
    }

    /// Its topic's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trades => "feed:trades",
            Self::Tokens => "feed:tokens",
            Self::Alerts => "feed:alerts",
        }
    }

    /// Reads [`Feed::name`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Trades, Self::Tokens, Self::Alerts].into_iter().find(|feed| feed.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_goes_to_the_feed_of_its_kind() {
        let feed = |topic: &str, kind| Feed::of(&Topic::parse(topic).unwrap(), kind);
        assert_eq!(feed("SOL", Kind::Trade), Some(Feed::Trades));
        assert_eq!(feed("SOL", Kind::Token), Some(Feed::Tokens));
        assert_eq!(feed("market:SOL-USDC", Kind::Alert(None)), Some(Feed::Alerts));
        assert_eq!(feed("SOL", Kind::Price), None);
        assert_eq!(feed("user:ana", Kind::Alert(None)), None, "private");
        assert_eq!(feed("feed:trades", Kind::Trade), None, "there already");
    }

    #[test]
    fn a_feed_is_a_topic() {
        for feed in [Feed::Trades, Feed::Tokens, Feed::Alerts] {
            assert_eq!(Feed::parse(Topic::parse(feed.name()).unwrap().as_str()), Some(feed));
        }
    }
}
