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
