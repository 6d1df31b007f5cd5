//! What has to hold of a payload: it is refused for a reason or arrives as it was posted, alone and among others. It must
//! not know who posted it.

use std::collections::BTreeMap;

use glow_broadcast::core::idempotency::IdempotencyKey;
use glow_broadcast::core::publication::{Keyed, Publication, Seq, in_places};
use glow_broadcast::core::topic::Topic;
use glow_broadcast::wire::payload::{PayloadError, publication};
use glow_broadcast::wire::{frame, request_body, room_protocol};
use serde_json::Value;
use serde_json::value::RawValue;

use super::json;

/// The topic that every input is published to.
const TOPIC: &str = "SOL";

const MOST_NESTING: usize = 125;
const RESERVED: [&str; 4] = ["seq", "epoch", "snapshot", "tokenSeq"];
const RESERVED_TYPES: [&str; 9] =
    ["connected", "subscribed", "unsubscribed", "authenticated", "gap", "position", "error", "pong", "data"];

/// The input is what is posted to the topic `SOL`.
pub fn payload(bytes: &[u8]) {
    let topic = Topic::parse(TOPIC).unwrap();
    let result = publication(&topic, bytes);
    let Ok(text) = request_body::text_of(bytes) else {
        assert_eq!(result, Err(PayloadError::NotUtf8));
        return;
    };
    let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
    assert_eq!(json::is_json(text), is_json, "two parsers disagree about what JSON is");
    match result {
        Ok(keyed) => {
            assert_eq!(reason(text), None, "accepted, and should not have been");
            arrives_as_posted(text, &keyed);
            is_framed(&topic, &keyed.publication);
            reaches_its_room(&keyed);
        }
        Err(error) => is_refused_for(text, &error),
    }
}

/// Why a text is no payload, by the contract; `None` when it is one.
#[derive(Debug, PartialEq, Eq)]
enum Reason {
    NotJson,
    TooDeep,
    NotAnObject,
    Reserved,
    TokenDiffers,
    Updates,
}

fn reason(text: &str) -> Option<Reason> {
    if json::depth(text.as_bytes()) > MOST_NESTING {
        return Some(Reason::TooDeep);
    }
    if !json::is_json(text) {
        return Some(Reason::NotJson);
    }
    let Some(fields) = json::fields(text) else { return Some(Reason::NotAnObject) };
    let names: Option<Vec<String>> = fields.iter().map(|(name, _)| json::string(name)).collect();
    // A name that is no text can't be compared with one.
    let Some(names) = names else { return Some(Reason::NotJson) };
    let values = |wanted: &str| {
        let of_that_name = names.iter().zip(&fields).filter(|(name, _)| *name == wanted);
        of_that_name.map(|(_, (_, value))| *value).collect::<Vec<&str>>()
    };
    let types: Vec<String> = values("type").into_iter().filter_map(json::string).collect();
    let is_reserved = |name: &String| RESERVED_TYPES.contains(&name.as_str());
    if names.iter().any(|name| RESERVED.contains(&name.as_str())) || types.iter().any(is_reserved) {
        return Some(Reason::Reserved);
    }
    if values("token").into_iter().any(|value| json::string(value).as_deref() != Some(TOPIC)) {
        return Some(Reason::TokenDiffers);
    }
    if !types.iter().any(|name| name == "BATCH_UPDATE") {
        return None;
    }
    let lists: Option<Vec<Vec<&str>>> = values("updates").into_iter().map(json::items).collect();
    let Some(lists) = lists.filter(|lists| !lists.is_empty()) else { return Some(Reason::Updates) };
    lists.into_iter().flatten().find_map(reason_of_update)
}

/// Why one of several is no payload: it may not be several again.
fn reason_of_update(update: &str) -> Option<Reason> {
    let of_type = |(name, value): &(&str, &str)| {
        json::string(name).as_deref() == Some("type")
            && json::string(value).as_deref() == Some("BATCH_UPDATE")
    };
    let is_several = json::fields(update).is_some_and(|fields| fields.iter().any(of_type));
    match reason(update) {
        Some(Reason::NotAnObject) => Some(Reason::Updates),
        None | Some(Reason::Updates) if is_several => Some(Reason::Reserved),
        reason => reason,
    }
}

