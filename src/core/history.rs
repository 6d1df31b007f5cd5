//! The recent publications of a topic, and the ring of rows that they are stored in. It owns what is still held, what a
//! returning subscriber has missed and which row a batch goes to; it must not know how a row is written.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::idempotency::IdempotencyKey;
use super::market::state::MarketState;
use super::publication::{Keyed, Publication, Seq};

/// How much of the past is held. The last publication always is, unless there is no history at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLimits {
    /// Publications; 0 for no history.
    pub size: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// One row: publications that were given their places together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    /// Its row in the ring, from 0. A batch replaces what stood there.
    pub slot: u32,
    /// The place of its first publication.
    pub first: Seq,
    /// Its publications, one place after another.
    pub publications: Rc<[Keyed]>,
    /// What the market of the topic's token remembered then. It is stored here so that it costs no row of its own.
    pub market: Option<MarketState>,
}

impl StoredBatch {
    fn last(&self) -> Seq {
        self.first.after(self.publications.len()).before(1)
    }

    fn bytes(&self) -> usize {
        self.publications.iter().map(Keyed::bytes).sum()
    }
}

/// What a returning subscriber gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The first and the last place that it missed and that is no longer held.
    pub gap: Option<(Seq, Seq)>,
    /// The place of the first publication that is held.
    pub first: Seq,
    /// The publications from there on.
    pub publications: Vec<Publication>,
}

/// A topic's recent publications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    limits: HistoryLimits,
    last: Seq,
    held: VecDeque<Keyed>,
    bytes: usize,
    places: BTreeMap<IdempotencyKey, Seq>,
    rows: Vec<Row>,
}

/// What is remembered of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    slot: u32,
    last: Seq,
    bytes: usize,
}

impl History {
    /// The history after `base`, of which the rows `stored` are left, in any order. Rows that were to be replaced next
    /// may be among them: the newest publications that follow one another are held, as far as the limits allow.
    #[must_use]
    pub fn load(limits: HistoryLimits, base: Seq, mut stored: Vec<StoredBatch>) -> Self {
        stored.sort_by_key(|batch| batch.first);
        let rows =
            stored.iter().map(|batch| Row { slot: batch.slot, last: batch.last(), bytes: batch.bytes() });
        let rows = rows.collect();
        let newest_run = stored
            .windows(2)
            .rposition(|pair| matches!(pair, [one, next] if one.last().next() != next.first))
            .map_or(0, |hole| hole + 1);
        let run = stored.split_off(newest_run);
        let before_run = run.first().map_or(base, |batch| batch.first.before(1));
        let mut history =
            Self { limits, last: before_run, held: VecDeque::new(), bytes: 0, places: BTreeMap::new(), rows };
        for batch in run {
            history.hold(&batch.publications);
        }
        history
    }

