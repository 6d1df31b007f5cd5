//! Who somebody is, and which topics they may read: the one place that decides it. It must not know how they proved who
//! they are.

use super::time::UnixMillis;
use super::topic::{Namespace, Topic};
use super::wallet::Wallet;

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Who signed with this wallet's key.
    Wallet(Wallet),
    /// A user of the operator's own identity provider, by the name that it gave (`sub`).
    Account(String),
}

/// Somebody who signed in, and until when that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub subject: Subject,
    /// When the proof of it ends.
    pub expires: UnixMillis,
}

impl Subject {
    /// The name as clients are told it: the wallet's address or the account's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Wallet(wallet) => wallet.as_str(),
            Self::Account(name) => name,
        }
    }
}

impl Identity {
    /// Whether it still holds at `now`.
    #[must_use]
    pub fn is_valid(&self, now: UnixMillis) -> bool {
        now < self.expires
    }
}

/// Whether `topic` may be read at `now` by `reader`; `None` is who has not signed in.
///
/// A public topic may be read by anybody. A private one belongs to one subject, that of [`Topic::owner`], so that
/// `user:ana:orders` is Ana's. A wallet's topics take that wallet's own signature; an account can't come to own them by
/// its name, whatever its provider calls it.
#[must_use]
pub fn may_read(topic: &Topic, reader: Option<&Identity>, now: UnixMillis) -> bool {
    let Some(namespace) = topic.namespace() else {
        return true;
    };
    let subject = reader.filter(|identity| identity.is_valid(now)).map(|identity| &identity.subject);
    match (namespace, subject) {
        (Namespace::Feed | Namespace::Market | Namespace::Orderbook | Namespace::System, _) => true,
        (Namespace::Wallet | Namespace::User | Namespace::Automation, Some(Subject::Wallet(wallet))) => {
            topic.owner() == Some(wallet.as_str())
        }
        (Namespace::User | Namespace::Automation, Some(Subject::Account(name))) => {
            topic.owner() == Some(name) && Wallet::parse(name).is_err()
        }
        (Namespace::Wallet, Some(Subject::Account(_))) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
    const ANA: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
    const BEN: &str = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM";

    fn identity(subject: Subject) -> Identity {
        Identity { subject, expires: NOW.later_by(1) }
    }

    fn wallet(text: &str) -> Identity {
        identity(Subject::Wallet(Wallet::parse(text).unwrap()))
    }

    fn account(name: &str) -> Identity {
        identity(Subject::Account(name.to_owned()))
    }

    #[test]
    fn who_may_read_what() {
        let (ana, ben, u1, disguised) = (wallet(ANA), wallet(BEN), account("u-1"), account(ANA));
        // Topic, and whether it may be read by: nobody in particular, Ana's wallet, Ben's, the account u-1, an account
        // that is called like Ana's wallet.
        let table: [(&str, [bool; 5]); 18] = [
            ("SOL", [true; 5]),
            (ANA, [true; 5]),
            ("feed:trades", [true; 5]),
            ("market:SOL-USDC", [true; 5]),
            ("orderbook:SOL-USDC", [true; 5]),
            ("system:notifications", [true; 5]),
            (&format!("wallet:{ANA}"), [false, true, false, false, false]),
            (&format!("wallet:{ANA}:orders"), [false, true, false, false, false]),
            (&format!("wallet:{BEN}"), [false, false, true, false, false]),
            (&format!("user:{ANA}"), [false, true, false, false, false]),
            (&format!("automation:{ANA}:7"), [false, true, false, false, false]),
            (&format!("wallet:x:{ANA}"), [false; 5]),
            (&format!("wallet:{}", ANA.to_lowercase()), [false; 5]),
            ("user:u-1", [false, false, false, true, false]),
            ("user:u-1:orders", [false, false, false, true, false]),
            ("user:u-11", [false; 5]),
            ("automation:u-1:7", [false, false, false, true, false]),
            ("wallet:u-1", [false; 5]),
        ];
        for (topic, expected) in table {
            let topic = Topic::parse(topic).unwrap();
            let readers = [None, Some(&ana), Some(&ben), Some(&u1), Some(&disguised)];
            assert_eq!(readers.map(|reader| may_read(&topic, reader, NOW)), expected, "{topic}");
        }
    }

    #[test]
    fn what_is_a_dids_is_not_that_of_an_account_which_is_called_as_it_begins() {
        let topic = Topic::parse("user:did:privy:abc").unwrap();
        for (name, may) in [
            ("did:privy:abc", true),
            ("did", false),
            ("did:privy", false),
            ("did:privy:ab", false),
            ("did:privy:abc:x", false),
        ] {
            assert_eq!(may_read(&topic, Some(&account(name)), NOW), may, "{name}");
        }
        assert!(!may_read(&topic, Some(&wallet(ANA)), NOW));
    }

    #[test]
    fn what_has_expired_opens_nothing_private() {
        let ana = wallet(ANA);
        let own = Topic::parse(&format!("wallet:{ANA}")).unwrap();
        assert!(may_read(&own, Some(&ana), NOW));
        assert!(!may_read(&own, Some(&ana), ana.expires));
        assert!(may_read(&Topic::parse("SOL").unwrap(), Some(&ana), ana.expires));
    }
}
