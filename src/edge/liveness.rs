//! Looks at an object's sockets and cuts those that are lost: while publications are sent, and when somebody asks how many
//! there are. It must not decide who is lost, nor when it is time to look.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Float64Array};
use wasm_bindgen::prelude::*;
use worker::{State, WebSocket};

use super::config::{Config, Mistakes};
use super::object_error::ObjectError;
use super::pause::Pause;
use super::relay::RelayState;
use super::room_state::RoomState;
use super::runtime;
use super::sockets::Audience;
use crate::core::closing::Closing;
use crate::core::liveness::{Liveness, Patience, Sighting};
use crate::core::relay::event::{Event, SocketId};
use crate::core::time::UnixMillis;
use crate::wire::attachment::Attachment;

#[wasm_bindgen(module = "/src/edge/liveness.mjs")]
extern "C" {
    #[wasm_bindgen(js_name = livenessNumber)]
    fn number_of(socket: &JsValue) -> u32;

    #[wasm_bindgen(catch)]
    fn sightings(state: &JsValue, sockets: &Array) -> Result<Float64Array, JsValue>;
}

/// Who is lost, by its place among all, and why.
type Lost = Vec<(usize, Closing)>;

/// How often those who are behind are looked at while they are waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What an object knows of its sockets' other ends. It lives as long as the object is in memory.
pub struct SocketLiveness {
    known: RefCell<Liveness>,
    /// How many bytes may wait for one socket.
    limit: u64,
}

impl SocketLiveness {
    /// Nothing known yet. While the configuration is wrong, any number of bytes may wait: nobody is let in then.
    #[must_use]
    pub fn new(config: &Result<Config, Mistakes>) -> Self {
        let limit = config.as_ref().map_or(u64::MAX, |config| config.max_backlog_bytes as u64);
        Self { known: RefCell::default(), limit }
    }

    /// A socket's frame came.
    pub fn heard(&self, socket: &WebSocket, is_ping: bool) {
        self.known.borrow_mut().heard(number_of(socket.as_ref()), is_ping, runtime::now());
    }

    /// Whether to wait for those who were behind at the last look.
    fn waits(&self, patience: &mut Patience) -> bool {
        patience.waits(self.known.borrow().backlog(), runtime::now())
    }

    fn is_due(&self, bytes: usize) -> bool {
        self.known.borrow_mut().is_due(bytes, self.limit, runtime::now())
    }

    fn look(
        &self,
        state: &State,
        sockets: &Array,
        framed: impl Fn(usize) -> UnixMillis,
    ) -> Result<Lost, ObjectError> {
        let seen = sightings(state.as_raw(), sockets).map_err(worker::Error::from)?.to_vec();
        let seen: Vec<Sighting> = seen.as_chunks().0.iter().map(sighting).collect();
        Ok(self.known.borrow_mut().look(&seen, self.limit, runtime::now(), framed))
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers that fit; NaN is asked for"
)]
fn sighting(&[socket, pinged, waiting]: &[f64; 3]) -> Sighting {
    let pinged = (!pinged.is_nan()).then_some(UnixMillis(pinged as u64));
    Sighting { socket: socket as u32, pinged, waiting: waiting as u64 }
}

impl RoomState {
    /// Cuts who is lost, where it is time to look, before so many bytes are sent to each socket. Who is behind and reads is
    /// waited for.
    ///
    /// # Errors
    /// What the runtime throws.
    pub async fn cut_lost_before(&self, bytes: usize) -> Result<(), ObjectError> {
        if !self.liveness.is_due(bytes) {
            return Ok(());
        }
        let mut patience = Patience::from(runtime::now());
        loop {
            let (audience, lost) = self.lost()?;
            if !self.liveness.waits(&mut patience) {
                for (place, closing) in lost {
                    audience.close_at(place, &closing.into());
                }
                return Ok(());
            }
            Pause::of(LOOK_AGAIN).await;
        }
    }

    /// How many sockets are open, without those that have vanished.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn count_alive(&self) -> Result<u32, ObjectError> {
        let (audience, lost) = self.lost()?;
        for (place, closing) in lost.into_iter().filter(|(_, closing)| *closing == Closing::Silent) {
            audience.close_at(place, &closing.into());
        }
        Ok(audience.open())
    }

    fn lost(&self) -> Result<(Rc<Audience>, Lost), ObjectError> {
        let audience = self.audience()?;
        let framed = |place| Attachment::decode(&audience.attached_at(place)).budget.began;
        let lost = self.liveness.look(&self.state, audience.sockets(), framed)?;
        Ok((audience, lost))
    }
}

impl RelayState {
    /// Cuts who is lost, where it is time to look, before so many bytes are sent to a socket. Who is behind and reads is
    /// waited for.
    ///
    /// # Errors
    /// What the runtime throws.
    pub async fn cut_lost_before(self: &Rc<Self>, bytes: usize) -> Result<(), ObjectError> {
        if !self.liveness.is_due(bytes) {
            return Ok(());
        }
        let mut patience = Patience::from(runtime::now());
        loop {
            let lost = self.lost()?;
            if !self.liveness.waits(&mut patience) {
                return self.cut(lost);
            }
            Pause::of(LOOK_AGAIN).await;
        }
    }

    /// Cuts who has vanished.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn cut_vanished(self: &Rc<Self>) -> Result<(), ObjectError> {
        let lost = self.lost()?;
        self.cut(lost.into_iter().filter(|(_, closing)| *closing == Closing::Silent).collect())
    }

    fn lost(&self) -> Result<Vec<(SocketId, Closing)>, ObjectError> {
        let (ids, sockets) = self.sockets.all();
        let framed = |place: usize| {
            let stored = ids.get(place).and_then(|id| self.stored(*id));
            stored.map(|stored| stored.budget.began).unwrap_or_default()
        };
        let lost = self.liveness.look(&self.state, &sockets, framed)?;
        Ok(lost.into_iter().filter_map(|(place, closing)| Some((*ids.get(place)?, closing))).collect())
    }

    fn cut(self: &Rc<Self>, lost: Vec<(SocketId, Closing)>) -> Result<(), ObjectError> {
        for (id, closing) in lost {
            self.sockets.close(id, &closing.into());
            // Whether its close is ever answered or not, it counts no longer.
            self.sockets.remove(id);
            self.handle(Event::Leave { socket: id })?;
        }
        Ok(())
    }
}
