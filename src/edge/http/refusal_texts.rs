//! What somebody is told whose socket is refused. It must not know which code goes with it.

use crate::core::event::Refusal;
use crate::core::relay::effect::TurnedAway;

/// By a room.
pub fn refusal_text(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Full => "this topic has as many connections as it takes",
        Refusal::FromTheFuture => "since is a seq that this topic has not reached in this epoch",
        Refusal::TooManyFromAddress => "this address has as many connections to this topic as it may have",
        Refusal::TooMuchGiven => {
            "this address was given as much of the past as it may be in a minute: resume then"
        }
        Refusal::Unborn => "nobody has published to this topic yet",
    }
}

/// By a relay.
pub fn turned_away_text(why: TurnedAway) -> &'static str {
    match why {
        TurnedAway::Full => "no more connections can be taken here now",
        TurnedAway::TooManyFromAddress => refusal_text(Refusal::TooManyFromAddress),
        TurnedAway::TooManyNew => "this address has asked for as many topics without a publication as it may",
        TurnedAway::TooMuchGiven => refusal_text(Refusal::TooMuchGiven),
        TurnedAway::FromTheFuture => refusal_text(Refusal::FromTheFuture),
        TurnedAway::NotTheirs(_) => "this topic can be read by its owner only",
        TurnedAway::Unreachable => "this topic can't be had now",
    }
}
