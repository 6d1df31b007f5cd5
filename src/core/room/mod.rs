//! The decisions of a broadcast room: the order of its topic, what of it is kept and for how long, whom it lets in and
//! what a newcomer is told, what a subscriber's frame leads to. It must not know a socket, a clock, a frame's text or
//! how rows are written: [`Room::step`] is handed facts and returns what is to be done, in order.

mod batch;
mod keeping;
mod learning;
mod market;
mod newcomer;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::core::answer_budget::AnswersByAddress;
use crate::core::client_frame::{BudgetVerdict, ClientFrame, FrameBudget};
use crate::core::epoch::Epoch;
use crate::core::event::{BatchId, Closing, Effect, Event, Founding, Outcome, Reply};
use crate::core::history::{History, HistoryLimits, StoredBatch};
use crate::core::market::Market;
use crate::core::market::thresholds::MarketRules;
use crate::core::outbox::{Outbox, OutboxLimits, Post, PostId};
use crate::core::publication::Seq;
use crate::core::relay::event::Lease;
use crate::core::relay::name::RelayName;
use crate::core::time::UnixMillis;
use learning::Learning;

/// The most sockets that one Durable Object accepts with hibernation; the platform throws at the next one.
/// Source: <https://developers.cloudflare.com/durable-objects/best-practices/websockets/>, and measured.
pub const PLATFORM_SOCKETS_PER_ROOM: u32 = 32_768;

/// What an operator allows a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLimits {
    /// Sockets held at once: 1 to [`PLATFORM_SOCKETS_PER_ROOM`].
    pub capacity: u32,
    /// Sockets held at once for one address; `None` for no limit.
    pub connections_per_address: Option<NonZeroU32>,
    /// The largest frame taken from a subscriber, in bytes.
    pub client_frame_bytes: usize,
    /// Frames taken from one subscriber in a minute.
    pub client_frames_per_minute: NonZeroU32,
    /// How much of the past is held.
    pub history: HistoryLimits,
    /// How much may wait to be sent.
    pub outbox: OutboxLimits,
    /// How long a room is kept that nobody publishes to or watches, in milliseconds.
    pub retention_millis: u64,
    /// What a market goes by.
    pub market: MarketRules,
}

/// What of a room outlives memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// How its order began; `None` where nothing was ever published, or everything was deleted since.
    pub founding: Option<Founding>,
    /// Until when it is kept.
    pub kept_until: Option<UnixMillis>,
    /// The rows of its history, in any order.
    pub batches: Vec<StoredBatch>,
    /// The relays on its list.
    pub relays: BTreeMap<RelayName, Lease>,
}

/// A post that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    post: PostId,
    outcomes: Vec<Outcome>,
    is_prompt: bool,
}

impl Pending {
    fn answer(self, connections: u32) -> Effect {
        Effect::Answer { post: self.post, connections, outcomes: self.outcomes }
    }
}

/// How a room stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The epoch of its order.
    pub epoch: Epoch,
    /// The place of the last publication.
    pub seq: Seq,
    /// The place of the oldest publication that is held; the next place to be given, where none is.
    pub oldest: Seq,
    /// Publications that are held.
    pub history: usize,
    /// Their bytes.
    pub history_bytes: usize,
    /// Publications that wait to be sent.
    pub outbox: usize,
    /// Their bytes.
    pub outbox_bytes: usize,
    /// Since when it has been sending without a pause.
    pub busy_since: Option<UnixMillis>,
}

/// One topic's room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    limits: RoomLimits,
    began: Option<UnixMillis>,
    kept_until: Option<UnixMillis>,
    history: History,
    outbox: Outbox,
    /// Whether a batch is being sent to the sockets here.
    is_sending: bool,
    /// Since when it has been sending without a pause.
    busy_since: Option<UnixMillis>,
    /// Batches that are on their way, and what their posts will be answered.
    under_way: BTreeMap<BatchId, Vec<Pending>>,
    batches: u64,
    /// Who is pushed to, and by which stay on the list.
    relays: BTreeMap<RelayName, Lease>,
    /// What happens to the topic's token.
    market: Market,
    /// When the market was last asked to be woken for.
    market_wakes: Option<UnixMillis>,
    /// Whether alerts that were due before the last wake are to be published yet.
    owes_alerts: bool,
    /// What is being read for the market.
    learning: Learning,
    /// Whether something is stored that must not be relied on any more.
    is_stale: bool,
    /// What addresses were given of the past.
    answers: AnswersByAddress,
}

