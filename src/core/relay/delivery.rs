//! How publications reach those who have a topic: each push once and in order, what is missing before it first; through
//! a feed only what does not come by the publication's own topic. It must not know how somebody comes to a topic.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::effect::{Delivery, Effect, Parcel, Pushed};
use super::event::{Answer, Item, Push, PushId, SocketId};
use super::stored::Position;
use super::topic::Followed;
use super::{Relay, Socket};
use crate::core::epoch::Epoch;
use crate::core::event::Closing;
use crate::core::publication::Seq;
use crate::core::time::UnixMillis;
use crate::core::topic::{Namespace, Topic, Visibility};
use crate::core::view::Views;

/// Publications that came for a topic.
struct Arrival<'a> {
    epoch: Epoch,
    first: Seq,
    items: &'a [Item],
    push: Option<PushId>,
}

impl Arrival<'_> {
    fn last(&self) -> Seq {
        self.first.after(self.items.len()).before(1)
    }
}

/// What publications that came lead to.
enum Progress {
    /// They were new, or some of them.
    On(Vec<Effect>),
    /// They had come before.
    Before,
    /// Something is missing after this position.
    NotYet(Position),
}

impl Relay {
    pub(super) fn push(&mut self, push: Push, now: UnixMillis) -> Vec<Effect> {
        let answer = |pushed| Effect::Answer { push: push.id, pushed };
        let Some(followed) = self.topics.get_mut(&push.topic) else {
            return vec![answer(Pushed::Unwanted)];
        };
        if followed.is_unwanted() {
            self.topics.remove(&push.topic);
            return vec![answer(Pushed::Unwanted)];
        }
        if !followed.held.is_empty() {
            followed.held.push_back(push);
            return vec![];
        }
        let topic = push.topic.clone();
        let mut effects = self.end_expired(&topic, now);
        let (epoch, first, items, id) = (push.epoch, push.first, &push.items, Some(push.id));
        match self.follow(&topic, &Arrival { epoch, first, items, push: id }) {
            Progress::On(deliveries) => {
                effects.extend(deliveries);
                effects.push(answer(Pushed::Handed { again: None }));
            }
            Progress::Before => {
                let again = self.topics.get(&topic).map(Followed::subscribers);
                effects.push(answer(Pushed::Handed { again }));
            }
            Progress::NotYet(position) => {
                self.hold(push);
                effects.extend(self.catch_up(&topic, position, None, now));
            }
        }
        effects
    }

    fn hold(&mut self, push: Push) {
        if let Some(followed) = self.topics.get_mut(&push.topic) {
            followed.held.push_back(push);
        }
    }

    /// Follows a topic on by what a room has answered, as far as nothing is missing before it.
    pub(super) fn absorb(&mut self, topic: &Topic, answer: &Answer) -> Vec<Effect> {
        let (epoch, first, items) = (answer.epoch, answer.first(), &answer.items);
        match self.follow(topic, &Arrival { epoch, first, items, push: None }) {
            Progress::On(effects) => effects,
            Progress::Before | Progress::NotYet(_) => vec![],
        }
    }

    /// The room has answered what was missing, or could not be asked: then pushes that waited are to come again.
    pub(super) fn caught_up(
        &mut self,
        topic: &Topic,
        answer: Option<&Answer>,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let Some(followed) = self.topics.get_mut(topic) else {
            return vec![];
        };
        let held = std::mem::take(&mut followed.held);
        let Some(answer) = answer else {
            let failed = |push: Push| Effect::Answer { push: push.id, pushed: Pushed::Failed };
            return held.into_iter().map(failed).collect();
        };
        let mut effects = match (answer.gap, held.front()) {
            // Without a past, what waits here is more than the room has: only what is before it is lost.
            (Some((Some(_), to)), Some(push)) if answer.items.is_empty() => {
                self.leave_out(topic, to.min(push.first.before(1)))
            }
            (Some((Some(_), to)), _) => self.leave_out(topic, to),
            _ => vec![],
        };
        effects.extend(self.absorb(topic, answer));
        for push in held {
            effects.extend(self.push(push, now));
        }
        effects
    }

