//! What REST requests end in but success, beyond what all routes share. It must not know a status: a code has one.

use thiserror::Error;

use crate::core::alert_rule::MAX_WAITING;
use crate::core::profile::ProfileRefusal;
use crate::wire::balances::BalancesQueryError;
use crate::wire::image::ImageError;
use crate::wire::page::PageError;
use crate::wire::problem::ErrorCode;
use crate::wire::request_body::BodyError;

/// Why a REST request fails. The texts are what clients are told.
#[derive(Debug, Error)]
pub enum ApiError {
    /// Nothing is known of what the path names.
    #[error("nothing is known of this {what}")]
    Unknown {
        /// What the path names: a token, a user.
        what: &'static str,
    },
    /// Somebody who is signed in asks for what is another one's.
    #[error("this is for its owner only")]
    SomebodyElse,
    /// Nobody knows who asks.
    #[error("this takes `Authorization: Bearer <access token>`, from POST /auth/verify")]
    NotSignedIn,
    /// A body that is none.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A query that asks for no page.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A query that asks for no time.
    #[error(transparent)]
    Balances(#[from] BalancesQueryError),
    /// A change of a profile that is refused.
    #[error(transparent)]
    Profile(#[from] ProfileRefusal),
    /// A picture that is none.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A URL to upload to that was changed, has expired, or was used.
    #[error("this uploadUrl is not valid, or not any longer: each is good for one picture, for an hour")]
    NoPermission,
    /// A topic that is no token.
    #[error("this is no token: a token's name has no colon")]
    NoToken,
    /// A wallet with as many alert rules waiting as it may have.
    #[error("a wallet may have {MAX_WAITING} alerts waiting: take one away first")]
    TooManyRules,
    /// The address has asked too often.
    #[error("this address has asked too often: at most {limit} times in {seconds} seconds")]
    TooOften {
        /// How often it may.
        limit: u32,
        /// In how long.
        seconds: u32,
    },
}

impl ApiError {
    /// Its code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown { .. } => ErrorCode::NotFound,
            Self::SomebodyElse | Self::NoPermission | Self::TooManyRules => ErrorCode::Forbidden,
            Self::NotSignedIn => ErrorCode::Unauthorized,
            Self::Body(error) if error.is_unreadable() => ErrorCode::InvalidJson,
            Self::Body(_) | Self::Profile(_) | Self::Image(_) => ErrorCode::InvalidPayload,
            Self::NoToken => ErrorCode::InvalidTopic,
            Self::Page(_) | Self::Balances(_) => ErrorCode::InvalidQuery,
            Self::TooOften { .. } => ErrorCode::RateLimited,
        }
    }

    /// Seconds after which it is worth to ask again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooOften { seconds, .. } => Some(*seconds),
            _ => None,
        }
    }
}
