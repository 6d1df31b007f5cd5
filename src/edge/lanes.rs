//! A room's ways to its relays and to the feeds: a lane for each, so that one that is slow or gone delays nobody else.
//! What gathers while one push is under way goes with the next. It must not decide who is on the list, nor what is
//! pushed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, join_all, select};
use wasm_bindgen::JsValue;
use worker::{Delay, Env, Headers};

use super::objects;
use super::room_state::{RoomError, RoomState};
use super::runtime;
use crate::core::epoch::Epoch;
use crate::core::event::{Event, Forward};
use crate::core::feed::Feed;
use crate::core::idempotency::IdempotencyKey;
use crate::core::lane::Lane;
use crate::core::publication::{Keyed, Publication, Seq};
use crate::core::relay::event::Lease;
use crate::core::relay::name::RelayName;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::wire::relay_protocol::{PUSH_PATH, PushOutcome, decode_outcome, encode_publications, encode_push};
use crate::wire::room_protocol::{self, KEYS_HEADER, NotUnderstood, PUBLISH_PATH};

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
    relays: RefCell<HashMap<RelayName, Rc<RelayLane>>>,
    feeds: RefCell<HashMap<Feed, Rc<FeedLane>>>,
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

struct RelayLane {
    name: RelayName,
    lane: RefCell<Lane<Shipment>>,
    is_running: Cell<bool>,
    report: Cell<RelayReport>,
}

/// One batch on its way to one relay.
struct Shipment {
    epoch: Epoch,
    first: Seq,
    next: Seq,
    /// The publications as they stand in a push, encoded once for all relays.
    text: Rc<str>,
    report: Report,
}

