//! Messages to their rooms: one request to each topic's room, all rooms at once, answers in the order of the messages.
//! It must not know how the messages came.

use std::collections::BTreeMap;

use futures::future::join_all;
use worker::Env;

use super::problems::HttpError;
use super::rooms;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::wire::batch::Delivery;
use crate::wire::problem::Problem;
use crate::wire::room_protocol::NotUnderstood;

/// Whom a publisher waits for besides the room itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The relays, a few seconds at most: their sockets count.
    ForRelays,
    /// Nobody.
    ForNobody,
}

/// What became of messages.
pub struct Published {
    /// Each one's delivery or problem, in order.
    pub outcomes: Vec<Result<Delivery, Problem>>,
    /// What failed inside, where publishers are not told.
    pub cause: Option<String>,
}

/// Publishes messages, and leaves out those that can't be. Messages to one topic keep their order.
pub async fn publish(env: &Env, messages: Vec<Result<(Topic, Keyed), HttpError>>, wait: Wait) -> Published {
    let (groups, mut outcomes) = sort(messages);
    let calls = groups.iter().map(|(topic, group)| rooms::publish(env, topic, &group.publications, wait));
    let mut causes = Vec::new();
    for (published, (topic, group)) in join_all(calls).await.into_iter().zip(&groups) {
        if let Err(error) = &published {
            causes.extend(error.cause().map(|cause| format!("{}: {cause}", topic.for_log())));
        }
        let published = published.map_err(|error| error.problem());
        for (offset, &place) in group.places.iter().enumerate() {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = published
                    .as_ref()
                    .map(|published| Delivery::new(published.connections, published.outcome(offset)))
                    .map_err(Clone::clone);
            }
        }
    }
    Published { outcomes, cause: Some(causes.join("; ")).filter(|text| !text.is_empty()) }
}

/// Publications to one topic, and their places among the messages.
#[derive(Default)]
struct Group {
    places: Vec<usize>,
    publications: Vec<Keyed>,
}

/// Sorts messages by topic. The outcomes are those of the messages that can't be published; those of the others are put
/// in their places later.
fn sort(
    messages: Vec<Result<(Topic, Keyed), HttpError>>,
) -> (BTreeMap<Topic, Group>, Vec<Result<Delivery, Problem>>) {
    let mut groups: BTreeMap<Topic, Group> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(messages.len());
    for (place, message) in messages.into_iter().enumerate() {
        let error = match message {
            Ok((topic, keyed)) => {
                let group = groups.entry(topic).or_default();
                group.places.push(place);
                group.publications.push(keyed);
                HttpError::RoomAnswer(NotUnderstood)
            }
            Err(error) => error,
        };
        outcomes.push(Err(error.problem()));
    }
    (groups, outcomes)
}
