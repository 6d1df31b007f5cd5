//! What a room and a relay say to each other. They may run different versions for some minutes after a deployment, so
//! every message says its version, fields may be added, and a change has to be understood by the version before it. It
//! must not know how either is reached.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::description::describe;
use super::room_protocol::NotUnderstood;
use crate::core::epoch::Epoch;
use crate::core::event::Resume;
use crate::core::publication::{Publication, Seq};
use crate::core::relay::effect::{Denial, TurnedAway};
use crate::core::relay::event::{Answer, Item, Lease, Push, PushId, Question, Told};
use crate::core::relay::name::RelayName;
use crate::core::socket_request::Past;
use crate::core::topic::Topic;

/// The version that this code speaks. A message of a later one is understood as far as it has the same fields.
const VERSION: u32 = 1;

/// The room's path for [`encode_question`].
pub const ASK_PATH: &str = "/ask";

/// The room's path for [`encode_leave`]. A version that doesn't know it finds out by itself, with its next push.
pub const LEAVE_PATH: &str = "/leave";

/// The relay's path for [`push_of`].
pub const PUSH_PATH: &str = "/push";

/// The relay's path for the handshake of a socket for many topics. That of a socket for one topic goes on with a slash
/// and the topic, and has the subscriber's query.
pub const OPEN_PATH: &str = "/open";

/// The header that carries who a subscriber is, as `relay_attachment::encode_identity` writes it.
pub const IDENTITY_HEADER: &str = "x-relay-identity";

/// The response body for a socket that is turned away.
#[must_use]
pub fn encode_turned_away(why: TurnedAway) -> &'static str {
    match why {
        TurnedAway::Full => "full",
        TurnedAway::TooManyFromAddress => "address",
        TurnedAway::TooManyNew => "new",
        TurnedAway::TooMuchGiven => "given",
        TurnedAway::FromTheFuture => "future",
        TurnedAway::NotTheirs(Denial::NotSignedIn) => "sign-in",
        TurnedAway::NotTheirs(Denial::SomebodyElse) => "owner",
        TurnedAway::Unreachable => "room",
    }
}

/// Reads [`encode_turned_away`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_turned_away(body: &str) -> Result<TurnedAway, NotUnderstood> {
    Ok(match body {
        "full" => TurnedAway::Full,
        "address" => TurnedAway::TooManyFromAddress,
        "new" => TurnedAway::TooManyNew,
        "given" => TurnedAway::TooMuchGiven,
        "future" => TurnedAway::FromTheFuture,
        "sign-in" => TurnedAway::NotTheirs(Denial::NotSignedIn),
        "owner" => TurnedAway::NotTheirs(Denial::SomebodyElse),
        "room" => TurnedAway::Unreachable,
        _ => return Err(NotUnderstood),
    })
}

#[derive(Serialize, Deserialize)]
struct QuestionFields {
    version: u32,
    relay: String,
    lease: u64,
    past: PastName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    only_born: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PastName {
    Latest,
    Nothing,
    Recent,
    Since,
}

/// The body of a relay's question.
#[must_use]
pub fn encode_question(question: &Question) -> String {
    let Question { relay, lease, past, only_born } = question;
    let (past, since, epoch) = match past {
        Past::Latest => (PastName::Latest, None, None),
        Past::Nothing => (PastName::Nothing, None, None),
        Past::Recent => (PastName::Recent, None, None),
        Past::Since(Resume { since, epoch }) => (PastName::Since, Some(since.get()), Some(epoch.to_string())),
    };
    let (relay, lease, only_born) = (relay.to_string(), lease.0, *only_born);
    super::to_json(&QuestionFields { version: VERSION, relay, lease, past, since, epoch, only_born })
}

/// Reads [`encode_question`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_question(body: &str) -> Result<Question, NotUnderstood> {
    let fields: QuestionFields = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    let past = match (fields.past, fields.since, fields.epoch) {
        (PastName::Latest, ..) => Past::Latest,
        (PastName::Nothing, ..) => Past::Nothing,
        (PastName::Recent, ..) => Past::Recent,
        (PastName::Since, Some(since), Some(epoch)) => {
            Past::Since(Resume { since: Seq::new(since), epoch: Epoch::parse(&epoch) })
        }
        (PastName::Since, ..) => return Err(NotUnderstood),
    };
    let relay = RelayName::parse(&fields.relay).ok_or(NotUnderstood)?;
    Ok(Question { relay, lease: Lease(fields.lease), past, only_born: fields.only_born })
}

#[derive(Serialize, Deserialize)]
struct LeaveFields {
    version: u32,
    relay: String,
    lease: u64,
}

/// The body with which a relay says that nobody there wants a topic any more: who, and the stay on the list that ends.
#[must_use]
pub fn encode_leave(relay: RelayName, lease: Lease) -> String {
    super::to_json(&LeaveFields { version: VERSION, relay: relay.to_string(), lease: lease.0 })
}

/// Reads [`encode_leave`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_leave(body: &str) -> Result<(RelayName, Lease), NotUnderstood> {
    let fields: LeaveFields = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    Ok((RelayName::parse(&fields.relay).ok_or(NotUnderstood)?, Lease(fields.lease)))
}

