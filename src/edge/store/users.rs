//! Users, in D1. Whether somebody may be referred is part of the statement that writes it: the database runs one at a
//! time, so that what two requests do at once is what they do one after the other. It must not decide who may ask.

use serde::Deserialize;
use worker::{Env, Error, Result};

use super::{before, database, number, optional};
use crate::core::image_key::ImageKey;
use crate::core::profile::{MAX_REFERRERS, Profile, ProfileRefusal};
use crate::core::referral_code::ReferralCode;
use crate::core::time::UnixMillis;
use crate::core::wallet::Wallet;
use crate::wire::page::Page;
use crate::wire::profile::{ProfileChange, Referral};

const FIND: &str = "SELECT wallet, name, bio, image, referral_code, referrer, referrals, created_at, updated_at \
                    FROM users WHERE wallet = ?1";

/// Why the user ?1 may not be written with the referrer's code ?2, the new code ?3 and the picture ?4; NULL where they
/// may. Who has referred nobody can't close a circle, so the chain above the referrer is walked for the others alone.
const REFUSAL: &str = "CASE \
  WHEN EXISTS (SELECT 1 FROM users WHERE referral_code = ?3) THEN 'taken' \
  WHEN ?4 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM uploads WHERE key = ?4 AND family = 'users' AND owner = ?1 \
    AND unused_since IS NOT 0) THEN 'image' \
  WHEN ?2 IS NULL THEN NULL \
  WHEN NOT EXISTS (SELECT 1 FROM users WHERE referral_code = ?2) THEN 'unknown' \
  WHEN EXISTS (SELECT 1 FROM users WHERE referral_code = ?2 AND wallet = ?1) THEN 'own' \
  WHEN (SELECT referrer FROM users WHERE wallet = ?1) = (SELECT wallet FROM users WHERE referral_code = ?2) THEN NULL \
  WHEN (SELECT referrer FROM users WHERE wallet = ?1) IS NOT NULL THEN 'referred' \
  ELSE (WITH RECURSIVE above (wallet, height) AS ( \
    SELECT referrer, 1 FROM users WHERE referral_code = ?2 AND EXISTS (SELECT 1 FROM users WHERE referrer = ?1) \
    UNION ALL SELECT users.referrer, above.height + 1 FROM above JOIN users ON users.wallet = above.wallet \
      WHERE above.height <= ?5 AND above.wallet <> ?1) \
    SELECT CASE WHEN MAX(wallet = ?1) THEN 'circle' \
      WHEN MAX(CASE WHEN wallet IS NOT NULL THEN height END) > ?5 THEN 'long' END FROM above) \
END";

const VALUES: &str = "?1, ?6, ?8, ?4, ?3, (SELECT wallet FROM users WHERE referral_code = ?2), \
                      CASE WHEN ?2 IS NOT NULL THEN ?11 END, ?11, ?11";

const MERGE: &str = "name = CASE WHEN ?7 THEN name ELSE excluded.name END, \
  bio = CASE WHEN ?9 THEN bio ELSE excluded.bio END, \
  image = CASE WHEN ?10 THEN image ELSE excluded.image END, \
  referred_at = CASE WHEN referrer IS NULL THEN excluded.referred_at ELSE referred_at END, \
  referrer = COALESCE(referrer, excluded.referrer), \
  updated_at = excluded.updated_at";

const REFERRALS: &str = "SELECT wallet, name, referred_at FROM users WHERE referrer = ?1 \
                         AND (referred_at, wallet) < (?2, ?3) ORDER BY referred_at DESC, wallet DESC LIMIT ?4";

#[derive(Deserialize)]
struct Row {
    wallet: String,
    name: Option<String>,
    bio: Option<String>,
    image: Option<String>,
    referral_code: String,
    referrer: Option<String>,
    referrals: u64,
    created_at: u64,
    updated_at: u64,
}

