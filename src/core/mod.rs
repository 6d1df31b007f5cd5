//! What the product is: topics, publications, the room that orders them. Pure: it knows no dialect, no runtime, no
//! clock and no randomness; time and facts are passed in, decisions come out.

pub mod client_frame;
pub mod publication;
pub mod room;
pub mod time;
pub mod topic;
