//! The way from a room to one feed: what waits goes with one request, which is tried again a few times. It must not decide
//! what goes to a feed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;
use worker::{Env, Headers};

use super::{Report, retry};
use crate::core::feed::Feed;
use crate::core::lane::Lane;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::edge::object_error::ObjectError;
use crate::edge::objects;
use crate::edge::room_state::RoomState;
use crate::wire::room_protocol::{KEYS_HEADER, PUBLISH_PATH, encode_keys, encode_publications};

/// The way to one feed.
#[derive(Default)]
pub(super) struct FeedLane {
    pub lane: RefCell<Lane<(Vec<Keyed>, Report)>>,
    pub is_running: Cell<bool>,
}

/// Sends what waits, unless that is being done.
pub(super) fn start(room: &Rc<RoomState>, feed: Feed, lane: Rc<FeedLane>) {
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

async fn forward_once(env: &Env, feed: Feed, publications: &[Keyed]) -> Result<(), ObjectError> {
    let headers = Headers::new();
    if let Some(keys) = encode_keys(publications) {
        headers.set(KEYS_HEADER, &keys)?;
    }
    let body = JsValue::from_str(&encode_publications(publications));
    let room = objects::room(env, &Topic::of_feed(feed))?;
    let mut response = objects::post(&room, PUBLISH_PATH, headers, &body).await?;
    // A body that nobody reads would keep the request open.
    response.text().await?;
    match response.status_code() {
        200 => Ok(()),
        status => Err(ObjectError::Unreached(status)),
    }
}