#[derive(Serialize, Deserialize)]
struct AnswerFields<'a> {
    version: u32,
    epoch: String,
    seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gap: Option<(Option<u64>, u64)>,
    #[serde(default)]
    continuation: bool,
    #[serde(borrow)]
    publications: Vec<&'a RawValue>,
}

/// The body of a room's answer to a question.
#[must_use]
pub fn encode_answer(told: &Told) -> String {
    let head = super::to_json(&AnswerFields {
        version: VERSION,
        epoch: told.epoch.to_string(),
        seq: told.seq.get(),
        gap: told.gap.map(|(from, to)| (from.map(Seq::get), to.get())),
        continuation: told.is_continuation,
        publications: vec![],
    });
    let publications: Vec<&str> = told.publications.iter().map(Publication::as_json).collect();
    let open = head.strip_suffix("]}").unwrap_or(&head);
    format!("{open}{}]}}", publications.join(","))
}

/// Reads [`encode_answer`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_answer(body: &str) -> Result<Answer, NotUnderstood> {
    let fields: AnswerFields<'_> = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    Ok(Answer {
        epoch: Epoch::parse(&fields.epoch),
        seq: Seq::new(fields.seq),
        gap: fields.gap.map(|(from, to)| (from.map(Seq::new), Seq::new(to))),
        items: fields.publications.into_iter().map(item).collect(),
        is_continuation: fields.continuation,
    })
}

/// Publications of one batch as they stand in a push: encoded once, for all relays.
#[must_use]
pub fn encode_publications(publications: &[Publication]) -> String {
    let objects: Vec<&str> = publications.iter().map(Publication::as_json).collect();
    objects.join(",")
}

/// The body of a room's push: publications one place after another, the first one at `first`, each batch as
/// [`encode_publications`] gives it.
#[must_use]
pub fn encode_push(topic: &Topic, epoch: Epoch, first: Seq, batches: &[&str]) -> String {
    let batches = batches.join(",");
    let first = first.get();
    format!(
        "{{\"version\":{VERSION},\"topic\":\"{topic}\",\"epoch\":\"{epoch}\",\"first\":{first},\"publications\":[{batches}]}}"
    )
}

/// Reads [`encode_push`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_push(id: PushId, body: &str) -> Result<Push, NotUnderstood> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        topic: &'a str,
        epoch: &'a str,
        first: u64,
        #[serde(borrow)]
        publications: Vec<&'a RawValue>,
    }
    let fields: Fields<'_> = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    Ok(Push {
        id,
        topic: Topic::parse(fields.topic).map_err(|_| NotUnderstood)?,
        epoch: Epoch::parse(fields.epoch),
        first: Seq::new(fields.first),
        items: fields.publications.into_iter().map(item).collect(),
    })
}

/// How a push went at a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// So many sockets took it.
    Handed {
        /// How many.
        connections: u32,
    },
    /// Nobody there wants the topic any more.
    Unwanted,
}

#[derive(Serialize, Deserialize)]
struct OutcomeFields {
    version: u32,
    connections: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unwanted: bool,
}

/// The body of a relay's answer to a push.
#[must_use]
pub fn encode_outcome(outcome: PushOutcome) -> String {
    let (connections, unwanted) = match outcome {
        PushOutcome::Handed { connections } => (connections, false),
        PushOutcome::Unwanted => (0, true),
    };
    super::to_json(&OutcomeFields { version: VERSION, connections, unwanted })
}

/// Reads [`encode_outcome`].
///
/// # Errors
/// [`NotUnderstood`].
pub fn decode_outcome(body: &str) -> Result<PushOutcome, NotUnderstood> {
    let fields: OutcomeFields = serde_json::from_str(body).map_err(|_| NotUnderstood)?;
    Ok(if fields.unwanted {
        PushOutcome::Unwanted
    } else {
        PushOutcome::Handed { connections: fields.connections }
    })
}

