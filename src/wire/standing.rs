//! `GET /rooms/:token`: how a topic's room and its relays stand, as operators see it. It must not know how anybody finds
//! out, and shows nothing of what was published.

use serde::Serialize;

use crate::core::room::Standing;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

/// How a relay stands, as its room knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayStanding {
    /// Its name.
    pub name: String,
    /// Sockets that have the topic there.
    pub connections: u32,
    /// The last place that it has confirmed.
    pub seq: u64,
    /// When that was, in Unix seconds; `null` where it has not answered since the room woke.
    pub last_push: Option<u64>,
    /// Batches that wait for it.
    pub waiting: usize,
    /// Pushes that failed since it last answered.
    pub failures: u32,
}

/// The answer.
#[must_use]
pub fn encode(topic: &Topic, standing: &Standing, here: u32, relays: Vec<RelayStanding>) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        token: &'a str,
        epoch: String,
        seq: u64,
        connections: Connections,
        history: History,
        outbox: Outbox,
        relays: Vec<RelayStanding>,
    }
    #[derive(Serialize)]
    struct Connections {
        total: u32,
        here: u32,
        relays: u32,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct History {
        messages: usize,
        bytes: usize,
        oldest_seq: Option<u64>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Outbox {
        messages: usize,
        bytes: usize,
        busy_since: Option<u64>,
    }
    let at_relays = relays.iter().map(|relay| relay.connections).sum();
    super::to_json(&Answer {
        token: topic.as_str(),
        epoch: standing.epoch.to_string(),
        seq: standing.seq.get(),
        connections: Connections { total: here + at_relays, here, relays: at_relays },
        history: History {
            messages: standing.history,
            bytes: standing.history_bytes,
            oldest_seq: (standing.history > 0).then_some(standing.oldest.get()),
        },
        outbox: Outbox {
            messages: standing.outbox,
            bytes: standing.outbox_bytes,
            busy_since: standing.busy_since.map(UnixMillis::seconds),
        },
        relays,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::epoch::Epoch;
    use crate::core::publication::Seq;

    #[test]
    fn an_operator_sees_at_once_how_a_topic_stands() {
        let standing = Standing {
            epoch: Epoch::Began(UnixMillis(36)),
            seq: Seq::new(42),
            oldest: Seq::new(40),
            history: 3,
            history_bytes: 300,
            outbox: 1,
            outbox_bytes: 100,
            busy_since: Some(UnixMillis(1_700_000_000_999)),
        };
        let relay = RelayStanding {
            name: "relay-weur-0".to_owned(),
            connections: 5,
            seq: 41,
            last_push: Some(1_700_000_000),
            waiting: 1,
            failures: 0,
        };
        let topic = Topic::parse("A").unwrap();
        let expected = concat!(
            r#"{"token":"A","epoch":"10","seq":42,"connections":{"total":7,"here":2,"relays":5},"#,
            r#""history":{"messages":3,"bytes":300,"oldestSeq":40},"#,
            r#""outbox":{"messages":1,"bytes":100,"busySince":1700000000},"#,
            r#""relays":[{"name":"relay-weur-0","connections":5,"seq":41,"lastPush":1700000000,"waiting":1,"failures":0}]}"#
        );
        assert_eq!(encode(&topic, &standing, 2, vec![relay]), expected);
        let unborn = Standing { history: 0, busy_since: None, ..standing };
        let text = encode(&topic, &unborn, 0, vec![]);
        assert!(text.contains(r#""oldestSeq":null"#) && text.contains(r#""busySince":null"#));
    }
}
