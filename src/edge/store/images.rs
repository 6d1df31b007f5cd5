//! Pictures, in R2. It must not know whose a picture is, nor what it shows.

use worker::{Bucket, Env, HttpMetadata, Object, Result};

use crate::core::image_key::ImageKey;
use crate::edge::bindings::IMAGES_BINDING;
use crate::wire::image::ImageType;

/// How long anybody may keep a picture: for good, as it never changes.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// Stores a picture.
///
/// # Errors
/// What the bucket throws.
pub async fn put(env: &Env, key: &ImageKey, kind: ImageType, bytes: Vec<u8>) -> Result<()> {
    let metadata = HttpMetadata {
        content_type: Some(kind.media_type().to_owned()),
        cache_control: Some(CACHE_CONTROL.to_owned()),
        ..HttpMetadata::default()
    };
    bucket(env)?.put(key.as_str(), bytes).http_metadata(metadata).execute().await?;
    Ok(())
}

/// A picture.
///
/// # Errors
/// What the bucket throws.
pub async fn get(env: &Env, key: &ImageKey) -> Result<Option<Object>> {
    bucket(env)?.get(key.as_str()).execute().await
}

/// What is known of a picture, without its bytes.
///
/// # Errors
/// What the bucket throws.
pub async fn head(env: &Env, key: &ImageKey) -> Result<Option<Object>> {
    bucket(env)?.head(key.as_str()).await
}

/// Deletes pictures, at most 1,000. Those that are not there are deleted already.
///
/// # Errors
/// What the bucket throws.
pub async fn delete(env: &Env, keys: Vec<String>) -> Result<()> {
    bucket(env)?.delete_multiple(keys).await
}

fn bucket(env: &Env) -> Result<Bucket> {
    env.bucket(IMAGES_BINDING)
}
