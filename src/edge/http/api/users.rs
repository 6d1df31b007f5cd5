//! `GET` and `PUT /users/:wallet`, and `GET /users/:wallet/referrals`. It must not know how users are stored.

use worker::{Env, Request};

use super::Call;
use super::caller;
use super::conditional::{self, Keep};
use super::problem::ApiError;
use super::resource::WalletPath;
use crate::core::profile::{Profile, ProfileRefusal};
use crate::core::referral_code::ReferralCode;
use crate::core::wallet::Wallet;
use crate::edge::http::body;
use crate::edge::http::problems::HttpError;
use crate::edge::http::respond::{self, Answer};
use crate::edge::runtime;
use crate::edge::store::users::{self, NotWritten};
use crate::wire::page::{Cursor, Page};
use crate::wire::profile::{self as bodies, ProfileChange};
use crate::wire::request_body::MAX_REQUEST_BYTES;

/// For how many seconds a profile may be kept by anybody.
const PROFILE_SECONDS: u32 = 10;

/// How often a new code is made where the one before was somebody's. Even with a million users, that one of them is
/// somebody's has a probability of 1e-6.
const MOST_CODES: u32 = 8;

/// What everybody may know of a user.
pub async fn profile(request: &Request, call: &Call<'_>, wallet: WalletPath) -> Result<Answer, HttpError> {
    let found = users::find(call.env, &wallet?).await?.ok_or(ApiError::Unknown { what: "user" })?;
    let body = bodies::profile(&found, call.origin);
    Ok(conditional::json(request, body, Keep::Public(PROFILE_SECONDS))?)
}

/// Changes what is known of a user, by the user. Who changes something for the first time comes to be.
pub async fn change(mut request: Request, call: &Call<'_>, wallet: WalletPath) -> Result<Answer, HttpError> {
    let wallet = caller::owner(&request, call, wallet).await?;
    let body = body::read(&mut request, MAX_REQUEST_BYTES).await?;
    let change = bodies::profile_change(&body, call.origin).map_err(ApiError::from)?;
    let profile = write(call.env, &wallet, &change).await?.map_err(ApiError::from)?;
    Ok(respond::json(200, bodies::profile(&profile, call.origin))?.into())
}

/// Whom a user has referred, for that user.
pub async fn referrals(request: &Request, call: &Call<'_>, wallet: WalletPath) -> Result<Answer, HttpError> {
    let wallet = caller::owner(request, call, wallet).await?;
    let page = Page::decode(call.query).map_err(ApiError::from)?;
    let mut found = users::referrals(call.env, &wallet, &page).await?;
    let next = page.cut(&mut found, |last| Cursor { at: last.referred_at, id: last.wallet.clone() });
    let body = bodies::referrals(&found, next.as_deref());
    Ok(conditional::json(request, body, Keep::Private)?)
}

/// Changes what is known of a user, with a referral code of their own for who is new.
pub async fn write(
    env: &Env,
    wallet: &Wallet,
    change: &ProfileChange,
) -> worker::Result<Result<Profile, ProfileRefusal>> {
    for _ in 0..MOST_CODES {
        let code = ReferralCode::from_random(runtime::random_bytes()?);
        match users::write(env, wallet, change, &code, runtime::now()).await? {
            Ok(profile) => return Ok(Ok(profile)),
            Err(NotWritten::Refused(refusal)) => return Ok(Err(refusal)),
            Err(NotWritten::CodeTaken) => {}
        }
    }
    Err(worker::Error::RustError("no new referral code was free".to_owned()))
}
