//! The way from a room to one feed: what waits goes with one request, which is tried again a few times. It must not decide
//! what goes to a feed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::{Report, retry};
use crate::core::feed::Feed;
use crate::core::lane::Lane;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::edge::objects;
use crate::edge::room_state::RoomState;

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
    let (forwarding, topic) = (Rc::clone(room), Topic::of_feed(feed));
    room.state.wait_until(async move {
        loop {
            let taken = lane.lane.borrow_mut().take();
            if taken.is_empty() {
                break;
            }
            let (batches, reports): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
            let publications: Vec<Keyed> = batches.into_iter().flatten().collect();
            let forwarded =
                retry(async || objects::publish(&forwarding.env, &topic, &publications).await).await;
            if let Err(error) = forwarded {
                forwarding.log.failed(&format!("{} could not be reached: {error}", feed.name()));
            }
            // A feed's subscribers are its own: they don't count for the topic.
            drop(reports);
        }
        lane.is_running.set(false);
    });
}
