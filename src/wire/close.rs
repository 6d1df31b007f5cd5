//! Why a WebSocket is closed, as numbers: 4000 to 4499 say "come back", 4500 to 4999 "don't". It must not know a
//! socket.

use super::problem::{ErrorCode, Problem};
use crate::core::event::Closing;

/// A close frame: a code, and a reason of at most 123 bytes (RFC 6455 §5.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The code.
    pub code: u16,
    /// The reason.
    pub reason: String,
}

/// What stands for a socket that broke without a close frame (RFC 6455 §7.1.5); it is never sent.
pub const ABNORMAL: usize = 1_006;

const NORMAL: u16 = 1_000;
const MESSAGE_TOO_BIG: u16 = 1_009;
const COME_BACK: u16 = 4_000;
const TOO_MANY_FRAMES: u16 = 4_008;
const TOO_MANY_CONNECTIONS: u16 = 4_029;
const UNAUTHORIZED: u16 = 4_501;
const INVALID_TOPIC: u16 = 4_504;
const INVALID_QUERY: u16 = 4_505;

impl From<Closing> for CloseFrame {
    fn from(closing: Closing) -> Self {
        match closing {
            Closing::FrameTooBig { limit } => {
                Self { code: MESSAGE_TOO_BIG, reason: format!("a frame has at most {limit} bytes") }
            }
            Closing::TooManyFrames => {
                Self { code: TOO_MANY_FRAMES, reason: "too many frames in a minute".to_owned() }
            }
            Closing::Interrupted => {
                Self { code: COME_BACK, reason: "interrupted: come back, and resume".to_owned() }
            }
            Closing::Behind => {
                Self { code: COME_BACK, reason: "too far behind: come back, and resume".to_owned() }
            }
            Closing::Silent => {
                Self { code: COME_BACK, reason: "silent for too long: come back, and resume".to_owned() }
            }
            Closing::SignInEnded => {
                Self { code: UNAUTHORIZED, reason: "the access token has expired".to_owned() }
            }
        }
    }
}

/// The close frame that tells a web page why its socket is refused: browsers hide the HTTP answer to a failed
/// handshake from the page. `None` for problems that have no close code.
#[must_use]
pub fn refusal(problem: &Problem) -> Option<CloseFrame> {
    match problem.code {
        ErrorCode::RateLimited => Some(CloseFrame {
            code: TOO_MANY_CONNECTIONS,
            reason: problem.retry_after.map(|seconds| seconds.to_string()).unwrap_or_default(),
        }),
        ErrorCode::Unauthorized => Some(CloseFrame { code: UNAUTHORIZED, reason: "unauthorized".to_owned() }),
        ErrorCode::Forbidden => Some(CloseFrame { code: UNAUTHORIZED, reason: "forbidden".to_owned() }),
        ErrorCode::InvalidTopic => {
            Some(CloseFrame { code: INVALID_TOPIC, reason: "invalid_topic".to_owned() })
        }
        ErrorCode::InvalidQuery => {
            Some(CloseFrame { code: INVALID_QUERY, reason: "invalid_query".to_owned() })
        }
        _ => None,
    }
}

/// The code with which a client's close frame is answered: its own, but for 1005, 1006 and 1015, which stand for
/// "none" and may not be sent (RFC 6455 §7.4.1), and what lies outside the range of codes.
#[must_use]
pub fn answer_to(code: usize) -> u16 {
    match u16::try_from(code) {
        Ok(code @ (1_000..=1_003 | 1_007..=1_014 | 3_000..=4_999)) => code,
        _ => NORMAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_is_answered_with_its_own_code_where_that_may_be_sent() {
        for code in [1_000, 1_001, 1_011, 3_000, 4_999] {
            assert_eq!(usize::from(answer_to(code)), code);
        }
        for code in [0, 999, 1_004, 1_005, 1_006, 1_015, 2_999, 5_000, 70_000] {
            assert_eq!(answer_to(code), 1_000);
        }
    }

    #[test]
    fn a_page_is_told_whether_to_come_back() {
        let close = |code| refusal(&Problem::new(code, "detail").retry_after(60));
        let too_many = close(ErrorCode::RateLimited).unwrap();
        assert_eq!((too_many.code, too_many.reason.as_str()), (4_029, "60"));
        assert_eq!(close(ErrorCode::InvalidTopic).unwrap().code, 4_504);
        assert_eq!(close(ErrorCode::InvalidQuery).unwrap().code, 4_505);
        assert_eq!(close(ErrorCode::Unauthorized).unwrap().code, 4_501);
        assert_eq!(close(ErrorCode::Forbidden).unwrap().code, 4_501);
        assert_eq!(close(ErrorCode::Unavailable), None);
    }
}
