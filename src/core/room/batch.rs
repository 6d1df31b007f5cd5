//! How posts become a batch: each publication gets its place, or that of the one which it repeats. It must not know who
//! subscribes.

use std::collections::BTreeMap;

use super::market::Session;
use super::{Pending, Room};
use crate::core::event::{BatchId, Effect, Forward, Founding, Outcome};
use crate::core::history::StoredBatch;
use crate::core::idempotency::IdempotencyKey;
use crate::core::outbox::Post;
use crate::core::publication::{Keyed, Seq};
use crate::core::time::UnixMillis;

/// What becomes of the publications of a batch.
struct Placed {
    /// Those that are new.
    fresh: Vec<Keyed>,
    /// Those that go to a feed besides.
    forwards: Vec<Forward>,
}

impl Room {
    /// Takes the next batch out of the outbox, unless one is still being sent.
    pub(super) fn drain(&mut self, now: UnixMillis) -> Vec<Effect> {
        if self.is_sending {
            return vec![];
        }
        let posts = self.outbox.take_batch();
        if posts.is_empty() {
            return vec![];
        }
        let batch = BatchId(self.batches);
        self.batches += 1;
        let mut session = Session::default();
        let Placed { fresh, forwards } = self.place(batch, posts, &mut session, now);
        if fresh.is_empty() {
            self.look_up();
            let forward =
                (!forwards.is_empty()).then(|| Effect::Forward { epoch: self.epoch_at(now), forwards });
            let owed = self.warn_of_what_is_owed();
            return owed.into_iter().chain(forward).chain(self.answer(batch, 0)).collect();
        }
        let mut effects = Vec::new();
        if std::mem::take(&mut self.is_stale) {
            effects.extend(self.forget(now));
        }
        if self.began.is_none() {
            self.began = Some(now);
            effects.push(Effect::Found(Founding { began: now, base: Seq::NONE }));
        }
        let first = self.history.last().next();
        let stored = self.history.append(&fresh);
        if let Some(row) = stored {
            let row = StoredBatch { market: self.market.state().cloned(), ..row };
            effects.push(Effect::Store(Box::new(row)));
            effects.extend(self.keep(now));
        }
        self.is_sending = true;
        self.busy_since.get_or_insert(now);
        let publications = fresh.into_iter().map(|keyed| keyed.publication).collect();
        let epoch = self.epoch_at(now);
        effects.extend(self.conclude(session, now));
        effects.push(Effect::Broadcast { batch, epoch, first, publications, forwards });
        effects
    }

    /// Gives each publication of `posts` its place, or that of the one which it repeats. A repeat goes to its feed again:
    /// the first time may have been interrupted on the way there, and the feed knows what it has.
    fn place(&mut self, batch: BatchId, posts: Vec<Post>, session: &mut Session, now: UnixMillis) -> Placed {
        let mut fresh: Vec<Keyed> = Vec::new();
        let mut forwards: Vec<Forward> = Vec::new();
        let mut answers = Vec::with_capacity(posts.len());
        let mut fresh_places: BTreeMap<IdempotencyKey, Seq> = BTreeMap::new();
        for post in posts {
            let mut outcomes = Vec::with_capacity(post.publications.len());
            for mut keyed in post.publications {
                let known =
                    keyed.key.and_then(|key| fresh_places.get(&key).copied().or_else(|| self.place_of(key)));
                if known.is_none() && !self.wants(session, &keyed, now) {
                    outcomes.push(Outcome { seq: self.history.last().after(fresh.len()), duplicate: true });
                    continue;
                }
                let seq = known.unwrap_or_else(|| self.history.last().after(fresh.len() + 1));
                if let Some(feed) = keyed.feed {
                    forwards.push(Forward { feed, publication: keyed.publication.clone(), seq });
                }
                if known.is_some() {
                    session.repeat();
                    outcomes.push(Outcome { seq, duplicate: true });
                    continue;
                }
                fresh_places.extend(keyed.key.map(|key| (key, seq)));
                outcomes.push(Outcome { seq, duplicate: false });
                self.observe(session, &mut keyed, seq, now);
                fresh.push(keyed);
            }
            answers.push(Pending { post: post.id, outcomes, is_prompt: post.is_prompt });
        }
        self.under_way.insert(batch, answers);
        Placed { fresh, forwards }
    }

    /// The place of what has this key, where it is known: a market knows trades for longer than the history holds them.
    fn place_of(&self, key: IdempotencyKey) -> Option<Seq> {
        self.history.place_of(key).or_else(|| self.market.place_of(key))
    }

    pub(super) fn answer(&mut self, batch: BatchId, connections: u32) -> Vec<Effect> {
        let answers = self.under_way.remove(&batch).unwrap_or_default();
        answers.into_iter().map(|pending| pending.answer(connections)).collect()
    }

    /// Answers those who don't wait for the relays.
    pub(super) fn answer_the_prompt(&mut self, batch: BatchId, connections: u32) -> Vec<Effect> {
        let Some(pending) = self.under_way.get_mut(&batch) else {
            return vec![];
        };
        pending
            .extract_if(.., |pending| pending.is_prompt)
            .map(|pending| pending.answer(connections))
            .collect()
    }
}
