//! In which pace a relay asks rooms: what they may answer a socket's questions with at once is not more than that socket
//! may still be given. The others are asked when those are answered, or refused where nothing is left by then. It must not
//! know what is given of an answer.

use std::collections::VecDeque;

use super::Relay;
use super::effect::{Effect, Refused};
use super::event::{AskId, SocketId};
use super::question::{Applicant, Question, Stage};
use crate::core::socket_request::Past;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

/// A socket's questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asking {
    /// Those that wait, the first one first. Some of them may have been asked since, on another's account.
    waiting: VecDeque<AskId>,
    /// What the others may be answered with, in bytes.
    expected: u64,
}

impl Relay {
    /// Asks a question when it is the turn of a socket.
    pub(super) fn ask_in_turn(&mut self, ask: AskId, id: SocketId, now: UnixMillis) -> Vec<Effect> {
        if let Some(socket) = self.sockets.get_mut(&id)
            && !socket.asking.waiting.contains(&ask)
        {
            socket.asking.waiting.push_back(ask);
        }
        self.ask_next(id, now)
    }

    /// Asks as many of a socket's questions as may be answered now.
    pub(super) fn ask_next(&mut self, id: SocketId, now: UnixMillis) -> Vec<Effect> {
        let mut effects = vec![];
        while let Some((ask, past)) = self.next_waiting(id) {
            if !self.may_be_given(id, past, now) || !self.is_wanted_by(id, ask) {
                effects.extend(self.withdraw(id, ask, now));
            } else if self.may_be_answered(id, past, now) {
                let bytes = self.bytes_of(past);
                if let Some(socket) = self.sockets.get_mut(&id) {
                    socket.asking.expected = socket.asking.expected.saturating_add(bytes);
                }
                effects.extend(self.ask_now(ask, Some(id)));
            } else {
                break;
            }
        }
        effects
    }

    /// The first of a socket's questions that waits, and what it asks for of the past.
    fn next_waiting(&mut self, id: SocketId) -> Option<(AskId, Past)> {
        let waiting = &mut self.sockets.get_mut(&id)?.asking.waiting;
        loop {
            let ask = *waiting.front()?;
            match self.questions.get(&ask) {
                Some(Question { stage: Stage::Waiting, past, .. }) => return Some((ask, *past)),
                _ => waiting.pop_front(),
            };
        }
    }

    /// Whether a socket still wants what it has asked for.
    fn is_wanted_by(&self, id: SocketId, ask: AskId) -> bool {
        let (Some(socket), Some(question)) = (self.sockets.get(&id), self.questions.get(&ask)) else {
            return false;
        };
        let mut theirs = question.purpose.applicants().iter().filter(|one| one.socket == id);
        theirs.any(|one| socket.awaited.iter().any(|awaited| awaited.application == one.application))
    }

    /// Whether a socket may be given all that its questions are answered with, and this one. One at a time always may be: what
    /// it is given in excess is counted.
    fn may_be_answered(&self, id: SocketId, past: Past, now: UnixMillis) -> bool {
        self.sockets.get(&id).is_none_or(|socket| {
            let left = socket.budget.bytes_left(now, self.limits.client_frames_per_minute);
            let expected = socket.asking.expected;
            expected == 0 || expected.saturating_add(self.bytes_of(past)) <= left
        })
    }

    /// The most that a question may be answered with, in bytes.
    fn bytes_of(&self, past: Past) -> u64 {
        match past {
            Past::Nothing => 0,
            Past::Latest => self.limits.message_bytes,
            Past::Recent | Past::Since(_) => self.limits.history_bytes,
        }
    }

    /// A question was answered. Whose account it was on, may ask more.
    pub(super) fn settle_account(&mut self, stage: Stage, past: Past) -> Option<SocketId> {
        let Stage::Asked(Some(id)) = stage else { return None };
        let bytes = self.bytes_of(past);
        let asking = &mut self.sockets.get_mut(&id)?.asking;
        asking.expected = asking.expected.saturating_sub(bytes);
        Some(id)
    }

    /// A socket leaves: what it waits to ask is asked only where others want it as well.
    pub(super) fn withdraw_all(&mut self, id: SocketId, now: UnixMillis) -> Vec<Effect> {
        let mut effects = vec![];
        while let Some((ask, _)) = self.next_waiting(id) {
            self.take_out(id, ask);
            effects.extend(self.hand_on(ask, now));
        }
        effects
    }

    /// Refuses a socket what it waits to ask for.
    fn withdraw(&mut self, id: SocketId, ask: AskId, now: UnixMillis) -> Vec<Effect> {
        let Some(topic) = self.questions.get(&ask).map(|question| question.topic.clone()) else {
            return vec![];
        };
        let theirs = self.take_out(id, ask);
        let handed_on = self.hand_on(ask, now);
        let refused = theirs.into_iter().flat_map(|one| self.refuse(one, &topic, Refused::TooMuchGiven));
        refused.chain(handed_on).collect()
    }

    fn take_out(&mut self, id: SocketId, ask: AskId) -> Vec<Applicant> {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.asking.waiting.retain(|one| *one != ask);
        }
        self.questions.get_mut(&ask).map(|question| question.purpose.take(id)).unwrap_or_default()
    }

    /// A question that somebody has given up is the next one's to ask. Where it is for nobody else, nobody is asked.
    fn hand_on(&mut self, ask: AskId, now: UnixMillis) -> Vec<Effect> {
        let Some(question) = self.questions.get(&ask) else { return vec![] };
        if let Some(next) = question.purpose.applicants().first() {
            return self.ask_in_turn(ask, next.socket, now);
        }
        let topic = question.topic.clone();
        self.questions.remove(&ask);
        self.stop_asking(&topic);
        vec![]
    }

    fn stop_asking(&mut self, topic: &Topic) {
        if let Some(followed) = self.topics.get_mut(topic) {
            followed.stop_asking(self.limits.keeps_history);
        }
        self.forget_unwanted(topic);
    }
}
