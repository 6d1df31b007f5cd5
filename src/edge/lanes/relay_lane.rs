//! The way from a room to one relay: what waits goes with one push, which is tried again a few times and then given up.
//! It must not decide what is pushed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;
use worker::{Env, Headers};

use super::{RelayReport, Report, retry};
use crate::core::epoch::Epoch;
use crate::core::event::Event;
use crate::core::lane::Lane;
use crate::core::publication::Seq;
use crate::core::relay::event::Lease;
use crate::core::relay::name::RelayName;
use crate::edge::object_error::ObjectError;
use crate::edge::room_state::RoomState;
use crate::edge::{objects, runtime};
use crate::wire::relay_protocol::{PUSH_PATH, PushOutcome, decode_outcome, encode_push};

/// The way to one relay.
pub(super) struct RelayLane {
    pub name: RelayName,
    pub lane: RefCell<Lane<Shipment>>,
    pub is_running: Cell<bool>,
    pub report: Cell<RelayReport>,
}

/// One batch on its way to one relay.
pub(super) struct Shipment {
    pub epoch: Epoch,
    pub first: Seq,
    pub next: Seq,
    /// The publications as they stand in a push, encoded once for all relays.
    pub text: Rc<str>,
    pub report: Report,
}

/// What a push reaches from and to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    epoch: Epoch,
    first: Seq,
    next: Seq,
}

/// Pushes what waits, unless that is being done.
pub(super) fn start(room: &Rc<RoomState>, lane: Rc<RelayLane>) {
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
            for run in runs(shipments) {
                ship(&pushing, &lane, run).await;
            }
        }
        lane.is_running.set(false);
    });
}

/// Shipments in runs that follow one another without a hole, in one epoch: only those can go in one push. Between two
/// runs something was dropped, or the room lost its memory.
fn runs(shipments: Vec<Shipment>) -> Vec<Vec<Shipment>> {
    let mut runs: Vec<Vec<Shipment>> = vec![];
    for shipment in shipments {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| last.is_followed_by(&shipment)) => run.push(shipment),
            _ => runs.push(vec![shipment]),
        }
    }
    runs
}

impl Shipment {
    fn is_followed_by(&self, next: &Self) -> bool {
        (self.epoch, self.next) == (next.epoch, next.first)
    }
}

/// Hands shipments over, and reports how it went.
async fn ship(room: &Rc<RoomState>, lane: &RelayLane, shipments: Vec<Shipment>) {
    let lease = room.lease_of(lane.name);
    let pushed = match (shipments.first(), shipments.last(), lease) {
        (Some(first), Some(last), Some(_)) => {
            let reach = Reach { epoch: first.epoch, first: first.first, next: last.next };
            Some((persist(room, lane.name, body_of(room, reach, &shipments)).await, last.next.before(1)))
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

/// The body of a push: the same text for all relays that are pushed the same.
fn body_of(room: &RoomState, reach: Reach, shipments: &[Shipment]) -> Result<JsValue, ObjectError> {
    let mut last = room.lanes.last_body.borrow_mut();
    if let Some((_, body)) = last.as_ref().filter(|(of, _)| *of == reach) {
        return Ok(body.clone());
    }
    let texts = shipments.iter().map(|one| one.text.as_ref()).filter(|text: &&str| !text.is_empty());
    let texts: Vec<&str> = texts.collect();
    let body = JsValue::from_str(&encode_push(room.topic()?, reach.epoch, reach.first, &texts));
    *last = Some((reach, body.clone()));
    Ok(body)
}

/// Pushes until it succeeds or is given up.
async fn persist(
    room: &RoomState,
    relay: RelayName,
    body: Result<JsValue, ObjectError>,
) -> Result<PushOutcome, ObjectError> {
    let body = body?;
    #[cfg(feature = "fault-injection")]
    let fault = crate::edge::fault::of_push(&body.as_string().unwrap_or_default(), relay);
    retry(async || {
        #[cfg(feature = "fault-injection")]
        crate::edge::fault::lose(fault, crate::edge::fault::PushFault::Lost)?;
        let outcome = push_once(&room.env, relay, &body).await?;
        #[cfg(feature = "fault-injection")]
        crate::edge::fault::lose(fault, crate::edge::fault::PushFault::Unanswered)?;
        Ok(outcome)
    })
    .await
}

async fn push_once(env: &Env, relay: RelayName, body: &JsValue) -> Result<PushOutcome, ObjectError> {
    let reply = objects::post(objects::relay(env, relay)?, PUSH_PATH, Headers::new(), body).await?;
    match reply.status {
        200 => Ok(decode_outcome(&reply.text)?),
        status => Err(ObjectError::Unreached(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::UnixMillis;
    use futures::channel::oneshot;

    fn shipment(epoch: u64, first: u64, next: u64) -> Shipment {
        let epoch = Epoch::Began(UnixMillis(epoch));
        let (report, _) = oneshot::channel();
        Shipment { epoch, first: Seq::new(first), next: Seq::new(next), text: Rc::from("{}"), report }
    }

    #[test]
    fn only_what_follows_without_a_hole_goes_in_one_push() {
        let shipments = vec![
            shipment(1, 1, 3),
            shipment(1, 3, 4),
            shipment(1, 4, 4),
            shipment(1, 6, 7),
            shipment(2, 7, 8),
            shipment(2, 8, 9),
        ];
        let lengths: Vec<usize> = runs(shipments).iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 1, 2]);
    }
}