    /// Goes on after `to` without what is missing up to there, and says so.
    fn leave_out(&mut self, topic: &Topic, to: Seq) -> Vec<Effect> {
        let Some(followed) = self.topics.get_mut(topic) else {
            return vec![];
        };
        let Some(position) = followed.position.filter(|position| position.seq < to) else {
            return vec![];
        };
        followed.jump(Position { seq: to, ..position });
        self.unnoted.insert(topic.clone());
        self.gap(topic, Some(position.seq.next()), to).into_iter().collect()
    }

    fn gap(&self, topic: &Topic, from: Option<Seq>, to: Seq) -> Option<Effect> {
        let groups = self.topics.get(topic)?.groups();
        let sockets: Vec<SocketId> =
            groups.filter(|(views, _)| views.is_native()).flat_map(|(_, sockets)| sockets).copied().collect();
        (!sockets.is_empty()).then(|| Effect::Gap { sockets, topic: topic.clone(), from, to })
    }

    fn follow(&mut self, topic: &Topic, arrival: &Arrival<'_>) -> Progress {
        let retention = self.limits.retention_millis;
        let Some(followed) = self.topics.get_mut(topic) else {
            return Progress::Before;
        };
        let Some(position) = followed.position else {
            return Progress::On(self.begin(topic, arrival));
        };
        let mut effects = vec![];
        let mut seq = position.seq;
        if arrival.epoch.continues(position.epoch, retention) {
            if let (Epoch::Began(_), Epoch::Unborn(_)) = (arrival.epoch, position.epoch) {
                followed.position = Some(Position { epoch: arrival.epoch, seq });
            }
        } else {
            seq = arrival.first.before(1);
            followed.jump(Position { epoch: arrival.epoch, seq });
            effects.extend(self.gap(topic, None, seq));
        }
        let position = Position { epoch: arrival.epoch, seq };
        if arrival.first > seq.next() {
            return Progress::NotYet(position);
        }
        let known = seq.next().distance_from(arrival.first);
        let Some(fresh) = arrival.items.get(known..).filter(|fresh| !fresh.is_empty()) else {
            return if effects.is_empty() { Progress::Before } else { Progress::On(effects) };
        };
        effects.extend(self.deliver(topic, arrival, seq.next(), fresh));
        Progress::On(effects)
    }

    /// The first that is heard of a topic. Whoever has it already outlived the note of how far it was: it is asked to
    /// come back.
    fn begin(&mut self, topic: &Topic, arrival: &Arrival<'_>) -> Vec<Effect> {
        let keeps = self.limits.keeps_history;
        let Some(followed) = self.topics.get_mut(topic) else {
            return vec![];
        };
        followed.advance(Position { epoch: arrival.epoch, seq: arrival.last() }, arrival.items, keeps);
        let lost = followed.everybody();
        lost.map(|socket| Effect::Disconnect { socket, closing: Closing::Interrupted }).collect()
    }

    fn deliver(
        &mut self,
        topic: &Topic,
        arrival: &Arrival<'_>,
        first: Seq,
        fresh: &[Item],
    ) -> Option<Effect> {
        let parcels = self.parcels(topic, fresh);
        let followed = self.topics.get_mut(topic)?;
        let position = Position { epoch: arrival.epoch, seq: arrival.last() };
        followed.advance(position, fresh, self.limits.keeps_history);
        self.unnoted.insert(topic.clone());
        (!parcels.is_empty()).then(|| {
            Effect::Deliver(Delivery {
                topic: topic.clone(),
                first,
                items: Rc::from(fresh),
                parcels,
                is_snapshot: false,
                push: arrival.push,
            })
        })
    }

