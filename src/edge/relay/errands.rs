//! What a relay has done for it while it goes on: questions to rooms, access tokens looked at, alarms set. What comes of
//! it is an event. It must not decide anything.

use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use wasm_bindgen::JsValue;
use worker::Headers;

use super::state::RelayState;
use crate::core::address::Address;
use crate::core::event::Refusal;
use crate::core::relay::event::{Answer, AskFailure, AskId, Event, Lease, Question, SocketId};
use crate::core::socket_request::Past;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::edge::address_limit;
use crate::edge::bindings::NEW_TOPIC_LIMIT_BINDING;
use crate::edge::object_error::ObjectError;
use crate::edge::pause::Pause;
use crate::edge::store::subscriptions::SubscriptionsTable;
use crate::edge::{identity, objects, runtime};
use crate::wire::relay_protocol::{ASK_PATH, LEAVE_PATH, decode_answer, encode_leave, encode_question};
use crate::wire::room_protocol::{REFUSED_STATUS, decode_refusal};

/// How long a room may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a room is to be asked.
pub struct Asking {
    /// Which room.
    pub topic: Topic,
    /// The relay's stay on its list.
    pub lease: Lease,
    /// What is asked for of the past.
    pub past: Past,
    /// On whose account the room comes to be, where nobody has published to it yet.
    pub address: Option<Address>,
}

/// Asks a room.
pub fn ask(relay: &Rc<RelayState>, ask: AskId, wanted: Asking) {
    let asking = Rc::clone(relay);
    relay.state.wait_until(async move {
        let answer = match select(Box::pin(answer_to(&asking, &wanted)), Pause::of(PATIENCE)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(ObjectError::TooSlow),
        };
        let answer = answer.unwrap_or_else(|error| {
            asking.log.failed(&format!("{} could not be asked: {error}", wanted.topic.for_log()));
            Err(AskFailure::Unreachable)
        });
        report(&asking, Event::Answered { ask, answer });
    });
}

/// A room's answer. Where nobody has published to the topic yet, the room stores nothing until its budget has said so.
async fn answer_to(relay: &RelayState, wanted: &Asking) -> Result<Result<Answer, AskFailure>, ObjectError> {
    if let Some(address) = wanted.address {
        match question(relay, wanted, true).await? {
            Err(Refusal::Unborn) => {}
            answer => return Ok(answer.map_err(|_| AskFailure::FromTheFuture)),
        }
        if !address_limit::is_within(&relay.env, NEW_TOPIC_LIMIT_BINDING, address.to_string()).await {
            return Ok(Err(AskFailure::TooManyNew));
        }
    }
    Ok(question(relay, wanted, false).await?.map_err(|_| AskFailure::FromTheFuture))
}

async fn question(
    relay: &RelayState,
    wanted: &Asking,
    only_born: bool,
) -> Result<Result<Answer, Refusal>, ObjectError> {
    let Asking { topic, lease, past, .. } = wanted;
    let name = relay.name.ok_or(ObjectError::Nameless)?;
    let question = Question { relay: name, lease: *lease, past: *past, only_born };
    let body = JsValue::from_str(&encode_question(&question));
    let room = objects::room(&relay.env, topic)?;
    let reply = objects::post(room, ASK_PATH, Headers::new(), &body).await?;
    match reply.status {
        200 => Ok(Ok(decode_answer(&reply.text)?)),
        REFUSED_STATUS => Ok(Err(decode_refusal(&reply.text)?)),
        status => Err(ObjectError::Unreached(status)),
    }
}

/// Tells a room that nobody here wants its topic any more. Where that gets lost, the room's alarm finds it out.
pub fn let_go(relay: &Rc<RelayState>, topic: Topic, lease: Lease) {
    let leaving = Rc::clone(relay);
    relay.state.wait_until(async move {
        if let Err(error) = leave(&leaving, &topic, lease).await {
            leaving.log.failed(&format!("{} could not be let go: {error}", topic.for_log()));
        }
    });
}

async fn leave(relay: &RelayState, topic: &Topic, lease: Lease) -> Result<(), ObjectError> {
    let name = relay.name.ok_or(ObjectError::Nameless)?;
    let body = JsValue::from_str(&encode_leave(name, lease));
    let reply = objects::post(objects::room(&relay.env, topic)?, LEAVE_PATH, Headers::new(), &body).await?;
    if reply.status == 200 { Ok(()) } else { Err(ObjectError::Unreached(reply.status)) }
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
        if let Err(error) = wake_by(&waking, at).await {
            waking.log.failed(&error);
        }
    });
}

/// A relay that has slept does not know for which earlier time an alarm is set.
async fn wake_by(relay: &RelayState, at: UnixMillis) -> worker::Result<()> {
    let storage = relay.state.storage();
    let set = storage.get_alarm().await?.and_then(|millis| u64::try_from(millis).ok());
    if set.is_none_or(|set| set > at.0) {
        storage.set_alarm(runtime::alarm_time(at)).await?;
    }
    Ok(())
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
