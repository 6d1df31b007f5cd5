//! How a subscriber of a relay comes to a topic: from what is at hand where that is enough, else after a
//! question to the room. Whoever comes gets what it missed up to where the relay is, and then goes along with the others:
//! none twice and none missing. It must not know how publications reach those who have the topic already.

use std::rc::Rc;

use super::effect::{Delivery, Effect, Parcel, Refused, TurnedAway, Word};
use super::event::{Answer, Opening, SocketId};
use super::overlap::Shares;
use super::past::{Given, at_hand, given_by};
use super::question::{Applicant, Purpose};
use super::stored::Position;
use super::topic::Followed;
use super::wish::{ApplicationId, Awaited};
use super::{Apart, Relay, Subscription, tell};
use crate::core::event::{Closing, Resume};
use crate::core::publication::Seq;
use crate::core::socket_request::{Past, Subscribe, Wanted};
use crate::core::time::UnixMillis;
use crate::core::topic::{Namespace, Topic};
use crate::core::view::{View, Views};

impl Relay {
    pub(super) fn open_topic(
        &mut self,
        opening: Opening,
        topic: Topic,
        view: View,
        resume: Option<Resume>,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let socket = opening.socket;
        if let Err(denial) = Self::check(&topic, opening.identity.as_ref(), now) {
            return vec![Effect::TurnAway { socket, why: TurnedAway::NotTheirs(denial) }];
        }
        if let Err(turned_away) = self.take_in(opening, true) {
            return vec![turned_away];
        }
        let past = resume.map_or(Past::Latest, Past::Since);
        if !self.may_be_given(socket, past, now) {
            self.sockets.remove(&socket);
            return vec![Effect::TurnAway { socket, why: TurnedAway::TooMuchGiven }];
        }
        let wanted = Wanted { topic, past };
        let applicant = self.apply(socket, view, &wanted, false);
        self.consider(applicant, wanted, now)
    }

    pub(super) fn subscribe(&mut self, id: SocketId, subscribe: Subscribe, now: UnixMillis) -> Vec<Effect> {
        let Subscribe { topics, view } = subscribe;
        let mut effects = vec![];
        let mut applications = vec![];
        let has_feed = topics.iter().any(|wanted| wanted.topic.namespace() == Some(Namespace::Feed));
        for wanted in topics {
            match self.judge(id, view, &wanted, now) {
                Err(answer) => effects.extend(answer),
                Ok(()) => applications.push((self.apply(id, view, &wanted, has_feed), wanted)),
            }
        }
        // What comes by a topic does not come by a feed as well, whichever of them is named first.
        for (applicant, wanted) in applications {
            effects.extend(self.consider(applicant, wanted, now));
        }
        effects
    }

    /// Whether somebody can be given what it wants of a topic. Else, what it is told.
    fn judge(
        &mut self,
        id: SocketId,
        view: View,
        wanted: &Wanted,
        now: UnixMillis,
    ) -> Result<(), Option<Effect>> {
        let Wanted { topic, past } = wanted;
        let socket = self.sockets.get(&id).ok_or(None)?;
        let refused = |why| Err(Some(tell(id, Word::Refused { topic: topic.clone(), why })));
        if let Err(denial) = Self::check(topic, socket.identity.as_ref(), now) {
            return refused(Refused::NotTheirs(denial));
        }
        if socket.has(topic, view) && !past.is_named() {
            return Err(Some(self.subscribe_again(id, view, topic)));
        }
        let limit = self.limits.topics_per_socket;
        if !socket.claims(topic) && socket.topics_claimed() >= limit {
            return refused(Refused::TooMany { limit });
        }
        if let Err(why) = self.has_memory_for(id, topic) {
            return refused(why);
        }
        if !self.may_be_given(id, *past, now) {
            return refused(Refused::TooMuchGiven);
        }
        Ok(())
    }

