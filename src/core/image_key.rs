//! Where a picture lies among the pictures, and so whose it is. It must not know what a picture shows, nor by which URL
//! it is had.

use std::fmt;

use super::time::UnixMillis;
use super::topic::Topic;
use super::wallet::Wallet;

/// The endings that a key may have. They say nothing of the picture: that its bytes do.
const ENDINGS: [&str; 3] = ["webp", "png", "jpg"];

/// Digits behind the time in a key.
const RANDOM_DIGITS: usize = 10;

/// The most digits of a key's number.
const MAX_DIGITS: usize = 32;

/// Who has a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageOwner {
    /// A token: a topic without a namespace.
    Token(Topic),
    /// A user, by their wallet.
    User(Wallet),
}

/// A picture's key: `tokens/DROP/image-17322200000000123456789.webp` or `users/<wallet>/profile-….webp`. The number begins
/// with the time in milliseconds; the rest makes it the only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageKey {
    owner: ImageOwner,
    text: String,
}

impl ImageOwner {
    /// What its kind is called in keys.
    #[must_use]
    pub fn family(&self) -> &'static str {
        match self {
            Self::Token(_) => "tokens",
            Self::User(_) => "users",
        }
    }

    /// Its name in keys.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Token(topic) => topic.as_str(),
            Self::User(wallet) => wallet.as_str(),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Token(_) => "image",
            Self::User(_) => "profile",
        }
    }
}

impl ImageKey {
    /// A new key. `media_type` is what the uploader says that it will be.
    #[must_use]
    pub fn new(owner: ImageOwner, now: UnixMillis, random: u32, media_type: Option<&str>) -> Self {
        let ending = match media_type {
            Some("image/png") => "png",
            Some("image/jpeg" | "image/jpg") => "jpg",
            _ => "webp",
        };
        let (family, name, word, time) = (owner.family(), owner.name(), owner.word(), now.0);
        let text = format!("{family}/{name}/{word}-{time}{random:0RANDOM_DIGITS$}.{ending}");
        Self { owner, text }
    }

    /// Reads a key; `None` for a text that is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (family, name, file) = (parts.next()?, parts.next()?, parts.next()?);
        let owner = match family {
            "tokens" => {
                ImageOwner::Token(Topic::parse(name).ok().filter(|token| token.namespace().is_none())?)
            }
            "users" => ImageOwner::User(Wallet::parse(name).ok()?),
            _ => return None,
        };
        let (number, ending) = file.strip_prefix(owner.word())?.strip_prefix('-')?.split_once('.')?;
        let is_number =
            (1..=MAX_DIGITS).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_key = parts.next().is_none() && is_number && ENDINGS.contains(&ending);
        is_key.then(|| Self { owner, text: text.to_owned() })
    }

    /// Whose picture it is.
    #[must_use]
    pub fn owner(&self) -> &ImageOwner {
        &self.owner
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ImageKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_732_220_000_000);

    #[test]
    fn a_key_says_whose_picture_it_is() {
        let token = ImageOwner::Token(Topic::parse("DROP").unwrap());
        let key = ImageKey::new(token, NOW, 7, None);
        assert_eq!(key.as_str(), "tokens/DROP/image-17322200000000000000007.webp");
        assert_eq!(ImageKey::parse(key.as_str()), Some(key));
        let wallet = Wallet::parse("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU").unwrap();
        let key = ImageKey::new(ImageOwner::User(wallet), NOW, u32::MAX, Some("image/jpeg"));
        let expected =
            "users/7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU/profile-17322200000004294967295.jpg";
        assert_eq!(key.as_str(), expected);
        assert_eq!(ImageKey::parse(expected), Some(key));
    }

    #[test]
    fn no_other_text_is_one() {
        for text in [
            "",
            "tokens",
            "tokens/DROP/image-1",
            "tokens/DROP/image-.webp",
            "tokens/DROP/image-1.gif",
            "tokens/DROP/image-1.webp/",
            "tokens/DROP/image-1.webp.webp",
            "tokens/DROP/profile-1.webp",
            "tokens/../image-1.webp",
            "tokens/wallet:x/image-1.webp",
            "tokens/DROP/image-x.webp",
            "tokens/DROP/image-1\0.webp",
            "users/DROP/profile-1.webp",
            "feeds/DROP/image-1.webp",
            "/tokens/DROP/image-1.webp",
        ] {
            assert_eq!(ImageKey::parse(text), None, "{text}");
        }
    }
}