    /// The place of the last publication.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.last
    }

    /// The last publication.
    #[must_use]
    pub fn latest(&self) -> Option<&Publication> {
        self.held.back().map(|held| &held.publication)
    }

    /// How many publications are held, and their bytes.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        (self.held.len(), self.bytes)
    }

    /// The place of the publication with this key, where it is held.
    #[must_use]
    pub fn place_of(&self, key: IdempotencyKey) -> Option<Seq> {
        self.places.get(&key).copied()
    }

    /// Adds publications, and gives the row to store; `None` when there is no history.
    pub fn append(&mut self, publications: &[Keyed]) -> Option<StoredBatch> {
        self.hold(publications);
        let held = publications.len().min(self.held.len());
        if held == 0 {
            return None;
        }
        // What has fallen out already, because the batch is larger than the history, is not stored either.
        let publications: Rc<[Keyed]> =
            publications.iter().skip(publications.len() - held).cloned().collect();
        let batch = StoredBatch {
            slot: self.free_slot(),
            first: self.last.before(held).next(),
            publications,
            market: None,
        };
        self.rows.push(Row { slot: batch.slot, last: batch.last(), bytes: batch.bytes() });
        Some(batch)
    }

    /// What a subscriber that has everything up to `since` has missed. `since` is not after the last place.
    #[must_use]
    pub fn missed_after(&self, since: Seq) -> Missed {
        let oldest = self.oldest();
        let gap = (since.next() < oldest).then(|| (since.next(), oldest.before(1)));
        let first = since.next().max(oldest);
        let publications = self.held.range(first.distance_from(oldest).min(self.held.len())..);
        Missed { gap, first, publications: publications.map(|held| held.publication.clone()).collect() }
    }

    /// The place of the oldest publication that is held; the place of the next one, where none is.
    #[must_use]
    pub fn oldest(&self) -> Seq {
        self.last.before(self.held.len()).next()
    }

    fn hold(&mut self, publications: &[Keyed]) {
        for publication in publications {
            self.last = self.last.next();
            self.bytes += publication.bytes();
            if let Some(key) = publication.key {
                self.places.insert(key, self.last);
            }
            self.held.push_back(publication.clone());
            self.trim();
        }
    }

    fn trim(&mut self) {
        while self.held.len() > self.limits.size || (self.bytes > self.limits.bytes && self.held.len() > 1) {
            let place = self.oldest();
            let Some(oldest) = self.held.pop_front() else { return };
            self.bytes -= oldest.bytes();
            if let Some(key) = oldest.key
                && self.places.get(&key) == Some(&place)
            {
                self.places.remove(&key);
            }
        }
    }

    /// The row for the next batch: one of which nothing is held any more, and of those the largest, so that what is
    /// stored stays small; a new one where there is none. So there are never more rows than publications were ever
    /// held.
    fn free_slot(&mut self) -> u32 {
        let oldest = self.oldest();
        let free = self.rows.iter().enumerate().filter(|(_, row)| row.last < oldest);
        match free.max_by_key(|(_, row)| (row.bytes, row.slot)).map(|(index, _)| index) {
            Some(index) => self.rows.swap_remove(index).slot,
            None => u32::try_from(self.rows.len()).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: HistoryLimits = HistoryLimits { size: 4, bytes: 1_000 };

    fn keyed(text: &str) -> Keyed {
        Keyed::bare(Publication::from_checked_object(text))
    }

    fn batch(count: usize) -> Vec<Keyed> {
        vec![keyed("{}"); count]
    }

    fn empty(limits: HistoryLimits) -> History {
        History::load(limits, Seq::NONE, vec![])
    }

    /// A history and the rows that it had stored.
    struct Stored {
        history: History,
        rows: BTreeMap<u32, StoredBatch>,
    }

    impl Stored {
        fn of(history: History) -> Self {
            Self { history, rows: BTreeMap::new() }
        }

        fn append(&mut self, publications: &[Keyed]) {
            let row = self.history.append(publications).unwrap();
            self.rows.insert(row.slot, row);
        }
    }

    #[test]
    fn places_follow_one_another_across_batches() {
        let mut history = empty(SMALL);
        assert_eq!(history.append(&batch(2)).unwrap().first, Seq::new(1));
        assert_eq!(history.append(&batch(1)).unwrap().first, Seq::new(3));
        assert_eq!(history.last(), Seq::new(3));
    }

    #[test]
    fn what_was_missed_is_given_in_order_and_what_is_gone_is_named() {
        let mut history = empty(SMALL);
        for text in ["1", "2", "3", "4", "5", "6"] {
            history.append(&[keyed(text)]);
        }
        let texts = |missed: &Missed| {
            missed.publications.iter().map(|one| one.as_json().to_owned()).collect::<Vec<_>>()
        };
        let recent = history.missed_after(Seq::new(4));
        assert_eq!(
            (recent.gap, recent.first, texts(&recent)),
            (None, Seq::new(5), vec!["5".into(), "6".into()])
        );
        let edge = history.missed_after(Seq::new(2));
        assert_eq!((edge.gap, edge.publications.len()), (None, 4));
        let old = history.missed_after(Seq::NONE);
        assert_eq!((old.gap, old.publications.len()), (Some((Seq::new(1), Seq::new(2))), 4));
        assert_eq!(history.missed_after(Seq::new(6)).publications, []);
    }

    #[test]
    fn without_a_history_everything_missed_is_a_gap_and_nothing_is_stored() {
        let mut history = empty(HistoryLimits { size: 0, bytes: 1_000 });
        assert_eq!(history.append(&batch(3)), None);
        let missed = history.missed_after(Seq::new(1));
        assert_eq!((missed.gap, missed.publications), (Some((Seq::new(2), Seq::new(3))), vec![]));
        assert_eq!(history.latest(), None);
    }

    #[test]
    fn bytes_are_bounded_but_the_last_publication_is_always_held() {
        let mut history = empty(HistoryLimits { size: 4, bytes: 10 });
        history.append(&[keyed("12345"), keyed("12345"), keyed("1")]);
        assert_eq!(history.missed_after(Seq::NONE).gap, Some((Seq::new(1), Seq::new(1))));
        history.append(&[keyed(&"x".repeat(50))]);
        assert_eq!(history.latest().unwrap().as_json().len(), 50);
        assert_eq!(history.missed_after(Seq::NONE).publications.len(), 1);
    }

    #[test]
    fn a_key_is_known_as_long_as_its_publication_is_held() {
        let key = IdempotencyKey::given("a").unwrap();
        let mut history = empty(SMALL);
        history.append(&[Keyed { key: Some(key), ..keyed("{}") }]);
        history.append(&batch(3));
        assert_eq!(history.place_of(key), Some(Seq::new(1)));
        history.append(&batch(1));
        assert_eq!(history.place_of(key), None);
    }

    #[test]
    fn there_are_never_more_rows_than_publications_held_and_large_ones_are_replaced_first() {
        let mut stored = Stored::of(empty(SMALL));
        for round in 0..50 {
            stored.append(&batch(1 + round % 3));
            assert!(stored.rows.len() <= SMALL.size, "{} rows", stored.rows.len());
        }
        let mut stored = Stored::of(empty(SMALL));
        stored.append(&[keyed("small")]);
        stored.append(&[keyed(&"large".repeat(20))]);
        stored.append(&batch(4));
        assert_eq!(stored.rows[&1].first, Seq::new(3), "the large row was replaced");
        assert_eq!(stored.rows[&0].first, Seq::new(1), "the small one waits");
    }

    #[test]
    fn a_batch_larger_than_the_history_is_stored_as_far_as_it_is_held() {
        let row = empty(SMALL).append(&batch(10)).unwrap();
        assert_eq!((row.first, row.publications.len()), (Seq::new(7), 4));
    }

    #[test]
    fn a_history_that_is_loaded_is_the_one_that_was_stored() {
        let mut stored = Stored::of(empty(SMALL));
        for round in 0_usize..60 {
            let key = IdempotencyKey::given(&format!("{round}")).unwrap();
            let mut publications = batch(round * 7 % 5);
            publications.push(Keyed { key: Some(key), ..keyed(&"x".repeat(round * 13 % 40)) });
            stored.append(&publications);
            let loaded = History::load(SMALL, Seq::NONE, stored.rows.values().cloned().collect());
            assert_eq!(
                loaded.missed_after(Seq::NONE),
                stored.history.missed_after(Seq::NONE),
                "round {round}"
            );
            assert_eq!((loaded.last, loaded.bytes), (stored.history.last, stored.history.bytes));
            assert_eq!(loaded.places, stored.history.places);
        }
    }

    #[test]
    fn an_order_without_rows_goes_on_after_its_base() {
        let mut history = History::load(SMALL, Seq::new(41), vec![]);
        assert_eq!(history.missed_after(Seq::new(40)).gap, Some((Seq::new(41), Seq::new(41))));
        assert_eq!(history.append(&batch(1)).unwrap().first, Seq::new(42));
    }
}
