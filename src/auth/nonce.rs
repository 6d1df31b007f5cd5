//! The nonces of sign-ins. A nonce is its own record: it holds when it was made and a seal that only the service can
//! make, so that nothing is stored for those who ask for one and never come back. It must not know which nonces were
//! used already.

use super::signing_secret::{SEAL_BYTES, SigningSecrets};
use crate::core::time::UnixMillis;
use crate::core::wallet::Wallet;

/// How long a nonce is good for, in seconds.
pub const LIFETIME_SECONDS: u64 = 300;

/// Random bytes of a nonce.
pub const RANDOM_BYTES: usize = 16;

const TIME_BYTES: usize = 8;

/// The longest origin of a page that a nonce holds, in bytes. Somebody who asks for a longer one is told the service's own.
pub const MOST_PAGE_BYTES: usize = 255;

/// The longest text that is looked at, in characters: base58 has at most 1.37 of them for a byte.
const MOST_CHARACTERS: usize = (RANDOM_BYTES + TIME_BYTES + SEAL_BYTES + MOST_PAGE_BYTES) * 137 / 100 + 1;

/// Keeps these seals apart from anything else that is signed with the same secret: no JWT has a zero byte.
const PURPOSE: &[u8] = b"glow-broadcast sign-in nonce\0";

/// A nonce that this service made, for one wallet and one origin of its own, and for the page that asked. Its text is
/// base58, and so nothing but letters and digits, as Sign-In With Solana asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce {
    text: String,
    issued: UnixMillis,
    /// The origin of the page; empty for none that may be named.
    page: String,
}

/// Whom a nonce is for.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// Who is to sign.
    pub wallet: &'a Wallet,
    /// The service's own origin, `scheme://host:port`.
    pub origin: &'a str,
}

impl Nonce {
    /// Makes a nonce of random bytes, for a page where its origin may be named. Its time has whole seconds.
    #[must_use]
    pub fn issue(
        secrets: &SigningSecrets,
        audience: Audience<'_>,
        page: Option<&str>,
        random: [u8; RANDOM_BYTES],
        now: UnixMillis,
    ) -> Self {
        let time = now.seconds().to_be_bytes();
        let page = page.filter(|page| page.len() <= MOST_PAGE_BYTES).unwrap_or_default();
        let seal = secrets.current().seal(&parts(audience, &random, &time, page));
        let bytes = [random.as_slice(), &time, &seal, page.as_bytes()].concat();
        Self {
            text: bs58::encode(bytes).into_string(),
            issued: UnixMillis::from_seconds(now.seconds()),
            page: page.to_owned(),
        }
    }

    /// Reads a nonce that came back. `None` for one that this service did not make for this audience, and for one that
    /// has expired.
    #[must_use]
    pub fn open(
        text: &str,
        secrets: &SigningSecrets,
        audience: Audience<'_>,
        now: UnixMillis,
    ) -> Option<Self> {
        if text.len() > MOST_CHARACTERS {
            return None;
        }
        let bytes = bs58::decode(text).into_vec().ok()?;
        let (random, rest) = bytes.split_first_chunk::<RANDOM_BYTES>()?;
        let (time, rest) = rest.split_first_chunk::<TIME_BYTES>()?;
        let (seal, page) = rest.split_first_chunk::<SEAL_BYTES>()?;
        let page = std::str::from_utf8(page).ok()?;
        let parts = parts(audience, random, time, page);
        if !secrets.iter().any(|secret| secret.verifies_seal(&parts, seal)) {
            return None;
        }
        let issued = UnixMillis::from_seconds(u64::from_be_bytes(*time));
        let nonce = Self { text: text.to_owned(), issued, page: page.to_owned() };
        (now < nonce.expires()).then_some(nonce)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin of the page that asked for it, where that may be named.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        Some(self.page.as_str()).filter(|page| !page.is_empty())
    }

    /// When it was made.
    #[must_use]
    pub fn issued(&self) -> UnixMillis {
        self.issued
    }

    /// From when on it is good for nothing.
    #[must_use]
    pub fn expires(&self) -> UnixMillis {
        self.issued.later_by(LIFETIME_SECONDS * 1_000)
    }
}

