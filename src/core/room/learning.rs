//! How a room knows what others write down of its token, and which of the users' own alerts something comes to first: one read
//! is under way at a time, and what comes or goes meanwhile is not lost. It must not know where these are written.

use super::Room;
use super::market::{retry, warn};
use crate::core::charting::RETRY_MILLIS;
use crate::core::charting::{Learned, RuleChange};
use crate::core::event::Effect;
use crate::core::idempotency::IdempotencyKey;
use crate::core::market::rule::Firing;
use crate::core::time::UnixMillis;

/// The most rules that come and go during one read. Beyond these it is done again.
const MAX_CHANGES: usize = 1_000;

/// What is being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Learning {
    /// Whether the token was read since the last wake.
    knows_token: bool,
    /// Rules that came and went since the read that is under way began: what is read may be older.
    under_way: Option<Vec<RuleChange>>,
    /// When what failed may be tried again.
    again_at: UnixMillis,
}

impl Learning {
    fn note(&mut self, change: &RuleChange) {
        match self.under_way.as_mut() {
            Some(changes) if changes.len() < MAX_CHANGES => changes.push(change.clone()),
            Some(changes) if changes.len() == MAX_CHANGES => changes.push(RuleChange::Any),
            _ => {}
        }
    }
}

impl Room {
    /// Asks for what is needed and not known: after a wake for the token, and for rules where something came to those that
    /// nobody has read.
    pub(super) fn learn_more(&mut self, now: UnixMillis) -> Option<Effect> {
        let wanted = self.market.wanted_rules();
        let needs = !wanted.is_empty() || !self.learning.knows_token;
        if !needs || self.learning.under_way.is_some() || now < self.learning.again_at {
            return None;
        }
        self.learning.under_way = Some(Vec::new());
        Some(Effect::Learn(wanted))
    }

    /// Learns what is written down of the token, and takes in the rules that were asked for.
    pub(super) fn learn(&mut self, learned: Learned, now: UnixMillis) -> Vec<Effect> {
        let Some(changes) = self.learning.under_way.take() else { return vec![] };
        self.learning.knows_token = true;
        self.market.learn(learned.symbol.as_deref(), learned.supply.as_ref());
        self.market.watch(learned.rules);
        let mut firings: Vec<_> = changes.into_iter().flat_map(|change| self.take_change(change)).collect();
        firings.extend(self.market.look_again());
        self.warn_and_learn(firings, now)
    }

    /// What could not be read is read later.
    pub(super) fn learn_later(&mut self, now: UnixMillis) -> Vec<Effect> {
        self.learning.under_way = None;
        self.learning.again_at = now.later_by(RETRY_MILLIS);
        vec![retry(now)]
    }

    pub(super) fn change_rules(&mut self, change: RuleChange, now: UnixMillis) -> Vec<Effect> {
        self.learning.note(&change);
        let firings = self.take_change(change);
        self.warn_and_learn(firings, now)
    }

    /// Users were told of their own alerts: there is place for the next ones.
    pub(super) fn told(&mut self, keys: Vec<IdempotencyKey>, now: UnixMillis) -> Vec<Effect> {
        for key in keys {
            self.market.placed(key);
        }
        let firings = self.market.go_on();
        self.warn_and_learn(firings, now)
    }

    fn take_change(&mut self, change: RuleChange) -> Vec<Firing> {
        match change {
            RuleChange::Came(rule) => self.market.rule_came(rule),
            RuleChange::Went(id) => {
                self.market.rule_went(&id);
                vec![]
            }
            RuleChange::Any => {
                self.market.forget_rules();
                self.market.look_again()
            }
        }
    }

    fn warn_and_learn(&mut self, firings: Vec<Firing>, now: UnixMillis) -> Vec<Effect> {
        let is_unfinished = self.market.is_unfinished();
        let learn = if is_unfinished { self.learn_more(now) } else { None };
        warn(vec![], firings).into_iter().chain(learn).collect()
    }
}
