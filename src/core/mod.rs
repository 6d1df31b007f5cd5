//! What the product is: topics, publications, the room that orders them. Pure: it must not
//! know a dialect, the runtime, the clock or randomness. Time and facts are passed in, decisions come out.

pub mod client_frame;
pub mod publication;
pub mod room;
pub mod time;
pub mod topic;
