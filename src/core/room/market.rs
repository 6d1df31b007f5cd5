//! What a room does for the market of its token: it hands it what is published, has its minutes written down and its alerts
//! told. It must not know a market's rules, nor where candles are written.

use super::Room;
use crate::core::charting::{Charting, RETRY_MILLIS};
use crate::core::event::Effect;
use crate::core::market::Market;
use crate::core::market::alert::Alert;
use crate::core::market::minute::Group;
use crate::core::market::observe::{Observed, Watch};
use crate::core::market::price::{PriceVerdict, Priced};
use crate::core::market::rule::Firing;
use crate::core::publication::{Keyed, MarketPart, Seq};
use crate::core::tick::Tick;
use crate::core::time::UnixMillis;
use crate::core::token::LastPrice;

/// What a batch means to the market, so far.
#[derive(Default)]
pub(super) struct Session {
    /// What the last trade was for the price; `None` after anything else.
    verdict: Option<PriceVerdict>,
    observed: Observed,
    /// Whether anything of it was about the market.
    is_of_market: bool,
}

impl Session {
    /// A publication is a repeat: what it proposed then was judged then.
    pub(super) fn repeat(&mut self) {
        self.verdict = None;
    }
}

impl Room {
    /// The market, for who asks.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// Whether a publication goes out at all: the price that a trade would make only where the trade makes it, a price that
    /// the service saw only where the market believes it.
    pub(super) fn wants(&mut self, session: &Session, keyed: &Keyed, now: UnixMillis) -> bool {
        match &keyed.market {
            MarketPart::Proposal => session.verdict == Some(PriceVerdict::Admitted),
            MarketPart::Witnessed(tick) => self.market.believes(tick, now),
            MarketPart::Tick(_) | MarketPart::Nothing => true,
        }
    }

    /// Hands the market a publication that got its place.
    pub(super) fn observe(&mut self, session: &mut Session, keyed: &mut Keyed, seq: Seq, now: UnixMillis) {
        if let Some(key) = keyed.key {
            self.market.placed(key);
        }
        session.verdict = None;
        // The history has no use for it.
        let (tick, watch) = match std::mem::take(&mut keyed.market) {
            MarketPart::Tick(tick) => (tick, Watch::Off),
            // Without its trade it is the price of SOL, which is no token to warn of.
            MarketPart::Witnessed(tick) if matches!(*tick, Tick::Price(_)) => (tick, Watch::Off),
            MarketPart::Witnessed(tick) => (tick, Watch::On),
            MarketPart::Nothing | MarketPart::Proposal => return,
        };
        session.is_of_market = true;
        let observed = self.market.observe(&tick, seq, keyed.key, now, watch);
        session.verdict = observed.price;
        session.observed.alerts.extend(observed.alerts);
        session.observed.firings.extend(observed.firings);
    }

    /// What a batch that is stored leads to besides.
    pub(super) fn conclude(&mut self, session: Session, now: UnixMillis) -> Vec<Effect> {
        let Observed { alerts, firings, .. } = session.observed;
        let learn = if session.is_of_market { self.learn_more(now) } else { None };
        // What is owed has these among it.
        let warning = self.warn_of_what_is_owed().or_else(|| warn(alerts, firings));
        // What is lost before it is told is told after a wake, so there has to be one.
        let later = warning.is_some() && self.market_closes().is_none();
        let wake = if later { Some(retry(now)) } else { self.wake_for_market() };
        wake.into_iter().chain(warning).chain(learn).collect()
    }

    /// What an alarm is for, where it is for the market.
    pub(super) fn tend_market(&mut self, now: UnixMillis) -> Vec<Effect> {
        let owed = self.warn_of_what_is_owed();
        let is_unfinished = self.market.is_unfinished();
        let learn = if is_unfinished { self.learn_more(now) } else { None };
        let flush = self.market.closed(now);
        let next = match flush {
            Some(flush) => {
                let phase = self.market.facts().phase();
                Some(Effect::Chart(Charting { flush, price: self.last_price(), phase }))
            }
            // There is one alarm, and this one came for something else, or early.
            None if owed.is_some() || is_unfinished || self.market_closes().is_some() => self.wake_again(now),
            None => None,
        };
        owed.into_iter().chain(learn).chain(next).collect()
    }