#[derive(Default)]
struct FeedLane {
    lane: RefCell<Lane<(Vec<Keyed>, Report)>>,
    is_running: Cell<bool>,
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
        start_relay(room, lane);
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
    let mut by_feed: HashMap<Feed, Vec<Keyed>> = HashMap::new();
    for one in forwards {
        let key = IdempotencyKey::of_place(topic.as_str(), &epoch.to_string(), one.seq.get());
        let publication = room_protocol::forwarded(one);
        by_feed.entry(one.feed).or_default().push(Keyed { publication, key: Some(key), feed: None });
    }
    let offer = |(feed, keyed): (Feed, Vec<Keyed>)| {
        let (report, reported) = oneshot::channel();
        let bytes = keyed.iter().map(Keyed::bytes).sum();
        let lane = Rc::clone(room.lanes.feeds.borrow_mut().entry(feed).or_default());
        for _ in lane.lane.borrow_mut().offer((keyed, report), bytes) {
            room.log.failed(&format!("{} is too slow: publications for it were dropped", feed.name()));
        }
        start_feed(room, feed, lane);
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
    select(Box::pin(all), Delay::from(ANSWER_PATIENCE)).await;
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

fn start_relay(room: &Rc<RoomState>, lane: Rc<RelayLane>) {
    if lane.is_running.replace(true) {
        return;
    }
    let pushing = Rc::clone(room);
    room.state.wait_until(async move {
        loop {
            let shipments = lane.lane.borrow_mut().take();
            if shipments.is_empty() {
                break;
            }
            ship(&pushing, &lane, shipments).await;
        }
        lane.is_running.set(false);
    });
}

/// Hands shipments over, and reports how it went.
async fn ship(room: &Rc<RoomState>, lane: &RelayLane, shipments: Vec<Shipment>) {
    let lease = room.lease_of(lane.name);
    let pushed = match (shipments.first(), shipments.last(), lease) {
        (Some(first), Some(last), Some(_)) => {
            let texts: Vec<&str> =
                shipments.iter().map(|one| one.text.as_ref()).filter(|text| !text.is_empty()).collect();
            let reached = last.next.before(1);
            let body = room.topic().map(|topic| encode_push(topic, first.epoch, first.first, &texts));
            Some((persist(&room.env, lane.name, body).await, reached))
        }
        // It is not on the list any more.
        _ => None,
    };
    let mut report = lane.report.get();
    match pushed {
        Some((Ok(PushOutcome::Handed { connections }), seq)) => {
            let pushed_at = Some(runtime::now());
            report = RelayReport { connections, seq, pushed_at, failures: 0 };
            for shipment in shipments {
                // Who no longer waits needs no report.
                let _ = shipment.report.send(connections);
            }
        }
        Some((Ok(PushOutcome::Unwanted), _)) => {
            report = RelayReport::default();
            if let Some(lease) = lease {
                dismiss(room, lane.name, lease).await;
            }
        }
        Some((Err(error), _)) => {
            report.failures += 1;
            room.log.failed(&format!("{} could not be pushed to: {error}", lane.name));
        }
        None => {}
    }
    lane.report.set(report);
}

async fn dismiss(room: &Rc<RoomState>, relay: RelayName, lease: Lease) {
    if let Err(error) = room.run(Event::Unwanted { relay, lease }).await {
        room.log.failed(&error);
    }
}

/// Pushes until it succeeds or is given up.
async fn persist(
    env: &Env,
    relay: RelayName,
    body: Result<String, RoomError>,
) -> Result<PushOutcome, RoomError> {
    let body = body?;
    #[cfg(feature = "fault-injection")]
    let fault = super::fault::of_push(&body);
    let text = JsValue::from_str(&body);
    retry(async || {
        #[cfg(feature = "fault-injection")]
        super::fault::lose(fault, super::fault::PushFault::Lost)?;
        let outcome = push_once(env, relay, &text).await?;
        #[cfg(feature = "fault-injection")]
        super::fault::lose(fault, super::fault::PushFault::Unanswered)?;
        Ok(outcome)
    })
    .await
}

async fn push_once(env: &Env, relay: RelayName, body: &JsValue) -> Result<PushOutcome, RoomError> {
    let mut response = objects::post(&objects::relay(env, relay)?, PUSH_PATH, Headers::new(), body).await?;
    let text = response.text().await?;
    if response.status_code() != 200 {
        return Err(RoomError::Unreached(response.status_code()));
    }
    Ok(decode_outcome(&text)?)
}

fn start_feed(room: &Rc<RoomState>, feed: Feed, lane: Rc<FeedLane>) {
    if lane.is_running.replace(true) {
        return;
    }
    let forwarding = Rc::clone(room);
    room.state.wait_until(async move {
        loop {
            let taken = lane.lane.borrow_mut().take();
            if taken.is_empty() {
                break;
            }
            let (batches, reports): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
            let publications: Vec<Keyed> = batches.into_iter().flatten().collect();
            let forwarded = retry(async || forward_once(&forwarding.env, feed, &publications).await).await;
            if let Err(error) = forwarded {
                forwarding.log.failed(&format!("{} could not be reached: {error}", feed.name()));
            }
            // A feed's subscribers are its own: they don't count for the topic.
            drop(reports);
        }
        lane.is_running.set(false);
    });
}

async fn forward_once(env: &Env, feed: Feed, publications: &[Keyed]) -> Result<(), RoomError> {
    let headers = Headers::new();
    if let Some(keys) = room_protocol::encode_keys(publications) {
        headers.set(KEYS_HEADER, &keys)?;
    }
    let body = JsValue::from_str(&room_protocol::encode_publications(publications));
    let room = objects::room(env, &Topic::of_feed(feed))?;
    let mut response = objects::post(&room, PUBLISH_PATH, headers, &body).await?;
    // A body that nobody reads would keep the request open.
    response.text().await?;
    match response.status_code() {
        200 => Ok(()),
        status => Err(RoomError::Unreached(status)),
    }
}

/// Does something until it succeeds in time or has failed often enough.
async fn retry<T, F: Future<Output = Result<T, RoomError>>>(attempt: impl Fn() -> F) -> Result<T, RoomError> {
    for pause in RETRIES {
        match in_time(attempt()).await {
            // What it does not understand now, it will not understand later.
            Err(RoomError::NotUnderstood(NotUnderstood)) => return Err(NotUnderstood.into()),
            Err(_) => Delay::from(pause).await,
            done => return done,
        }
    }
    in_time(attempt()).await
}

async fn in_time<T>(attempt: impl Future<Output = Result<T, RoomError>>) -> Result<T, RoomError> {
    match select(Box::pin(attempt), Delay::from(PATIENCE)).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(RoomError::TooSlow),
    }
}
