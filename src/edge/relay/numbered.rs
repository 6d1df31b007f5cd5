//! A relay's sockets by their numbers: remember, send to one, send to many. The runtime hands out the same object for a
//! socket as long as the relay is awake, so its number is written on it. It must not know what a frame says or who gets
//! which.

use js_sys::{Array, Map, Promise, Uint32Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::WebSocket;

use crate::core::relay::event::SocketId;
use crate::edge::sockets::CHUNK;
use crate::wire::close::CloseFrame;

#[wasm_bindgen]
extern "C" {
    type Numbered;

    #[wasm_bindgen(method, getter, js_name = relayNumber)]
    fn number(this: &Numbered) -> Option<u32>;

    #[wasm_bindgen(method, setter, js_name = relayNumber)]
    fn set_number(this: &Numbered, number: u32);

    #[wasm_bindgen(method, catch)]
    fn send(this: &Numbered, text: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn close(this: &Numbered, code: u16, reason: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = serializeAttachment)]
    fn attach(this: &Numbered, attachment: &str) -> Result<(), JsValue>;
}

#[wasm_bindgen(module = "/src/edge/send.mjs")]
extern "C" {
    #[wasm_bindgen(js_name = sendToSome)]
    fn send_to_some(sockets: &Map, numbers: &Uint32Array, chunk: u32, frames: &Array) -> Promise;
}

/// The sockets of one relay.
pub struct NumberedSockets(Map);

impl Default for NumberedSockets {
    fn default() -> Self {
        Self(Map::new())
    }
}

impl NumberedSockets {
    /// Gives a socket its number.
    pub fn add(&self, id: SocketId, socket: &JsValue) {
        socket.unchecked_ref::<Numbered>().set_number(id.0);
        self.0.set(&id.0.into(), socket);
    }

    /// Forgets a socket.
    pub fn remove(&self, id: SocketId) {
        self.0.delete(&id.0.into());
    }

    /// All of them, their numbers and the runtime's own objects in the same order.
    pub fn all(&self) -> (Vec<SocketId>, Array) {
        let numbers = Array::from(&self.0.keys());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of sockets")]
        let id = |number: JsValue| number.as_f64().map(|number| SocketId(number as u32));
        (numbers.iter().filter_map(id).collect(), Array::from(&self.0.values()))
    }

    /// Sends one socket a frame. One that is closing, or gone, is left out.
    pub fn send(&self, id: SocketId, frame: &str) {
        if let Some(socket) = self.get(id) {
            let _ = socket.send(frame);
        }
    }

    /// Closes a socket.
    pub fn close(&self, id: SocketId, frame: &CloseFrame) {
        if let Some(socket) = self.get(id) {
            // One that is closing already throws.
            let _ = socket.close(frame.code, &frame.reason);
        }
    }

    /// Keeps a text with a socket.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn attach(&self, id: SocketId, text: &str) -> worker::Result<()> {
        self.get(id).map_or(Ok(()), |socket| Ok(socket.attach(text)?))
    }

    /// Sends frames to many, and returns how many took them.
    ///
    /// # Errors
    /// What the runtime throws.
    pub async fn send_to(&self, ids: &[SocketId], frames: &[JsValue]) -> worker::Result<u32> {
        let numbers: Vec<u32> = ids.iter().map(|id| id.0).collect();
        let frames: Array = frames.iter().collect();
        let sent = send_to_some(&self.0, &Uint32Array::from(numbers.as_slice()), CHUNK, &frames);
        let taken = JsFuture::from(sent).await?.as_f64().unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of sockets")]
        Ok(taken as u32)
    }

    fn get(&self, id: SocketId) -> Option<Numbered> {
        let socket = self.0.get(&id.0.into());
        (!socket.is_undefined()).then(|| socket.unchecked_into())
    }
}

/// The number of a socket; `None` for one that has none yet.
#[must_use]
pub fn number_of(socket: &WebSocket) -> Option<SocketId> {
    let socket: &JsValue = socket.as_ref();
    socket.unchecked_ref::<Numbered>().number().map(SocketId)
}
