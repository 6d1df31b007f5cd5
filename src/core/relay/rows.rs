//! What is stored for sockets whose attachment has no room for all of it: a row each, which outlives a socket of whose end
//! nobody heard. So an alarm looks at the rows, as long as there are any. It must not know what a row says.

use std::collections::BTreeSet;

use super::Relay;
use super::effect::Effect;
use crate::core::time::UnixMillis;

/// How long a row may be stored that is nobody's, in milliseconds.
#[cfg(not(feature = "fault-injection"))]
pub const ROWS_MILLIS: u64 = 86_400_000;

/// The tests' build does not let them wait.
#[cfg(feature = "fault-injection")]
pub const ROWS_MILLIS: u64 = 500;

impl Relay {
    /// The alarm rang: proofs end, and rows go that are nobody's.
    pub(super) fn ring(&mut self, rows: &[String], now: UnixMillis) -> Vec<Effect> {
        self.wakes_at = None;
        if self.sockets.is_empty() {
            return vec![Effect::Close];
        }
        let mut effects = self.expire(now);
        let connections: BTreeSet<&String> = self.sockets.values().map(|socket| &socket.connection).collect();
        let (theirs, nobodys): (Vec<&String>, Vec<_>) =
            rows.iter().partition(|row| connections.contains(row));
        effects.extend(nobodys.into_iter().cloned().map(|connection| Effect::Forget { connection }));
        let again = (!theirs.is_empty()).then(|| now.later_by(ROWS_MILLIS));
        let next = [self.first_expiry(), again].into_iter().flatten().min();
        effects.extend(next.and_then(|at| self.wake_at(at)));
        effects
    }

    /// Has the relay wake in time to look at the rows.
    pub(super) fn wake_for_rows(&mut self, now: UnixMillis) -> Option<Effect> {
        self.wake_at(now.later_by(ROWS_MILLIS))
    }
}
