//! The largest frame that is worth a look, for each kind of socket. `src/entry.mjs` asks, and closes a socket that sends a
//! larger one before its frame is copied into Rust: inflated, it may have 32 MiB. It must not know what a frame says.

use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Env, wasm_bindgen};

use super::config;
use crate::wire::batch::MAX_BATCH_BYTES;
use crate::wire::publisher::ENVELOPE_BYTES;

/// The largest frame of a subscriber, in bytes: `MAX_CLIENT_FRAME_BYTES`.
#[wasm_bindgen(js_name = largestClientFrame)]
#[must_use]
pub fn largest_client_frame(env: &Env) -> usize {
    // An object whose configuration has mistakes answers nothing, whatever the size.
    config::of(env).as_ref().as_ref().map_or(MAX_BATCH_BYTES, |config| config.room.client_frame_bytes)
}

/// The largest frame of a publisher that is answered, in bytes: what any configuration takes. One that is larger than this
/// configuration takes, and smaller than that, gets an answer that says so.
#[wasm_bindgen(js_name = largestPublisherFrame)]
#[must_use]
pub fn largest_publisher_frame() -> usize {
    MAX_BATCH_BYTES + ENVELOPE_BYTES
}