impl Room {
    /// The room as it is at `now`, after a wake, of which `stored` was kept.
    ///
    /// An order that is not kept begins anew with each wake. Whatever was stored while it still was is then stale: what
    /// comes next would be missing from it.
    #[must_use]
    pub fn wake(limits: RoomLimits, stored: Stored, now: UnixMillis) -> Self {
        let is_kept = limits.history.size > 0;
        let is_stale = !is_kept && stored.founding.is_some();
        let relays = stored.relays.clone();
        let Stored { founding, kept_until, mut batches, .. } =
            if is_kept { stored } else { Stored::default() };
        let newest = batches.iter_mut().max_by_key(|batch| batch.first);
        let market = Market::wake(newest.and_then(|batch| batch.market.take()), limits.market.clone());
        let base = founding.map_or(Seq::NONE, |founding| founding.base);
        Self {
            began: if is_kept { founding.map(|founding| founding.began) } else { Some(now) },
            kept_until,
            history: History::load(limits.history, base, batches),
            owes_alerts: !market.due_alerts().is_empty() || !market.due_firings().is_empty(),
            market,
            market_wakes: None,
            learning: Learning::default(),
            outbox: Outbox::default(),
            is_sending: false,
            busy_since: None,
            under_way: BTreeMap::new(),
            batches: 0,
            relays,
            is_stale,
            answers: AnswersByAddress::default(),
            limits,
        }
    }

    /// Decides what `event`, at `now`, leads to. The effects are to be run in order, and the rest of them left out
    /// when one fails.
    pub fn step(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        match event {
            Event::Post(post) => self.take(post),
            Event::Drain => self.drain(now),
            Event::Sent { batch, connections } => {
                self.is_sending = false;
                self.look_up();
                self.answer_the_prompt(batch, connections)
            }
            Event::Handed { batch, connections } => self.answer(batch, connections),
            Event::Ask(question) => self.tell_relay(question, now),
            Event::Unwanted { relay, lease } => self.dismiss(relay, lease),
            Event::Connect { open, open_from_address, address, resume } => {
                let resume = resume.map(|resume| self.judge(resume, now));
                match self.refusal(open, open_from_address, address, resume, now) {
                    Some(refusal) => vec![Effect::Refuse(refusal)],
                    None => self.welcome(address, resume, now),
                }
            }
            Event::Charted { through } => self.charted(through, now),
            Event::Uncharted => vec![market::retry(now)],
            Event::Untold => self.owe(now),
            Event::Learned(Some(learned)) => self.learn(learned, now),
            Event::Learned(None) => self.learn_later(now),
            Event::Rules(change) => self.change_rules(change, now),
            Event::Told { keys } => self.told(keys, now),
            Event::Leave => self.keep(now),
            Event::ClientFrame { frame, budget } => self.hear(frame, budget, now),
            Event::Expire { open } => self.expire(open, now),
        }
    }

    fn take(&mut self, post: Post) -> Vec<Effect> {
        let refused = self.outbox.put(post, self.limits.outbox).err();
        refused.map(|post| Effect::Busy(post.id)).into_iter().collect()
    }

    /// The relays on its list, each with its stay there.
    #[must_use]
    pub fn relays(&self) -> &BTreeMap<RelayName, Lease> {
        &self.relays
    }

    /// How the room stands at `now`.
    #[must_use]
    pub fn standing(&self, now: UnixMillis) -> Standing {
        let (history, history_bytes) = self.history.held();
        let (outbox, outbox_bytes) = self.outbox.waiting();
        Standing {
            epoch: self.epoch_at(now),
            seq: self.history.last(),
            oldest: self.history.oldest(),
            history,
            history_bytes,
            outbox,
            outbox_bytes,
            busy_since: self.busy_since,
        }
    }

    /// Where nothing more waits, the room has a pause.
    fn look_up(&mut self) {
        if self.outbox.is_empty() {
            self.busy_since = None;
        }
    }

