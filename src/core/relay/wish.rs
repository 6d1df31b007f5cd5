//! What a subscriber has asked for and does not have yet, beside what it has. It must not know whether it will get it.

use std::collections::BTreeSet;

use super::Socket;
use crate::core::publication::Seq;
use crate::core::topic::Topic;
use crate::core::view::{View, Views};

/// One wish of a subscriber for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ApplicationId(pub u64);

/// A topic that a socket has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Awaited {
    pub application: ApplicationId,
    pub topic: Topic,
    pub view: View,
    /// The place after which it has everything or is to get it, where it says where it left off.
    pub after: Option<Seq>,
}

impl Socket {
    pub(super) fn has(&self, topic: &Topic, view: View) -> bool {
        self.topics.get(topic).is_some_and(|had| had.views.overlaps(view))
    }

    /// Whether it has a topic or waits for it.
    pub(super) fn claims(&self, topic: &Topic) -> bool {
        self.topics.contains_key(topic) || self.awaited.iter().any(|one| one.topic == *topic)
    }

    /// How many topics it has or waits for.
    pub(super) fn topics_claimed(&self) -> usize {
        let awaited = self.awaited.iter().map(|one| &one.topic);
        let awaited: BTreeSet<_> = awaited.filter(|topic| !self.topics.contains_key(*topic)).collect();
        self.topics.len() + awaited.len()
    }

    /// The topics that it has or waits for in a shape.
    pub(super) fn topics_with(&self, view: View) -> Vec<Topic> {
        let has = self.topics.iter().filter(|(_, had)| had.views.overlaps(view)).map(|(topic, _)| topic);
        let awaits = self.awaited.iter().filter(|one| Views::of(one.view).overlaps(view));
        let topics: BTreeSet<_> = has.chain(awaits.map(|one| &one.topic)).cloned().collect();
        topics.into_iter().collect()
    }

    /// Ends a wish, and returns it unless it was withdrawn.
    pub(super) fn end(&mut self, application: ApplicationId) -> Option<Awaited> {
        let place = self.awaited.iter().position(|one| one.application == application)?;
        Some(self.awaited.remove(place))
    }
}
