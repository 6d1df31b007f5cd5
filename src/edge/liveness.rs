//! Looks at an object's sockets and cuts those that are lost: while publications are sent, and when somebody asks how many
//! there are. It must not decide who is lost, nor when it is time to look.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Float64Array};
use wasm_bindgen::prelude::*;
use worker::{State, WebSocket};

use super::config::{Config, Mistakes};
use super::object_error::ObjectError;
use super::relay::RelayState;
use super::room_state::RoomState;
use super::runtime;
use super::sockets;
use crate::core::closing::Closing;
use crate::core::liveness::{Liveness, Sighting};
use crate::core::relay::event::Event;
use crate::core::time::UnixMillis;
use crate::wire::attachment::Attachment;

#[wasm_bindgen(module = "/src/edge/liveness.mjs")]
extern "C" {
    #[wasm_bindgen(js_name = livenessNumber)]
    fn number_of(socket: &JsValue) -> u32;

    #[wasm_bindgen(catch)]
    fn sightings(state: &JsValue, sockets: &Array) -> Result<Float64Array, JsValue>;
}

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

    fn is_due(&self, bytes: usize) -> bool {
        self.known.borrow_mut().is_due(bytes, self.limit, runtime::now())
    }

    fn look(
        &self,
        state: &State,
        sockets: &Array,
        framed: impl Fn(usize) -> UnixMillis,
    ) -> Result<Vec<(usize, Closing)>, ObjectError> {
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
    /// Cuts who is lost, where it is time to look, before so many bytes are sent to each socket.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn cut_lost_before(&self, bytes: usize) -> Result<(), ObjectError> {
        if self.liveness.is_due(bytes) { self.cut_lost() } else { Ok(()) }
    }

    /// How many sockets are open, without those that are lost.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn count_alive(&self) -> Result<u32, ObjectError> {
        self.cut_lost()?;
        Ok(self.audience()?.open())
    }

    fn cut_lost(&self) -> Result<(), ObjectError> {
        let audience = self.audience()?;
        let sockets = audience.sockets();
        let framed = |place| Attachment::decode(&sockets::attached(&at(sockets, place))).budget.began;
        for (place, closing) in self.liveness.look(&self.state, sockets, framed)? {
            sockets::close_one(&at(sockets, place), &closing.into());
        }
        Ok(())
    }
}

impl RelayState {
    /// Cuts who is lost, where it is time to look, before so many bytes are sent to a socket.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn cut_lost_before(self: &Rc<Self>, bytes: usize) -> Result<(), ObjectError> {
        if self.liveness.is_due(bytes) { self.cut_lost() } else { Ok(()) }
    }

    /// Cuts who is lost.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn cut_lost(self: &Rc<Self>) -> Result<(), ObjectError> {
        let (ids, sockets) = self.sockets.all();
        let id_at = |place: usize| ids.get(place).copied();
        let framed = |place| {
            let stored = id_at(place).and_then(|id| self.stored(id));
            stored.map(|stored| stored.budget.began).unwrap_or_default()
        };
        let lost = self.liveness.look(&self.state, &sockets, framed)?;
        for (id, closing) in lost.into_iter().filter_map(|(place, closing)| Some((id_at(place)?, closing))) {
            self.sockets.close(id, &closing.into());
            // Whether its close is ever answered or not, it counts no longer.
            self.sockets.remove(id);
            self.handle(Event::Leave { socket: id })?;
        }
        Ok(())
    }
}

fn at(sockets: &Array, place: usize) -> JsValue {
    u32::try_from(place).map_or(JsValue::UNDEFINED, |place| sockets.get(place))
}