    /// Who gets what of publications: all the same, but for those who have some of them by another topic.
    fn parcels(&self, topic: &Topic, items: &[Item]) -> Vec<Parcel> {
        let Some(followed) = self.topics.get(topic) else {
            return vec![];
        };
        let apart = self.apart(topic, items);
        let mut parcels: Vec<Parcel> = followed
            .groups()
            .map(|(views, sockets)| Parcel {
                views,
                selection: None,
                sockets: sockets.iter().filter(|one| !apart.contains(one)).copied().collect(),
            })
            .filter(|parcel| !parcel.sockets.is_empty())
            .collect();
        for id in apart {
            let views =
                self.sockets.get(&id).and_then(|socket| socket.topics.get(topic)).map(|had| had.views);
            parcels.extend(self.parcels_for(id, topic, views.unwrap_or_default(), items));
        }
        parcels
    }

    /// Those who have a feed and one of the topics whose publications are in it.
    fn apart(&self, topic: &Topic, items: &[Item]) -> BTreeSet<SocketId> {
        if topic.namespace() != Some(Namespace::Feed) {
            return BTreeSet::new();
        }
        let origins: BTreeSet<&Topic> =
            items.iter().filter_map(|item| Some(&item.origin.as_ref()?.0)).collect();
        let mut apart = BTreeSet::new();
        for origin in origins {
            let Some(followed) = self.topics.get(origin) else { continue };
            apart.extend(followed.everybody().filter(|id| self.has(*id, topic)));
            if followed.asks > 0 {
                let awaits = |socket: &Socket| socket.awaited.iter().any(|one| one.topic == *origin);
                let feed = self.topics.get(topic);
                let everybody = feed.into_iter().flat_map(Followed::everybody);
                apart.extend(everybody.filter(|id| self.sockets.get(id).is_some_and(awaits)));
            }
        }
        apart
    }

    fn has(&self, id: SocketId, topic: &Topic) -> bool {
        self.sockets.get(&id).is_some_and(|socket| socket.topics.contains_key(topic))
    }

    /// What one socket gets of publications of a topic that it has in some shapes: not what it gets, or has had, by the
    /// topic that they were published to.
    pub(super) fn parcels_for(
        &self,
        id: SocketId,
        topic: &Topic,
        views: Views,
        items: &[Item],
    ) -> Vec<Parcel> {
        let is_feed = topic.namespace() == Some(Namespace::Feed);
        let Some(socket) = self.sockets.get(&id).filter(|_| is_feed) else {
            return vec![Parcel { views, selection: None, sockets: vec![id] }];
        };
        let mut parcels: Vec<Parcel> = vec![];
        for (place, item) in items.iter().enumerate() {
            let shown =
                item.origin.as_ref().map_or(Views::NONE, |(origin, seq)| socket.is_shown(origin, *seq));
            let left = views.minus(shown);
            match parcels.last_mut() {
                Some(Parcel { views, selection: Some(places), .. }) if *views == left => places.push(place),
                _ => parcels.push(Parcel { views: left, selection: Some(vec![place]), sockets: vec![id] }),
            }
        }
        parcels.retain(|parcel| !parcel.views.is_empty());
        parcels
    }

    /// Ends what those have of a private topic whose proof has ended, before anything more of it is shown.
    fn end_expired(&mut self, topic: &Topic, now: UnixMillis) -> Vec<Effect> {
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
}

impl Socket {
    /// In which shapes a publication reaches it by its own topic.
    fn is_shown(&self, origin: &Topic, seq: Seq) -> Views {
        let had = self.topics.get(origin).filter(|had| had.after < seq).map_or(Views::NONE, |had| had.views);
        let awaited = self.awaited.iter().filter(|one| one.topic == *origin);
        let coming = awaited.filter(|one| one.since.is_some_and(|since| since < seq));
        coming.fold(had, |views, one| views.with(one.view))
    }
}
