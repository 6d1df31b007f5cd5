//! A note that something is under way that sockets would have to be told of if it failed, on the runtime's own object:
//! that outlives a WebAssembly instance just as the sockets do, and `src/entry.mjs` looks there when an instance is
//! lost. It must not know what is under way.

use js_sys::Reflect;
use worker::State;
use worker::wasm_bindgen::JsValue;

use super::sockets::Sockets;
use crate::core::event::Closing;

const NOTE: &str = "isUnfinished";

/// Notes that something is under way, or no longer is.
pub fn note(state: &State, is_under_way: bool) {
    // It can only fail for an object that can't be written to, which this one can.
    let _ = Reflect::set(state.as_raw(), &NOTE.into(), &is_under_way.into());
}

/// Asks the sockets of an object to come back, where something was left under way. The note is taken away.
///
/// The wall does the same as soon as it hears of a lost instance, but the next event may come before that.
///
/// # Errors
/// What the runtime throws.
pub fn recover(state: &State) -> worker::Result<()> {
    let left = Reflect::get(state.as_raw(), &NOTE.into()).ok().as_ref().and_then(JsValue::as_bool);
    note(state, false);
    if left == Some(true) {
        Sockets::of(state).audience()?.close(&Closing::Interrupted.into());
    }
    Ok(())
}
