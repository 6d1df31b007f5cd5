//! A relay's questions to rooms: which are under way, for whom, and what an answer leads to. It must not know what a
//! newcomer is given of the past.

use super::Relay;
use super::effect::{Effect, Refused};
use super::event::{Answer, AskFailure, AskId, Lease, SocketId};
use super::stored::Position;
use super::wish::ApplicationId;
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::socket_request::{Past, Wanted};
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::core::view::View;

/// A question to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub topic: Topic,
    pub past: Past,
    pub purpose: Purpose,
    pub stage: Stage,
}

/// How far a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits until one of the applicants may be given what it is answered with.
    Waiting,
    /// The room was asked, on an applicant's account or on nobody's.
    Asked(Option<SocketId>),
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

impl Purpose {
    /// Those who are given the answer. What the relay has missed is everybody's.
    pub fn applicants(&self) -> &[Applicant] {
        match self {
            Self::Admit(applicants) => applicants,
            Self::CatchUp(_) => &[],
        }
    }

    /// Takes a socket's applications out of it.
    pub fn take(&mut self, socket: SocketId) -> Vec<Applicant> {
        let Self::Admit(applicants) = self else { return vec![] };
        applicants.extract_if(.., |one| one.socket == socket).collect()
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
    ) -> Vec<Effect> {
        let since = Past::Since(Resume { since: position.seq, epoch: position.epoch });
        let ahead = applicant.map(|(applicant, past)| Ahead { applicant, past, has_joined: false });
        self.ask(topic.clone(), since, Purpose::CatchUp(ahead.into_iter().collect()), now)
    }

    /// Asks a room when it is an applicant's turn, or joins those who wait for the answer to the same question.
    pub(super) fn ask(&mut self, topic: Topic, past: Past, purpose: Purpose, now: UnixMillis) -> Vec<Effect> {
        let Some(followed) = self.topics.get_mut(&topic) else { return vec![] };
        let socket = purpose.applicants().first().map(|applicant| applicant.socket);
        let mut asked = self.questions.iter_mut();
        let mut same = || asked.find_map(|(ask, one)| one.takes(&topic, past, &purpose).then_some(*ask));
        let same = if followed.asks > 0 { same() } else { None };
        let ask = same.unwrap_or_else(|| {
            followed.asks += 1;
            let lease = *followed.lease.get_or_insert(Lease(now.0.max(self.last_lease + 1)));
            self.last_lease = self.last_lease.max(lease.0);
            let ask = AskId(self.questions_asked);
            self.questions_asked += 1;
            self.questions.insert(ask, Question { topic, past, purpose, stage: Stage::Waiting });
            ask
        });
        match socket {
            Some(socket) => self.ask_in_turn(ask, socket, now),
            None => self.ask_now(ask, None).into_iter().collect(),
        }
    }

    /// Asks a room what waits to be asked.
    pub(super) fn ask_now(&mut self, ask: AskId, account: Option<SocketId>) -> Option<Effect> {
        let question = self.questions.get_mut(&ask).filter(|one| one.stage == Stage::Waiting)?;
        question.stage = Stage::Asked(account);
        let Question { topic, past, purpose, .. } = &*question;
        let followed = self.topics.get(topic)?;
        let (lease, is_listed) = (followed.lease?, followed.position.is_some());
        let first = purpose.applicants().first().and_then(|one| self.sockets.get(&one.socket)?.address);
        let address = first.filter(|_| !is_listed);
        Some(Effect::Ask { ask, topic: topic.clone(), lease, past: *past, address })
    }

    pub(super) fn answered(
        &mut self,
        ask: AskId,
        answer: Result<Answer, AskFailure>,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let Some(Question { topic, past, purpose, stage }) = self.questions.remove(&ask) else {
            return vec![];
        };
        let account = self.settle_account(stage, past);
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
        effects.extend(account.into_iter().flat_map(|socket| self.ask_next(socket, now)));
        self.forget_unwanted(&topic);
        effects
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
