//! Who asks, where an answer is for somebody alone. It must not know what they ask for.

use worker::Request;

use super::Call;
use super::problem::ApiError;
use super::resource::WalletPath;
use crate::core::access::Subject;
use crate::core::wallet::Wallet;
use crate::edge::http::problems::HttpError;
use crate::edge::identity;

/// The wallet that a path names, when it is that wallet that asks.
///
/// # Errors
/// A path that names none; [`ApiError::NotSignedIn`], [`ApiError::SomebodyElse`], and a token that proves nothing.
pub async fn owner(request: &Request, call: &Call<'_>, wallet: WalletPath) -> Result<Wallet, HttpError> {
    let wallet = wallet?;
    let token = identity::credentials(request)?.token.ok_or(ApiError::NotSignedIn)?;
    let identity = identity::verify(call.config, &token).await?;
    match identity.subject {
        Subject::Wallet(own) if own == wallet => Ok(wallet),
        // An account can't come to own a wallet by its name, whatever its provider calls it.
        Subject::Wallet(_) | Subject::Account(_) => Err(ApiError::SomebodyElse.into()),
    }
}