#[derive(Deserialize)]
struct Verdict {
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct ReferralRow {
    wallet: String,
    name: Option<String>,
    referred_at: u64,
}

/// Why a change is not made. Nothing has changed then.
pub enum NotWritten {
    /// It is refused.
    Refused(ProfileRefusal),
    /// The new code is somebody's: it takes another one.
    CodeTaken,
}

/// What is known of a user.
///
/// # Errors
/// What the database throws.
pub async fn find(env: &Env, wallet: &Wallet) -> Result<Option<Profile>> {
    let rows = database(env).await?.prepare(FIND).bind(&[wallet.as_str().into()])?.all().await?;
    rows.results::<Row>()?.into_iter().next().map(Row::profile).transpose()
}

/// Changes what is known of a user, who comes to be with it. `code` is for who has none yet.
///
/// # Errors
/// What the database throws.
pub async fn write(
    env: &Env,
    wallet: &Wallet,
    change: &ProfileChange,
    code: &ReferralCode,
    now: UnixMillis,
) -> Result<std::result::Result<Profile, NotWritten>> {
    let database = database(env).await?;
    let facts = [
        wallet.as_str().into(),
        optional(change.referral_code.as_ref().map(ReferralCode::as_str)),
        code.as_str().into(),
        optional(change.image.value().map(ImageKey::as_str)),
        number(u64::from(MAX_REFERRERS))?,
    ];
    let values = [
        optional(change.name.value().map(String::as_str)),
        change.name.is_keep().into(),
        optional(change.bio.value().map(String::as_str)),
        change.bio.is_keep().into(),
        change.image.is_keep().into(),
        number(now.seconds())?,
    ];
    let statements = vec![
        database.prepare(format!("SELECT {REFUSAL} AS refusal")).bind(&facts)?,
        database.prepare(upsert()).bind(&[facts.as_slice(), &values].concat())?,
        database.prepare(FIND).bind(&[wallet.as_str().into()])?,
    ];
    // A batch is one transaction: the refusal that is told is the one that the write met.
    let results = database.batch(statements).await?;
    let [verdict, _, found] = results.as_slice() else {
        return Err(Error::RustError("a batch of three has not three results".to_owned()));
    };
    let refusal = verdict.results::<Verdict>()?.into_iter().next().and_then(|verdict| verdict.refusal);
    if let Some(refusal) = refusal {
        return Ok(Err(not_written(&refusal)?));
    }
    let row = found.results::<Row>()?.into_iter().next();
    row.ok_or_else(|| Error::RustError("a user who was written is not there".to_owned()))?.profile().map(Ok)
}

/// Whom a user has referred, newest first: at most one more than the page has.
///
/// # Errors
/// What the database throws.
pub async fn referrals(env: &Env, wallet: &Wallet, page: &Page) -> Result<Vec<Referral>> {
    let (at, id) = before(page);
    let values = [wallet.as_str().into(), number(at)?, id.into(), page.wanted().into()];
    let rows = database(env).await?.prepare(REFERRALS).bind(&values)?.all().await?;
    let referral =
        |row: ReferralRow| Referral { wallet: row.wallet, name: row.name, referred_at: row.referred_at };
    Ok(rows.results::<ReferralRow>()?.into_iter().map(referral).collect())
}

fn upsert() -> String {
    format!(
        "INSERT INTO users \
         (wallet, name, bio, image, referral_code, referrer, referred_at, created_at, updated_at) \
         SELECT {VALUES} WHERE ({REFUSAL}) IS NULL ON CONFLICT (wallet) DO UPDATE SET {MERGE}"
    )
}

fn not_written(refusal: &str) -> Result<NotWritten> {
    let refusal = match refusal {
        "taken" => return Ok(NotWritten::CodeTaken),
        "image" => ProfileRefusal::Image,
        "unknown" => ProfileRefusal::UnknownCode,
        "own" => ProfileRefusal::OwnCode,
        "referred" => ProfileRefusal::Referred,
        "circle" => ProfileRefusal::Circle,
        "long" => ProfileRefusal::TooLong,
        other => return Err(Error::RustError(format!("a refusal without a meaning: {other}"))),
    };
    Ok(NotWritten::Refused(refusal))
}

impl Row {
    fn profile(self) -> Result<Profile> {
        let wallet = |text: &str| Wallet::parse(text).map_err(|error| Error::RustError(error.to_string()));
        let code = ReferralCode::parse(&self.referral_code);
        Ok(Profile {
            wallet: wallet(&self.wallet)?,
            name: self.name,
            bio: self.bio,
            image: self.image.as_deref().and_then(ImageKey::parse),
            referral_code: code.ok_or_else(|| Error::RustError("a stored code is none".to_owned()))?,
            referrer: self.referrer.as_deref().map(wallet).transpose()?,
            referrals: self.referrals,
            created: UnixMillis::from_seconds(self.created_at),
            updated: UnixMillis::from_seconds(self.updated_at),
        })
    }
}