    /// Alerts could not be published: they are owed again.
    pub(super) fn owe(&mut self, now: UnixMillis) -> Vec<Effect> {
        self.owes_alerts = true;
        vec![retry(now)]
    }

    fn last_price(&self) -> Option<LastPrice> {
        let (quote, Priced { price, at, phase }) = self.market.price()?;
        let phase = phase.max(&self.market.facts().phase()).to_owned();
        Some(LastPrice { price: price.clone(), quote: quote.clone(), at: *at, phase })
    }

    pub(super) fn charted(&mut self, through: Group, now: UnixMillis) -> Vec<Effect> {
        self.market.charted(through);
        self.wake_again(now).into_iter().collect()
    }

    /// When the market has next something to be written down.
    pub(super) fn market_closes(&self) -> Option<UnixMillis> {
        self.market.next_close().map(UnixMillis::from_seconds)
    }

    /// Asks to be woken for the market, unless that was asked for.
    pub(super) fn wake_for_market(&mut self) -> Option<Effect> {
        let at = self.market_closes().filter(|at| self.market_wakes != Some(*at))?;
        self.market_wakes = Some(at);
        Some(Effect::Wake { at })
    }

    /// Asks to be woken for whatever comes next, after an alarm.
    fn wake_again(&mut self, now: UnixMillis) -> Option<Effect> {
        self.market_wakes = None;
        let unfinished = self.market.is_unfinished().then(|| retry(now));
        self.wake_for_market().or(unfinished).or(self.kept_until.map(|at| Effect::Wake { at }))
    }

    /// What was due before the last wake, or could not be published, with everything that has become due since.
    pub(super) fn warn_of_what_is_owed(&mut self) -> Option<Effect> {
        let is_owed = std::mem::take(&mut self.owes_alerts);
        let due = || warn(self.market.due_alerts().to_vec(), self.market.due_firings().to_vec());
        is_owed.then(due).flatten()
    }
}

pub(super) fn warn(alerts: Vec<Alert>, firings: Vec<Firing>) -> Option<Effect> {
    (!alerts.is_empty() || !firings.is_empty()).then_some(Effect::Warn { alerts, firings })
}

