//! A relay's questions to rooms: which are under way, for whom, and what an answer leads to. It must not know what a
//! newcomer is given of the past.

use super::Relay;
use super::effect::{Effect, Refused};
use super::event::{Answer, AskFailure, AskId, Lease, SocketId};
use super::stored::Position;
use super::wish::ApplicationId;
use crate::core::address::Address;
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::socket_request::{Past, Wanted};
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::core::view::View;

/// A question to a room that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    topic: Topic,
    past: Past,
    purpose: Purpose,
}

/// What a question is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// These want the topic.
    Admit(Vec<Applicant>),
    /// The relay is behind. These want the topic, once it no longer is.
    CatchUp(Vec<Ahead>),
}

/// A subscriber that was further than the relay when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    applicant: Applicant,
    past: Past,
    /// Whether the question was asked before it came: then the answer may be from before what it has.
    has_joined: bool,
}

/// A subscriber that is to get a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Applicant {
    pub application: ApplicationId,
    pub socket: SocketId,
    pub view: View,
}

impl From<AskFailure> for Refused {
    fn from(failure: AskFailure) -> Self {
        match failure {
            AskFailure::TooManyNew => Self::TooManyNew,
            AskFailure::FromTheFuture => Self::FromTheFuture,
            AskFailure::Unreachable => Self::Unreachable,
        }
    }
}

impl Relay {
    /// Asks for what the relay has missed of a topic, and for what applicants want who are ahead of it.
    pub(super) fn catch_up(
        &mut self,
        topic: &Topic,
        position: Position,
        applicant: Option<(Applicant, Past)>,
        now: UnixMillis,
    ) -> Option<Effect> {
        let since = Past::Since(Resume { since: position.seq, epoch: position.epoch });
        let ahead = applicant.map(|(applicant, past)| Ahead { applicant, past, has_joined: false });
        self.ask(topic.clone(), since, Purpose::CatchUp(ahead.into_iter().collect()), now)
    }

    /// Asks a room, or joins those who wait for the answer to the same question.
    pub(super) fn ask(
        &mut self,
        topic: Topic,
        past: Past,
        purpose: Purpose,
        now: UnixMillis,
    ) -> Option<Effect> {
        let followed = self.topics.get_mut(&topic)?;
        if followed.asks > 0 && self.questions.values_mut().any(|one| one.takes(&topic, past, &purpose)) {
            return None;
        }
        followed.asks += 1;
        let is_listed = followed.position.is_some();
        let lease = *followed.lease.get_or_insert(Lease(now.0.max(self.last_lease + 1)));
        self.last_lease = self.last_lease.max(lease.0);
        let ask = AskId(self.questions_asked);
        self.questions_asked += 1;
        let address = self.address_of(&purpose).filter(|_| !is_listed);
        self.questions.insert(ask, Question { topic: topic.clone(), past, purpose });
        Some(Effect::Ask { ask, topic, lease, past, address })
    }

    pub(super) fn answered(
        &mut self,
        ask: AskId,
        answer: Result<Answer, AskFailure>,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let Some(Question { topic, past, purpose }) = self.questions.remove(&ask) else {
            return vec![];
        };
        let expired = self.end_expired(&topic, now);
        let mut effects = match (purpose, answer) {
            (Purpose::Admit(applicants), Ok(answer)) => {
                let mut effects = self.absorb(&topic, &answer);
                for applicant in applicants {
                    effects.extend(self.admit_by(applicant, &topic, past, &answer, now));
                }
                effects
            }
            (Purpose::Admit(applicants), Err(AskFailure::TooManyNew)) => {
                self.refuse_new(&applicants, &topic, past, now)
            }
            (Purpose::Admit(applicants), Err(failure)) => {
                applicants.into_iter().flat_map(|one| self.refuse(one, &topic, failure.into())).collect()
            }
            (Purpose::CatchUp(applicants), answer) => {
                let mut effects = self.caught_up(&topic, past, answer.as_ref().ok(), now);
                for ahead in applicants {
                    effects.extend(match &answer {
                        Ok(answer) => self.reconsider(ahead, &topic, answer, now),
                        Err(failure) => self.refuse(ahead.applicant, &topic, (*failure).into()),
                    });
                }
                effects
            }
        };
        effects.splice(0..0, expired);
        if let Some(followed) = self.topics.get_mut(&topic) {
            followed.stop_asking(self.limits.keeps_history);
        }
        self.forget_unwanted(&topic);
        effects
    }

    /// The address that a question is asked for.
    fn address_of(&self, purpose: &Purpose) -> Option<Address> {
        let Purpose::Admit(applicants) = purpose else { return None };
        self.sockets.get(&applicants.first()?.socket)?.address
    }

    /// Refuses those whose address has asked for too many new topics. Who waited for the same answer asks anew: it has a
    /// budget of its own.
    fn refuse_new(
        &mut self,
        applicants: &[Applicant],
        topic: &Topic,
        past: Past,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let address = |relay: &Self, one: &Applicant| relay.sockets.get(&one.socket)?.address;
        let Some(first) = applicants.first() else { return vec![] };
        let spent = address(self, first);
        let decide = |one: &Applicant| {
            if address(self, one) == spent {
                return self.refuse(*one, topic, Refused::TooManyNew);
            }
            self.consider(*one, Wanted { topic: topic.clone(), past }, now)
        };
        applicants.iter().flat_map(decide).collect()
    }

    /// Considers somebody again who was ahead of the relay. The relay now is where the room was when it answered.
    fn reconsider(&mut self, ahead: Ahead, topic: &Topic, answer: &Answer, now: UnixMillis) -> Vec<Effect> {
        let Ahead { applicant, past, has_joined } = ahead;
        let wanted = Wanted { topic: topic.clone(), past };
        let is_of = |epoch: Epoch| match past {
            Past::Since(resume) => epoch.continues(resume.epoch, self.limits.retention_millis),
            _ => false,
        };
        let position = self.topics.get(topic).and_then(|followed| followed.position);
        match past {
            _ if has_joined => self.consider(applicant, wanted, now),
            Past::Since(resume) if is_of(answer.epoch) && resume.since > answer.seq => {
                self.refuse(applicant, topic, Refused::FromTheFuture)
            }
            // Its order is not the room's.
            Past::Since(_) if !position.is_some_and(|position| is_of(position.epoch)) => {
                self.give(applicant, wanted, now)
            }
            _ => self.consider(applicant, wanted, now),
        }
    }
}

impl Question {
    /// Has those who would ask the same wait for this question's answer, and returns whether it does.
    fn takes(&mut self, topic: &Topic, past: Past, purpose: &Purpose) -> bool {
        if self.topic != *topic {
            return false;
        }
        match (&mut self.purpose, purpose) {
            (Purpose::Admit(waiting), Purpose::Admit(applicants)) if self.past == past => {
                waiting.extend(applicants);
                true
            }
            (Purpose::CatchUp(waiting), Purpose::CatchUp(applicants)) => {
                waiting.extend(applicants.iter().map(|ahead| Ahead { has_joined: true, ..*ahead }));
                true
            }
            _ => false,
        }
    }
}
