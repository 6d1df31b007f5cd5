//! Which pictures were uploaded, and since when nobody uses them, in D1. The tables' triggers keep the latter, whoever
//! changes a user's or a token's image. It must not know what a picture shows.

use serde::Deserialize;
use worker::{Env, Result};

use super::{database, images, number};
use crate::core::image_key::ImageKey;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;

/// For how many seconds a picture that nobody uses is kept: who uploaded it may be about to.
const KEPT_SECONDS: u64 = 86_400;

/// The most pictures of one owner that nobody uses: the ones that were shown before.
const MOST_UNUSED: u32 = 2;

const FIND: &str = "SELECT key FROM uploads WHERE key = ?1";

const CLAIM: &str = "INSERT INTO uploads (key, family, owner, unused_since) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT DO NOTHING RETURNING key";

const RELEASE: &str = "DELETE FROM uploads WHERE key = ?1";

const SHOW: &str = "INSERT INTO tokens (mint, image, created_at, updated_at) VALUES (?1, ?2, ?3, ?3) \
                    ON CONFLICT (mint) DO UPDATE SET image = excluded.image, updated_at = excluded.updated_at";

const DOOM: &str = "UPDATE uploads SET unused_since = 0 WHERE key IN (SELECT key FROM uploads \
                    WHERE unused_since < ?1 ORDER BY unused_since LIMIT ?2) RETURNING key";

const DOOM_OF_OWNER: &str = "UPDATE uploads SET unused_since = 0 WHERE key IN (SELECT key FROM uploads \
                             WHERE family = ?1 AND owner = ?2 AND unused_since > 0 \
                             ORDER BY unused_since DESC, key DESC LIMIT -1 OFFSET ?3) RETURNING key";

const FORGET: &str =
    "DELETE FROM uploads WHERE unused_since = 0 AND key IN (SELECT value FROM json_each(?1))";

#[derive(Deserialize)]
struct Row {
    key: String,
}

/// Whether a picture of this key was uploaded, or is being uploaded.
///
/// # Errors
/// What the database throws.
pub async fn is_claimed(env: &Env, key: &ImageKey) -> Result<bool> {
    let found = database(env).await?.prepare(FIND).bind(&[key.as_str().into()])?.all().await?;
    Ok(!found.results::<Row>()?.is_empty())
}

/// Takes a key for an upload. Of several calls with one key, one gives true.
///
/// # Errors
/// What the database throws.
pub async fn claim(env: &Env, key: &ImageKey, now: UnixMillis) -> Result<bool> {
    let owner = key.owner();
    let values = [key.as_str().into(), owner.family().into(), owner.name().into(), number(now.seconds())?];
    let claimed = database(env).await?.prepare(CLAIM).bind(&values)?.all().await?;
    Ok(!claimed.results::<Row>()?.is_empty())
}

/// Gives a key back whose picture could not be stored.
///
/// # Errors
/// What the database throws.
pub async fn release(env: &Env, key: &ImageKey) -> Result<()> {
    database(env).await?.prepare(RELEASE).bind(&[key.as_str().into()])?.run().await?;
    Ok(())
}

/// Makes a picture that of a token.
///
/// # Errors
/// What the database throws.
pub async fn show_for_token(env: &Env, token: &Topic, url: &str, now: UnixMillis) -> Result<()> {
    let values = [token.as_str().into(), url.into(), number(now.seconds())?];
    database(env).await?.prepare(SHOW).bind(&values)?.run().await?;
    Ok(())
}

/// Deletes the pictures of an owner that nobody uses but the last [`MOST_UNUSED`]. What breaks off is finished by
/// [`sweep`].
///
/// # Errors
/// What the database or the bucket throws.
pub async fn delete_surplus(env: &Env, key: &ImageKey) -> Result<()> {
    let owner = key.owner();
    let values = [owner.family().into(), owner.name().into(), MOST_UNUSED.into()];
    let doomed = database(env).await?.prepare(DOOM_OF_OWNER).bind(&values)?.all().await?;
    delete_doomed(env, doomed.results()?).await.map(drop)
}

/// Deletes at most `limit` pictures that nobody has used for a day, and says how many. They are marked first, and from then
/// on nobody can come to use them; a step that breaks off is finished by the next one.
///
/// # Errors
/// What the database or the bucket throws.
pub async fn sweep(env: &Env, now: UnixMillis, limit: u32) -> Result<usize> {
    let before = number(now.seconds().saturating_sub(KEPT_SECONDS))?;
    let doomed = database(env).await?.prepare(DOOM).bind(&[before, limit.into()])?.all().await?;
    delete_doomed(env, doomed.results()?).await
}

async fn delete_doomed(env: &Env, doomed: Vec<Row>) -> Result<usize> {
    let keys: Vec<String> = doomed.into_iter().map(|row| row.key).collect();
    if keys.is_empty() {
        return Ok(0);
    }
    let swept = keys.len();
    let list = serde_json::to_string(&keys)?;
    images::delete(env, keys).await?;
    database(env).await?.prepare(FORGET).bind(&[list.into()])?.run().await?;
    Ok(swept)
}
