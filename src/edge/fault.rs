//! Panics on purpose, for the tests that show what a panic costs. Compiled only with the feature `fault-injection`,
//! which no release has; it must not be there in any other build.

/// What a request has to contain to make the service panic.
const TRIGGER_IN_URL: &str = "fault=panic";
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
