//! The grammar of topics, and which of them are public. It must not know how a topic travels in a URL or a frame.

use std::fmt;
use std::rc::Rc;

use thiserror::Error;

use super::feed::Feed;
use super::mint::Mint;
use super::wallet::Wallet;

/// The longest topic, in characters (all of them ASCII, so also in bytes).
pub const MAX_TOPIC_LENGTH: usize = 128;

/// What the name of an account begins with that has colons of its own: a decentralized identifier, such as
/// `did:privy:abc`. Source: <https://www.w3.org/TR/did-core/#did-syntax>
const DID_PREFIX: &str = "did:";

/// What messages are published to and subscribers subscribe to: 1 to 128 characters of `A-Z a-z 0-9 . _ : -`.
///
/// Without a colon it is a token (a mint or a symbol); with one, the part before the first colon is a [`Namespace`].
/// `.` and `..` are not topics: no URL can carry them, because every URL parser resolves them as path segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(Rc<str>);

/// The part of a topic before its first colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// What happens to all tokens together: `feed:trades`.
    Feed,
    /// One market: `market:SOL-USDC`.
    Market,
    /// One order book.
    Orderbook,
    /// Messages of the service itself.
    System,
    /// One wallet's own messages, such as its balance.
    Wallet,
    /// One user's own messages.
    User,
    /// One user's automations.
    Automation,
}

/// Who may read a topic. Publishing needs the publisher's credentials in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Anyone.
    Public,
    /// Only a subject that owns it.
    Private,
}

/// Why a text is not a [`Topic`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TopicError {
    /// It has no characters.
    #[error("a topic has at least one character")]
    Empty,
    /// It is longer than [`MAX_TOPIC_LENGTH`].
    #[error("a topic has at most {MAX_TOPIC_LENGTH} characters, this one has {length}")]
    TooLong {
        /// Its length in characters.
        length: usize,
    },
    /// It holds a character outside the grammar.
    #[error("a topic is made of A-Z a-z 0-9 . _ : - only; character {position} of this one is not")]
    Character {
        /// Where, counted in characters from 1.
        position: usize,
    },
    /// It is `.` or `..`.
    #[error("'.' and '..' can't be topics: URLs resolve them as path segments")]
    DotSegment,
    /// What stands before the colon is no namespace.
    #[error(
        "the part before a topic's colon is one of feed, market, orderbook, system, wallet, user, automation"
    )]
    UnknownNamespace,
    /// Nothing stands after the namespace's colon.
    #[error("nothing follows the colon of this topic's namespace")]
    EmptyName,
}

impl Namespace {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "feed" => Self::Feed,
            "market" => Self::Market,
            "orderbook" => Self::Orderbook,
            "system" => Self::System,
            "wallet" => Self::Wallet,
            "user" => Self::User,
            "automation" => Self::Automation,
            _ => return None,
        })
    }

    fn visibility(self) -> Visibility {
        match self {
            Self::Feed | Self::Market | Self::Orderbook | Self::System => Visibility::Public,
            Self::Wallet | Self::User | Self::Automation => Visibility::Private,
        }
    }
}

