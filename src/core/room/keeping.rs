//! For how long a room is kept: whatever it stores has an alarm that ends it. It must not know how an alarm is set.

use super::{Room, Stored};
use crate::core::event::Effect;
use crate::core::publication::Seq;
use crate::core::relay::event::Lease;
use crate::core::relay::name::RelayName;
use crate::core::time::UnixMillis;

/// A room is kept for up to one such part of its retention longer than it has to be.
const KEEP_SLACK: u64 = 14;

/// For how long a topic is kept that nobody has published to, in milliseconds: with the slack, within the hour. Anybody may
/// ask for such a topic, by any name.
const UNBORN_MILLIS: u64 = 3_300_000;

impl Room {
    /// Whether nobody has published to the topic, as far as is known.
    pub(super) fn is_unborn(&self) -> bool {
        self.history.last() == Seq::NONE && self.outbox.is_empty() && self.under_way.is_empty()
    }

    /// For how long the room is kept without use, in milliseconds.
    fn retention_millis(&self) -> u64 {
        let retention = self.limits.retention_millis;
        if self.is_unborn() { retention.min(UNBORN_MILLIS) } else { retention }
    }

    /// Somebody uses the room: it is kept for the retention from now on. To write that down at each use would cost a
    /// row each time, so the time is set a slack later, and again only when the slack is used up.
    pub(super) fn keep(&mut self, now: UnixMillis) -> Vec<Effect> {
        let retention = self.retention_millis();
        let is_stored = !self.relays.is_empty() || (self.began.is_some() && self.limits.history.size > 0);
        if !is_stored || self.kept_until.is_some_and(|until| until >= now.later_by(retention)) {
            return vec![];
        }
        let until = now.later_by(retention + retention / KEEP_SLACK);
        self.kept_until = Some(until);
        // There is one alarm, and the market needs it sooner.
        self.market_wakes = None;
        std::iter::once(Effect::Keep { until }).chain(self.wake_for_market()).collect()
    }

    pub(super) fn expire(&mut self, open: u32, now: UnixMillis) -> Vec<Effect> {
        let market = self.tend_market(now);
        if !market.is_empty() {
            return market;
        }
        if std::mem::take(&mut self.is_stale) {
            return self.forget(now);
        }
        if open > 0 || !self.relays.is_empty() || !self.under_way.is_empty() || !self.outbox.is_empty() {
            // The alarm is gone, whatever was remembered of it.
            self.kept_until = None;
            let probe = (!self.relays.is_empty()).then_some(Effect::Probe);
            return probe.into_iter().chain(self.keep(now)).collect();
        }
        match self.kept_until {
            // Alarms may come early.
            Some(until) if until > now => vec![Effect::Keep { until }],
            _ => {
                *self = Self::wake(self.limits.clone(), Stored::default(), now);
                vec![Effect::Forget]
            }
        }
    }

    /// Deletes everything that is stored, but for who is on the list. The alarm goes with the rest, so there is another one.
    pub(super) fn forget(&mut self, now: UnixMillis) -> Vec<Effect> {
        self.kept_until = None;
        let kept = self.keep(now);
        let enlist = |(relay, lease): (&RelayName, &Lease)| Effect::Enlist { relay: *relay, lease: *lease };
        std::iter::once(Effect::Forget).chain(kept).chain(self.relays.iter().map(enlist)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::epoch::Epoch;
    use crate::core::event::{Event, Refusal, Resume};
    use crate::core::history::HistoryLimits;
    use crate::core::market::thresholds::MarketRules;
    use crate::core::outbox::{OutboxLimits, Post, PostId};
    use crate::core::publication::{Keyed, Publication};
    use crate::core::relay::event::Question;
    use crate::core::room::RoomLimits;
    use crate::core::socket_request::Past;
    use std::num::NonZeroU32;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
    const HOUR: u64 = 3_600_000;

    fn room() -> Room {
        let limits = RoomLimits {
            capacity: 3,
            connections_per_address: NonZeroU32::new(2),
            client_frame_bytes: 4_096,
            client_frames_per_minute: NonZeroU32::MIN,
            history: HistoryLimits { size: 4, bytes: 1_000 },
            outbox: OutboxLimits { messages: 8, bytes: 1_000 },
            retention_millis: 14 * 24 * HOUR,
            market: MarketRules::default(),
        };
        Room::wake(limits, Stored::default(), NOW)
    }

    fn relay() -> RelayName {
        RelayName::parse("relay-weur-0").unwrap()
    }

    fn ask(past: Past, only_born: bool) -> Event {
        Event::Ask(Question { relay: relay(), lease: Lease(7), past, only_born })
    }

    #[test]
    fn a_topic_that_nobody_publishes_to_is_looked_at_within_the_hour_and_forgotten_with_its_last_relay() {
        let mut room = room();
        let asked = room.step(ask(Past::Latest, false), NOW);
        let [Effect::Keep { until }, Effect::Enlist { .. }, Effect::Tell(_)] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert!(until.since(NOW) <= HOUR);
        let woken = room.step(Event::Expire { open: 0 }, *until);
        let [Effect::Probe, Effect::Keep { until: next }] = woken.as_slice() else { panic!("{woken:?}") };
        assert!(next.since(*until) <= HOUR, "somebody may want it still");
        assert_eq!(room.step(Event::Unwanted { relay: relay(), lease: Lease(7) }, *until), [Effect::Forget]);
    }

    #[test]
    fn a_question_in_case_somebody_has_published_stores_nothing_where_nobody_has() {
        let mut room = room();
        assert_eq!(room.step(ask(Past::Latest, true), NOW), [Effect::Refuse(Refusal::Unborn)]);
        assert!(room.relays().is_empty());
    }

    #[test]
    fn a_place_that_was_not_given_yet_stores_nothing() {
        let mut room = room();
        let future = Past::Since(Resume { since: Seq::new(1), epoch: Epoch::Unborn(NOW) });
        assert_eq!(room.step(ask(future, false), NOW), [Effect::Refuse(Refusal::FromTheFuture)]);
        assert!(room.relays().is_empty());
    }

    #[test]
    fn with_its_first_publication_a_topic_is_kept_for_the_whole_retention() {
        let mut room = room();
        room.step(ask(Past::Latest, false), NOW);
        let publications = vec![Keyed::bare(Publication::from_checked_object("{}"))];
        room.step(Event::Post(Post { id: PostId(1), publications, is_prompt: false }), NOW);
        let effects = room.step(Event::Drain, NOW);
        let until = effects.iter().find_map(|effect| match effect {
            Effect::Keep { until } => Some(*until),
            _ => None,
        });
        assert!(until.unwrap().since(NOW) >= 14 * 24 * HOUR);
        let unwanted = room.step(Event::Unwanted { relay: relay(), lease: Lease(7) }, NOW);
        assert_eq!(unwanted, [Effect::Dismiss { relay: relay() }], "what was published stays");
    }

    #[test]
    fn what_is_stale_is_forgotten_and_who_is_on_the_list_stays_there_with_an_alarm() {
        let mut room = room();
        room.step(ask(Past::Latest, false), NOW);
        room.is_stale = true;
        let effects = room.step(Event::Expire { open: 0 }, NOW);
        let [Effect::Forget, Effect::Keep { .. }, Effect::Enlist { .. }] = effects.as_slice() else {
            panic!("{effects:?}")
        };
    }
}
