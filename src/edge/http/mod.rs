//! The Worker: it authenticates, limits and routes, and keeps nothing that it could not find out again. One file per
//! family of routes; `problems` is the one place that maps errors to statuses. It must not remember anything between two
//! requests that an answer depends on.

pub mod api;
mod auth;
mod body;
mod broadcast;
mod client_address;
mod cors;
mod health;
pub mod messages;
mod page;
mod payload_codes;
pub mod problems;
mod public_limit;
mod publishers;
mod refusal_texts;
mod relays;
mod respond;
mod rooms;
pub mod route;
mod router;
mod signed;
mod subscribe;

pub use router::serve;
