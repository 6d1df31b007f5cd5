//! What has to hold of a topic: it is one by the grammar or none, however its URL is escaped, and a log does not tell
//! whose it is. It must not know what a topic is for.

use glow_broadcast::core::epoch::Epoch;
use glow_broadcast::core::publication::Seq;
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::topic::{Topic, TopicError, Visibility};
use glow_broadcast::edge::http::route::{Resource, origin_of, query_of};
use glow_broadcast::wire::frame;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode, percent_encode_byte};

use super::json;

const ORIGIN: &str = "https://broadcast.glow.trade";
const PUBLIC: [&str; 4] = ["feed", "market", "orderbook", "system"];
const PRIVATE: [&str; 3] = ["wallet", "user", "automation"];

/// The input is a topic in plain, and also the rest of a URL after `/ws/`, and also a whole URL.
pub fn topic(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let result = Topic::parse(&text);
    match &result {
        Ok(topic) => {
            assert!(is_topic(&text), "{text:?} is no topic");
            assert_eq!((topic.as_str(), topic.to_string()), (&*text, text.to_string()));
            is_as_visible_as_its_namespace(topic);
            is_framed(topic);
        }
        Err(error) => {
            assert!(!is_topic(&text), "{text:?} is a topic: {error}");
            is_refused_for(&text, error);
        }
    }
    is_found_however_it_is_escaped(bytes, &result);
    has_the_parts_of_a_url(&format!("{ORIGIN}/ws/{text}"));
    has_the_parts_of_a_url(&text);
    // A path as the runtime hands it over is escaped already; what is not, is found all the same.
    if !text.contains(['/', '?', '#', '%']) {
        assert_eq!(Resource::find(&format!("{ORIGIN}/ws/{text}?x#y")), Some(Resource::Subscription(result)));
    }
}

fn is_topic(text: &str) -> bool {
    let of_the_alphabet = text
        .bytes()
        .all(|byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-'));
    let named = match text.find(':') {
        None => true,
        Some(colon) => {
            let namespace = &text[..colon];
            (PUBLIC.contains(&namespace) || PRIVATE.contains(&namespace)) && colon + 1 < text.len()
        }
    };
    (1..=128).contains(&text.len()) && of_the_alphabet && named && !matches!(text, "." | "..")
}

fn is_refused_for(text: &str, error: &TopicError) {
    match error {
        TopicError::Empty => assert!(text.is_empty()),
        TopicError::TooLong { length } => assert!(*length == text.chars().count() && *length > 128),
        TopicError::Character { position } => {
            let good = |character: char| character.is_ascii_alphanumeric() || "._:-".contains(character);
            assert!(text.chars().take(position - 1).all(good));
            assert!(!text.chars().nth(position - 1).is_none_or(good));
        }
        TopicError::DotSegment => assert!([".", ".."].contains(&text)),
        TopicError::UnknownNamespace => {
            let namespace = &text[..text.find(':').unwrap()];
            assert!(!PUBLIC.contains(&namespace) && !PRIVATE.contains(&namespace));
        }
        TopicError::EmptyName => assert_eq!(text.find(':'), Some(text.len() - 1)),
    }
}

fn is_as_visible_as_its_namespace(topic: &Topic) {
    let text = topic.as_str();
    let private = PRIVATE.iter().find(|namespace| text.starts_with(&format!("{namespace}:")));
    let visibility = if private.is_some() { Visibility::Private } else { Visibility::Public };
    assert_eq!(topic.visibility(), visibility);
    assert_eq!(
        topic.for_log(),
        private.map_or_else(|| text.to_owned(), |namespace| format!("{namespace}:*"))
    );
    assert_eq!(topic.namespace().is_some(), text.contains(':'));
}

fn is_framed(topic: &Topic) {
    let token = format!("\"{topic}\"");
    let now = UnixMillis(1_700_000_000_000);
    for text in [
        frame::connected("c-1", topic, Epoch::Began(now), Seq::NONE, now),
        frame::gap(topic, None, Seq::new(9)),
        frame::position(topic, Seq::new(9)),
    ] {
        let fields = json::fields(&text).expect("a frame is an object");
        assert!(fields.contains(&("\"token\"", &token)), "{text}");
    }
}

fn is_found_however_it_is_escaped(bytes: &[u8], result: &Result<Topic, TopicError>) {
    let all: String = bytes.iter().map(|byte| percent_encode_byte(*byte)).collect();
    for escaped in [all.to_lowercase(), all, percent_encode(bytes, NON_ALPHANUMERIC).to_string()] {
        for (url, expected) in [
            (format!("{ORIGIN}/ws/{escaped}"), Resource::Subscription(result.clone())),
            (format!("{ORIGIN}/ws/{escaped}?since=/1#/x"), Resource::Subscription(result.clone())),
            (format!("{ORIGIN}/broadcast/{escaped}"), Resource::Broadcast(result.clone())),
            (format!("{ORIGIN}/rooms/{escaped}"), Resource::Room(result.clone())),
        ] {
            let found = Resource::find(&url);
            assert_eq!(found.as_ref(), Some(&expected), "{url}");
            assert_eq!(found.as_ref().and_then(Resource::topic), result.as_ref().ok());
        }
        assert_eq!(Resource::find(&format!("{ORIGIN}/ws/{escaped}/")), None);
        assert_eq!(Resource::find(&format!("{ORIGIN}/other/{escaped}")), None);
    }
}

/// Whatever a URL is, it is cut where RFC 3986 §3 cuts it.
fn has_the_parts_of_a_url(url: &str) {
    let origin = origin_of(url);
    let rest = url.strip_prefix(origin).expect("a URL begins with its origin");
    assert!(rest.is_empty() || rest.starts_with(['/', '?', '#']), "{rest:?}");
    let before_fragment = &url[..url.find('#').unwrap_or(url.len())];
    let query = before_fragment.find('?').map_or("", |at| &before_fragment[at + 1..]);
    assert_eq!(query_of(url), query);
    let found = Resource::find(url);
    let path = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let pattern = match path.split('/').collect::<Vec<_>>()[..] {
        ["", ""] => Some("/"),
        ["", "health"] => Some("/health"),
        ["", "broadcast"] => Some("/broadcast"),
        ["", "broadcast", _] => Some("/broadcast/:token"),
        ["", "publish"] => Some("/publish"),
        ["", "ws"] => Some("/ws"),
        ["", "ws", _] => Some("/ws/:token"),
        ["", "rooms", _] => Some("/rooms/:token"),
        ["", "auth", "nonce"] => Some("/auth/nonce"),
        ["", "auth", "verify"] => Some("/auth/verify"),
        _ => None,
    };
    assert_eq!(found.as_ref().map(Resource::pattern), pattern, "{url}");
    assert!(found.is_none_or(|resource| resource.methods().ends_with("OPTIONS")));
}
