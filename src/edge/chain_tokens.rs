//! Tokens that the chain tells of, on their way into the table. It must not decide what the chain tells.

use worker::{Env, Result};

use super::{runtime, store};
use crate::core::found::Found;
use crate::core::topic::Topic;

/// Writes down the tokens that were made and those that left their curve.
///
/// # Errors
/// What the database throws.
pub async fn note(env: &Env, found: &[Found]) -> Result<()> {
    let database = store::database(env).await?;
    for creation in found.iter().flat_map(|found| &found.creations) {
        let token = Topic::of_mint(&creation.mint);
        store::tokens::created(&database, &token, creation, runtime::now()).await?;
    }
    for mint in found.iter().flat_map(|found| &found.migrations) {
        store::tokens::moved_to_amm(&database, &Topic::of_mint(mint), runtime::now()).await?;
    }
    Ok(())
}
