//! Panics on purpose, for the tests that show what a panic costs. Compiled only with the feature `fault-injection`,
//! which no release has; it must not be there in any other build.

use js_sys::Reflect;
use wasm_bindgen::JsCast as _;
use worker::wasm_bindgen::JsValue;

use super::object_error::ObjectError;
use crate::core::relay::name::RelayName;
use crate::core::topic::Topic;

/// What a request has to contain to make the service panic.
const TRIGGER_IN_URL: &str = "fault=panic";
/// What a URL has to contain to have the size of the instance's memory logged.
const MEMORY_IN_URL: &str = "fault=memory";
const TRIGGER_IN_BODY: &str = "\"fault\":\"panic\"";

/// Panics in the Worker when the URL asks for it, or logs how many bytes of memory the instance has.
///
/// # Panics
/// That is what it is for.
pub fn in_worker(url: &str) {
    if url.contains(MEMORY_IN_URL) {
        let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
        let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
        worker::console_log!("{{\"event\":\"memory\",\"bytes\":{}}}", buffer.byte_length());
    }
    assert!(!url.contains(TRIGGER_IN_URL), "a fault was injected into the Worker");
}

/// Panics in a room when a publication asks for it.
///
/// # Panics
/// That is what it is for.
pub fn in_room(body: &str) {
    assert!(!body.contains(TRIGGER_IN_BODY), "a fault was injected into the room");
}

/// Panics in a relay when a publication asks for it.
///
/// # Panics
/// That is what it is for.
pub fn in_relay(body: &str, relay: Option<RelayName>) {
    let is_asked_for = relay.is_some_and(|relay| asks_for(body, "relay-panic", relay));
    assert!(!is_asked_for, "a fault was injected into the relay");
}

/// Where a room panics whose topic's name asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomFault {
    /// Minutes are on their way into the table, and nothing of them is there yet.
    BeforeTable,
    /// They are there, and the room does not know that yet.
    AfterTable,
    /// Alerts are due, and nobody has been told yet.
    BeforeAlert,
    /// Users were told of their own alerts, and nobody knows that yet.
    AfterAlert,
}

impl RoomFault {
    /// What a topic's name begins with. No letter of these is missing in base58, so that a mint can be called so.
    fn name(self) -> &'static str {
        match self {
            Self::BeforeTable => "FAULTbeforeTab1e",
            Self::AfterTable => "FAULTafterTab1e",
            Self::BeforeAlert => "FAULTbeforeA1ert",
            Self::AfterAlert => "FAULTafterA1ert",
        }
    }
}

/// How often a room panics.
const ROOM_FAULTS: f64 = 2.0;

/// Panics the first times that the room of a topic comes here whose name asks for it. The runtime's own object counts:
/// memory is lost with each panic.
///
/// # Panics
/// That is what it is for.
pub fn in_room_of(topic: &Topic, here: RoomFault) {
    if !topic.as_str().starts_with(here.name()) {
        return;
    }
    let (global, counter) = (js_sys::global(), JsValue::from_str(topic.as_str()));
    let count = Reflect::get(&global, &counter).ok().and_then(|count| count.as_f64()).unwrap_or_default();
    let is_counted = Reflect::set(&global, &counter, &(count + 1.0).into()).is_ok();
    assert!(!is_counted || count >= ROOM_FAULTS, "a fault was injected into the room of a topic: {here:?}");
}

/// What goes wrong with a push that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushFault {
    /// It does not reach the relay.
    Lost,
    /// It reaches the relay, and the answer is lost.
    Unanswered,
}

/// What is to go wrong with a push to a relay.
#[must_use]
pub fn of_push(body: &str, relay: RelayName) -> Option<PushFault> {
    if asks_for(body, "push-lost", relay) {
        return Some(PushFault::Lost);
    }
    asks_for(body, "push-unanswered", relay).then_some(PushFault::Unanswered)
}

/// Whether a publication asks for a fault, at every relay or at this one.
fn asks_for(body: &str, fault: &str, relay: RelayName) -> bool {
    body.contains(&format!("\"fault\":\"{fault}\""))
        || body.contains(&format!("\"fault\":\"{fault} {relay}\""))
}

/// Fails where `fault` is what is to go wrong here.
///
/// # Errors
/// That is what it is for.
pub fn lose(fault: Option<PushFault>, here: PushFault) -> Result<(), ObjectError> {
    if fault == Some(here) { Err(ObjectError::Injected) } else { Ok(()) }
}
