//! The native dialect of a socket with many topics: `topics`, and for each of them where its subscriber left off. It
//! must not know the other dialects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::super::description::seq_of;
use super::super::from_object;
use super::super::object::{Object, text_of};
use super::fault::{Faults, SocketFault, TopicFault};
use super::{list, subscribe as subscribe_to, topic, topics, unsubscribe as unsubscribe_from};
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::socket_request::{Past, SocketRequest, Wanted};
use crate::core::topic::Topic;
use crate::core::view::View;

pub(super) fn subscribe(frame: &Object<'_>, faults: &mut Faults) -> Result<SocketRequest, SocketFault> {
    let items = items(frame)?;
    let since = frame.given("since").map(|since| from_object(since.get()).map_err(|_| SocketFault::Since));
    let since: Option<Object<'_>> = since.transpose()?;
    let view = match frame.given("batch").map(RawValue::get) {
        None | Some("false") => View::Native,
        Some("true") => View::NativeBatch,
        Some(_) => return Err(SocketFault::Batch),
    };
    let mut places: BTreeMap<&str, &RawValue> = since.iter().flat_map(Object::fields).collect();
    let topics = topics(&items, topic, faults);
    let wanted = topics.into_iter().filter_map(|topic| faults.good(want(topic, &places))).collect();
    let listed: BTreeSet<_> = items.iter().filter_map(|item| text_of(item)).collect();
    places.retain(|topic, _| !listed.contains(*topic));
    for topic in places.into_keys() {
        faults.add(SocketFault::of(topic, TopicFault::NotListed));
    }
    Ok(subscribe_to(wanted, view))
}

pub(super) fn unsubscribe(frame: &Object<'_>, faults: &mut Faults) -> Result<SocketRequest, SocketFault> {
    let topics = topics(&items(frame)?, topic, faults);
    Ok(unsubscribe_from(topics, View::Native))
}

fn items<'a>(frame: &Object<'a>) -> Result<Vec<&'a RawValue>, SocketFault> {
    frame.get("topics").and_then(list).ok_or(SocketFault::Topics)
}

fn want(topic: Topic, places: &BTreeMap<&str, &RawValue>) -> Result<Wanted, SocketFault> {
    let place = places.get(topic.as_str()).filter(|place| place.get() != "null");
    let past = match place.map(|place| resume(place)) {
        None => Past::Latest,
        Some(Some(resume)) => Past::Since(resume),
        Some(None) => return Err(SocketFault::of(topic.as_str(), TopicFault::Place)),
    };
    Ok(Wanted { topic, past })
}

fn resume(place: &RawValue) -> Option<Resume> {
    let place: Object<'_> = from_object(place.get()).ok()?;
    let epoch = text_of(place.get("epoch")?)?;
    Some(Resume { since: seq_of(place.get("seq")?)?, epoch: Epoch::parse(&epoch) })
}

#[cfg(test)]
mod tests {
    use super::super::{Decoded, decode};
    use super::*;
    use crate::core::publication::Seq;
    use crate::core::socket_request::{Subscribe, Unsubscribe};
    use crate::core::time::UnixMillis;
    use crate::core::topic::{MAX_TOPIC_LENGTH, TopicError};
    use crate::wire::subscription::MAX_SEQ;

    fn wanted(topic: &str, past: Past) -> Wanted {
        Wanted { topic: Topic::parse(topic).unwrap(), past }
    }

    fn since(seq: u64, epoch: Epoch) -> Past {
        Past::Since(Resume { since: Seq::new(seq), epoch })
    }

    /// What a frame wants in which shape, and the faults beside it.
    fn subscribed(text: &str) -> (Vec<Wanted>, Option<View>, Vec<SocketFault>) {
        match decode(text, 4_096) {
            Decoded { request: SocketRequest::Subscribe(Subscribe { topics, view }), faults } => {
                (topics, Some(view), faults)
            }
            Decoded { request, faults } => {
                assert_eq!(request, SocketRequest::NotUnderstood);
                (Vec::new(), None, faults)
            }
        }
    }

