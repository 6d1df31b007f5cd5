//! Panics on purpose, for the tests that show what a panic costs. Compiled only with the feature `fault-injection`,
//! which no release has; it must not be there in any other build.

use super::object_error::ObjectError;

/// What a request has to contain to make the service panic.
const TRIGGER_IN_URL: &str = "fault=panic";
const TRIGGER_IN_RELAY: &str = "\"fault\":\"relay-panic\"";
const TRIGGER_IN_BODY: &str = "\"fault\":\"panic\"";

/// Panics in the Worker when the URL asks for it.
///
/// # Panics
/// That is what it is for.
pub fn in_worker(url: &str) {
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
pub fn in_relay(body: &str) {
    assert!(!body.contains(TRIGGER_IN_RELAY), "a fault was injected into the relay");
}

/// What goes wrong with a push that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushFault {
    /// It does not reach the relay.
    Lost,
    /// It reaches the relay, and the answer is lost.
    Unanswered,
}

/// What is to go wrong with a push.
#[must_use]
pub fn of_push(body: &str) -> Option<PushFault> {
    if body.contains("\"fault\":\"push-lost\"") {
        return Some(PushFault::Lost);
    }
    body.contains("\"fault\":\"push-unanswered\"").then_some(PushFault::Unanswered)
}

/// Fails where `fault` is what is to go wrong here.
///
/// # Errors
/// That is what it is for.
pub fn lose(fault: Option<PushFault>, here: PushFault) -> Result<(), ObjectError> {
    if fault == Some(here) { Err(ObjectError::Injected) } else { Ok(()) }
}
