//! What a room does beside publishing: it keeps house, asks its relays how they stand, has its market written down. It
//! must not decide when.

use std::rc::Rc;

use futures::channel::oneshot;
use worker::{Request, Response};

use super::object_error::ObjectError;
use super::room_state::RoomState;
use super::{charting, lanes, pump, warnings};
use crate::core::event::{Effect, Event};
use crate::core::room::Standing;
use crate::wire::relay_protocol::{decode_leave, decode_question, encode_answer};
use crate::wire::room_protocol::{REFUSED_STATUS, encode_refusal};

impl RoomState {
    /// Runs an event that concerns storage, the market and the relays alone.
    ///
    /// # Errors
    /// What the storage throws.
    pub async fn run(self: &Rc<Self>, event: Event) -> Result<(), ObjectError> {
        for effect in self.step(event)? {
            match effect {
                Effect::Probe => drop(self.probe()?),
                Effect::Chart(charting) => charting::run(self, charting).await?,
                Effect::Learn(scales) => charting::learn(self, scales),
                Effect::Warn { alerts, firings } => {
                    warnings::publish(self, &alerts, firings).await?;
                    pump::start(self);
                }
                effect => self.keep_house(&effect).await?,
            }
        }
        Ok(())
    }

    /// Asks the relays how they stand.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn probe(self: &Rc<Self>) -> Result<Vec<oneshot::Receiver<u32>>, ObjectError> {
        let Standing { epoch, seq, .. } = self.standing()?;
        Ok(lanes::push(self, epoch, seq.next(), &[]))
    }
}

/// Answers a relay's question, which puts it on the list.
///
/// # Errors
/// What the storage throws, and a message that is not understood.
pub async fn tell_relay(room: &RoomState, mut request: Request) -> Result<Response, ObjectError> {
    let question = decode_question(&request.text().await?)?;
    let mut response = Err(ObjectError::Misplaced);
    for effect in room.step(Event::Ask(question))? {
        match effect {
            Effect::Refuse(refusal) => {
                response = Ok(Response::error(encode_refusal(refusal), REFUSED_STATUS)?);
            }
            Effect::Tell(told) => response = Ok(Response::ok(encode_answer(&told))?),
            effect => room.keep_house(&effect).await?,
        }
    }
    response
}

/// Takes a relay off the list that says that nobody there wants the topic any more.
///
/// # Errors
/// What the storage throws, and a message that is not understood.
pub async fn dismiss(room: &Rc<RoomState>, mut request: Request) -> Result<Response, ObjectError> {
    let (relay, lease) = decode_leave(&request.text().await?)?;
    room.run(Event::Unwanted { relay, lease }).await?;
    Ok(Response::empty()?)
}
