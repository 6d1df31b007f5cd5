//! How publications reach those who have a topic: each push once and in order, what is missing before it first. It must
//! not know how somebody comes to a topic, nor what somebody has by another topic.

use std::rc::Rc;

use super::Relay;
use super::effect::{Delivery, Effect, Pushed};
use super::event::{Answer, Item, Push, PushId, SocketId};
use super::stored::Position;
use super::topic::Followed;
use crate::core::epoch::Epoch;
use crate::core::event::Closing;
use crate::core::publication::Seq;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

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
}
