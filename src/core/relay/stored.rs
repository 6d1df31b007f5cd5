//! What of a relay outlives memory: a note with each socket, which lives exactly as long as the socket does. It must not
//! know how a note is written.

use std::collections::BTreeMap;

use super::event::SocketId;
use super::pace::Asking;
use super::topic::Followed;
use super::{Apart, Relay, Socket, Subscription};
use crate::core::access::Identity;
use crate::core::address::Address;
use crate::core::client_frame::FrameBudget;
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::publication::Seq;
use crate::core::topic::Topic;
use crate::core::view::{View, Views};

/// What is kept with a socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredSocket {
    /// Its `connectionId`.
    pub connection: String,
    /// What it has left to send.
    pub budget: FrameBudget,
    /// Whose socket it is, where that is known.
    pub address: Option<Address>,
    /// Who its subscriber is.
    pub identity: Option<Identity>,
    /// Whether it is for one topic alone.
    pub is_for_one: bool,
    /// What it has.
    pub topics: Vec<StoredTopic>,
}

/// A topic that a socket has; more than one for shapes that it gets from different places on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTopic {
    /// Which.
    pub topic: Topic,
    /// In which shapes.
    pub views: Views,
    /// The place after which this socket gets everything.
    pub after: Seq,
    /// How far the relay has brought the topic to all its sockets: noted with one of them.
    pub position: Option<Position>,
}

/// How far a relay has followed a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The epoch of the order.
    pub epoch: Epoch,
    /// The last place that it has brought to all.
    pub seq: Seq,
}

impl Position {
    /// Whether somebody's place is after this one: further in the same order, or in one that began later.
    pub(super) fn is_before(self, resume: Resume, retention_millis: u64) -> bool {
        if self.epoch.continues(resume.epoch, retention_millis) {
            return resume.since > self.seq;
        }
        resume.epoch.is_later_than(self.epoch)
    }
}

impl Relay {
    pub(super) fn restore(&mut self, id: SocketId, stored: StoredSocket) {
        let StoredSocket { connection, budget, address, identity, is_for_one, topics } = stored;
        let mut socket = Socket {
            connection,
            budget,
            address,
            identity,
            is_for_one,
            topics: BTreeMap::new(),
            apart: vec![],
            awaited: vec![],
            asking: Asking::default(),
        };
        for StoredTopic { topic, views, after, position } in topics {
            let followed = self.topics.entry(topic.clone()).or_insert_with(|| Followed::new(topic));
            if let Some(position) = position {
                followed.jump(position);
                followed.keeper = Some(id);
            }
            socket.restore(&followed.topic, views, after);
        }
        for (topic, subscription) in &socket.topics {
            self.held.add(address, topic);
            if let Some(followed) = self.topics.get_mut(topic) {
                followed.regroup(id, Views::NONE, subscription.views);
            }
        }
        self.sockets.insert(id, socket);
    }

    /// What is to be kept with a socket while the relay sleeps.
    #[must_use]
    pub fn stored(&self, id: SocketId) -> Option<StoredSocket> {
        let socket = self.sockets.get(&id)?;
        let topics = socket.topics.iter().flat_map(|(topic, subscription)| {
            let mut position = self.position_kept_with(id, topic);
            let parts = socket.parts(topic, *subscription);
            parts.map(move |(views, after)| StoredTopic {
                topic: topic.clone(),
                views,
                after,
                position: position.take(),
            })
        });
        Some(StoredSocket {
            connection: socket.connection.clone(),
            budget: socket.budget,
            address: socket.address,
            identity: socket.identity.clone(),
            is_for_one: socket.is_for_one,
            topics: topics.collect(),
        })
    }

    fn position_kept_with(&self, id: SocketId, topic: &Topic) -> Option<Position> {
        let followed = self.topics.get(topic)?;
        followed.position.filter(|_| followed.keeper == Some(id))
    }
}

impl Socket {
    fn restore(&mut self, topic: &Topic, views: Views, after: Seq) {
        let Some(had) = self.topics.get_mut(topic) else {
            self.topics.insert(topic.clone(), Subscription { views, after });
            return;
        };
        had.views = had.views.union(views);
        let apart = views.each().map(|view| Apart { topic: topic.clone(), view, after });
        self.apart.extend(apart);
    }

    /// The place after which it gets everything in a shape of a topic, where it has that shape.
    pub(super) fn after(&self, topic: &Topic, subscription: Subscription, view: View) -> Option<Seq> {
        let mut parts = self.parts(topic, subscription);
        parts.find(|(views, _)| views.overlaps(view)).map(|(_, after)| after)
    }

    /// The shapes of a topic that it has, and the place after which it gets everything in them.
    pub(super) fn parts(
        &self,
        topic: &Topic,
        subscription: Subscription,
    ) -> impl Iterator<Item = (Views, Seq)> {
        let Subscription { views, after } = subscription;
        let apart = self.apart.iter().filter(|one| one.topic == *topic);
        let rest = apart.clone().fold(views, |views, one| views.minus(Views::of(one.view)));
        let of = move |one: &Apart| (views.minus(views.minus(Views::of(one.view))), one.after);
        let parts = std::iter::once((rest, after)).chain(apart.map(of));
        parts.filter(|(views, _)| !views.is_empty())
    }
}
