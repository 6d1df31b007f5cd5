//! A room's ways to its relays and to the feeds: a lane for each, so that one that is slow or gone delays nobody else.
//! What gathers while one push is under way goes with the next. It must not decide who is on the list, nor what is
//! pushed.

mod feed_lane;
mod relay_lane;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, join_all, select};
use wasm_bindgen::JsValue;

use self::feed_lane::FeedLane;
use self::relay_lane::{Reach, RelayLane, Shipment};
use crate::core::epoch::Epoch;
use crate::core::event::Forward;
use crate::core::feed::Feed;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Publication, Seq};
use crate::core::relay::name::RelayName;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::edge::object_error::ObjectError;
use crate::edge::pause::Pause;
use crate::edge::room_state::RoomState;
use crate::wire::relay_protocol::encode_publications;
use crate::wire::room_protocol::{self, NotUnderstood};

/// How long a receiver may take for one push before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(3);

/// After which times a push that failed is tried again. Then it is given up: a relay sees by itself what it missed.
const RETRIES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// How long publishers' answers wait for the relays and the feeds.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// Reports how many sockets took a batch. One that is dropped reports none.
type Report = oneshot::Sender<u32>;

/// All lanes of one room.
#[derive(Default)]
pub struct Lanes {
    relays: RefCell<BTreeMap<RelayName, Rc<RelayLane>>>,
    feeds: RefCell<BTreeMap<Feed, Rc<FeedLane>>>,
    /// The last push that was put together.
    last_body: RefCell<Option<(Reach, JsValue)>>,
}

/// What is known of a relay, for operators.
#[derive(Clone, Copy, Debug, Default)]
pub struct RelayReport {
    /// Sockets that took the last push.
    pub connections: u32,
    /// The last place that it has confirmed.
    pub seq: Seq,
    /// When it confirmed that.
    pub pushed_at: Option<UnixMillis>,
    /// Pushes that failed since then.
    pub failures: u32,
}

/// Offers a batch to every relay on the list. Each of the reports comes when its relay has handed the batch on, or was
/// given up.
pub fn push(
    room: &Rc<RoomState>,
    epoch: Epoch,
    first: Seq,
    publications: &[Publication],
) -> Vec<oneshot::Receiver<u32>> {
    let relays = room.relays();
    if relays.is_empty() {
        return vec![];
    }
    let text: Rc<str> = encode_publications(publications).into();
    let next = first.after(publications.len());
    let offer = |relay| {
        let (report, reported) = oneshot::channel();
        let shipment = Shipment { epoch, first, next, text: Rc::clone(&text), report };
        let lane = room.lanes.relay(relay);
        // Those that fall out are dropped, and so report nobody.
        lane.lane.borrow_mut().offer(shipment, text.len());
        relay_lane::start(room, lane);
        reported
    };
    relays.into_iter().map(offer).collect()
}

/// Offers publications to their feeds.
pub fn forward(
    room: &Rc<RoomState>,
    topic: &Topic,
    epoch: Epoch,
    forwards: &[Forward],
) -> Vec<oneshot::Receiver<u32>> {
    let mut by_feed: BTreeMap<Feed, Vec<Keyed>> = BTreeMap::new();
    for one in forwards {
        let key = IdempotencyKey::of_place(topic.as_str(), &epoch.to_string(), one.seq.get());
        let publication = room_protocol::forwarded(one);
        by_feed.entry(one.feed).or_default().push(Keyed { key: Some(key), ..Keyed::bare(publication) });
    }
    let offer = |(feed, keyed): (Feed, Vec<Keyed>)| {
        let (report, reported) = oneshot::channel();
        let bytes = keyed.iter().map(Keyed::bytes).sum();
        let lane = Rc::clone(room.lanes.feeds.borrow_mut().entry(feed).or_default());
        for _ in lane.lane.borrow_mut().offer((keyed, report), bytes) {
            room.log.failed(&format!("{} is too slow: publications for it were dropped", feed.name()));
        }
        feed_lane::start(room, feed, lane);
        reported
    };
    by_feed.into_iter().map(offer).collect()
}

/// How many sockets took a batch in all, as far as they report in time.
pub async fn total(reports: Vec<oneshot::Receiver<u32>>) -> u32 {
    let counted = Rc::new(Cell::new(0_u32));
    let count = |report: oneshot::Receiver<u32>| {
        let counted = Rc::clone(&counted);
        async move {
            let taken = report.await.unwrap_or_default();
            counted.set(counted.get().saturating_add(taken));
        }
    };
    let all = join_all(reports.into_iter().map(count));
    select(Box::pin(all), Pause::of(ANSWER_PATIENCE)).await;
    counted.get()
}

impl Lanes {
    /// What is known of a relay.
    #[must_use]
    pub fn report(&self, relay: RelayName) -> (RelayReport, usize) {
        let lane = self.relay(relay);
        let waiting = lane.lane.borrow().len();
        (lane.report.get(), waiting)
    }

    fn relay(&self, name: RelayName) -> Rc<RelayLane> {
        let new = || {
            let (lane, is_running, report) = (RefCell::default(), Cell::default(), Cell::default());
            Rc::new(RelayLane { name, lane, is_running, report })
        };
        Rc::clone(self.relays.borrow_mut().entry(name).or_insert_with(new))
    }
}

/// Does something until it succeeds in time or has failed often enough.
pub(super) async fn retry<T, F: Future<Output = Result<T, ObjectError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, ObjectError> {
    for pause in RETRIES {
        match in_time(attempt()).await {
            // What it does not understand now, it will not understand later.
            Err(ObjectError::NotUnderstood(NotUnderstood)) => return Err(NotUnderstood.into()),
            Err(_) => Pause::of(pause).await,
            done => return done,
        }
    }
    in_time(attempt()).await
}

async fn in_time<T>(attempt: impl Future<Output = Result<T, ObjectError>>) -> Result<T, ObjectError> {
    match select(Box::pin(attempt), Pause::of(PATIENCE)).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(ObjectError::TooSlow),
    }
}