/// A publication that came from a room: it was checked when it was posted.
fn item(object: &RawValue) -> Item {
    let publication = Publication::from_checked_object(object.get());
    let described = describe(&publication);
    let (kind, token, seq) = (described.kind, described.token, described.token_seq);
    let origin = token.zip(seq).and_then(|(token, seq)| Some((Topic::parse(&token).ok()?, seq)));
    Item { publication, kind, origin }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::UnixMillis;
    use crate::core::view::Kind;

    const EPOCH: Epoch = Epoch::Began(UnixMillis(36));

    fn relay() -> RelayName {
        RelayName::parse("relay-weur-0").unwrap()
    }

    fn publication(text: &str) -> Publication {
        Publication::from_checked_object(text)
    }

    #[test]
    fn a_question_has_the_form_of_version_1() {
        let since = Past::Since(Resume { since: Seq::new(41), epoch: EPOCH });
        let form = r#"{"version":1,"relay":"relay-weur-0","lease":7,"past":"since","since":41,"epoch":"10"}"#;
        let question = Question { relay: relay(), lease: Lease(7), past: since, only_born: false };
        assert_eq!(encode_question(&question), form);
        for past in [since, Past::Latest, Past::Nothing, Past::Recent] {
            let question = Question { past, only_born: past == Past::Latest, ..question };
            assert_eq!(decode_question(&encode_question(&question)), Ok(question));
        }
        assert_eq!(
            decode_question(r#"{"version":1,"relay":"x","lease":7,"past":"latest"}"#),
            Err(NotUnderstood)
        );
    }

    #[test]
    fn a_relay_that_leaves_says_which_stay_ends() {
        let form = r#"{"version":1,"relay":"relay-weur-0","lease":7}"#;
        assert_eq!(encode_leave(relay(), Lease(7)), form);
        assert_eq!(decode_leave(form), Ok((relay(), Lease(7))));
        assert_eq!(decode_leave("{}"), Err(NotUnderstood));
    }

    #[test]
    fn an_answer_has_the_form_of_version_1() {
        let told = Told {
            epoch: EPOCH,
            seq: Seq::new(42),
            gap: Some((Some(Seq::new(3)), Seq::new(40))),
            publications: vec![publication(r#"{"p":1e-9,"token":"A"}"#), publication(r#"{"token":"A"}"#)],
            is_continuation: true,
        };
        let form = concat!(
            r#"{"version":1,"epoch":"10","seq":42,"gap":[3,40],"continuation":true,"#,
            r#""publications":[{"p":1e-9,"token":"A"},{"token":"A"}]}"#
        );
        assert_eq!(encode_answer(&told), form);
        let answer = decode_answer(form).unwrap();
        assert_eq!((answer.first().get(), answer.seq.get(), answer.is_continuation), (41, 42, true));
        assert_eq!(answer.gap, told.gap);
        assert_eq!(answer.items[0].publication.as_json(), r#"{"p":1e-9,"token":"A"}"#);
        let none = Told { publications: vec![], gap: None, is_continuation: false, ..told };
        assert_eq!(decode_answer(&encode_answer(&none)).unwrap().items, []);
    }

    #[test]
    fn a_push_has_the_form_of_version_1() {
        let topic = Topic::parse("feed:trades").unwrap();
        let trade = r#"{"type":"TRADE","token":"A","tokenSeq":17,"feed":"feed:trades"}"#;
        let batch = encode_publications(&[publication(trade), publication(r#"{"token":"feed:trades"}"#)]);
        let form = encode_push(&topic, EPOCH, Seq::new(5), &[&batch, "{}"]);
        assert_eq!(
            form,
            format!(
                r#"{{"version":1,"topic":"feed:trades","epoch":"10","first":5,"publications":[{trade},{{"token":"feed:trades"}},{{}}]}}"#
            )
        );
        let push = decode_push(PushId(3), &form).unwrap();
        assert_eq!((push.first.get(), push.last().get(), push.items.len()), (5, 7, 3));
        assert_eq!(push.items[0].kind, Kind::Trade);
        assert_eq!(push.items[0].origin, Some((Topic::parse("A").unwrap(), Seq::new(17))));
        assert_eq!(push.items[1].origin, None);
        let probe = decode_push(PushId(3), &encode_push(&topic, EPOCH, Seq::new(8), &[])).unwrap();
        assert_eq!((probe.items.len(), probe.last().get()), (0, 7));
    }

    #[test]
    fn an_outcome_has_the_form_of_version_1() {
        let handed = PushOutcome::Handed { connections: 3 };
        assert_eq!(encode_outcome(handed), r#"{"version":1,"connections":3}"#);
        assert_eq!(encode_outcome(PushOutcome::Unwanted), r#"{"version":1,"connections":0,"unwanted":true}"#);
        for outcome in [handed, PushOutcome::Unwanted] {
            assert_eq!(decode_outcome(&encode_outcome(outcome)), Ok(outcome));
        }
    }

    #[test]
    fn why_a_socket_is_turned_away_is_told_in_a_word() {
        for why in [
            TurnedAway::Full,
            TurnedAway::TooManyFromAddress,
            TurnedAway::TooManyNew,
            TurnedAway::TooMuchGiven,
            TurnedAway::FromTheFuture,
            TurnedAway::NotTheirs(Denial::NotSignedIn),
            TurnedAway::NotTheirs(Denial::SomebodyElse),
            TurnedAway::Unreachable,
        ] {
            assert_eq!(decode_turned_away(encode_turned_away(why)), Ok(why));
        }
        assert_eq!(decode_turned_away("tired"), Err(NotUnderstood));
    }

    #[test]
    fn a_later_version_may_say_more() {
        let question = r#"{"version":2,"relay":"relay-weur-0","lease":7,"past":"latest","priority":[1]}"#;
        assert!(decode_question(question).is_ok());
        let answer = r#"{"version":2,"epoch":"10","seq":0,"publications":[],"paused":true}"#;
        assert!(decode_answer(answer).is_ok());
        let push = r#"{"version":2,"topic":"A","epoch":"10","first":1,"publications":[{}],"trace":"x"}"#;
        assert!(decode_push(PushId(0), push).is_ok());
        assert!(decode_outcome(r#"{"version":2,"connections":1,"slow":true}"#).is_ok());
    }
}