    fn hear(&self, frame: ClientFrame, budget: FrameBudget, now: UnixMillis) -> Vec<Effect> {
        let per_minute = self.limits.client_frames_per_minute;
        let (spent, verdict) = budget.spend(now, per_minute);
        let answer = match (verdict, frame) {
            (_, ClientFrame::Oversized) => {
                Effect::Close(Closing::FrameTooBig { limit: self.limits.client_frame_bytes })
            }
            (BudgetVerdict::Close, _) => Effect::Close(Closing::TooManyFrames),
            (BudgetVerdict::Warn, _) => Effect::Reply(Reply::SlowDown { per_minute }),
            (BudgetVerdict::Serve, ClientFrame::Ping { id }) => Effect::Reply(Reply::Pong { id }),
            (BudgetVerdict::Serve, ClientFrame::NotUnderstood) => Effect::Reply(Reply::NotUnderstood),
        };
        vec![Effect::Remember(spent), answer]
    }
}

#[cfg(test)]
mod tests {
    use super::newcomer::BUSY_MILLIS;
    use super::*;
    use crate::core::event::{Refusal, Resume};
    use crate::core::feed::Feed;
    use crate::core::idempotency::IdempotencyKey;
    use crate::core::outbox::Post;
    use crate::core::publication::{Keyed, Publication};
    use crate::core::relay::event::Question;
    use crate::core::socket_request::Past;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
    const DAY: u64 = 86_400_000;

    fn limits() -> RoomLimits {
        RoomLimits {
            capacity: 3,
            connections_per_address: NonZeroU32::new(2),
            client_frame_bytes: 4_096,
            client_frames_per_minute: NonZeroU32::new(2).unwrap(),
            history: HistoryLimits { size: 4, bytes: 1_000 },
            outbox: OutboxLimits { messages: 8, bytes: 1_000 },
            retention_millis: 14 * DAY,
            market: MarketRules::default(),
        }
    }

    fn room() -> Room {
        Room::wake(limits(), Stored::default(), NOW)
    }

    fn without_history() -> RoomLimits {
        RoomLimits { history: HistoryLimits { size: 0, bytes: 1_000 }, ..limits() }
    }

    fn post(id: u64, keys: &[Option<&str>]) -> Event {
        let keyed = |key: Option<&str>| Keyed {
            key: key.map(|key| IdempotencyKey::given(key).unwrap()),
            ..Keyed::bare(Publication::from_checked_object(format!("{{\"of\":{id}}}")))
        };
        Event::Post(Post {
            is_prompt: false,
            id: PostId(id),
            publications: keys.iter().copied().map(keyed).collect(),
        })
    }

    fn publish(room: &mut Room, id: u64, keys: &[Option<&str>]) -> Vec<Effect> {
        room.step(post(id, keys), NOW);
        let mut effects = room.step(Event::Drain, NOW);
        effects.extend(hand(room, &effects, 1));
        effects
    }

    /// The batch that is on its way was sent, and handed to everybody.
    fn hand(room: &mut Room, effects: &[Effect], connections: u32) -> Vec<Effect> {
        let Some(Effect::Broadcast { batch, .. }) = effects.last() else { return vec![] };
        let mut answers = room.step(Event::Sent { batch: *batch, connections }, NOW);
        answers.extend(room.step(Event::Handed { batch: *batch, connections }, NOW));
        answers
    }

    fn connect(room: &mut Room, resume: Option<Resume>) -> Vec<Effect> {
        room.step(Event::Connect { open: 0, open_from_address: 0, address: None, resume }, NOW)
    }

