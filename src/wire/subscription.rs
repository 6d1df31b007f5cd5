//! What a subscriber asks for in the query of its handshake: `since`, `epoch` and `batch`. Parameters of other names
//! are somebody else's. It must not know whether what is asked for can be had.

use thiserror::Error;

use super::query::{Repeated, parameter, whole};
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::publication::Seq;

/// The largest number that every JSON parser reads exactly: 2^53 - 1.
pub(super) const MAX_SEQ: u64 = 9_007_199_254_740_991;

/// How somebody subscribes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Where it left off, where it was here before.
    pub resume: Option<Resume>,
    /// Whether it takes several publications in one frame.
    pub batch: bool,
}

/// Why a query is not understood.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum QueryError {
    /// `since` is no place.
    #[error("since is the seq of the last message you have: a whole number from 0 to {MAX_SEQ}")]
    Since,
    /// `since` alone says nothing: places of two epochs can't be compared.
    #[error("since goes with epoch: both are in the `connected` frame")]
    SinceWithoutEpoch,
    /// `epoch` alone says nothing.
    #[error("epoch goes with since: the seq of the last message you have")]
    EpochWithoutSince,
    /// `batch` is neither on nor off.
    #[error("batch is 1 or 0")]
    Batch,
    /// A parameter that stands there twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
}

/// Reads a query, with or without its `?`.
///
/// # Errors
/// The first [`QueryError`].
pub fn decode(query: &str) -> Result<Subscription, QueryError> {
    let since = parameter(query, "since")?;
    let epoch = parameter(query, "epoch")?.filter(|epoch| !epoch.is_empty());
    let batch = match parameter(query, "batch")?.as_deref() {
        None | Some("0") => false,
        Some("1") => true,
        Some(_) => return Err(QueryError::Batch),
    };
    let resume = match (since.as_deref().map(seq).transpose()?, epoch) {
        (Some(since), Some(epoch)) => Some(Resume { since, epoch: Epoch::parse(&epoch) }),
        (Some(_), None) => return Err(QueryError::SinceWithoutEpoch),
        (None, Some(_)) => return Err(QueryError::EpochWithoutSince),
        (None, None) => None,
    };
    Ok(Subscription { resume, batch })
}

/// The query that says the same, without a `?`; for the way from the Worker to a room.
#[must_use]
pub fn encode(subscription: &Subscription) -> String {
    let batch = format!("batch={}", u8::from(subscription.batch));
    match subscription.resume {
        None => batch,
        Some(Resume { since, epoch: Epoch::Foreign }) => format!("{batch}&since={}&epoch=-", since.get()),
        Some(Resume { since, epoch }) => format!("{batch}&since={}&epoch={epoch}", since.get()),
    }
}

fn seq(text: &str) -> Result<Seq, QueryError> {
    whole(text).filter(|number| *number <= MAX_SEQ).map(Seq::new).ok_or(QueryError::Since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::UnixMillis;

    const EPOCH: Epoch = Epoch::Began(UnixMillis(1_700_000_000_000));

    fn resume(since: u64, epoch: Epoch) -> Resume {
        Resume { since: Seq::new(since), epoch }
    }

    #[test]
    fn nothing_asked_for_is_what_clients_always_got() {
        for query in ["", "?", "?token=SOL&x", "?batch=0"] {
            assert_eq!(decode(query), Ok(Subscription::default()), "{query}");
        }
    }

    #[test]
    fn a_resume_is_a_place_and_its_epoch() {
        let expected = Subscription { resume: Some(resume(41, EPOCH)), batch: true };
        assert_eq!(decode("?since=41&epoch=loyw3v28&batch=1"), Ok(expected));
        assert_eq!(decode("epoch=%6coyw3v28&since=4%31&batch=1"), Ok(expected));
        assert_eq!(decode("?since=0&epoch=NONSENSE").unwrap().resume, Some(resume(0, Epoch::Foreign)));
        assert_eq!(decode("?since=9007199254740991&epoch=x").unwrap().resume.unwrap().since.get(), MAX_SEQ);
    }

    #[test]
    fn what_is_not_understood_is_told_apart() {
        for since in ["-1", "+1", "", "x", "1.0", "1e3", "9007199254740992", "99999999999999999999999", "%00"]
        {
            assert_eq!(decode(&format!("?since={since}&epoch=x")), Err(QueryError::Since), "{since}");
        }
        assert_eq!(decode("?since=1"), Err(QueryError::SinceWithoutEpoch));
        assert_eq!(decode("?since=1&epoch="), Err(QueryError::SinceWithoutEpoch));
        assert_eq!(decode("?epoch=x"), Err(QueryError::EpochWithoutSince));
        assert_eq!(decode("?batch=true"), Err(QueryError::Batch));
        assert_eq!(decode("?since=1&since=2&epoch=x"), Err(QueryError::Repeated(Repeated("since"))));
    }

    #[test]
    fn a_room_reads_what_the_worker_read() {
        for epoch in [EPOCH, Epoch::Unborn(UnixMillis(5)), Epoch::Foreign] {
            let subscription = Subscription { resume: Some(resume(7, epoch)), batch: true };
            assert_eq!(decode(&encode(&subscription)), Ok(subscription));
        }
        assert_eq!(decode(&encode(&Subscription::default())), Ok(Subscription::default()));
    }
}
