//! What a relay says to one socket, as frames. It must not decide what is said.

use crate::core::relay::effect::{Denial, Refused, Word};
use crate::core::time::UnixMillis;
use crate::wire::problem::ErrorCode;
use crate::wire::{frame, socket_frame};

/// A word as a frame, at `now`.
#[must_use]
pub fn frame(word: &Word, now: UnixMillis) -> String {
    match word {
        Word::Subscribed { topic, view, epoch, seq } => socket_frame::subscribed(topic, *view, *epoch, *seq),
        Word::Unsubscribed { topic, view } => socket_frame::unsubscribed(topic, *view),
        Word::HadNothing { view } => socket_frame::unsubscribed_from_nothing(*view),
        Word::Refused { topic, why } => {
            let (code, message) = refusal(*why);
            socket_frame::refused(topic.as_str(), code, &message)
        }
        Word::Authenticated(identity) => {
            socket_frame::authenticated(identity.subject.name(), identity.expires)
        }
        Word::NotAuthenticated => {
            socket_frame::error(ErrorCode::Unauthorized, "the access token is not valid")
        }
        Word::Expired { subject, topics } => socket_frame::expired(subject.name(), topics),
        Word::Pong { id } => frame::pong(id.as_deref(), now),
        Word::SlowDown { per_minute } => frame::slow_down(*per_minute),
        Word::NotUnderstood => socket_frame::error(ErrorCode::InvalidPayload, "the frame was not understood"),
    }
}

fn refusal(why: Refused) -> (ErrorCode, String) {
    match why {
        Refused::NotTheirs(Denial::NotSignedIn) => {
            (ErrorCode::Unauthorized, "this topic can be read by its owner only: sign in first".to_owned())
        }
        Refused::NotTheirs(Denial::SomebodyElse) => {
            (ErrorCode::Forbidden, "this topic can be read by its owner only".to_owned())
        }
        Refused::TooMany { limit } => (
            ErrorCode::RateLimited,
            format!("a socket has at most {limit} topics: unsubscribe from one first"),
        ),
        Refused::TooManyNew => (
            ErrorCode::RateLimited,
            "nobody has published to this topic yet, and this address has asked for as many such topics as it may: \
             subscribe again in a minute"
                .to_owned(),
        ),
        Refused::TooMuchGiven => (
            ErrorCode::RateLimited,
            "this connection, or its address, was given as much of the past as it may be in a minute: subscribe \
             again then, and nothing is lost"
                .to_owned(),
        ),
        Refused::TooManyFromAddress => (
            ErrorCode::RateLimited,
            "this address has as many topics here as it may: unsubscribe from one first".to_owned(),
        ),
        Refused::NoMemory => {
            (ErrorCode::Unavailable, "no more topics can be had by this connection: open another one".to_owned())
        }
        Refused::FromTheFuture => (
            ErrorCode::InvalidQuery,
            "since is a seq that this topic has not reached in this epoch".to_owned(),
        ),
        Refused::Unreachable => {
            (ErrorCode::Unavailable, "this topic can't be had now: subscribe again in a moment".to_owned())
        }
    }
}