fn is_refused_for(text: &str, error: &PayloadError) {
    let expected = reason(text);
    let given = match error {
        PayloadError::NotUtf8 => panic!("it is UTF-8"),
        PayloadError::NotJson { .. } => Reason::NotJson,
        PayloadError::TooDeep => Reason::TooDeep,
        PayloadError::NotAnObject => Reason::NotAnObject,
        PayloadError::ReservedField { .. } | PayloadError::ReservedType { .. } => Reason::Reserved,
        PayloadError::Updates => Reason::Updates,
        PayloadError::TokenDiffers => Reason::TokenDiffers,
    };
    // What is neither JSON nor begins as an object may be refused for either.
    let neither = expected == Some(Reason::NotJson) && !json::trimmed(text).starts_with('{');
    assert!(
        expected.as_ref() == Some(&given)
            || (neither && given == Reason::NotAnObject)
            || (given == Reason::NotJson && is_unreadable(text)),
        "refused as {given:?}, expected {expected:?}: {error}"
    );
}

/// Whether a text that is no object is JSON by the letter, but more than the service's parser takes: half of a surrogate
/// pair, a number beyond a double.
fn is_unreadable(text: &str) -> bool {
    json::fields(text).is_none() && serde_json::from_str::<Value>(text).is_err()
}

fn arrives_as_posted(text: &str, keyed: &Keyed) {
    let posted = json::fields(text).expect("only objects are accepted");
    let object = keyed.publication.as_json();
    let unchanged = json::trimmed(text).strip_suffix('}').unwrap();
    assert!(object.starts_with(unchanged), "the text changed: {object}");

    let mut expected = posted.clone();
    if !posted.iter().any(|(name, _)| json::string(name).unwrap() == "token") {
        expected.push(("\"token\"", "\"SOL\""));
    }
    assert_eq!(json::fields(object).expect("a publication is an object"), expected);

    // And as another parser sees it, for whom the last of several fields of one name counts.
    let seen: BTreeMap<String, &RawValue> = serde_json::from_str(object).expect("a publication is JSON");
    let last = |wanted: &str| {
        expected.iter().rev().find(|(name, _)| json::string(name).unwrap() == wanted).map(|(_, value)| *value)
    };
    for (name, value) in &seen {
        assert_eq!(last(name), Some(value.get()), "{name}");
    }
    assert_eq!(json::string(seen["token"].get()).as_deref(), Some(TOPIC));
    let text_of = |name| last(name).and_then(json::string);
    let key = text_of("signature")
        .zip(text_of("type"))
        .filter(|(signature, _)| !signature.is_empty())
        .map(|(signature, kind)| IdempotencyKey::of_transaction(&signature, &kind));
    assert_eq!(keyed.key, key);
}

fn is_framed(topic: &Topic, publication: &Publication) {
    let posted = json::fields(publication.as_json()).unwrap();
    for number in [1, 10, 9_007_199_254_740_991] {
        let seq = Seq::new(number);
        let number = number.to_string();
        let mut expected = posted.clone();
        expected.push(("\"seq\"", &number));
        let alone = frame::publication(publication, seq);
        assert_eq!(json::fields(&alone).expect("a frame is an object"), expected);
        expected.push(("\"snapshot\"", "true"));
        let snapshot = frame::snapshot(publication, seq);
        assert_eq!(json::fields(&snapshot).expect("a snapshot is an object"), expected);
    }

    let publications = [publication.clone(), publication.clone(), publication.clone()];
    let batch = frame::batch_updates(topic, in_places(Seq::new(9), &publications)).concat();
    let fields = json::fields(&batch).expect("a batch is an object");
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["\"type\"", "\"token\"", "\"updates\""]);
    let alone: Vec<String> =
        [9, 10, 11].map(|number| frame::publication(publication, Seq::new(number))).into();
    assert_eq!(json::items(fields[2].1).expect("updates are an array"), alone);
}

/// The Worker's text of several publications, some with keys, is what the room reads.
fn reaches_its_room(keyed: &Keyed) {
    let bare = Keyed { key: None, ..keyed.clone() };
    let publications = [bare.clone(), keyed.clone(), bare];
    let body = room_protocol::encode_publications(&publications);
    let keys = room_protocol::encode_keys(&publications);
    let feeds = room_protocol::encode_feeds(&publications);
    assert!(
        keys.iter().all(|keys| keys.bytes().all(|byte| byte.is_ascii_graphic())),
        "a header carries keys"
    );
    let headers = room_protocol::Headers { keys: keys.as_deref(), feeds: feeds.as_deref(), market: None };
    assert_eq!(room_protocol::decode_publications(&body, headers, None).unwrap(), publications);
}
