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
use crate::core::socket_request::Past;
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

    /// The room has answered what was missing after a place, or could not be asked: then pushes that waited are to come
    /// again.
    pub(super) fn caught_up(
        &mut self,
        topic: &Topic,
        asked: Past,
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
        let mut effects = self.skip(topic, asked, answer, held.front());
        effects.extend(self.absorb(topic, answer));
        for push in held {
            effects.extend(self.push_again(push, now));
        }
        effects
    }

    /// Goes on without what a room has answered that it does not hold any more. Without a past, what waits here is more
    /// than the room has: only what is before it is lost.
    fn skip(&mut self, topic: &Topic, asked: Past, answer: &Answer, held: Option<&Push>) -> Vec<Effect> {
        let is_held = |push: &&Push| answer.items.is_empty() && push.epoch == answer.epoch;
        let held = held.filter(is_held).map(|push| push.first.before(1));
        let reach = |to: Seq| held.map_or(to, |held| held.min(to));
        match (answer.gap, asked) {
            (Some((Some(_), to)), _) => self.leave_out(topic, answer.epoch, reach(to)),
            (Some((None, _)), Past::Since(resume)) if self.is_still_in(topic, resume.epoch) => {
                let seq = reach(answer.first().before(1));
                self.begin_anew(topic, Position { epoch: answer.epoch, seq }).into_iter().collect()
            }
            _ => vec![],
        }
    }

    /// Whether a topic's order is still that of an epoch, or the one that began then.
    fn is_still_in(&self, topic: &Topic, epoch: Epoch) -> bool {
        let position = self.topics.get(topic).and_then(|followed| followed.position);
        position.is_some_and(|position| position.epoch.continues(epoch, self.limits.retention_millis))
    }

    /// Considers a push again that waited for what the room says. What still is of another order then was late.
    fn push_again(&mut self, push: Push, now: UnixMillis) -> Vec<Effect> {
        let followed = self.topics.get(&push.topic);
        let position = followed.and_then(|followed| followed.position);
        let is_late = position.is_some_and(|position| {
            !push.epoch.continues(position.epoch, self.limits.retention_millis)
                && !push.epoch.is_later_than(position.epoch)
        });
        if is_late {
            let again = followed.map(Followed::subscribers);
            return vec![Effect::Answer { push: push.id, pushed: Pushed::Handed { again } }];
        }
        self.push(push, now)
    }

    /// Goes on after `to`, a place of the order of that epoch, without what is missing up to there, and says so.
    fn leave_out(&mut self, topic: &Topic, epoch: Epoch, to: Seq) -> Vec<Effect> {
        let retention = self.limits.retention_millis;
        let Some(followed) = self.topics.get_mut(topic) else {
            return vec![];
        };
        let is_behind = |position: &Position| position.seq < to && epoch.continues(position.epoch, retention);
        let Some(position) = followed.position.filter(is_behind) else {
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
                self.unnoted.insert(topic.clone());
            }
        } else if arrival.epoch.is_later_than(position.epoch) {
            seq = arrival.first.before(1);
            effects.extend(self.begin_anew(topic, Position { epoch: arrival.epoch, seq }));
        } else {
            // Something that was late, or a clock that is wrong: the room knows.
            return Progress::NotYet(position);
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

    /// Another order has begun. What was shown of the last one says nothing of this one.
    fn begin_anew(&mut self, topic: &Topic, position: Position) -> Option<Effect> {
        let after = position.seq;
        self.topics.get_mut(topic)?.jump(position);
        self.unnoted.insert(topic.clone());
        for socket in self.sockets.values_mut() {
            if let Some(subscription) = socket.topics.get_mut(topic) {
                subscription.after = after;
                socket.apart.retain(|one| one.topic != *topic);
            }
        }
        self.gap(topic, None, after)
    }

    /// The first that is heard of a topic. Whoever has it already outlived the note of how far it was: it is asked to
    /// come back.
    fn begin(&mut self, topic: &Topic, arrival: &Arrival<'_>) -> Vec<Effect> {
        let keeps = self.limits.keeps_history;
        let Some(followed) = self.topics.get_mut(topic) else {
            return vec![];
        };
        followed.advance(Position { epoch: arrival.epoch, seq: arrival.last() }, arrival.items, keeps);
        self.unnoted.insert(topic.clone());
        let lost = followed.everybody();
        lost.map(|socket| Effect::Disconnect { socket, closing: Closing::Interrupted }).collect()
    }

    fn deliver(&mut self, topic: &Topic, arrival: &Arrival<'_>, first: Seq, fresh: &[Item]) -> Vec<Effect> {
        let mut shares = self.shares(topic, fresh);
        let Some(followed) = self.topics.get_mut(topic) else {
            return vec![];
        };
        let position = Position { epoch: arrival.epoch, seq: arrival.last() };
        followed.advance(position, fresh, self.limits.keeps_history);
        self.unnoted.insert(topic.clone());
        let reached = shares.position(topic, position.seq);
        let delivery = (!shares.parcels.is_empty()).then(|| {
            Effect::Deliver(Delivery {
                topic: topic.clone(),
                first,
                items: Rc::from(fresh),
                parcels: shares.parcels,
                is_snapshot: false,
                push: arrival.push,
            })
        });
        delivery.into_iter().chain(reached).collect()
    }
}
