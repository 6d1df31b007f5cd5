//! How a subscriber of a relay gives up topics, or all of them by leaving: each request has its answer, also where there
//! is nothing to give up. It must not know how it came to have them.

use super::effect::{Effect, Word};
use super::event::SocketId;
use super::{Relay, Subscription, tell};
use crate::core::socket_request::Unsubscribe;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::core::view::{View, Views};

impl Relay {
    pub(super) fn leave(&mut self, id: SocketId, now: UnixMillis) -> Vec<Effect> {
        let mut effects = self.withdraw_all(id, now);
        let Some(socket) = self.sockets.remove(&id) else {
            return effects;
        };
        for (topic, subscription) in socket.topics {
            self.held.remove(socket.address, &topic);
            self.regroup(id, &topic, subscription.views, Views::NONE);
        }
        effects.push(Effect::Forget { connection: socket.connection });
        if self.sockets.is_empty() {
            self.wakes_at = None;
            effects.push(Effect::Close);
        }
        effects
    }

    pub(super) fn unsubscribe(&mut self, id: SocketId, unsubscribe: &Unsubscribe) -> Vec<Effect> {
        let view = unsubscribe.view;
        let Some(socket) = self.sockets.get(&id) else {
            return vec![];
        };
        let topics = unsubscribe.topics.clone().unwrap_or_else(|| socket.topics_with(view));
        if topics.is_empty() {
            return vec![tell(id, Word::HadNothing { view })];
        }
        topics.into_iter().map(|topic| self.unsubscribe_from(id, topic, view)).collect()
    }

    fn unsubscribe_from(&mut self, id: SocketId, topic: Topic, view: View) -> Effect {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.awaited.retain(|one| one.topic != topic || !Views::of(one.view).overlaps(view));
            if let Some(had) = socket.topics.get(&topic).copied() {
                let views = had.views.without(view);
                if views.is_empty() {
                    socket.topics.remove(&topic);
                } else {
                    socket.topics.insert(topic.clone(), Subscription { views, ..had });
                }
                self.regroup(id, &topic, had.views, views);
            }
        }
        tell(id, Word::Unsubscribed { topic, view })
    }
}
