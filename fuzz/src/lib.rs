//! What has to hold of anything that strangers send: one function for each kind of input, which panics on an input that
//! breaks a rule. Two callers: `fuzz_targets/`, where libFuzzer looks for such an input, and tests/corpus.rs, which
//! replays the inputs of corpus/ in `npm test`. It must not know who calls it, and states the rules anew: what it
//! compares the service with must not be made of the service's own code.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a property says that it is broken by panicking"
)]

mod access_token;
mod batch;
#[path = "../../tests/chain/mod.rs"]
mod chain;
mod channel;
mod client_frame;
mod helius;
mod json;
mod payload;
mod routes;
mod sign_in;
mod signature;
mod socket_request;
mod subscription_query;
mod topic;

pub use access_token::access_token;
pub use batch::batch;
pub use channel::channel;
pub use client_frame::client_frame;
pub use helius::helius;
pub use payload::payload;
pub use routes::routes;
pub use sign_in::sign_in;
pub use signature::signature;
pub use socket_request::socket_request;
pub use subscription_query::subscription_query;
pub use topic::topic;

/// What is tried with an input.
pub type Target = fn(&[u8]);

/// The name of each target, which is that of its program in `fuzz_targets/` and of its folder in corpus/.
pub const TARGETS: [(&str, Target); 12] = [
    ("access_token", access_token),
    ("batch", batch),
    ("channel", channel),
    ("client_frame", client_frame),
    ("helius", helius),
    ("payload", payload),
    ("routes", routes),
    ("sign_in", sign_in),
    ("signature", signature),
    ("socket_request", socket_request),
    ("subscription_query", subscription_query),
    ("topic", topic),
];
