//! A relay's questions to rooms: which are under way, for whom, and what an answer leads to. It must not know what a
//! newcomer is given of the past.

use super::effect::{Effect, Refused};
use super::event::{Answer, AskFailure, AskId, Lease, SocketId};
use super::stored::Position;
use super::{ApplicationId, Relay};
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
    CatchUp(Vec<(Applicant, Past)>),
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
        let past = Past::Since(Resume { since: position.seq, epoch: position.epoch });
        self.ask(topic.clone(), past, Purpose::CatchUp(applicant.into_iter().collect()), now)
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
        let lease = *followed.lease.get_or_insert(Lease(now.0.max(self.last_lease + 1)));
        self.last_lease = self.last_lease.max(lease.0);
        let ask = AskId(self.questions_asked);
        self.questions_asked += 1;
        self.questions.insert(ask, Question { topic: topic.clone(), past, purpose });
        Some(Effect::Ask { ask, topic, lease, past })
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
        let effects = match (purpose, answer) {
            (Purpose::Admit(applicants), Ok(answer)) => {
                let mut effects = self.absorb(&topic, &answer);
                for applicant in applicants {
                    effects.extend(self.admit_by(applicant, &topic, past, &answer, now));
                }
                effects
            }
            (Purpose::Admit(applicants), Err(failure)) => {
                applicants.into_iter().flat_map(|one| self.refuse(one, &topic, failure.into())).collect()
            }
            (Purpose::CatchUp(applicants), answer) => {
                let mut effects = self.caught_up(&topic, answer.as_ref().ok(), now);
                for (applicant, past) in applicants {
                    effects.extend(match answer {
                        Ok(_) => self.reconsider(applicant, &topic, past, now),
                        Err(failure) => self.refuse(applicant, &topic, failure.into()),
                    });
                }
                effects
            }
        };
        if let Some(followed) = self.topics.get_mut(&topic) {
            followed.stop_asking(self.limits.keeps_history);
        }
        effects
    }

    /// Considers somebody again who was ahead of the relay. The relay now is where the room is.
    fn reconsider(
        &mut self,
        applicant: Applicant,
        topic: &Topic,
        past: Past,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let position = self.topics.get(topic).and_then(|followed| followed.position);
        if let (Some(position), Past::Since(resume)) = (position, past)
            && resume.since > position.seq
            && position.epoch.continues(resume.epoch, self.limits.retention_millis)
        {
            return self.refuse(applicant, topic, Refused::FromTheFuture);
        }
        self.consider(applicant, Wanted { topic: topic.clone(), past }, now)
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
                waiting.extend(applicants);
                true
            }
            _ => false,
        }
    }
}
