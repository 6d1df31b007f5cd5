//! Why a room or a relay closes a socket. It must not know a close code, nor a socket.

/// Why a room or a relay closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// A frame was larger than the room takes.
    FrameTooBig {
        /// The most it takes, in bytes.
        limit: usize,
    },
    /// Frames went on after the warning.
    TooManyFrames,
    /// The room lost its memory while it was sending: the subscriber may have missed something, and can resume.
    Interrupted,
    /// More waits for it than may: it does not read what it is sent. It can come back, and resume.
    Behind,
    /// It used to ping, and does so no longer. Where it is still there, it can come back, and resume.
    Silent,
    /// The proof of who it is has ended, by which it had its one topic. Its socket takes no other proof.
    SignInEnded,
}