impl Topic {
    /// Reads a topic from its plain text (already percent-decoded).
    ///
    /// # Errors
    /// The first rule of the grammar that the text breaks. An unknown namespace is an error rather than a public
    /// topic, so that a misspelt `walet:…` can't publish a private message to everybody.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        if text.is_empty() {
            return Err(TopicError::Empty);
        }
        let length = text.chars().count();
        if length > MAX_TOPIC_LENGTH {
            return Err(TopicError::TooLong { length });
        }
        if let Some(index) = text.chars().position(|character| !is_topic_character(character)) {
            return Err(TopicError::Character { position: index + 1 });
        }
        if text == "." || text == ".." {
            return Err(TopicError::DotSegment);
        }
        if let Some((namespace, name)) = text.split_once(':') {
            Namespace::parse(namespace).ok_or(TopicError::UnknownNamespace)?;
            if name.is_empty() {
                return Err(TopicError::EmptyName);
            }
        }
        Ok(Self(Rc::from(text)))
    }

    /// The topic of a feed.
    #[must_use]
    pub fn of_feed(feed: Feed) -> Self {
        Self(Rc::from(feed.name()))
    }

    /// The topic of a wallet's own messages. Base58 is within the grammar, and 32 bytes of it within the length.
    #[must_use]
    pub fn of_wallet(wallet: &Wallet) -> Self {
        Self(Rc::from(format!("wallet:{wallet}")))
    }

    /// The topic of what is for the user with this wallet alone.
    #[must_use]
    pub fn of_user(wallet: &Wallet) -> Self {
        Self(Rc::from(format!("user:{wallet}")))
    }

    /// The topic as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The namespace; `None` for a plain token.
    #[must_use]
    pub fn namespace(&self) -> Option<Namespace> {
        self.0.split_once(':').and_then(|(namespace, _)| Namespace::parse(namespace))
    }

    /// The topic of a token. Base58 is within the grammar, as for a wallet.
    #[must_use]
    pub fn of_mint(mint: &Mint) -> Self {
        Self(Rc::from(mint.as_str()))
    }

    /// The topic of what SOL costs in dollars.
    #[must_use]
    pub fn of_sol_usd() -> Self {
        Self("market:SOL-USD".into())
    }

    /// Whether something is traded there: it is a token's, or a market's.
    #[must_use]
    pub fn has_market(&self) -> bool {
        matches!(self.namespace(), None | Some(Namespace::Market))
    }

    /// Whose it is, for a private topic: its name after the namespace, up to the next colon, or the whole name where it
    /// is a decentralized identifier. `user:ana:orders` is Ana's, `user:did:privy:abc` that of `did:privy:abc`.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        let (_, name) = self.0.split_once(':')?;
        (self.visibility() == Visibility::Private).then_some(owner_of(name))
    }

    /// Who may read it. A plain token is public.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        self.namespace().map_or(Visibility::Public, Namespace::visibility)
    }

    /// The topic as it may stand in a log: a private one names a person's wallet or account, so only its namespace.
    #[must_use]
    pub fn for_log(&self) -> String {
        match (self.visibility(), self.0.split_once(':')) {
            (Visibility::Private, Some((namespace, _))) => format!("{namespace}:*"),
            _ => self.0.to_string(),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether this name can own topics. One with a colon can't, as what stands before the colon might be another's name,
/// unless it is a decentralized identifier.
#[must_use]
pub fn can_own(name: &str) -> bool {
    owner_of(name) == name
}

fn owner_of(name: &str) -> &str {
    match name.split_once(':') {
        Some((owner, _)) if !name.starts_with(DID_PREFIX) => owner,
        _ => name,
    }
}

fn is_topic_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | ':' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mints_symbols_and_namespaced_names_are_topics() {
        for text in [
            "So11111111111111111111111111111111111111112",
            "SOL",
            "TEST_TOKEN",
            "a",
            "...",
            "feed:trades",
            "market:SOL:USD",
            "x".repeat(128).as_str(),
        ] {
            assert_eq!(Topic::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn each_rule_of_the_grammar_has_its_error() {
        let cases = [
            ("", TopicError::Empty),
            (&"x".repeat(129), TopicError::TooLong { length: 129 }),
            ("a\0b", TopicError::Character { position: 2 }),
            ("SOL/USD", TopicError::Character { position: 4 }),
            ("préc", TopicError::Character { position: 3 }),
            ("..", TopicError::DotSegment),
            (".", TopicError::DotSegment),
            ("walet:abc", TopicError::UnknownNamespace),
            ("Wallet:abc", TopicError::UnknownNamespace),
            (":abc", TopicError::UnknownNamespace),
            ("feed:", TopicError::EmptyName),
        ];
        for (text, error) in cases {
            assert_eq!(Topic::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn what_the_service_names_itself_is_by_the_grammar() {
        let wallet = Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU").unwrap();
        let feeds = [Feed::Trades, Feed::Tokens, Feed::Alerts].map(Topic::of_feed);
        assert_eq!(feeds.each_ref().map(Topic::as_str), ["feed:trades", "feed:tokens", "feed:alerts"]);
        for topic in feeds.into_iter().chain([Topic::of_wallet(&wallet), Topic::of_user(&wallet)]) {
            assert_eq!(Topic::parse(topic.as_str()), Ok(topic));
        }
    }

    #[test]
    fn only_personal_namespaces_are_private() {
        let visibility = |text| Topic::parse(text).unwrap().visibility();
        for public in ["SOL", "feed:trades", "market:x", "orderbook:x", "system:status"] {
            assert_eq!(visibility(public), Visibility::Public, "{public}");
        }
        for private in ["wallet:x", "user:x", "automation:x"] {
            assert_eq!(visibility(private), Visibility::Private, "{private}");
        }
    }

    #[test]
    fn a_private_topic_has_one_owner_and_a_name_with_colons_is_one_only_as_a_did() {
        let owner = |text| Topic::parse(text).unwrap().owner().map(str::to_owned);
        for (topic, whose) in [
            ("user:ana", Some("ana")),
            ("user:ana:orders:7", Some("ana")),
            ("user:did", Some("did")),
            ("user:did:privy:abc", Some("did:privy:abc")),
            ("automation:did:web:example.com:ana", Some("did:web:example.com:ana")),
            ("user:didier:orders", Some("didier")),
            ("market:SOL:USD", None),
        ] {
            assert_eq!(owner(topic).as_deref(), whose, "{topic}");
        }
        assert!(can_own("did:privy:abc") && can_own("did") && can_own("auth0|7"));
        assert!(!can_own("us-east-1:ana") && !can_own(":"));
    }

    #[test]
    fn a_log_never_shows_whose_private_topic_it_was() {
        assert_eq!(Topic::parse("wallet:9xQe").unwrap().for_log(), "wallet:*");
        assert_eq!(Topic::parse("feed:trades").unwrap().for_log(), "feed:trades");
    }
}
