//! What a relay has done for it while it goes on: questions to rooms, access tokens looked at, alarms set. What comes of
//! it is an event. It must not decide anything.

use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use wasm_bindgen::JsValue;
use worker::Headers;

use super::state::RelayState;
use crate::core::relay::event::{Answer, AskFailure, AskId, Event, Lease, SocketId};
use crate::core::socket_request::Past;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::edge::object_error::ObjectError;
use crate::edge::pause::Pause;
use crate::edge::store::subscriptions::SubscriptionsTable;
use crate::edge::{identity, objects, runtime};
use crate::wire::relay_protocol::{ASK_PATH, Question, decode_answer, encode_question};
use crate::wire::room_protocol::REFUSED_STATUS;

/// How long a room may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks a room.
pub fn ask(relay: &Rc<RelayState>, ask: AskId, topic: Topic, lease: Lease, past: Past) {
    let asking = Rc::clone(relay);
    relay.state.wait_until(async move {
        let answer = match select(Box::pin(question(&asking, &topic, lease, past)), Pause::of(PATIENCE)).await
        {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(ObjectError::TooSlow),
        };
        let answer = answer.unwrap_or_else(|error| {
            asking.log.failed(&format!("{} could not be asked: {error}", topic.for_log()));
            Err(AskFailure::Unreachable)
        });
        report(&asking, Event::Answered { ask, answer });
    });
}

async fn question(
    relay: &RelayState,
    topic: &Topic,
    lease: Lease,
    past: Past,
) -> Result<Result<Answer, AskFailure>, ObjectError> {
    let name = relay.name.ok_or(ObjectError::Nameless)?;
    let body = JsValue::from_str(&encode_question(&Question { relay: name, lease, past }));
    let room = objects::room(&relay.env, topic)?;
    let reply = objects::post(room, ASK_PATH, Headers::new(), &body).await?;
    match reply.status {
        200 => Ok(Ok(decode_answer(&reply.text)?)),
        REFUSED_STATUS => Ok(Err(AskFailure::FromTheFuture)),
        status => Err(ObjectError::Unreached(status)),
    }
}

/// Looks at an access token.
pub fn verify(relay: &Rc<RelayState>, socket: SocketId, token: String) {
    let verifying = Rc::clone(relay);
    relay.state.wait_until(async move {
        let identity = match verifying.config.as_ref() {
            Ok(config) => identity::verify(config, &token).await.ok(),
            Err(_) => None,
        };
        report(&verifying, Event::Verified { socket, identity });
    });
}

/// Has the relay woken at a time.
pub fn wake_at(relay: &Rc<RelayState>, at: UnixMillis) {
    let waking = Rc::clone(relay);
    relay.state.wait_until(async move {
        if let Err(error) = waking.state.storage().set_alarm(runtime::alarm_time(at)).await {
            waking.log.failed(&error);
        }
    });
}

/// Deletes everything that is stored.
pub fn delete_all(relay: &Rc<RelayState>, subscriptions: &SubscriptionsTable) {
    subscriptions.gone();
    let deleting = Rc::clone(relay);
    relay.state.wait_until(async move {
        if let Err(error) = deleting.state.storage().delete_all().await {
            deleting.log.failed(&error);
        }
    });
}

fn report(relay: &Rc<RelayState>, event: Event) {
    if let Err(error) = relay.handle(event) {
        relay.log.failed(&error);
    }
}
