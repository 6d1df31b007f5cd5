//! The loop that sends what a relay has decided to send, one thing after another, so that nobody sees an earlier
//! publication after a later one. Frames to many go out in chunks, as in a room. It must not decide what is sent.

use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::state::{Outgoing, RelayState};
use crate::core::relay::effect::{Delivery, Parcel};
use crate::core::view::Views;
use crate::edge::object_error::ObjectError;
use crate::edge::unfinished;
use crate::wire::delivery::{self, Selection};

/// Starts sending, unless something is being sent already.
pub fn start(relay: &Rc<RelayState>) {
    if relay.is_sending.replace(true) {
        return;
    }
    let pump = Rc::clone(relay);
    relay.state.wait_until(async move {
        if let Err(error) = run(&pump).await {
            pump.log.failed(&error);
            pump.give_up();
        }
        pump.is_sending.set(false);
    });
}

async fn run(relay: &Rc<RelayState>) -> Result<(), ObjectError> {
    unfinished::note(&relay.state, true);
    loop {
        let next = relay.outgoing.borrow_mut().pop_front();
        match next {
            Some(outgoing) => send(relay, outgoing).await?,
            None => break,
        }
    }
    relay.settle()
}

async fn send(relay: &Rc<RelayState>, outgoing: Outgoing) -> Result<(), ObjectError> {
    match outgoing {
        Outgoing::Frame(id, frame) => relay.sockets.send(id, &frame),
        Outgoing::Frames(ids, frame) => {
            relay.sockets.send_to(&ids, &[JsValue::from_str(&frame)]).await?;
        }
        Outgoing::Delivery(delivery) => {
            relay
                .cut_lost_before(delivery.items.iter().map(|item| item.publication.as_json().len()).sum())
                .await?;
            deliver(relay, &delivery).await?;
        }
        Outgoing::Answer(push, pushed) => relay.answer_push(push, pushed),
        Outgoing::Close(id, frame) => relay.sockets.close(id, &frame),
    }
    Ok(())
}

async fn deliver(relay: &RelayState, delivery: &Delivery) -> Result<(), ObjectError> {
    let mut made: BTreeMap<(Views, Option<&[usize]>), Vec<JsValue>> = BTreeMap::new();
    let mut taken = 0;
    for parcel in &delivery.parcels {
        let key = (parcel.views, parcel.selection.as_deref());
        let frames = made.entry(key).or_insert_with(|| frames_of(delivery, parcel));
        if frames.is_empty() {
            continue;
        }
        taken += relay.sockets.send_to(&parcel.sockets, frames).await?;
    }
    if let Some(push) = delivery.push {
        *relay.taken.borrow_mut().entry(push).or_default() += taken;
    }
    Ok(())
}

/// The frames of a parcel: each text is converted once, however many sockets it goes to.
fn frames_of(delivery: &Delivery, parcel: &Parcel) -> Vec<JsValue> {
    let Delivery { topic, first, items, is_snapshot, .. } = delivery;
    let selection = parcel.selection.as_deref().map_or(Selection::All, Selection::Only);
    let frames = match (is_snapshot, items.as_ref()) {
        (true, [item]) => delivery::snapshot(item, *first, parcel.views),
        _ => delivery::frames(topic, *first, items, parcel.views, selection),
    };
    frames.iter().map(|frame| JsValue::from_str(frame)).collect()
}
