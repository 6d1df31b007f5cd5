//! What has to hold of a frame on a socket with many topics: it says what it says, whatever of it is not understood is
//! told in JSON of a bounded size, and one bad topic does not stop the others. It must not know a socket.

use std::collections::{BTreeMap, BTreeSet};

use glow_broadcast::core::epoch::Epoch;
use glow_broadcast::core::publication::Seq;
use glow_broadcast::core::socket_request::{Past, SocketRequest, Subscribe, Unsubscribe, Wanted};
use glow_broadcast::core::time::UnixMillis;
use glow_broadcast::core::topic::Topic;
use glow_broadcast::core::view::{AlertKinds, View};
use glow_broadcast::core::wallet::Wallet;
use glow_broadcast::wire::socket_request::{Decoded, SocketFault, decode, decode_binary};
use glow_broadcast::wire::{frame, socket_frame};

use super::json;

const MOST_BYTES: usize = 4_096;
const MOST_FAULTS: usize = 101;
const NOW: UnixMillis = UnixMillis(1_700_000_000_999);

/// The input is the frame: a text when it is UTF-8, a binary one when it is not.
pub fn socket_request(bytes: &[u8]) {
    a_binary_frame_says_nothing(bytes.len());
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let oversized = Decoded { request: SocketRequest::Oversized, faults: Vec::new() };
    if !text.is_empty() {
        assert_eq!(decode(text, text.len() - 1), oversized);
    }
    let decoded = decode(text, MOST_BYTES);
    assert_eq!(decode(text, MOST_BYTES), decoded, "the same frame says the same twice");
    if text.len() > MOST_BYTES {
        assert_eq!(decoded, oversized);
        return;
    }
    let Decoded { request, faults } = &decoded;
    are_told(faults);
    let fields = json::last_fields(text).unwrap_or_default();
    match request {
        SocketRequest::Oversized => panic!("it is not"),
        SocketRequest::NotUnderstood => {
            assert!(!faults.is_empty(), "nobody is left without an answer");
            assert_eq!(sure_request(&fields), None);
        }
        SocketRequest::Ping { id } => {
            assert!(faults.is_empty());
            assert_eq!(id.as_deref(), fields.get("id").copied().filter(|id| *id != "null"));
            assert!(json::is_json(&frame::pong(id.as_deref(), NOW)));
        }
        SocketRequest::Authenticate { token } => {
            assert!(faults.is_empty() && !token.is_empty());
            assert_eq!(string(&fields, "token").as_ref(), Some(token));
        }
        SocketRequest::Subscribe(subscribe) => wants(&fields, subscribe, faults),
        SocketRequest::Unsubscribe(unsubscribe) => gives_up(unsubscribe),
    }
    if let Some(sure) = sure_request(&fields) {
        assert_eq!(*request, sure);
    }
}

fn string(fields: &BTreeMap<String, &str>, name: &str) -> Option<String> {
    fields.get(name).and_then(|value| json::string(value))
}

/// The request of a frame that can only mean one thing.
fn sure_request(fields: &BTreeMap<String, &str>) -> Option<SocketRequest> {
    let text = |name| string(fields, name);
    let kinds = (text("type"), text("action"), fields.contains_key("type"), fields.contains_key("action"));
    let wanted = |topic: &str, view| {
        let topic = Topic::parse(topic).ok()?;
        let topics = vec![Wanted { topic, past: Past::Latest }];
        Some(SocketRequest::Subscribe(Subscribe { topics, view }))
    };
    match kinds {
        (Some(kind), None, true, false) if kind == "ping" => {
            let id = fields.get("id").filter(|id| **id != "null").map(|id| (*id).to_owned());
            Some(SocketRequest::Ping { id })
        }
        (None, Some(action), false, true) if action == "subscribePrice" => {
            wanted(&text("token").filter(|token| !token.contains(':'))?, View::PriceAction)
        }
        (None, Some(action), false, true) if action == "subscribeBalance" => {
            let wallet = Wallet::parse(&text("wallet")?).ok()?;
            wanted(&format!("wallet:{wallet}"), View::BalanceAction)
        }
        _ => None,
    }
}

/// Each fault is a frame of a bounded size that says what was wrong with what.
fn are_told(faults: &[SocketFault]) {
    assert!(faults.len() <= MOST_FAULTS);
    for fault in faults {
        let answer = socket_frame::fault(fault);
        // A character may take six in JSON.
        assert!(answer.len() < 128 * 6 + 300, "{answer}");
        let fields = json::last_fields(&answer).expect("a fault is an object");
        assert_eq!(fields["type"], "\"error\"");
        assert!(!string(&fields, "message").unwrap().is_empty());
        let code = string(&fields, "code").unwrap();
        assert!(
            ["invalid_json", "invalid_payload", "invalid_topic", "invalid_query"].contains(&code.as_str())
        );
        let topic = string(&fields, "topic");
        assert_eq!(topic.as_deref(), fault.topic());
        assert_eq!(topic.is_some(), fields.contains_key("topic"));
        assert!(topic.is_none_or(|topic| topic.chars().count() <= 128));
    }
}

