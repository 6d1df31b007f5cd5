//! Whom a room lets in, and what a newcomer is told: a subscriber, or a relay that asks for subscribers of its own. It
//! must not know how publications reach those who are in.

use super::Room;
use crate::core::address::Address;
use crate::core::epoch::Epoch;
use crate::core::event::{Effect, Refusal, Resume};
use crate::core::publication::Seq;
use crate::core::relay::event::{Lease, Question, Told};
use crate::core::relay::name::RelayName;
use crate::core::socket_request::Past;
use crate::core::time::UnixMillis;

/// What a returning subscriber's place is to this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Return {
    After(Seq),
    FromTheFuture,
    FromAnotherOrder,
}

/// A room that has been sending for this long without a pause has enough to do: who comes then is sent to a relay. In
/// milliseconds.
pub(super) const BUSY_MILLIS: u64 = 10_000;

impl Room {
    pub(super) fn judge(&self, resume: Resume, now: UnixMillis) -> Return {
        if !self.epoch_at(now).continues(resume.epoch, self.limits.retention_millis) {
            return Return::FromAnotherOrder;
        }
        if resume.since > self.history.last() { Return::FromTheFuture } else { Return::After(resume.since) }
    }

    pub(super) fn refusal(
        &self,
        open: u32,
        open_from_address: u32,
        address: Option<Address>,
        resume: Option<Return>,
        now: UnixMillis,
    ) -> Option<Refusal> {
        if resume == Some(Return::FromTheFuture) {
            return Some(Refusal::FromTheFuture);
        }
        // Before the rest: who has its share here gets no more of it in a relay.
        if self.limits.connections_per_address.is_some_and(|limit| open_from_address >= limit.get()) {
            return Some(Refusal::TooManyFromAddress);
        }
        if self.counted(address).is_some_and(|address| !self.answers.may_be_given(address, now)) {
            return Some(Refusal::TooMuchGiven);
        }
        let is_busy = self.busy_since.is_some_and(|since| now.since(since) >= BUSY_MILLIS);
        (open >= self.limits.capacity || is_busy).then_some(Refusal::Full)
    }

    /// The epoch, as somebody is told it who asks at `now`.
    pub(super) fn epoch_at(&self, now: UnixMillis) -> Epoch {
        self.began.map_or(Epoch::Unborn(now), Epoch::Began)
    }

    pub(super) fn welcome(
        &mut self,
        address: Option<Address>,
        resume: Option<Return>,
        now: UnixMillis,
    ) -> Vec<Effect> {
        let seq = self.history.last();
        let mut effects = vec![Effect::Accept { epoch: self.epoch_at(now), seq }];
        match resume {
            Some(Return::After(since)) => {
                let missed = self.history.missed_after(since);
                effects.extend(missed.gap.map(|(from, to)| Effect::Gap { from: Some(from), to }));
                if !missed.publications.is_empty() {
                    effects.push(Effect::Replay { first: missed.first, publications: missed.publications });
                }
            }
            Some(_) => {
                effects.push(Effect::Gap { from: None, to: seq });
                effects.extend(self.snapshot());
            }
            None => effects.extend(self.snapshot()),
        }
        if let Some(address) = self.counted(address) {
            self.answers.give(address, effects.iter().map(bytes_of_past).sum(), now);
        }
        effects.extend(self.keep(now));
        effects
    }

    /// An address, where connections are counted by address.
    fn counted(&self, address: Option<Address>) -> Option<Address> {
        address.filter(|_| self.limits.connections_per_address.is_some())
    }

    fn snapshot(&self) -> Option<Effect> {
        let publication = self.history.latest()?.clone();
        Some(Effect::Snapshot { publication, seq: self.history.last() })
    }

    pub(super) fn tell_relay(&mut self, question: Question, now: UnixMillis) -> Vec<Effect> {
        let Question { relay, lease, past, only_born } = question;
        if only_born && self.is_unborn() {
            return vec![Effect::Refuse(Refusal::Unborn)];
        }
        let resume = if let Past::Since(resume) = past { Some(self.judge(resume, now)) } else { None };
        if resume == Some(Return::FromTheFuture) {
            return vec![Effect::Refuse(Refusal::FromTheFuture)];
        }
        let is_new = self.relays.insert(relay, lease) != Some(lease);
        // The alarm that ends what is stored comes before what is stored.
        let mut effects = self.keep(now);
        if is_new {
            effects.push(Effect::Enlist { relay, lease });
        }
        let seq = self.history.last();
        let mut told =
            Told { epoch: self.epoch_at(now), seq, gap: None, publications: vec![], is_continuation: false };
        match (past, resume) {
            (_, Some(Return::After(since))) => {
                let missed = self.history.missed_after(since);
                told.gap = missed.gap.map(|(from, to)| (Some(from), to));
                told.publications = missed.publications;
                told.is_continuation = true;
            }
            (Past::Nothing, _) => {}
            (Past::Recent, _) => told.publications = self.history.missed_after(Seq::NONE).publications,
            (Past::Latest | Past::Since(_), resume) => {
                told.gap = resume.map(|_| (None, seq));
                told.publications = self.history.latest().cloned().into_iter().collect();
            }
        }
        effects.push(Effect::Tell(told));
        effects
    }

    pub(super) fn dismiss(&mut self, relay: RelayName, lease: Lease) -> Vec<Effect> {
        if self.relays.get(&relay) != Some(&lease) {
            // It has come back meanwhile.
            return vec![];
        }
        self.relays.remove(&relay);
        if self.relays.is_empty() && self.is_unborn() {
            // Nothing of it was ever more than its list.
            self.kept_until = None;
            return vec![Effect::Forget];
        }
        vec![Effect::Dismiss { relay }]
    }
}

fn bytes_of_past(effect: &Effect) -> u64 {
    let bytes = match effect {
        Effect::Snapshot { publication, .. } => publication.as_json().len(),
        Effect::Replay { publications, .. } => publications.iter().map(|one| one.as_json().len()).sum(),
        _ => 0,
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
