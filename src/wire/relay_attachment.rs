//! What a relay keeps with a socket while it sleeps: the socket's attachment, at most 16,384 bytes, and where that is not
//! enough, a row of the relay's own. Sockets outlive deployments, so a later version has to read what an earlier one
//! attached. It must not know a socket or a table.

use serde::{Deserialize, Serialize};

use crate::core::access::{Identity, Subject};
use crate::core::address::Address;
use crate::core::client_frame::FrameBudget;
use crate::core::epoch::Epoch;
use crate::core::publication::Seq;
use crate::core::relay::stored::{Position, StoredSocket, StoredTopic};
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::core::view::Views;
use crate::core::wallet::Wallet;

/// The longest text that is attached, in bytes: the platform's limit, less what it adds to the text itself.
/// Source: <https://developers.cloudflare.com/durable-objects/best-practices/websockets/>
const MOST_ATTACHED: usize = 16_384 - 64;

/// A socket's note, as far as it has to be written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text to attach.
    pub attachment: String,
    /// What does not fit, to be kept under the `connectionId`: the topics, and of very many topics the positions too.
    pub row: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Row {
    topics: Vec<AttachedTopic>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    positions: Vec<AttachedPosition>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Attached {
    connection: String,
    began: u64,
    frames: u32,
    #[serde(skip_serializing_if = "is_none_given")]
    given: u64,
    /// Whose socket it is, hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<AttachedIdentity>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    one: bool,
    /// `None` where they are kept in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    topics: Option<Vec<AttachedTopic>>,
    /// How far the relay is with some of the topics: their places in the list, the epoch and the seq.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    positions: Vec<AttachedPosition>,
}

/// The place of a topic in the list, the epoch and the seq.
type AttachedPosition = (usize, String, u64);

/// The topic, the bits of its views, and the place after which the socket gets everything.
#[derive(Clone, Serialize, Deserialize)]
struct AttachedTopic(String, (u8, u8), u64);

#[derive(Serialize, Deserialize)]
struct AttachedIdentity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wallet: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    expires: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_none_given(bytes: &u64) -> bool {
    *bytes == 0
}

/// Writes a socket's note.
#[must_use]
pub fn encode(stored: &StoredSocket) -> Note {
    let topics: Vec<AttachedTopic> = stored
        .topics
        .iter()
        .map(|one| AttachedTopic(one.topic.to_string(), one.views.bits(), one.after.get()))
        .collect();
    let positions = stored.topics.iter().enumerate().filter_map(|(place, one)| {
        let Position { epoch, seq } = one.position?;
        Some((place, epoch.to_string(), seq.get()))
    });
    let attached = Attached {
        connection: stored.connection.clone(),
        began: stored.budget.began.0,
        frames: stored.budget.frames,
        given: stored.budget.given,
        address: stored.address.map(|address| address.to_string()),
        identity: stored.identity.as_ref().map(identity_to_attach),
        one: stored.is_for_one,
        topics: Some(topics.clone()),
        positions: positions.collect(),
    };
    let attachment = super::to_json(&attached);
    if fits(&attachment) {
        return Note { attachment, row: None };
    }
    let mut row = Row { topics, positions: vec![] };
    let mut rest = Attached { topics: None, ..attached };
    let mut attachment = super::to_json(&rest);
    if !fits(&attachment) {
        row.positions = std::mem::take(&mut rest.positions);
        attachment = super::to_json(&rest);
    }
    Note { attachment, row: Some(super::to_json(&row)) }
}

/// Whether a text can be attached. The platform takes two bytes for each unit of a text that is not all ASCII, and
/// accounts may have such names.
fn fits(text: &str) -> bool {
    let bytes = if text.is_ascii() { text.len() } else { 2 * text.encode_utf16().count() };
    bytes <= MOST_ATTACHED
}

/// Reads a socket's note; `row` finds the row of a connection. What can't be read counts as nothing: a socket is not lost
/// for its note.
#[must_use]
pub fn decode(attachment: &str, row: impl FnOnce(&str) -> Option<String>) -> StoredSocket {
    let attached: Attached = serde_json::from_str(attachment).unwrap_or_default();
    let read = |text: String| serde_json::from_str(&text).unwrap_or_default();
    let Row { topics, positions: apart } = match attached.topics {
        Some(topics) => Row { topics, positions: vec![] },
        None => row(&attached.connection).map(read).unwrap_or_default(),
    };
    let mut positions = vec![None; topics.len()];
    for (place, epoch, seq) in attached.positions.into_iter().chain(apart) {
        if let Some(position) = positions.get_mut(place) {
            *position = Some(Position { epoch: Epoch::parse(&epoch), seq: Seq::new(seq) });
        }
    }
    let topics =
        topics.into_iter().zip(positions).filter_map(|(AttachedTopic(topic, views, after), position)| {
            let topic = Topic::parse(&topic).ok()?;
            Some(StoredTopic { topic, views: Views::from_bits(views), after: Seq::new(after), position })
        });
    StoredSocket {
        connection: attached.connection,
        budget: FrameBudget {
            began: UnixMillis(attached.began),
            frames: attached.frames,
            given: attached.given,
        },
        address: attached.address.as_deref().and_then(Address::parse),
        identity: attached.identity.and_then(identity_attached),
        is_for_one: attached.one,
        topics: topics.collect(),
    }
}

fn identity_to_attach(identity: &Identity) -> AttachedIdentity {
    let expires = identity.expires.0;
    match &identity.subject {
        Subject::Wallet(wallet) => {
            AttachedIdentity { wallet: Some(wallet.to_string()), account: None, expires }
        }
        Subject::Account(name) => AttachedIdentity { wallet: None, account: Some(name.clone()), expires },
    }
}

fn identity_attached(attached: AttachedIdentity) -> Option<Identity> {
    let wallet = attached.wallet.and_then(|text| Wallet::parse(&text).ok()).map(Subject::Wallet);
    let subject = wallet.or_else(|| attached.account.map(Subject::Account))?;
    Some(Identity { subject, expires: UnixMillis(attached.expires) })
}

/// A proved identity, as text for a header between Worker and relay.
#[must_use]
pub fn encode_identity(identity: &Identity) -> String {
    let text = super::to_json(&identity_to_attach(identity));
    percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Reads [`encode_identity`].
#[must_use]
pub fn decode_identity(text: &str) -> Option<Identity> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
    identity_attached(serde_json::from_str(&text).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::view::View;

    fn topic(text: &str, position: Option<u64>) -> StoredTopic {
        let epoch = Epoch::Began(UnixMillis(36));
        StoredTopic {
            topic: Topic::parse(text).unwrap(),
            views: Views::of(View::Native),
            after: Seq::new(7),
            position: position.map(|seq| Position { epoch, seq: Seq::new(seq) }),
        }
    }

    fn socket(topics: Vec<StoredTopic>) -> StoredSocket {
        let expires = UnixMillis(1_700_000_003_600);
        StoredSocket {
            connection: "c-1".to_owned(),
            budget: FrameBudget { began: UnixMillis(1_700_000_000_000), frames: 3, given: 0 },
            address: None,
            identity: Some(Identity { subject: Subject::Account("ana".to_owned()), expires }),
            is_for_one: false,
            topics,
        }
    }

    #[test]
    fn the_stored_form_is_unchanged() {
        let stored = socket(vec![topic("A", None), topic("feed:trades", Some(41))]);
        let form = concat!(
            r#"{"connection":"c-1","began":1700000000000,"frames":3,"#,
            r#""identity":{"account":"ana","expires":1700000003600},"#,
            r#""topics":[["A",[1,0],7],["feed:trades",[1,0],7]],"positions":[[1,"10",41]]}"#
        );
        assert_eq!(encode(&stored), Note { attachment: form.to_owned(), row: None });
        assert_eq!(decode(form, |_| None), stored);
        assert_eq!(decode("nonsense", |_| None), StoredSocket::default());
    }

    #[test]
    fn what_a_socket_was_given_and_whose_it_is_is_kept() {
        let mut stored = socket(vec![]);
        stored.budget.given = 65_536;
        stored.address = Some(Address(0xab));
        let note = encode(&stored);
        assert!(note.attachment.contains(r#""frames":3,"given":65536,"address":"00000000000000ab""#));
        assert_eq!(decode(&note.attachment, |_| None), stored);
    }

    /// The note of a socket with so many topics of a length, read again.
    fn kept(count: u64, length: usize, name: &str) -> Note {
        let topics = (0..count).map(|number| topic(&format!("{number:0>length$}"), Some(number)));
        let mut stored = socket(topics.collect());
        stored.identity.as_mut().unwrap().subject = Subject::Account(name.to_owned());
        let note = encode(&stored);
        assert!(fits(&note.attachment));
        let row = note.row.clone();
        assert_eq!(decode(&note.attachment, |connection| row.filter(|_| connection == "c-1")), stored);
        note
    }

    #[test]
    fn what_does_not_fit_goes_to_a_row_the_positions_last() {
        assert_eq!(kept(90, 100, "ana").row, None);
        let Note { attachment, row } = kept(200, 100, "ana");
        assert!(attachment.contains("positions") && !row.unwrap().contains("positions"));
        let Note { attachment, row } = kept(2_000, 8, "ana");
        assert!(!attachment.contains("positions") && row.unwrap().contains("positions"));
    }

    #[test]
    fn a_text_that_is_not_all_ascii_takes_twice_its_length() {
        assert!(kept(90, 100, "Zoë ☀").row.is_some());
    }

    #[test]
    fn an_identity_travels_in_a_header_whatever_its_name() {
        let identity = Identity { subject: Subject::Account("Zoë ☀".to_owned()), expires: UnixMillis(5) };
        let text = encode_identity(&identity);
        assert!(text.is_ascii());
        assert_eq!(decode_identity(&text), Some(identity));
        assert_eq!(decode_identity("%7B"), None);
    }
}
