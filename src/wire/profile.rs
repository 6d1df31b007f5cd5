//! What users tell of themselves, and what is told of them. It must not know who may.

use serde::Serialize;

use super::request_body::{BodyError, Change, Fields, TextBounds};
use crate::core::image_key::ImageKey;
use crate::core::profile::Profile;
use crate::core::referral_code::ReferralCode;

const FIELDS: [&str; 4] = ["name", "bio", "image", "referralCode"];

const NAME: TextBounds = TextBounds { most: 50, is_multiline: false };
const NAME_RULE: &str = "1 to 50 characters, none of them a control character, or null";

const BIO: TextBounds = TextBounds { most: 500, is_multiline: true };
const BIO_RULE: &str = "1 to 500 characters, no control characters but line feeds, or null";

const IMAGE_RULE: &str = "the publicUrl or the key of a picture that was uploaded here, or null";

const CODE_RULE: &str = "a referral code: 8 digits and letters";

/// What somebody changes of their profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// The name.
    pub name: Change<String>,
    /// The words about them.
    pub bio: Change<String>,
    /// The picture.
    pub image: Change<ImageKey>,
    /// The code of who referred them. `null` changes nothing: a referrer is never taken away.
    pub referral_code: Option<ReferralCode>,
}

/// Reads the body of `PUT /users/:wallet`. A picture is named by its key, or by its URL at the service's own `origin`.
///
/// # Errors
/// [`BodyError`].
pub fn profile_change(body: &[u8], origin: &str) -> Result<ProfileChange, BodyError> {
    let fields = Fields::read(body, &FIELDS)?;
    let image_key = |text: &str| {
        let path = text.strip_prefix(origin).map_or(Some(text), |path| path.strip_prefix("/images/"));
        ImageKey::parse(path?)
    };
    Ok(ProfileChange {
        name: fields.text("name", NAME_RULE, NAME)?,
        bio: fields.text("bio", BIO_RULE, BIO)?,
        image: fields.change("image", IMAGE_RULE, image_key)?,
        referral_code: fields.change("referralCode", CODE_RULE, ReferralCode::parse)?.value().cloned(),
    })
}

/// The URL of a picture.
#[must_use]
pub fn image_url(origin: &str, key: &ImageKey) -> String {
    format!("{origin}/images/{key}")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProfileAnswer<'a> {
    wallet: &'a str,
    name: Option<&'a str>,
    bio: Option<&'a str>,
    image: Option<String>,
    referral_code: &'a str,
    referrer: Option<&'a str>,
    referrals: u64,
    created_at: u64,
    updated_at: u64,
}

/// The JSON of a profile; its picture is at the service's own `origin`.
#[must_use]
pub fn profile(profile: &Profile, origin: &str) -> String {
    super::to_json(&ProfileAnswer {
        wallet: profile.wallet.as_str(),
        name: profile.name.as_deref(),
        bio: profile.bio.as_deref(),
        image: profile.image.as_ref().map(|key| image_url(origin, key)),
        referral_code: profile.referral_code.as_str(),
        referrer: profile.referrer.as_ref().map(crate::core::wallet::Wallet::as_str),
        referrals: profile.referrals,
        created_at: profile.created.seconds(),
        updated_at: profile.updated.seconds(),
    })
}

/// Somebody whom a user has referred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Referral {
    /// Who.
    pub wallet: String,
    /// What they call themselves.
    pub name: Option<String>,
    /// Since when, in Unix seconds.
    pub referred_at: u64,
}

/// The JSON of a page of referrals.
#[must_use]
pub fn referrals(referrals: &[Referral], next: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        referrals: &'a [Referral],
        next: Option<&'a str>,
    }
    super::to_json(&Answer { referrals, next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::UnixMillis;
    use crate::core::wallet::Wallet;

    const ORIGIN: &str = "https://broadcast.glow.trade";
    const ANA: &str = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";

    fn read(body: &str) -> Result<ProfileChange, BodyError> {
        profile_change(body.as_bytes(), ORIGIN)
    }

    fn key() -> ImageKey {
        ImageKey::parse(&format!("users/{ANA}/profile-17.webp")).unwrap()
    }

    #[test]
    fn a_change_names_only_what_changes() {
        assert_eq!(read("{}"), Ok(ProfileChange::default()));
        let change =
            read(r#"{"name":"Ana","bio":"one\ntwo","image":null,"referralCode":"2z2zzabc"}"#).unwrap();
        assert_eq!(change.name, Change::Set("Ana".to_owned()));
        assert_eq!(change.bio, Change::Set("one\ntwo".to_owned()));
        assert_eq!(change.image, Change::Clear);
        assert_eq!(change.referral_code, ReferralCode::parse("2Z2ZZABC"));
        assert_eq!(read(r#"{"referralCode":null}"#).unwrap().referral_code, None);
    }

    #[test]
    fn a_picture_is_named_by_its_key_or_its_url_here() {
        let read = |image: &str| read(&format!(r#"{{"image":"{image}"}}"#)).map(|change| change.image);
        assert_eq!(read(key().as_str()), Ok(Change::Set(key())));
        assert_eq!(read(&image_url(ORIGIN, &key())), Ok(Change::Set(key())));
        for other in [
            "https://elsewhere.example/cat.webp",
            &image_url("https://broadcast.glow.trade.evil.example", &key()),
            &format!("{ORIGIN}{}", key()),
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(read(other), Err(BodyError::Field { field: "image", rule: IMAGE_RULE }), "{other}");
        }
    }

    #[test]
    fn a_profile_has_the_names_of_the_contract() {
        let profile = Profile {
            wallet: Wallet::parse(ANA).unwrap(),
            name: Some("Ana".to_owned()),
            bio: None,
            image: Some(key()),
            referral_code: ReferralCode::parse("2Z2ZZABC").unwrap(),
            referrer: None,
            referrals: 3,
            created: UnixMillis::from_seconds(1),
            updated: UnixMillis::from_seconds(2),
        };
        let expected = format!(
            r#"{{"wallet":"{ANA}","name":"Ana","bio":null,"image":"{ORIGIN}/images/users/{ANA}/profile-17.webp","referralCode":"2Z2ZZABC","referrer":null,"referrals":3,"createdAt":1,"updatedAt":2}}"#
        );
        assert_eq!(super::profile(&profile, ORIGIN), expected);
    }
}