    #[test]
    fn a_newcomer_gets_the_latest_and_who_returns_what_it_missed() {
        let frame = r#"{"type":"subscribe","topics":["A","feed:alerts","B"],"batch":true,
            "since":{"A":{"seq":41,"epoch":"10"},"B":null}}"#;
        let expected = vec![
            wanted("A", since(41, Epoch::Began(UnixMillis(36)))),
            wanted("feed:alerts", Past::Latest),
            wanted("B", Past::Latest),
        ];
        assert_eq!(subscribed(frame), (expected, Some(View::NativeBatch), vec![]));
        let frame = r#"{"type":"subscribe","topics":["A"],"batch":false}"#;
        assert_eq!(subscribed(frame), (vec![wanted("A", Past::Latest)], Some(View::Native), vec![]));
    }

    #[test]
    fn a_topic_that_is_listed_twice_counts_once_and_its_later_place_counts() {
        let frame = r#"{"type":"subscribe","topics":["A","B","\u0041"],
            "since":{"A":{"seq":1,"epoch":"x"},"\u0041":{"seq":2,"epoch":"-"}}}"#;
        let expected = vec![wanted("A", since(2, Epoch::Foreign)), wanted("B", Past::Latest)];
        assert_eq!(subscribed(frame), (expected, Some(View::Native), vec![]));
    }

    #[test]
    fn one_bad_topic_does_not_stop_the_others() {
        let frame = r#"{"type":"subscribe","topics":["A","walet:x",[7],"B","C"],
            "since":{"B":{"seq":-1,"epoch":"x"},"D":{"seq":1,"epoch":"x"},"walet:x":null}}"#;
        let faults = vec![
            SocketFault::of("walet:x", TopicError::UnknownNamespace),
            SocketFault::of("[7]", TopicFault::NotText),
            SocketFault::of("B", TopicFault::Place),
            SocketFault::of("D", TopicFault::NotListed),
        ];
        let expected = vec![wanted("A", Past::Latest), wanted("C", Past::Latest)];
        assert_eq!(subscribed(frame), (expected, Some(View::Native), faults));
        let frame = r#"{"type":"subscribe","topics":[""]}"#;
        assert_eq!(subscribed(frame), (vec![], None, vec![SocketFault::of("", TopicError::Empty)]));
    }

    #[test]
    fn a_place_is_a_whole_number_and_an_epoch() {
        for place in [
            r#"{"seq":1.0,"epoch":"x"}"#,
            r#"{"seq":"1","epoch":"x"}"#,
            r#"{"seq":9007199254740992,"epoch":"x"}"#,
            r#"{"seq":1}"#,
            r#"{"epoch":"x"}"#,
            r#"{"seq":1,"epoch":7}"#,
            "41",
            r#"[41,"x"]"#,
        ] {
            let frame = format!(r#"{{"type":"subscribe","topics":["A"],"since":{{"A":{place}}}}}"#);
            assert_eq!(subscribed(&frame), (vec![], None, vec![SocketFault::of("A", TopicFault::Place)]));
        }
        let largest =
            r#"{"type":"subscribe","topics":["A"],"since":{"A":{"seq":9007199254740991,"epoch":""}}}"#;
        assert_eq!(subscribed(largest).0, [wanted("A", since(9_007_199_254_740_991, Epoch::Foreign))]);
    }

    #[test]
    fn who_comes_back_to_a_hundred_topics_needs_one_frame() {
        let longest = |number: usize| format!("{number:0>MAX_TOPIC_LENGTH$}");
        let topics: Vec<String> = (0..100).map(|number| format!("\"{}\"", longest(number))).collect();
        let place = format!(r#"{{"seq":{MAX_SEQ},"epoch":"0{}"}}"#, Epoch::Began(UnixMillis(u64::MAX)));
        let places: Vec<String> = topics.iter().map(|topic| format!("{topic}:{place}")).collect();
        let (topics, places) = (topics.join(","), places.join(","));
        let frame =
            format!(r#"{{"type":"subscribe","topics":[{topics}],"since":{{{places}}},"batch":true}}"#);
        assert_eq!(frame.len(), 31_254);
        assert_eq!(decode(&frame, 32_768).faults, []);
    }

    #[test]
    fn a_field_that_is_not_what_it_has_to_be_is_a_fault_of_the_frame() {
        for (fields, expected) in [
            (r#""topics":[]"#, SocketFault::Topics),
            (r#""topics":"A""#, SocketFault::Topics),
            (r#""topics":{"A":1}"#, SocketFault::Topics),
            (r#""topics":null"#, SocketFault::Topics),
            (r#""topics":["A"],"since":41"#, SocketFault::Since),
            (r#""topics":["A"],"since":[]"#, SocketFault::Since),
            (r#""topics":["A"],"batch":1"#, SocketFault::Batch),
        ] {
            let frame = format!(r#"{{"type":"subscribe",{fields}}}"#);
            assert_eq!(subscribed(&frame), (vec![], None, vec![expected]), "{fields}");
        }
    }

    #[test]
    fn topics_are_given_up_by_name() {
        let Decoded { request, faults } =
            decode(r#"{"type":"unsubscribe","topics":["A","A","b!","feed:trades"]}"#, 4_096);
        let topics = ["A", "feed:trades"].map(|topic| Topic::parse(topic).unwrap());
        let expected = Unsubscribe { topics: Some(topics.into()), view: View::Native };
        assert_eq!(request, SocketRequest::Unsubscribe(expected));
        assert_eq!(faults, [SocketFault::of("b!", TopicError::Character { position: 2 })]);
    }
}