    /// Somebody asks for what it has. It is told so and gets nothing twice. Whether publications may share a frame can be
    /// said anew, and more kinds of alerts can be asked for.
    /// Where nobody knows any more how far it was, it has to come back.
    fn subscribe_again(&mut self, id: SocketId, view: View, topic: &Topic) -> Effect {
        let Some(position) = self.topics.get(topic).and_then(|followed| followed.position) else {
            return Effect::Disconnect { socket: id, closing: Closing::Interrupted };
        };
        self.add_view(id, topic, view, position.seq);
        subscribed(id, topic, view, position)
    }

    /// Notes somebody's wish for a topic. Who comes back to a topic together with a feed has had both, and so what came by
    /// the topic did not come by the feed: it has all of the topic. Who comes back to a topic alone may have a feed for
    /// longer than the topic, or know the place from elsewhere: it has what comes after that.
    fn apply(&mut self, id: SocketId, view: View, wanted: &Wanted, with_feed: bool) -> Applicant {
        let application = ApplicationId(self.applications);
        self.applications += 1;
        if let Some(socket) = self.sockets.get_mut(&id) {
            let after = match wanted.past {
                Past::Since(_) if with_feed => Some(Seq::NONE),
                Past::Since(resume) => Some(resume.since),
                _ => None,
            };
            socket.awaited.push(Awaited { application, topic: wanted.topic.clone(), view, after });
        }
        Applicant { application, socket: id, view }
    }

    /// Takes somebody's wish, unless it is further than the relay: then the relay has to catch up first.
    pub(super) fn consider(&mut self, applicant: Applicant, wanted: Wanted, now: UnixMillis) -> Vec<Effect> {
        // It may have left while a room was asked.
        if !self.sockets.contains_key(&applicant.socket) {
            return vec![];
        }
        let Wanted { topic, past } = &wanted;
        let position = self.topics.get(topic).and_then(|followed| followed.position);
        match (position, *past) {
            (Some(position), Past::Since(resume))
                if position.is_before(resume, self.limits.retention_millis) =>
            {
                self.catch_up(topic, position, Some((applicant, *past)), now)
            }
            _ => self.give(applicant, wanted, now),
        }
    }

    /// Gives somebody a topic at once where all that it wants is at hand, else asks the room.
    pub(super) fn give(&mut self, applicant: Applicant, wanted: Wanted, now: UnixMillis) -> Vec<Effect> {
        let Wanted { topic, past } = wanted;
        let followed = self.topics.entry(topic.clone()).or_insert_with(|| Followed::new(topic.clone()));
        let retention = self.limits.retention_millis;
        match at_hand(followed, past, self.limits.keeps_history, retention) {
            Some(given) => self.admit(applicant, &topic, past, &given, now),
            None => self.ask(topic, past, Purpose::Admit(vec![applicant]), now),
        }
    }

    /// Gives somebody a topic by what its room has answered, which the relay has followed by now.
    pub(super) fn admit_by(
        &mut self,
        applicant: Applicant,
        topic: &Topic,
        past: Past,
        answer: &Answer,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let position = self.topics.get(topic).and_then(|followed| followed.position);
        let (Some(followed), Some(position)) = (self.topics.get(topic), position) else {
            return vec![];
        };
        if !position.epoch.continues(answer.epoch, self.limits.retention_millis) {
            // Another order has begun since, or the relay has yet to hear of this one.
            return self.catch_up(topic, position, Some((applicant, past)), now);
        }
        if position.seq < answer.seq && self.limits.keeps_history {
            return self.catch_up(topic, position, Some((applicant, past)), now);
        }
        match given_by(followed, position, past, answer) {
            Some(given) => self.admit(applicant, topic, past, &given, now),
            None => self.consider(applicant, Wanted { topic: topic.clone(), past }, now),
        }
    }

    pub(super) fn refuse(&mut self, applicant: Applicant, topic: &Topic, why: Refused) -> Vec<Effect> {
        let id = applicant.socket;
        let Some(socket) = self.sockets.get_mut(&id) else {
            return vec![];
        };
        if socket.end(applicant.application).is_none() {
            return vec![];
        }
        if !socket.is_for_one {
            return vec![tell(id, Word::Refused { topic: topic.clone(), why })];
        }
        self.sockets.remove(&id);
        vec![Effect::TurnAway { socket: id, why: why.into() }]
    }

