//! Why an object could not do what it was asked, for its log. It must not know what a client is told.

use thiserror::Error;

use crate::wire::room_protocol::NotUnderstood;

/// Why an object could not do what it was asked.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// The runtime failed it.
    #[error(transparent)]
    Runtime(#[from] worker::Error),
    /// Another object, or the Worker, said something that it does not understand.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// An operator has something to mend.
    #[error("the configuration has mistakes")]
    Misconfigured,
    /// Nobody knows which object it is.
    #[error("the object was not addressed by its name")]
    Nameless,
    /// Another object answered something else than it may.
    #[error("it answered {0}")]
    Unreached(u16),
    /// Another object did not answer in time.
    #[error("it did not answer in time")]
    TooSlow,
    /// A fault was injected.
    #[cfg(feature = "fault-injection")]
    #[error("a fault was injected")]
    Injected,
    /// A decision that has no place here.
    #[error("something was decided that its event can't lead to")]
    Misplaced,
}