fn wants(fields: &BTreeMap<String, &str>, subscribe: &Subscribe, faults: &[SocketFault]) {
    let Subscribe { topics, view } = subscribe;
    let names: BTreeSet<&str> = topics.iter().map(|wanted| wanted.topic.as_str()).collect();
    assert_eq!(names.len(), topics.len(), "each topic counts once");
    assert!(!topics.is_empty());
    for Wanted { topic, past } in topics {
        fits(topic, *view);
        is_answered(topic, *view);
        match view {
            View::Native | View::NativeBatch => {}
            View::Prices | View::PriceAction | View::BalanceAction => assert_eq!(*past, Past::Latest),
            View::Tokens => assert!(matches!(past, Past::Recent | Past::Nothing)),
            View::Trades | View::Alerts(_) => assert_eq!(*past, Past::Nothing),
        }
    }
    if matches!(view, View::Native | View::NativeBatch) {
        wants_natively(fields, topics, faults);
    }
    if let View::Alerts(kinds) = view {
        assert_ne!(*kinds, AlertKinds::NONE);
    }
}

/// Whether a topic is one that can be had in this shape.
fn fits(topic: &Topic, view: View) {
    assert_eq!(Topic::parse(topic.as_str()).as_ref(), Ok(topic));
    let text = topic.as_str();
    let is_token = !text.contains(':');
    assert!(
        match view {
            View::Native | View::NativeBatch => true,
            View::Prices | View::PriceAction => is_token,
            View::Trades => is_token || text == "feed:trades",
            View::Tokens => text == "feed:tokens",
            View::Alerts(_) => text == "feed:alerts",
            View::BalanceAction =>
                text.strip_prefix("wallet:").is_some_and(|name| Wallet::parse(name).is_ok()),
        },
        "{text} as {view:?}"
    );
}

/// Every good topic of the list in its order, and its past by its place in `since`.
fn wants_natively(fields: &BTreeMap<String, &str>, topics: &[Wanted], faults: &[SocketFault]) {
    let items = json::items(fields["topics"]).unwrap();
    let since = fields.get("since").and_then(|since| json::last_fields(since)).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut expected = Vec::new();
    let mut bad = 0;
    for item in items {
        let Some(topic) = json::string(item).and_then(|text| Topic::parse(&text).ok()) else {
            bad += 1;
            continue;
        };
        if !seen.insert(topic.clone()) {
            continue;
        }
        match since.get(topic.as_str()).filter(|place| **place != "null") {
            None => expected.push((topic, None)),
            Some(place) => match place_of(place) {
                Some(place) => expected.push((topic, Some(place))),
                None => bad += 1,
            },
        }
    }
    let given = topics.iter().map(|Wanted { topic, past }| match past {
        Past::Since(resume) => (topic.clone(), Some((resume.since.get(), resume.epoch))),
        Past::Latest => (topic.clone(), None),
        other => panic!("{other:?}"),
    });
    assert_eq!(given.collect::<Vec<_>>(), expected);
    let listed: BTreeSet<String> =
        json::items(fields["topics"]).unwrap().into_iter().filter_map(json::string).collect();
    let not_listed = since.keys().filter(|topic| !listed.contains(*topic)).count();
    assert_eq!(faults.len(), (bad + not_listed).min(MOST_FAULTS), "each fault is told");
}

fn place_of(place: &str) -> Option<(u64, Epoch)> {
    let fields = json::last_fields(place)?;
    let number: u64 = fields.get("seq")?.parse().ok()?;
    let is_whole = fields["seq"] == number.to_string() && number < 1 << 53;
    let epoch = string(&fields, "epoch")?;
    is_whole.then(|| (number, Epoch::parse(&epoch)))
}

fn gives_up(unsubscribe: &Unsubscribe) {
    let Unsubscribe { topics, view } = unsubscribe;
    let Some(topics) = topics else {
        assert!(matches!(view, View::Prices | View::Trades | View::Tokens | View::Alerts(AlertKinds::ALL)));
        return;
    };
    assert!(!topics.is_empty());
    assert_eq!(topics.iter().collect::<BTreeSet<_>>().len(), topics.len(), "each topic counts once");
    for topic in topics {
        fits(topic, *view);
        is_answered(topic, *view);
    }
}

/// The answers to a subscription are JSON, and the one is the other but for where the order stands.
fn is_answered(topic: &Topic, view: View) {
    let subscribed = socket_frame::subscribed(topic, view, Epoch::Began(NOW), Seq::new(7));
    let unsubscribed = socket_frame::unsubscribed(topic, view);
    let mut subscribed = json::last_fields(&subscribed).expect("an answer is an object");
    let mut unsubscribed = json::last_fields(&unsubscribed).expect("an answer is an object");
    assert_eq!(subscribed.remove("type"), Some("\"subscribed\""));
    assert_eq!(unsubscribed.remove("type"), Some("\"unsubscribed\""));
    assert!(subscribed.remove("epoch").is_some_and(|epoch| json::string(epoch).is_some()));
    assert_eq!(subscribed.remove("seq"), Some("7"));
    let actions = (subscribed.remove("action"), unsubscribed.remove("action"));
    assert_eq!(actions.0.is_some(), actions.1.is_some());
    assert_eq!(subscribed, unsubscribed);
}

fn a_binary_frame_says_nothing(bytes: usize) {
    let expected = if bytes > MOST_BYTES {
        Decoded { request: SocketRequest::Oversized, faults: Vec::new() }
    } else {
        Decoded { request: SocketRequest::NotUnderstood, faults: vec![SocketFault::Binary] }
    };
    assert_eq!(decode_binary(bytes, MOST_BYTES), expected);
}
