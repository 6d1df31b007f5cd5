//! What is measured: one file a scenario. They must not know how sockets or processes are read.

pub mod fanout;
mod load;
pub mod paced;
pub mod resume;
pub mod rooms;
pub mod storm;
pub mod sustained;
pub mod topics;

use std::time::{Duration, Instant};

use crate::engine::{Engine, Watch};
use crate::failure::Outcome;

/// Hears everything and waits for nothing.
struct Deaf;

impl Watch for Deaf {}

/// Lets a server come to rest.
fn rest(engine: &mut Engine, time: Duration) -> Outcome<()> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        engine.turn(end.saturating_duration_since(Instant::now()), &mut Deaf)?;
    }
    Ok(())
}