    fn kinds(effects: &[Effect]) -> Vec<String> {
        effects
            .iter()
            .map(|effect| format!("{effect:?}").split([' ', '(']).next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_is_posted_while_a_batch_is_sent_goes_together_in_the_next_one() {
        let mut room = room();
        room.step(post(1, &[None]), NOW);
        let first = room.step(Event::Drain, NOW);
        assert_eq!(kinds(&first), ["Found", "Store", "Keep", "Broadcast"]);
        room.step(post(2, &[None, None]), NOW);
        room.step(post(3, &[None]), NOW);
        assert_eq!(room.step(Event::Drain, NOW), [], "one batch at a time");
        assert_eq!(kinds(&hand(&mut room, &first, 5)), ["Answer"]);
        let batch = room.step(Event::Drain, NOW);
        let [Effect::Store(row), Effect::Broadcast { first, publications, .. }] = batch.as_slice() else {
            panic!("{batch:?}")
        };
        assert_eq!((row.first, *first, publications.len()), (Seq::new(2), Seq::new(2), 3));
        let outcome = |seq| Outcome { seq: Seq::new(seq), duplicate: false };
        assert_eq!(
            hand(&mut room, &batch, 5),
            [
                Effect::Answer { post: PostId(2), connections: 5, outcomes: vec![outcome(2), outcome(3)] },
                Effect::Answer { post: PostId(3), connections: 5, outcomes: vec![outcome(4)] },
            ]
        );
    }

    #[test]
    fn a_publisher_in_a_hurry_does_not_wait_for_the_relays() {
        let mut room = room();
        let Event::Post(prompt) = post(1, &[None]) else { panic!() };
        room.step(Event::Post(Post { is_prompt: true, ..prompt }), NOW);
        room.step(post(2, &[None]), NOW);
        let effects = room.step(Event::Drain, NOW);
        let Some(Effect::Broadcast { batch, .. }) = effects.last() else { panic!("{effects:?}") };
        let answered = |effects: &[Effect]| match effects {
            [Effect::Answer { post, connections, .. }] => (post.0, *connections),
            _ => panic!("{effects:?}"),
        };
        assert_eq!(answered(&room.step(Event::Sent { batch: *batch, connections: 3 }, NOW)), (1, 3));
        assert_eq!(answered(&room.step(Event::Handed { batch: *batch, connections: 8 }, NOW)), (2, 8));
    }

    #[test]
    fn the_next_batch_does_not_wait_for_the_relays() {
        let mut room = room();
        room.step(post(1, &[None]), NOW);
        let first = room.step(Event::Drain, NOW);
        room.step(post(2, &[None]), NOW);
        let Some(Effect::Broadcast { batch, .. }) = first.last() else { panic!("{first:?}") };
        assert_eq!(room.step(Event::Sent { batch: *batch, connections: 1 }, NOW), []);
        let second = room.step(Event::Drain, NOW);
        assert_eq!(kinds(&second), ["Store", "Broadcast"]);
        let answered = hand(&mut room, &second, 9);
        assert!(matches!(answered.as_slice(), [Effect::Answer { post: PostId(2), connections: 9, .. }]));
        let late = hand(&mut room, &first, 7);
        assert!(matches!(late.as_slice(), [Effect::Answer { post: PostId(1), connections: 7, .. }]));
    }

    #[test]
    fn a_room_that_has_long_been_busy_sends_newcomers_elsewhere() {
        let mut room = room();
        room.step(post(1, &[None]), NOW);
        let batch = room.step(Event::Drain, NOW);
        let later = NOW.later_by(BUSY_MILLIS);
        let connect = |room: &mut Room, now| {
            kinds(
                &room
                    .step(Event::Connect { open: 0, open_from_address: 0, address: None, resume: None }, now),
            )
        };
        assert_eq!(connect(&mut room, NOW.later_by(BUSY_MILLIS - 1))[0], "Accept");
        assert_eq!(connect(&mut room, later), ["Refuse"]);
        hand(&mut room, &batch, 0);
        assert_eq!(connect(&mut room, later)[0], "Accept", "it has had a pause");
    }

    #[test]
    fn a_relay_is_on_the_list_until_nobody_there_wants_the_topic() {
        let mut room = room();
        publish(&mut room, 1, &[None, None]);
        let relay = RelayName::parse("relay-weur-0").unwrap();
        let ask = |lease, past| Event::Ask(Question { relay, lease: Lease(lease), past, only_born: false });
        let effects = room.step(ask(7, Past::Latest), NOW);
        let [Effect::Enlist { .. }, Effect::Tell(told)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((told.seq.get(), told.publications.len(), told.is_continuation), (2, 1, false));
        let since = Past::Since(Resume { since: Seq::new(1), epoch: Epoch::Began(NOW) });
        let effects = room.step(ask(7, since), NOW);
        let [Effect::Tell(told)] = effects.as_slice() else {
            panic!("{effects:?}: it is on the list already")
        };
        assert_eq!((told.publications.len(), told.is_continuation), (1, true));
        assert_eq!(kinds(&room.step(ask(8, Past::Nothing), NOW)), ["Enlist", "Tell"], "a new stay");
        assert_eq!(room.step(Event::Unwanted { relay, lease: Lease(7) }, NOW), [], "it has come back since");
        assert_eq!(room.step(Event::Expire { open: 0 }, NOW.later_by(20 * DAY))[0], Effect::Probe);
        assert_eq!(room.step(Event::Unwanted { relay, lease: Lease(8) }, NOW), [Effect::Dismiss { relay }]);
        assert_eq!(kinds(&room.step(Event::Expire { open: 0 }, NOW.later_by(40 * DAY))), ["Forget"]);
    }

    #[test]
    fn what_goes_to_a_feed_goes_there_again_with_a_repeat() {
        let mut room = room();
        let trade = || {
            let publication = Publication::from_checked_object("{}");
            let key = IdempotencyKey::given("k").ok();
            Keyed { key, feed: Some(Feed::Trades), ..Keyed::bare(publication) }
        };
        let forwards = |effects: &[Effect]| match effects {
            [.., Effect::Broadcast { forwards, .. }] | [Effect::Forward { forwards, .. }, ..] => {
                forwards.clone()
            }
            _ => panic!("{effects:?}"),
        };
        room.step(Event::Post(Post { is_prompt: false, id: PostId(1), publications: vec![trade()] }), NOW);
        let first = room.step(Event::Drain, NOW);
        hand(&mut room, &first, 0);
        room.step(Event::Post(Post { id: PostId(2), publications: vec![trade()], is_prompt: false }), NOW);
        let again = room.step(Event::Drain, NOW);
        assert_eq!(forwards(&first), forwards(&again));
        assert_eq!(forwards(&again)[0].seq, Seq::new(1));
    }

    #[test]
    fn a_repeat_is_answered_with_the_first_place_and_sent_to_nobody() {
        let mut room = room();
        publish(&mut room, 1, &[Some("a"), None]);
        let again = publish(&mut room, 2, &[Some("a")]);
        let first = Outcome { seq: Seq::new(1), duplicate: true };
        assert_eq!(again, [Effect::Answer { post: PostId(2), connections: 0, outcomes: vec![first] }]);
        let twice_at_once = publish(&mut room, 3, &[Some("b"), Some("b")]);
        let Some(Effect::Answer { outcomes, .. }) = twice_at_once.last() else { panic!("{twice_at_once:?}") };
        assert_eq!(outcomes.iter().map(|outcome| outcome.seq.get()).collect::<Vec<_>>(), [3, 3]);
        assert_eq!(outcomes.iter().map(|outcome| outcome.duplicate).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_full_outbox_turns_a_publisher_away() {
        let mut room = room();
        assert_eq!(room.step(post(1, &[None; 8]), NOW), []);
        assert_eq!(room.step(post(2, &[None]), NOW), [Effect::Busy(PostId(2))]);
    }

    #[test]
    fn a_newcomer_gets_the_last_publication_and_who_returns_what_it_missed() {
        let mut room = room();
        let nothing_yet = connect(&mut room, None);
        assert_eq!(nothing_yet, [Effect::Accept { epoch: Epoch::Unborn(NOW), seq: Seq::NONE }]);
        publish(&mut room, 1, &[None, None, None]);
        assert_eq!(kinds(&connect(&mut room, None)), ["Accept", "Snapshot"]);
        let resume = |since, epoch| Some(Resume { since: Seq::new(since), epoch });
        for epoch in [Epoch::Began(NOW), Epoch::Unborn(NOW)] {
            let effects = connect(&mut room, resume(1, epoch));
            let Some(Effect::Replay { first, publications }) = effects.last() else { panic!("{effects:?}") };
            assert_eq!((first.get(), publications.len()), (2, 2));
        }
        assert_eq!(kinds(&connect(&mut room, resume(3, Epoch::Began(NOW)))), ["Accept"]);
        assert_eq!(kinds(&connect(&mut room, resume(1, Epoch::Foreign))), ["Accept", "Gap", "Snapshot"]);
        publish(&mut room, 2, &[None, None, None]);
        assert_eq!(kinds(&connect(&mut room, resume(1, Epoch::Began(NOW)))), ["Accept", "Gap", "Replay"]);
    }

    #[test]
    fn a_place_that_was_not_given_yet_is_refused_unless_it_is_of_another_order() {
        let mut room = room();
        publish(&mut room, 1, &[None]);
        let resume = |epoch| Some(Resume { since: Seq::new(2), epoch });
        let refused = connect(&mut room, resume(Epoch::Began(NOW)));
        assert_eq!(refused, [Effect::Refuse(Refusal::FromTheFuture)]);
        assert_eq!(
            kinds(&connect(&mut room, resume(Epoch::Began(UnixMillis(1))))),
            ["Accept", "Gap", "Snapshot"]
        );
    }

    #[test]
    fn without_a_history_nothing_is_stored_and_what_was_is_forgotten() {
        let founding = Some(Founding { began: UnixMillis(1), base: Seq::new(41) });
        let mut room = Room::wake(without_history(), Stored { founding, ..Stored::default() }, NOW);
        assert_eq!(kinds(&publish(&mut room, 1, &[None])), ["Forget", "Broadcast", "Answer"]);
        assert_eq!(kinds(&publish(&mut room, 2, &[None])), ["Broadcast", "Answer"]);
        let resume = Some(Resume { since: Seq::new(1), epoch: Epoch::Began(NOW) });
        let gap = Effect::Gap { from: Some(Seq::new(2)), to: Seq::new(2) };
        let accept = Effect::Accept { epoch: Epoch::Began(NOW), seq: Seq::new(2) };
        assert_eq!(connect(&mut room, resume), [accept, gap]);
    }

    #[test]
    fn an_unused_room_is_forgotten_and_one_in_use_is_kept() {
        let mut room = room();
        publish(&mut room, 1, &[None]);
        let at = |days: u64| NOW.later_by(days * DAY);
        assert_eq!(room.step(Event::Leave, at(1)), [], "the slack saves the write");
        assert_eq!(room.step(Event::Leave, at(2)), [Effect::Keep { until: at(17) }]);
        assert_eq!(room.step(Event::Expire { open: 1 }, at(17)), [Effect::Keep { until: at(32) }]);
        assert_eq!(
            room.step(Event::Expire { open: 0 }, at(31)),
            [Effect::Keep { until: at(32) }],
            "too early"
        );
        assert_eq!(room.step(Event::Expire { open: 0 }, at(32)), [Effect::Forget]);
        assert_eq!(kinds(&connect(&mut room, None)), ["Accept"], "nothing is left to be told");
    }

    #[test]
    fn capacity_and_the_limit_per_address_turn_away_the_next_one() {
        let connect = |limits, open, open_from_address| {
            let event = Event::Connect { open, open_from_address, address: None, resume: None };
            Room::wake(limits, Stored::default(), NOW).step(event, NOW)
        };
        assert_eq!(kinds(&connect(limits(), 2, 1)), ["Accept"]);
        assert_eq!(connect(limits(), 2, 2), [Effect::Refuse(Refusal::TooManyFromAddress)]);
        assert_eq!(connect(limits(), 3, 2), [Effect::Refuse(Refusal::TooManyFromAddress)], "nor in a relay");
        assert_eq!(connect(limits(), 3, 0), [Effect::Refuse(Refusal::Full)]);
        let unlimited = RoomLimits { connections_per_address: None, ..limits() };
        assert_eq!(kinds(&connect(unlimited, 2, 2)), ["Accept"]);
    }

    #[test]
    fn a_subscriber_that_floods_is_warned_once_and_then_closed() {
        let mut room = room();
        let mut budget = FrameBudget::default();
        let mut answers = Vec::new();
        for _ in 0..4 {
            let effects =
                room.step(Event::ClientFrame { frame: ClientFrame::Ping { id: None }, budget }, NOW);
            let [Effect::Remember(spent), answer] = effects.as_slice() else { panic!("{effects:?}") };
            budget = *spent;
            answers.push(answer.clone());
        }
        let pong = Effect::Reply(Reply::Pong { id: None });
        let warning = Effect::Reply(Reply::SlowDown { per_minute: NonZeroU32::new(2).unwrap() });
        assert_eq!(answers, [pong.clone(), pong, warning, Effect::Close(Closing::TooManyFrames)]);
    }

    #[test]
    fn an_oversized_frame_closes_at_once() {
        let event = Event::ClientFrame { frame: ClientFrame::Oversized, budget: FrameBudget::default() };
        let effects = room().step(event, NOW);
        assert_eq!(effects[1], Effect::Close(Closing::FrameTooBig { limit: 4_096 }));
    }
}
