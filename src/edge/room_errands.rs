//! What a room does beside publishing: it keeps house, asks its relays how they stand, has its market written down. It
//! must not decide when.

use std::rc::Rc;

use futures::channel::oneshot;

use super::object_error::ObjectError;
use super::room_state::RoomState;
use super::{charting, lanes, pump, warnings};
use crate::core::event::{Effect, Event};
use crate::core::room::Standing;

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
