//! The only code that knows the runtime. It reads variables, requests, sockets and storage, hands what it found to the
//! pure folders, and does what they decided. It must not decide anything itself.

pub mod address_limit;
pub mod balances;
pub mod bindings;
pub mod chain_tokens;
pub mod charting;
pub mod config;
#[cfg(feature = "fault-injection")]
pub mod fault;
#[allow(missing_docs, reason = "`wasm_bindgen` exports functions without any")]
pub mod frame_limits;
pub mod http;
pub mod identity;
pub mod identity_config;
pub mod lanes;
mod liveness;
pub mod log;
mod market_config;
pub mod object_error;
pub mod objects;
pub mod pause;
pub mod provider_keys;
#[allow(missing_docs, reason = "`durable_object` exports methods without any")]
pub mod publisher;
pub mod pump;
#[allow(missing_docs, reason = "`durable_object` exports methods without any")]
pub mod relay;
#[allow(missing_docs, reason = "`durable_object` exports methods without any")]
pub mod room;
pub mod room_errands;
pub mod room_state;
pub mod room_storage;
pub mod runtime;
pub mod schedule;
mod secret_config;
#[allow(missing_docs, reason = "`durable_object` exports methods without any")]
pub mod sign_in;
#[allow(missing_docs, reason = "`durable_object` exports methods without any")]
pub mod signed_requests;
pub mod sockets;
pub mod store;
pub mod unfinished;
pub mod warnings;