    fn admit(
        &mut self,
        applicant: Applicant,
        topic: &Topic,
        past: Past,
        given: &Given,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let Applicant { application, socket: id, view } = applicant;
        let position = self.topics.get(topic).and_then(|followed| followed.position);
        let (Some(socket), Some(position)) = (self.sockets.get_mut(&id), position) else {
            return vec![];
        };
        if let Err(denial) = Self::check(topic, socket.identity.as_ref(), now) {
            return self.refuse(applicant, topic, Refused::NotTheirs(denial));
        }
        if !socket.awaited.iter().any(|one| one.application == application) {
            // It wants it no longer.
            return vec![];
        }
        if socket.has(topic, view) && !past.is_named() {
            // It asked twice, and the first answer has come meanwhile.
            socket.end(application);
            return vec![self.subscribe_again(id, view, topic), Effect::Remember(id)];
        }
        if !self.give_past(id, given, now) {
            return self.refuse(applicant, topic, Refused::TooMuchGiven);
        }
        let Some(socket) = self.sockets.get_mut(&id) else {
            return vec![];
        };
        let Some(wish) = socket.end(application) else {
            return vec![];
        };
        let Position { epoch, seq } = position;
        let mut effects = if socket.is_for_one {
            vec![Effect::WelcomeTo { socket: id, topic: topic.clone(), epoch, seq }]
        } else {
            vec![subscribed(id, topic, view, position)]
        };
        if let Some((from, to)) = given.gap
            && Views::of(view).is_native()
        {
            effects.push(Effect::Gap { sockets: vec![id], topic: topic.clone(), from, to });
        }
        effects.extend(self.deliver_past(applicant, topic, seq, given));
        let after = wish.after.filter(|_| given.is_continuation).unwrap_or(given.after);
        self.add_view(id, topic, view, after);
        effects.push(Effect::Remember(id));
        effects.extend(self.wake_for(id));
        effects
    }

    fn deliver_past(
        &self,
        applicant: Applicant,
        topic: &Topic,
        seq: Seq,
        given: &Given,
    ) -> impl Iterator<Item = Effect> {
        let views = Views::of(applicant.view);
        let mut shares = if given.is_continuation {
            self.share_of(applicant.socket, topic, views, &given.items)
        } else {
            Shares::of(Parcel { views, selection: None, sockets: vec![applicant.socket] })
        };
        let reached = shares.position(topic, seq);
        let delivery = (!given.items.is_empty() && !shares.parcels.is_empty()).then(|| {
            Effect::Deliver(Delivery {
                topic: topic.clone(),
                first: seq.before(given.items.len()).next(),
                items: Rc::from(given.items.as_slice()),
                parcels: shares.parcels,
                is_snapshot: !given.is_continuation,
                push: None,
            })
        });
        delivery.into_iter().chain(reached)
    }

    /// Adds a shape to what a socket has of a topic. A newcomer gets everything `after` a place; who has the shape already
    /// keeps what it has.
    fn add_view(&mut self, id: SocketId, topic: &Topic, view: View, after: Seq) {
        let (Some(socket), Some(followed)) = (self.sockets.get_mut(&id), self.topics.get(topic)) else {
            return;
        };
        let had = socket.topics.get(topic).copied();
        let before = had.map_or(Views::NONE, |had| had.views);
        let views = before.with(view);
        let first = had.map_or(after, |had| had.after);
        let after = had.and_then(|had| socket.after(topic, had, view)).map_or(after, |had| had.min(after));
        socket.apart.retain(|one| one.topic != *topic || !Views::of(one.view).overlaps(view));
        if first != after {
            socket.apart.push(Apart { topic: followed.topic.clone(), view, after });
        }
        socket.topics.insert(followed.topic.clone(), Subscription { views, after: first });
        self.regroup(id, topic, before, views);
    }
}

fn subscribed(id: SocketId, topic: &Topic, view: View, position: Position) -> Effect {
    let Position { epoch, seq } = position;
    tell(id, Word::Subscribed { topic: topic.clone(), view, epoch, seq })
}
