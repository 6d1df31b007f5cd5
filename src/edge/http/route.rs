//! URLs to resources. Pure. It must not know what a resource does.

use percent_encoding::percent_decode_str;

use super::api::resource::ApiResource;
use crate::core::topic::{Topic, TopicError};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `/`
    Page,
    /// `/health`
    Health,
    /// `/broadcast`
    Batch,
    /// `/broadcast/:token`
    Broadcast(Result<Topic, TopicError>),
    /// `/publish`
    Publisher,
    /// `/auth/nonce`
    Nonce,
    /// `/auth/verify`
    SignIn,
    /// `/ws`
    Socket,
    /// `/ws/:token`
    Subscription(Result<Topic, TopicError>),
    /// `/rooms/:token`
    Room(Result<Topic, TopicError>),
    /// REST and webhooks.
    Api(ApiResource),
}

impl Resource {
    /// The resource that a URL names. Where the runtime has resolved `%2e%2e`, `/ws/%2e%2e` has become `/`.
    #[must_use]
    pub fn find(url: &str) -> Option<Self> {
        let path = path_of(url);
        if let Some(resource) = ApiResource::find(path) {
            return Some(Self::Api(resource));
        }
        let mut segments = path.strip_prefix('/')?.split('/');
        let resource = match (segments.next()?, segments.next()) {
            ("", None) => Self::Page,
            ("health", None) => Self::Health,
            ("broadcast", None) => Self::Batch,
            ("publish", None) => Self::Publisher,
            ("ws", None) => Self::Socket,
            ("auth", Some("nonce")) => Self::Nonce,
            ("auth", Some("verify")) => Self::SignIn,
            ("broadcast", Some(token)) => Self::Broadcast(topic_of(token)),
            ("ws", Some(token)) => Self::Subscription(topic_of(token)),
            ("rooms", Some(token)) => Self::Room(topic_of(token)),
            _ => return None,
        };
        segments.next().is_none().then_some(resource)
    }

    /// The route's pattern, for logs.
    #[must_use]
    pub fn pattern(&self) -> &'static str {
        match self {
            Self::Page => "/",
            Self::Health => "/health",
            Self::Batch => "/broadcast",
            Self::Broadcast(_) => "/broadcast/:token",
            Self::Publisher => "/publish",
            Self::Nonce => "/auth/nonce",
            Self::SignIn => "/auth/verify",
            Self::Socket => "/ws",
            Self::Subscription(_) => "/ws/:token",
            Self::Room(_) => "/rooms/:token",
            Self::Api(resource) => resource.pattern(),
        }
    }

    /// The methods it takes, as in an `Allow` header.
    #[must_use]
    pub fn methods(&self) -> &'static str {
        match self {
            Self::Page | Self::Health => "GET, HEAD, OPTIONS",
            Self::Batch | Self::Broadcast(_) | Self::Nonce | Self::SignIn => "POST, OPTIONS",
            Self::Publisher | Self::Socket | Self::Subscription(_) | Self::Room(_) => "GET, OPTIONS",
            Self::Api(resource) => resource.methods(),
        }
    }

    /// The topic it is about.
    #[must_use]
    pub fn topic(&self) -> Option<&Topic> {
        match self {
            Self::Broadcast(topic) | Self::Subscription(topic) | Self::Room(topic) => topic.as_ref().ok(),
            Self::Api(resource) => resource.topic(),
            Self::Page
            | Self::Health
            | Self::Batch
            | Self::Publisher
            | Self::Socket
            | Self::Nonce
            | Self::SignIn => None,
        }
    }
}

/// The origin of a URL, `scheme://host:port`.
#[must_use]
pub fn origin_of(url: &str) -> &str {
    url.strip_suffix(after_origin(url)).unwrap_or(url)
}

/// The query of a URL, without its `?`.
#[must_use]
pub fn query_of(url: &str) -> &str {
    let before_fragment = url.split('#').next().unwrap_or_default();
    before_fragment.split_once('?').map_or("", |(_, query)| query)
}

fn path_of(url: &str) -> &str {
    after_origin(url).split(['?', '#']).next().unwrap_or_default()
}

fn after_origin(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    after_scheme.strip_prefix(authority).unwrap_or_default()
}

/// A topic from its path segment. What is no UTF-8 becomes a replacement character, which no topic has.
fn topic_of(segment: &str) -> Result<Topic, TopicError> {
    Topic::parse(&percent_decode_str(segment).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str) -> Option<Resource> {
        Resource::find(&format!("https://broadcast.glow.trade{path}"))
    }

    #[test]
    fn paths_name_resources() {
        let sol = || Ok(Topic::parse("SOL").unwrap());
        assert_eq!(find("/"), Some(Resource::Page));
        assert_eq!(find("/health?x=1"), Some(Resource::Health));
        assert_eq!(find("/broadcast"), Some(Resource::Batch));
        assert_eq!(find("/publish"), Some(Resource::Publisher));
        assert_eq!(find("/auth/nonce"), Some(Resource::Nonce));
        assert_eq!(find("/auth/verify"), Some(Resource::SignIn));
        assert_eq!(find("/broadcast/SOL"), Some(Resource::Broadcast(sol())));
        assert_eq!(find("/ws/SOL?since=1#x"), Some(Resource::Subscription(sol())));
        assert_eq!(find("/ws/S%4fL"), Some(Resource::Subscription(sol())));
        assert_eq!(find("/ws"), Some(Resource::Socket));
        assert_eq!(find("/rooms/SOL"), Some(Resource::Room(sol())));
        let feed = Topic::parse("feed:trades").unwrap();
        assert_eq!(find("/ws/feed%3Atrades").unwrap().topic(), Some(&feed));
    }

    #[test]
    fn a_bad_topic_is_a_resource_with_an_error() {
        for (path, error) in [
            ("/ws/", TopicError::Empty),
            ("/broadcast/%2e%2e", TopicError::DotSegment),
            ("/broadcast/a%00b", TopicError::Character { position: 2 }),
            ("/broadcast/a%2Fb", TopicError::Character { position: 2 }),
            ("/broadcast/%ff", TopicError::Character { position: 1 }),
            ("/broadcast/100%", TopicError::Character { position: 4 }),
            (&format!("/broadcast/{}", "x".repeat(129)), TopicError::TooLong { length: 129 }),
        ] {
            let topic = match find(path) {
                Some(Resource::Broadcast(topic) | Resource::Subscription(topic)) => topic,
                other => panic!("{path}: {other:?}"),
            };
            assert_eq!(topic, Err(error), "{path}");
        }
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in [
            "",
            "/ws/SOL/x",
            "/rooms",
            "/health/",
            "/Health",
            "/broadcast/a/b",
            "/auth",
            "/auth/x",
            "//broadcast/a",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn a_query_ends_where_the_fragment_begins() {
        assert_eq!(query_of("https://broadcast.glow.trade/ws/SOL?since=1&epoch=x#y?z"), "since=1&epoch=x");
        assert_eq!(query_of("https://broadcast.glow.trade/ws/SOL"), "");
    }

    #[test]
    fn the_services_own_origin_is_taken_from_the_url() {
        assert_eq!(origin_of("http://localhost:8787/ws/SOL?x=http://y/"), "http://localhost:8787");
        assert_eq!(origin_of("https://broadcast.glow.trade"), "https://broadcast.glow.trade");
    }
}
