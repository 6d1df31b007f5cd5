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
    body: Result<String, ObjectError>,
) -> Result<PushOutcome, ObjectError> {
    let body = body?;
    #[cfg(feature = "fault-injection")]
    let fault = crate::edge::fault::of_push(&body, relay);
    let text = JsValue::from_str(&body);
    retry(async || {
        #[cfg(feature = "fault-injection")]
        crate::edge::fault::lose(fault, crate::edge::fault::PushFault::Lost)?;
        let outcome = push_once(env, relay, &text).await?;
        #[cfg(feature = "fault-injection")]
        crate::edge::fault::lose(fault, crate::edge::fault::PushFault::Unanswered)?;
        Ok(outcome)
    })
    .await
}

async fn push_once(env: &Env, relay: RelayName, body: &JsValue) -> Result<PushOutcome, ObjectError> {
    let mut response = objects::post(&objects::relay(env, relay)?, PUSH_PATH, Headers::new(), body).await?;
    let text = response.text().await?;
    if response.status_code() != 200 {
        return Err(ObjectError::Unreached(response.status_code()));
    }
    Ok(decode_outcome(&text)?)
}
