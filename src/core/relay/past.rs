//! What a newcomer to a topic is given of its past: from what a relay has at hand, or from what the room has answered. It
//! must not know who the newcomer is.

use super::event::{Answer, Item};
use super::stored::Position;
use super::topic::Followed;
use crate::core::event::Resume;
use crate::core::publication::Seq;
use crate::core::socket_request::Past;

/// What a newcomer is given. With it, it has everything up to where the relay is.
pub(super) struct Given {
    /// What is missing. Without a first place, the order that it was here for is over.
    pub gap: Option<(Option<Seq>, Seq)>,
    /// Publications one place after another, the last one where the relay is.
    pub items: Vec<Item>,
    /// Whether they are what it missed. Else they are for a first impression.
    pub is_continuation: bool,
    /// The place after which it has everything.
    pub after: Seq,
}

impl Given {
    fn nothing(position: Position) -> Self {
        Self { gap: None, items: vec![], is_continuation: false, after: position.seq }
    }
}

/// What of the past is at hand; `None` where the room has to be asked. `keeps_history` says whether topics have a past.
pub(super) fn at_hand(
    followed: &Followed,
    past: Past,
    keeps_history: bool,
    retention_millis: u64,
) -> Option<Given> {
    let position = followed.position?;
    let nothing = Given::nothing(position);
    let latest = || {
        if !keeps_history || position.seq == Seq::NONE {
            return Some(vec![]);
        }
        followed.latest().map(|item| vec![item.clone()])
    };
    match past {
        Past::Nothing => Some(nothing),
        Past::Latest => Some(Given { items: latest()?, ..nothing }),
        Past::Recent => None,
        Past::Since(Resume { since, epoch }) if position.epoch.continues(epoch, retention_millis) => {
            Some(Given { items: followed.after(since)?, is_continuation: true, after: since, ..nothing })
        }
        Past::Since(_) => Some(Given { gap: Some((None, position.seq)), items: latest()?, ..nothing }),
    }
}

/// What of the past a room's answer gives, and what has come since it; `None` where something between is missing. The
/// relay is at least where the answer ends, unless topics have no past.
pub(super) fn given_by(
    followed: &Followed,
    position: Position,
    past: Past,
    answer: &Answer,
) -> Option<Given> {
    if answer.seq > position.seq {
        // Without a past there is nothing to give, and what is on its way here comes to everybody.
        let gap = answer.gap.map(|(from, to)| (from, to.min(position.seq)));
        let gap = gap.filter(|(from, to)| from.is_none_or(|from| from <= *to));
        return Some(Given { gap, ..Given::nothing(position) });
    }
    // Whose order is over is told so of all that it gets no more, also of what has come since the answer.
    let gap = answer.gap.map(|(from, to)| (from, if from.is_none() { position.seq } else { to }));
    let nothing = Given { gap, ..Given::nothing(position) };
    let since_then = || followed.after(answer.seq);
    match past {
        Past::Since(resume) if answer.is_continuation => {
            let items = answer.items.iter().cloned().chain(since_then()?).collect();
            Some(Given { items, is_continuation: true, after: resume.since, ..nothing })
        }
        Past::Recent => {
            let items = answer.items.iter().cloned().chain(since_then()?).collect();
            Some(Given { items, ..nothing })
        }
        Past::Latest | Past::Since(_) => {
            let newer = since_then()?.pop();
            let items = newer.or_else(|| answer.items.last().cloned()).into_iter().collect();
            Some(Given { items, ..nothing })
        }
        Past::Nothing => Some(nothing),
    }
}