/// What is sealed. A wallet's text has no zero byte and an origin has none, random bytes and time are as long as they
/// are, and the page is the rest: no two nonces give the same bytes.
fn parts<'a>(
    Audience { wallet, origin }: Audience<'a>,
    random: &'a [u8; RANDOM_BYTES],
    time: &'a [u8; TIME_BYTES],
    page: &'a str,
) -> [&'a [u8]; 8] {
    [PURPOSE, wallet.as_str().as_bytes(), b"\0", origin.as_bytes(), b"\0", random, time, page.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::super::signing_secret::SigningSecret;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_999);
    const ORIGIN: &str = "https://broadcast.glow.trade";

    fn wallet(text: &str) -> Wallet {
        Wallet::parse(text).unwrap()
    }

    fn secret(letter: &str) -> SigningSecret {
        SigningSecret::parse(&letter.repeat(32)).unwrap().unwrap()
    }

    fn secrets() -> SigningSecrets {
        SigningSecrets::new(secret("s"), None)
    }

    #[test]
    fn a_nonce_comes_back_for_five_minutes_and_is_letters_and_digits() {
        let ana = wallet("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU");
        let audience = Audience { wallet: &ana, origin: ORIGIN };
        let nonce = Nonce::issue(&secrets(), audience, None, [7; 16], NOW);
        assert!(nonce.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let open = |seconds: u64| {
            Nonce::open(nonce.as_str(), &secrets(), audience, UnixMillis::from_seconds(seconds))
        };
        assert_eq!(open(1_700_000_000), Some(nonce.clone()));
        assert_eq!(open(1_700_000_299), Some(nonce.clone()));
        assert_eq!(open(1_700_000_300), None);
    }

    #[test]
    fn it_is_for_one_wallet_one_origin_and_one_secret() {
        let (ana, ben) = (
            wallet("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"),
            wallet("9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM"),
        );
        let nonce = Nonce::issue(&secrets(), Audience { wallet: &ana, origin: ORIGIN }, None, [0; 16], NOW);
        let open = |secrets: &SigningSecrets, wallet, origin| {
            Nonce::open(nonce.as_str(), secrets, Audience { wallet, origin }, NOW).is_some()
        };
        assert!(open(&secrets(), &ana, ORIGIN));
        assert!(open(&SigningSecrets::new(secret("t"), Some(secret("s"))), &ana, ORIGIN));
        assert!(!open(&SigningSecrets::new(secret("t"), None), &ana, ORIGIN));
        assert!(!open(&secrets(), &ben, ORIGIN));
        assert!(!open(&secrets(), &ana, "https://staging.glow.trade"));
    }

    #[test]
    fn no_other_text_is_one() {
        let ana = wallet("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU");
        let audience = Audience { wallet: &ana, origin: ORIGIN };
        let open = |text: &str| Nonce::open(text, &secrets(), audience, NOW);
        for page in [None, Some("https://app.glow.trade")] {
            let nonce = Nonce::issue(&secrets(), audience, page, [255; 16], NOW);
            no_text_but_this_one_is_one(nonce.as_str(), open);
        }
    }

    fn no_text_but_this_one_is_one(text: &str, open: impl Fn(&str) -> Option<Nonce>) {
        assert!(open(text).is_some());
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] = if other[place] == b'2' { b'3' } else { b'2' };
            assert_eq!(open(std::str::from_utf8(&other).unwrap()), None);
        }
        let long = "2".repeat(4_096);
        for other in
            ["", "1", &format!("1{text}"), &format!("{text}1"), &format!(" {text}"), "ünïcode", &long]
        {
            assert_eq!(open(other), None, "{other}");
        }
    }

    #[test]
    fn the_page_comes_back_with_it_and_one_that_is_too_long_is_none() {
        let ana = wallet("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU");
        let audience = Audience { wallet: &ana, origin: ORIGIN };
        let longest = format!("https://{}", "x".repeat(MOST_PAGE_BYTES - 8));
        let too_long = format!("{longest}x");
        for (page, told) in [
            (None, None),
            (Some("https://app.glow.trade"), Some("https://app.glow.trade")),
            (Some(longest.as_str()), Some(longest.as_str())),
            (Some(too_long.as_str()), None),
        ] {
            let nonce = Nonce::issue(&secrets(), audience, page, [255; 16], NOW);
            assert!(nonce.as_str().len() <= MOST_CHARACTERS);
            let opened = Nonce::open(nonce.as_str(), &secrets(), audience, NOW).unwrap();
            assert_eq!((nonce.page(), opened.page()), (told, told));
            assert_eq!(opened, nonce);
        }
    }
}
