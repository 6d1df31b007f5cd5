//! The room's hibernating sockets: accept, count, remember, and the hot loop that sends one frame to all. It must not
//! know what a frame says or why a socket is accepted.

use js_sys::{Array, Promise, Set};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{State, WebSocket, WebSocketRequestResponsePair};

use crate::auth::address::AddressHash;
use crate::wire::close::{CloseFrame, answer_to};

/// The tag of sockets that take several publications in one frame.
const BATCH_TAG: &str = "batch";

/// `WebSocket.OPEN`.
const OPEN: u16 = 1;

#[wasm_bindgen]
extern "C" {
    /// The object's state, through functions that hand out arrays and errors as they are: those of `worker` copy every
    /// socket into a vector and panic on an error.
    type SocketHolder;

    #[wasm_bindgen(method, catch, js_name = getWebSockets)]
    fn sockets(this: &SocketHolder) -> Result<Array, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getWebSockets)]
    fn sockets_with_tag(this: &SocketHolder, tag: &str) -> Result<Array, JsValue>;

    #[wasm_bindgen(method, catch, js_name = acceptWebSocket)]
    fn accept(this: &SocketHolder, socket: &JsValue, tags: &Array) -> Result<(), JsValue>;

    type Socket;

    #[wasm_bindgen(method, catch)]
    fn close(this: &Socket, code: u16, reason: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &Socket) -> u16;

    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    fn waiting(this: &Socket) -> f64;

    #[wasm_bindgen(method, catch, js_name = deserializeAttachment)]
    fn attached(this: &Socket) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/edge/send.mjs")]
extern "C" {
    #[wasm_bindgen(js_name = sendToAll)]
    fn send_to_all(sockets: &Array, chunk: u32, each: &Array, all: &Array, takes_all: &JsValue) -> Promise;
}

/// Sockets that are sent to before the runtime gets a turn to write their frames out. Measured: with many more, the
/// first subscribers wait for frames that are queued for others, and each frame costs more, as it has left the
/// processor's cache before it is written; with fewer, the turns themselves cost more.
pub const CHUNK: u32 = 64;

/// The sockets of one room.
pub struct Sockets<'a>(&'a State);

/// All sockets of a room at one moment.
pub struct Audience {
    everybody: Array,
    /// Who takes several publications in one frame: `true` for everybody, a set, or `null` for nobody.
    batching: JsValue,
}

/// What is sent to an audience: the same publications, in a frame each and all in as few as hold them, as far as somebody
/// takes them. Each text is converted once.
pub struct Frames {
    each: Array,
    all: Array,
}

impl<'a> Sockets<'a> {
    /// The sockets that `state` holds.
    #[must_use]
    pub fn of(state: &'a State) -> Self {
        Self(state)
    }

    /// Has the runtime answer `request` with `response`, without waking the room.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn answer_pings(&self, request: &str, response: &str) -> worker::Result<()> {
        let pair = WebSocketRequestResponsePair::new(request, response)?;
        Ok(self.0.as_raw().set_websocket_auto_response(&pair)?)
    }

    /// Takes a socket in, tagged with its address where connections are counted by address, and with whether it takes
    /// several publications in one frame.
    ///
    /// # Errors
    /// What the runtime throws, as it does for the 32,769th socket.
    pub fn accept(
        &self,
        socket: &WebSocket,
        address: Option<&AddressHash>,
        batch: bool,
    ) -> worker::Result<()> {
        let tags: Array = address.iter().map(|address| JsValue::from_str(&tag(address))).collect();
        if batch {
            tags.push(&JsValue::from_str(BATCH_TAG));
        }
        Ok(self.holder().accept(socket.as_ref(), &tags)?)
    }

    /// Everyone who is connected now.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn audience(&self) -> worker::Result<Audience> {
        let everybody = self.holder().sockets()?;
        let some = self.holder().sockets_with_tag(BATCH_TAG)?;
        let batching = match some.length() {
            0 => JsValue::NULL,
            count if count == everybody.length() => JsValue::TRUE,
            _ => Set::new(&some).into(),
        };
        Ok(Audience { everybody, batching })
    }

    /// All sockets as the runtime's own objects, closing ones included.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn all(&self) -> worker::Result<Array> {
        Ok(self.holder().sockets()?)
    }

    /// How many sockets of an address there are. Closing ones count: who never answers a close still holds a socket.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn listed_from(&self, address: &AddressHash) -> worker::Result<u32> {
        Ok(self.holder().sockets_with_tag(&tag(address))?.length())
    }

    fn holder(&self) -> &SocketHolder {
        self.0.as_raw().unchecked_ref()
    }
}