/// Asks to be woken to try again what failed.
pub(super) fn retry(now: UnixMillis) -> Effect {
    Effect::Wake { at: now.later_by(RETRY_MILLIS) }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::num::NonZeroU32;
    use std::rc::Rc;

    use super::*;
    use crate::core::charting::{Learned, RuleChange};
    use crate::core::event::{Event, Outcome};
    use crate::core::history::{HistoryLimits, StoredBatch};
    use crate::core::idempotency::IdempotencyKey;
    use crate::core::market::example::{number, price_point, rule, sol, trade};
    use crate::core::market::rule::{AlertRule, Basis, Condition, RuleId};
    use crate::core::market::rules::{MAX_WATCHED, Nearest, Scale};
    use crate::core::market::thresholds::MarketRules;
    use crate::core::outbox::{OutboxLimits, Post, PostId};
    use crate::core::publication::Publication;
    use crate::core::room::{RoomLimits, Stored};
    use crate::core::tick::{PricePoint, Trade};

    /// The beginning of a minute.
    const NOW: u64 = 1_800_000_000;
    /// When what is told then can be written down.
    const CLOSES: u64 = NOW + 75;
    const RETENTION: u64 = 14 * 86_400;

    fn seconds(seconds: u64) -> UnixMillis {
        UnixMillis::from_seconds(seconds)
    }

    fn wake(stored: Stored, now: u64) -> Room {
        let limits = RoomLimits {
            capacity: 3,
            connections_per_address: None,
            client_frame_bytes: 4_096,
            client_frames_per_minute: NonZeroU32::MIN,
            history: HistoryLimits { size: 2, bytes: 1_000 },
            outbox: OutboxLimits { messages: 8, bytes: 1_000 },
            retention_millis: RETENTION * 1_000,
            market: MarketRules::default(),
        };
        Room::wake(limits, stored, seconds(now))
    }

    fn room() -> Room {
        wake(Stored::default(), NOW)
    }

    fn part(market: MarketPart) -> Keyed {
        Keyed { market, ..Keyed::bare(Publication::from_checked_object("{}")) }
    }

    fn traded(at: u64, price: &str) -> Keyed {
        part(MarketPart::Tick(Rc::new(Tick::Trade(trade(at, price, "1")))))
    }

    fn whale(at: u64) -> Keyed {
        let whale = Trade { value_usd: Some(number("2000")), ..trade(at, "1", "1") };
        part(MarketPart::Witnessed(Rc::new(Tick::Trade(whale))))
    }

    /// Publishes, and hands the batch to everybody. Of the users' own alerts there are none.
    fn publish(room: &mut Room, now: u64, publications: Vec<Keyed>) -> Vec<Effect> {
        let effects = tell(room, now, publications);
        if let Some(scales) = asked(&effects) {
            learn(room, now, &scales, &[]);
        }
        effects
    }

    fn tell(room: &mut Room, now: u64, publications: Vec<Keyed>) -> Vec<Effect> {
        room.step(Event::Post(Post { id: PostId(now), publications, is_prompt: false }), seconds(now));
        drain(room, now)
    }

    /// The scales that are to be read.
    fn asked(effects: &[Effect]) -> Option<Vec<Scale>> {
        let learn =
            |effect: &Effect| if let Effect::Learn(scales) = effect { Some(scales.clone()) } else { None };
        effects.iter().find_map(learn)
    }

    /// The table of rules, the lowest first, is read. All of them are about a price above something.
    fn learn(room: &mut Room, now: u64, scales: &[Scale], table: &[AlertRule]) -> Vec<Effect> {
        let nearest = scales.iter().map(|scale| {
            let of_scale = table.iter().filter(|_| *scale == Scale::Above(Basis::Quote(sol())));
            let rules: Vec<_> = of_scale.take(MAX_WATCHED).cloned().collect();
            Nearest { scale: scale.clone(), are_all: rules.len() < MAX_WATCHED, rules }
        });
        let learned = Learned { rules: nearest.collect(), ..Learned::default() };
        room.step(Event::Learned(Some(learned)), seconds(now))
    }

    fn above(name: &str, price: &str) -> AlertRule {
        rule(name, Condition::PriceAbove(Basis::Quote(sol()), number(price)))
    }

    fn keys_of(effects: &[Effect]) -> Vec<IdempotencyKey> {
        let fired = |effect: &Effect| match effect {
            Effect::Warn { firings, .. } => firings.iter().map(Firing::key).collect(),
            _ => vec![],
        };
        effects.iter().flat_map(fired).collect()
    }

    fn drain(room: &mut Room, now: u64) -> Vec<Effect> {
        let mut effects = room.step(Event::Drain, seconds(now));
        if let Some(Effect::Broadcast { batch, .. }) = effects.last() {
            let batch = *batch;
            effects.extend(room.step(Event::Sent { batch, connections: 0 }, seconds(now)));
            effects.extend(room.step(Event::Handed { batch, connections: 0 }, seconds(now)));
        }
        effects
    }

    fn outcomes(effects: &[Effect]) -> Vec<(u64, bool)> {
        let Some(Effect::Answer { outcomes, .. }) = effects.last() else { panic!("{effects:?}") };
        outcomes.iter().map(|Outcome { seq, duplicate }| (seq.get(), *duplicate)).collect()
    }

    fn woken_at(effects: &[Effect]) -> Vec<u64> {
        let wake = |effect: &Effect| if let Effect::Wake { at } = effect { Some(at.seconds()) } else { None };
        effects.iter().filter_map(wake).collect()
    }

    fn warned(effects: &[Effect]) -> (usize, usize) {
        let warn = |effect: &Effect| match effect {
            Effect::Warn { alerts, firings } => Some((alerts.len(), firings.len())),
            _ => None,
        };
        effects.iter().find_map(warn).unwrap_or_default()
    }

    fn alarm(room: &mut Room, now: u64) -> Vec<Effect> {
        room.step(Event::Expire { open: 0 }, seconds(now))
    }

    /// The room as it is after a wake from what a batch has stored.
    fn woken_from(effects: &[Effect], now: u64) -> Room {
        let row = |effect: &Effect| {
            if let Effect::Store(row) = effect { Some(StoredBatch::clone(row)) } else { None }
        };
        let found = |effect: &Effect| if let Effect::Found(found) = effect { Some(*found) } else { None };
        let batches: Vec<StoredBatch> = effects.iter().filter_map(row).collect();
        wake(Stored { founding: effects.iter().find_map(found), batches, ..Stored::default() }, now)
    }

    #[test]
    fn a_room_is_woken_once_for_each_group_and_then_to_see_whether_it_is_used() {
        let mut room = room();
        assert_eq!(woken_at(&publish(&mut room, NOW, vec![traded(NOW, "1")])), [CLOSES]);
        assert_eq!(woken_at(&publish(&mut room, NOW + 9, vec![traded(NOW, "1")])), [0; 0]);
        assert_eq!(woken_at(&publish(&mut room, NOW + 60, vec![traded(NOW + 60, "1")])), [0; 0]);
        let effects = alarm(&mut room, CLOSES);
        let [Effect::Chart(Charting { flush, price: Some(_), .. })] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        let through = flush.through;
        let next = room.step(Event::Charted { through }, seconds(CLOSES));
        assert_eq!(woken_at(&next), [CLOSES + 60]);
        let effects = alarm(&mut room, CLOSES + 60);
        let [Effect::Chart(Charting { flush, .. })] = effects.as_slice() else { panic!("{effects:?}") };
        let last = room.step(Event::Charted { through: flush.through }, seconds(CLOSES + 60));
        assert_eq!(woken_at(&last), [NOW + RETENTION + RETENTION / 14]);
    }

    #[test]
    fn an_alarm_that_comes_early_is_set_again() {
        let mut room = room();
        publish(&mut room, NOW, vec![traded(NOW, "1")]);
        assert_eq!(alarm(&mut room, CLOSES - 1), [Effect::Wake { at: seconds(CLOSES) }]);
    }

    #[test]
    fn minutes_that_could_not_be_written_down_are_the_same_ones_later() {
        let mut room = room();
        publish(&mut room, NOW, vec![traded(NOW, "1")]);
        let first = alarm(&mut room, CLOSES);
        assert_eq!(woken_at(&room.step(Event::Uncharted, seconds(CLOSES))), [CLOSES + 30]);
        publish(&mut room, CLOSES + 1, vec![traded(NOW, "2")]);
        let second = alarm(&mut room, CLOSES + 30);
        assert_eq!(first.len(), 1);
        let hours = |effects: &[Effect]| match effects {
            [Effect::Chart(Charting { flush, .. })] => flush.clone(),
            _ => panic!("{effects:?}"),
        };
        assert_eq!(hours(&first), hours(&second), "what came late is in another group");
    }

    #[test]
    fn a_price_that_no_trade_makes_is_told_to_nobody() {
        let mut room = room();
        let proposal = || part(MarketPart::Proposal);
        publish(&mut room, NOW, vec![traded(NOW, "1"), proposal()]);
        let batch = vec![traded(NOW + 2, "50"), proposal(), traded(NOW + 1, "1"), proposal(), proposal()];
        let effects = publish(&mut room, NOW + 2, batch);
        assert_eq!(outcomes(&effects), [(3, false), (3, true), (4, false), (5, false), (5, true)]);
    }

    #[test]
    fn a_price_that_the_service_saw_waits_for_a_second_trader_and_a_posted_one_for_nobody() {
        let mut room = room();
        let point = |at, price, trader: &str| {
            let trader = Some(Rc::from(trader));
            Rc::new(Tick::Price(PricePoint { trader, ..price_point(at, price) }))
        };
        let seen = |at, price, trader| part(MarketPart::Witnessed(point(at, price, trader)));
        publish(&mut room, NOW, vec![seen(NOW, "150", "ana")]);
        let fake =
            publish(&mut room, NOW + 1, vec![seen(NOW + 1, "9000", "eve"), seen(NOW + 2, "9000", "eve")]);
        assert_eq!(outcomes(&fake), [(1, true), (1, true)]);
        let price = |room: &Room| room.market().price().unwrap().1.price.to_string();
        assert_eq!(
            (price(&room), room.market().waiting(&sol()).next().unwrap().candle.high),
            ("150".to_owned(), number("150"))
        );
        let believed = publish(&mut room, NOW + 3, vec![seen(NOW + 3, "9000", "ben")]);
        assert_eq!(warned(&believed), (0, 0), "SOL is no token to warn of");
        assert_eq!(price(&room), "9000");
        publish(&mut room, NOW + 4, vec![part(MarketPart::Tick(point(NOW + 4, "150", "ana")))]);
        assert_eq!(price(&room), "150");
    }

    #[test]
    fn a_repeat_is_known_when_the_history_has_forgotten_it() {
        let mut room = room();
        let keyed = |name: &str| Keyed { key: IdempotencyKey::given(name).ok(), ..traded(NOW, "1") };
        for name in ["a", "b", "c", "d"] {
            publish(&mut room, NOW, vec![keyed(name)]);
        }
        assert_eq!(outcomes(&publish(&mut room, NOW, vec![keyed("a")])), [(1, true)]);
    }

    #[test]
    fn an_alert_that_was_lost_is_owed_with_the_next_batch_of_repeats_or_alarm() {
        let key = || IdempotencyKey::given("w").ok();
        let mut first = room();
        let effects = publish(&mut first, NOW, vec![Keyed { key: key(), ..whale(NOW) }]);
        assert_eq!(warned(&effects), (1, 0));
        let repeated = publish(&mut woken_from(&effects, NOW), NOW, vec![Keyed { key: key(), ..whale(NOW) }]);
        assert_eq!((warned(&repeated), outcomes(&repeated)), ((1, 0), vec![(1, true)]));
        let mut woken = woken_from(&effects, CLOSES - 1);
        let early = alarm(&mut woken, CLOSES - 1);
        assert_eq!((warned(&early), woken_at(&early)), ((1, 0), vec![CLOSES]));
        assert_eq!(warned(&alarm(&mut woken, CLOSES)), (0, 0), "it is owed once");
        assert_eq!(woken_at(&woken.step(Event::Untold, seconds(CLOSES))), [CLOSES + 30]);
        assert_eq!(warned(&alarm(&mut woken, CLOSES + 30)), (1, 0));
    }

    #[test]
    fn a_rule_comes_true_when_it_is_learnt_and_is_due_until_its_owner_was_told() {
        let mut room = room();
        let scales = asked(&tell(&mut room, NOW, vec![traded(NOW, "3")])).unwrap();
        assert_eq!(asked(&tell(&mut room, NOW, vec![traded(NOW, "3")])), None, "it is being read");
        let effects = learn(&mut room, NOW, &scales, &[above("r-1", "3"), above("r-2", "4")]);
        assert_eq!((warned(&effects), asked(&effects)), ((0, 1), None));
        assert_eq!(
            room.step(Event::Rules(RuleChange::Came(above("r-1", "3"))), seconds(NOW)),
            [],
            "it is due"
        );
        room.step(Event::Told { keys: keys_of(&effects) }, seconds(NOW));
        let effects = tell(&mut room, NOW + 1, vec![traded(NOW + 1, "4")]);
        assert_eq!((warned(&effects), asked(&effects)), ((0, 1), None));
    }

    #[test]
    fn a_rule_that_comes_or_goes_is_handed_over_alone_also_while_the_others_are_read() {
        let mut room = room();
        let came = |room: &mut Room, rule| room.step(Event::Rules(RuleChange::Came(rule)), seconds(NOW));
        let went = |room: &mut Room, name| {
            room.step(Event::Rules(RuleChange::Went(RuleId::parse(name).unwrap())), seconds(NOW));
        };
        assert_eq!(
            came(&mut room, above("asleep", "3")),
            [],
            "nothing has happened that it could be true by"
        );
        let scales = asked(&tell(&mut room, NOW, vec![traded(NOW, "1")])).unwrap();
        assert_eq!(came(&mut room, above("came", "3")), []);
        went(&mut room, "gone");
        // What is read is older than both.
        learn(&mut room, NOW, &scales, &[above("asleep", "3"), above("gone", "3")]);
        let effects = came(&mut room, above("true-already", "1"));
        assert_eq!((warned(&effects), asked(&effects)), ((0, 1), None));
        came(&mut room, above("later", "3"));
        went(&mut room, "later");
        let effects = tell(&mut room, NOW + 1, vec![traded(NOW + 1, "3")]);
        let Some(Effect::Warn { firings, .. }) =
            effects.iter().find(|effect| matches!(effect, Effect::Warn { .. }))
        else {
            panic!("{effects:?}")
        };
        let names: Vec<_> = firings.iter().map(|firing| firing.rule.id.as_str()).collect();
        assert_eq!((names, asked(&effects)), (vec!["asleep", "came"], None));
    }

    #[test]
    fn a_rule_among_any_number_comes_true_though_the_price_was_there_for_a_moment_only() {
        let mut room = room();
        let mut table: Vec<AlertRule> = (0..5_000).map(|n| above(&format!("junk-{n}"), "2")).collect();
        table.push(above("honest", "2.5"));
        table.push(above("far", "9"));
        let mut to_do: VecDeque<Effect> = tell(&mut room, NOW, vec![traded(NOW, "3")]).into();
        tell(&mut room, NOW + 1, vec![traded(NOW + 1, "1")]);
        let (mut told, mut reads) = (0, 0);
        while let Some(effect) = to_do.pop_front() {
            assert!(room.market().due_firings().len() <= 256, "what is stored is bounded");
            match effect {
                Effect::Learn(scales) => {
                    reads += 1;
                    to_do.extend(learn(&mut room, NOW + 1, &scales, &table));
                }
                Effect::Warn { firings, .. } => {
                    table.retain(|rule| firings.iter().all(|firing| firing.rule.id != rule.id));
                    told += firings.len();
                    let keys = firings.iter().map(Firing::key).collect();
                    to_do.extend(room.step(Event::Told { keys }, seconds(NOW + 1)));
                }
                _ => {}
            }
        }
        assert_eq!((told, reads), (5_001, 11), "each once");
        assert_eq!(table, [above("far", "9")]);
    }

    #[test]
    fn what_could_not_be_read_is_read_later_and_what_was_over_by_then_counts() {
        let mut room = room();
        assert!(asked(&tell(&mut room, NOW, vec![traded(NOW, "3")])).is_some());
        assert_eq!(woken_at(&room.step(Event::Learned(None), seconds(NOW))), [NOW + 30]);
        assert_eq!(asked(&tell(&mut room, NOW + 29, vec![traded(NOW + 29, "1")])), None);
        let effects = alarm(&mut room, NOW + 30);
        let scales = asked(&effects).unwrap();
        assert_eq!(warned(&learn(&mut room, NOW + 30, &scales, &[above("r-1", "3")])), (0, 1));
        let mut asleep = woken_from(&tell(&mut self::room(), NOW, vec![traded(NOW, "3")]), CLOSES);
        let effects = alarm(&mut asleep, CLOSES);
        assert!(asked(&effects).is_some(), "{effects:?}");
    }

    #[test]
    fn too_many_changes_during_a_read_have_it_done_again() {
        let mut room = room();
        let scales = asked(&tell(&mut room, NOW, vec![traded(NOW, "1")])).unwrap();
        for count in 0..2_000 {
            room.step(Event::Rules(RuleChange::Came(above(&format!("r-{count}"), "3"))), seconds(NOW));
        }
        let effects = learn(&mut room, NOW, &scales, &[]);
        assert_eq!(asked(&effects), Some(scales));
    }
}
