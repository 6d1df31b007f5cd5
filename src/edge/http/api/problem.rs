//! What REST requests end in but success, beyond what all routes share. It must not know a status: a code has one.

use thiserror::Error;

use crate::core::alert_rule::MAX_WAITING;
use crate::core::profile::ProfileRefusal;
use crate::edge::http::payload_codes::payload_code;
use crate::ingest::account_update::AccountUpdateError;
use crate::ingest::helius::WebhookError;
use crate::wire::balances::BalancesQueryError;
use crate::wire::image::ImageError;
use crate::wire::page::PageError;
use crate::wire::price_query::PriceQueryError;
use crate::wire::problem::ErrorCode;
use crate::wire::request_body::BodyError;
use crate::wire::token_query::TokenQueryError;

/// In how many seconds the platform counts: the period of wrangler.toml.
const LIMIT_PERIOD: u32 = 60;

/// Seconds after which a webhook is worth sending again.
const RETRY_WEBHOOK: u32 = 1;

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
    /// A query that asks for no time.
    #[error(transparent)]
    Balances(#[from] BalancesQueryError),
    /// A change of a profile that is refused.
    #[error(transparent)]
    Profile(#[from] ProfileRefusal),
    /// A request that is not of whom the webhook is for.
    #[error("this webhook takes the configured word in `Authorization`, and nothing else")]
    NotTheWebhook,
    /// Nobody can be Helius, because nobody said what it says.
    #[error("nobody is let in here before a secret is set: npx wrangler secret put HELIUS_AUTH")]
    NoHeliusAuth,
    /// A body that is no text.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// A body of Helius that is none.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// A body of an account that is none.
    #[error(transparent)]
    AccountUpdate(#[from] AccountUpdateError),
    /// Nobody said which token a body is about.
    #[error("the header `x-token` has to name the token")]
    Nameless,
    /// A webhook of which a part could not be published: all of it is to come again.
    #[error("the service could not publish all of it now")]
    Unpublished {
        /// What failed inside.
        cause: String,
    },
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
    #[error("this address has asked too often: wait a minute")]
    TooOften,
}

impl ApiError {
    /// Its code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown { .. } | Self::NoPrice => ErrorCode::NotFound,
            Self::SomebodyElse
            | Self::NoPermission
            | Self::TooManyRules
            | Self::NotTheWebhook
            | Self::AccountUpdate(AccountUpdateError::NotAToken | AccountUpdateError::NotOfTheChain) => {
                ErrorCode::Forbidden
            }
            Self::PrivateToken | Self::Nameless | Self::NoToken => ErrorCode::InvalidTopic,
            Self::NotSignedIn => ErrorCode::Unauthorized,
            Self::Body(error) if error.is_unreadable() => ErrorCode::InvalidJson,
            Self::Body(_) | Self::Profile(_) | Self::Image(_) => ErrorCode::InvalidPayload,
            Self::NotUtf8 | Self::Webhook(WebhookError::NotJson { .. }) => ErrorCode::InvalidJson,
            Self::Webhook(WebhookError::NotAnArray) | Self::AccountUpdate(AccountUpdateError::NoType) => {
                ErrorCode::InvalidPayload
            }
            Self::Webhook(WebhookError::TooMany { .. }) => ErrorCode::PayloadTooLarge,
            Self::AccountUpdate(AccountUpdateError::Payload(error)) => payload_code(error),
            Self::NoHeliusAuth => ErrorCode::NotConfigured,
            Self::Unpublished { .. } => ErrorCode::Unavailable,
            Self::Page(_) | Self::Balances(_) | Self::TokenQuery(_) | Self::PriceQuery(_) => {
                ErrorCode::InvalidQuery
            }
            Self::TooOften => ErrorCode::RateLimited,
        }
    }

    /// Seconds after which it is worth to ask again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooOften => Some(LIMIT_PERIOD),
            Self::Unpublished { .. } => Some(RETRY_WEBHOOK),
            _ => None,
        }
    }
}