impl Audience {
    /// The frames for this audience of `count` publications: `each` one's, and those of `all`.
    pub fn frames(
        &self,
        count: usize,
        each: impl Iterator<Item = String>,
        all: impl FnOnce() -> Vec<String>,
    ) -> Frames {
        let texts = |frames: &mut dyn Iterator<Item = String>| -> Array {
            frames.map(|frame| JsValue::from_str(&frame)).collect()
        };
        let shared = || texts(&mut all().into_iter());
        let is_several = count > 1;
        if is_several && self.batching == JsValue::TRUE {
            return Frames { each: Array::new(), all: shared() };
        }
        let each = texts(&mut each.into_iter());
        let all = if is_several && self.batching.is_truthy() { shared() } else { each.clone() };
        Frames { each, all }
    }

    /// Sends `frames` to all and returns how many sockets took them. One that is closing is left out.
    ///
    /// # Errors
    /// What the runtime throws.
    pub async fn send(&self, frames: &Frames) -> worker::Result<u32> {
        let sent = send_to_all(&self.everybody, CHUNK, &frames.each, &frames.all, &self.batching);
        let taken = JsFuture::from(sent).await?.as_f64().unwrap_or_default();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of sockets")]
        Ok(taken as u32)
    }

    /// Closes all of them.
    pub fn close(&self, frame: &CloseFrame) {
        for socket in self.iter() {
            close_one(&socket, frame);
        }
    }

    /// They, as the runtime's own objects.
    #[must_use]
    pub fn sockets(&self) -> &Array {
        &self.everybody
    }

    /// How many the runtime lists, closing ones included.
    #[must_use]
    pub fn listed(&self) -> u32 {
        self.everybody.length()
    }

    /// How many of them are open.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.iter().map(|socket| u32::from(socket.ready_state() == OPEN)).sum()
    }

    /// Closes the one at a place, unless it is closing already.
    pub fn close_at(&self, place: usize, frame: &CloseFrame) {
        close_one(&self.at(place), frame);
    }

    /// The text that was kept with the one at a place; empty where none was.
    #[must_use]
    pub fn attached_at(&self, place: usize) -> String {
        attached(&self.at(place))
    }

    fn at(&self, place: usize) -> JsValue {
        u32::try_from(place).map_or(JsValue::UNDEFINED, |place| self.everybody.get(place))
    }

    fn iter(&self) -> impl Iterator<Item = Socket> + '_ {
        (0..self.listed()).map(|place| self.socket(place))
    }

    fn socket(&self, place: u32) -> Socket {
        self.everybody.get(place).unchecked_into()
    }
}

/// Keeps a text with a socket.
///
/// # Errors
/// What the runtime throws, as it does for more than 16,384 bytes.
pub fn attach(socket: &WebSocket, text: String) -> worker::Result<()> {
    socket.serialize_attachment(text)
}

/// The text that was kept with a socket; empty where none was.
#[must_use]
pub fn attached(socket: &JsValue) -> String {
    let attached = socket.unchecked_ref::<Socket>().attached();
    attached.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// Bytes that wait to be sent to a socket, as the network takes no more for now.
#[must_use]
pub fn waiting(socket: &WebSocket) -> u64 {
    let socket: &JsValue = socket.as_ref();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of bytes")]
    let bytes = socket.unchecked_ref::<Socket>().waiting() as u64;
    bytes
}

/// Whether a socket can still be sent to.
#[must_use]
pub fn is_open(socket: &WebSocket) -> bool {
    let socket: &JsValue = socket.as_ref();
    socket.unchecked_ref::<Socket>().ready_state() == OPEN
}

/// Closes a socket.
///
/// # Errors
/// What the runtime throws.
pub fn close(socket: &WebSocket, frame: &CloseFrame) -> worker::Result<()> {
    socket.close(Some(frame.code), Some(&frame.reason))
}

/// Closes a socket, unless it is closing already.
fn close_one(socket: &JsValue, frame: &CloseFrame) {
    // One that is closing already throws.
    let _ = socket.unchecked_ref::<Socket>().close(frame.code, &frame.reason);
}

/// Answers a client's close.
pub fn answer_close(socket: &WebSocket, code: usize, reason: String) {
    // The runtime may have answered by itself, and then it refuses a second close.
    let _ = close(socket, &CloseFrame { code: answer_to(code), reason });
}

fn tag(address: &AddressHash) -> String {
    format!("address:{}", address.as_str())
}
