//! A relay's part in who its subscribers are: what a new proof opens and closes, and what ends when a proof does. It
//! must not know how somebody proves who they are, nor who may read what.

use super::effect::{Denial, Effect, Word};
use super::event::SocketId;
use super::topic::Followed;
use super::{Relay, tell};
use crate::core::access::{Identity, may_read};
use crate::core::event::Closing;
use crate::core::time::UnixMillis;
use crate::core::topic::{Topic, Visibility};
use crate::core::view::Views;

impl Relay {
    /// Whether somebody may read a topic.
    pub(super) fn check(topic: &Topic, identity: Option<&Identity>, now: UnixMillis) -> Result<(), Denial> {
        if may_read(topic, identity, now) {
            return Ok(());
        }
        let is_signed_in = identity.is_some_and(|identity| identity.is_valid(now));
        Err(if is_signed_in { Denial::SomebodyElse } else { Denial::NotSignedIn })
    }

    pub(super) fn verified(
        &mut self,
        id: SocketId,
        identity: Option<Identity>,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return vec![];
        };
        let Some(identity) = identity.filter(|identity| identity.is_valid(now)) else {
            return vec![tell(id, Word::NotAuthenticated)];
        };
        let before = socket.identity.replace(identity.clone());
        let mut effects = vec![tell(id, Word::Authenticated(identity))];
        let topics = self.end_private(id, now);
        if let (Some(before), false) = (before, topics.is_empty()) {
            effects.push(tell(id, Word::Expired { subject: before.subject, topics }));
        }
        effects.push(Effect::Remember(id));
        effects.extend(self.wake_for(id));
        effects
    }

    /// Ends what those have of private topics whose proof has ended.
    pub(super) fn expire(&mut self, now: UnixMillis) -> Vec<Effect> {
        let is_over = |identity: &Option<Identity>| identity.as_ref().is_some_and(|one| !one.is_valid(now));
        let over: Vec<SocketId> =
            self.sockets.iter().filter(|(_, socket)| is_over(&socket.identity)).map(|(id, _)| *id).collect();
        over.into_iter().flat_map(|id| self.expire_one(id, now)).collect()
    }

    /// Ends what one subscriber has of private topics, and says so: with a frame where it can show another proof on the same
    /// socket, else with the end of the socket.
    pub(super) fn expire_one(&mut self, id: SocketId, now: UnixMillis) -> Vec<Effect> {
        let topics = self.end_private(id, now);
        let Some(socket) = self.sockets.get_mut(&id) else {
            return vec![];
        };
        let is_for_one = socket.is_for_one;
        let Some(identity) = socket.identity.take() else {
            return vec![];
        };
        let mut effects = vec![];
        if !topics.is_empty() {
            effects.push(if is_for_one {
                Effect::Disconnect { socket: id, closing: Closing::SignInEnded }
            } else {
                tell(id, Word::Expired { subject: identity.subject, topics })
            });
        }
        effects.push(Effect::Remember(id));
        effects
    }

    /// Ends what those have of a private topic whose proof has ended, before anything more of it is shown.
    pub(super) fn end_expired(&mut self, topic: &Topic, now: UnixMillis) -> Vec<Effect> {
        if topic.visibility() == Visibility::Public {
            return vec![];
        }
        let everybody: Vec<SocketId> =
            self.topics.get(topic).into_iter().flat_map(Followed::everybody).collect();
        let is_over = |id: &SocketId| {
            let identity = self.sockets.get(id).and_then(|socket| socket.identity.as_ref());
            !identity.is_some_and(|identity| identity.is_valid(now))
        };
        let over: Vec<SocketId> = everybody.into_iter().filter(is_over).collect();
        over.into_iter().flat_map(|id| self.expire_one(id, now)).collect()
    }

    /// Takes a subscriber's private topics away that it may not read any more.
    fn end_private(&mut self, id: SocketId, now: UnixMillis) -> Vec<Topic> {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return vec![];
        };
        let identity = socket.identity.clone();
        let mut ended = vec![];
        socket.topics.retain(|topic, subscription| {
            let stays = may_read(topic, identity.as_ref(), now);
            if !stays {
                ended.push((topic.clone(), subscription.views));
            }
            stays
        });
        for (topic, views) in &ended {
            self.regroup(id, topic, *views, Views::NONE);
        }
        ended.into_iter().map(|(topic, _)| topic).collect()
    }

    /// Has the relay wake when a subscriber's proof ends, where it has private topics by it.
    pub(super) fn wake_for(&mut self, id: SocketId) -> Option<Effect> {
        self.wake_at(self.expiry_of(id)?)
    }

    /// Has the relay wake at a time, unless it does so before.
    pub(super) fn wake_at(&mut self, at: UnixMillis) -> Option<Effect> {
        if self.wakes_at.is_some_and(|earlier| earlier <= at) {
            return None;
        }
        self.wakes_at = Some(at);
        Some(Effect::Wake { at })
    }

    pub(super) fn first_expiry(&self) -> Option<UnixMillis> {
        self.sockets.keys().filter_map(|id| self.expiry_of(*id)).min()
    }

    fn expiry_of(&self, id: SocketId) -> Option<UnixMillis> {
        let socket = self.sockets.get(&id)?;
        let has_private = socket.topics.keys().any(|topic| topic.visibility() == Visibility::Private);
        socket.identity.as_ref().filter(|_| has_private).map(|identity| identity.expires)
    }
}
