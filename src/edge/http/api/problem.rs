//! What REST requests end in but success, beyond what all routes share. It must not know a status: a code has one.

use thiserror::Error;

use crate::core::profile::ProfileRefusal;
use crate::wire::page::PageError;
use crate::wire::price_query::PriceQueryError;
use crate::wire::problem::ErrorCode;
use crate::wire::request_body::BodyError;
use crate::wire::token_query::TokenQueryError;

/// In how many seconds the platform counts: the period of wrangler.toml.
const LIMIT_PERIOD: u32 = 60;

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
    /// A topic that is a person's own.
    #[error("a token is a topic that everybody may read")]
    PrivateToken,
    /// A token that never had a price.
    #[error("no price of this token is known")]
    NoPrice,
    /// A query for prices that is not understood.
    #[error(transparent)]
    PriceQuery(#[from] PriceQueryError),
    /// A query for tokens that is not understood.
    #[error(transparent)]
    TokenQuery(#[from] TokenQueryError),
    /// Nobody knows who asks.
    #[error("this takes `Authorization: Bearer <access token>`, from POST /auth/verify")]
    NotSignedIn,
    /// A body that is none.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A query that asks for no page.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A change of a profile that is refused.
    #[error(transparent)]
    Profile(#[from] ProfileRefusal),
    /// The address has asked too often.
    #[error("this address has asked too often: wait a minute")]
    TooOften,
}

impl ApiError {
    /// Its code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown { .. } | Self::NoPrice => ErrorCode::NotFound,
            Self::SomebodyElse => ErrorCode::Forbidden,
            Self::PrivateToken => ErrorCode::InvalidTopic,
            Self::NotSignedIn => ErrorCode::Unauthorized,
            Self::Body(error) if error.is_unreadable() => ErrorCode::InvalidJson,
            Self::Body(_) | Self::Profile(_) => ErrorCode::InvalidPayload,
            Self::Page(_) | Self::TokenQuery(_) | Self::PriceQuery(_) => ErrorCode::InvalidQuery,
            Self::TooOften => ErrorCode::RateLimited,
        }
    }

    /// Seconds after which it is worth to ask again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooOften => Some(LIMIT_PERIOD),
            _ => None,
        }
    }
}
