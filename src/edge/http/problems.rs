//! The one place that maps errors to codes and statuses. It must not know how an error came about.

use thiserror::Error;
use worker::{Response, Result};

use super::api::problem::ApiError;
use super::payload_codes::{message_code, payload_code, publisher_frame_code};
use super::refusal_texts::{refusal_text, turned_away_text};
use super::respond;
use crate::auth::origin::OriginError;
use crate::auth::sign_in::NotSignedIn;
use crate::auth::webhook_signature::SignatureError;
use crate::core::event::Refusal;
use crate::core::idempotency::KeyError;
use crate::core::relay::effect::{Denial, TurnedAway};
use crate::core::topic::TopicError;
use crate::core::wallet::WalletError;
use crate::edge::identity::IdentityError;
use crate::wire::batch::{BatchError, MessageError};
use crate::wire::payload::PayloadError;
use crate::wire::problem::{ErrorCode, Problem};
use crate::wire::publisher::PublisherFrameError;
use crate::wire::room_protocol::NotUnderstood;
use crate::wire::sign_in::SignInError;
use crate::wire::subscription::QueryError;

/// Seconds after which a failure of the service is worth a retry.
const RETRY_FAILURE: u32 = 1;

/// Seconds after which a place in a full room, or for one more socket of an address, may have come free.
const RETRY_PLACE: u32 = 30;

/// Seconds after which an address has a new budget.
const RETRY_BUDGET: u32 = 60;

/// Everything that an HTTP request can end in but success. The texts are what clients are told.
#[derive(Debug, Error)]
pub enum HttpError {
    /// No such route.
    #[error(
        "there are GET /health, GET /ws/:token, GET /ws, POST /auth/nonce, POST /auth/verify, \
         POST /broadcast/:token, POST /broadcast, GET /publish, GET /rooms/:token, and what openapi.json lists"
    )]
    NotFound,
    /// The route takes other methods.
    #[error("this route takes {allow}")]
    MethodNotAllowed {
        /// Which, as in an `Allow` header.
        allow: &'static str,
    },
    /// A WebSocket route, and no WebSocket handshake.
    #[error("this route is for WebSockets: connect with ws:// or wss://, by the handshake of RFC 6455")]
    UpgradeRequired,
    /// The configuration has mistakes.
    #[error("the service's configuration has mistakes: GET /health lists them")]
    Misconfigured,
    /// There is no secret that a publisher could know.
    #[error("nobody can publish before a secret is set: npx wrangler secret put WEBHOOK_SECRET")]
    NoSecret,
    /// Nobody can sign in, because there is nothing to sign tokens with.
    #[error("nobody can sign in before a secret is set: npx wrangler secret put AUTH_SECRET")]
    NoAuthSecret,
    /// A sign-in that is none.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// A body of a sign-in that is none.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// A wallet that is none.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// No credentials, or wrong ones.
    #[error(
        "publishing takes `Authorization: Bearer <WEBHOOK_SECRET>` or, where there is a body, a Standard Webhooks \
         signature over it"
    )]
    Unauthorized,
    /// A signature that is not valid.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A private topic, and nobody knows who wants to read it.
    #[error("this topic can be read by its owner only, who has to sign in first")]
    PrivateTopic,
    /// A token that proves nothing, or does no longer.
    #[error("the access token is not valid")]
    Token,
    /// Who it is can't be found out now.
    #[error("the service could not do this now")]
    NoKeys,
    /// A page that may not use the service.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// A topic that is none.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// A body of more bytes than are taken.
    #[error("this route takes bodies of at most {limit} bytes")]
    BodyTooLarge {
        /// How many are.
        limit: usize,
    },
    /// A body that was compressed, or says so.
    #[error("bodies are taken as they are: send this one without `Content-Encoding`")]
    BodyEncoded,
    /// A payload that is none.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A batch that is none.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A message of a batch that is none.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A frame of a publisher's socket that is no message.
    #[error(transparent)]
    PublisherFrame(#[from] PublisherFrameError),
    /// A key that is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A query that is not understood.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A room with more messages waiting than it takes.
    #[error("this topic has as many messages waiting as it takes")]
    Busy,
    /// A room that takes nobody in.
    #[error("{}", refusal_text(*.0))]
    Refused(Refusal),
    /// A relay that takes nobody in.
    #[error("{}", turned_away_text(*.0))]
    TurnedAway(TurnedAway),
    /// A relay answered something else than it may.
    #[error("the service could not do this now")]
    RelayStatus(u16),
    /// The runtime failed the service.
    #[error("the service could not do this now")]
    Runtime(#[from] worker::Error),
    /// A room answered something else than it may.
    #[error("the service could not do this now")]
    RoomStatus(u16),
    /// The object of a wallet's sign-ins answered something else than it may.
    #[error("the service could not do this now")]
    SignInStatus(u16),
    /// An object that remembers signed requests answered something else than it may.
    #[error("the service could not do this now")]
    SignedRequestStatus(u16),
    /// A REST request that fails for a reason of its own.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A room's answer could not be read.
    #[error("the service could not do this now")]
    RoomAnswer(#[from] NotUnderstood),
}

impl From<IdentityError> for HttpError {
    fn from(error: IdentityError) -> Self {
        match error {
            // What is wrong with a token is nothing that a stranger has to know.
            IdentityError::Token(_) => Self::Token,
            IdentityError::NoKeys => Self::NoKeys,
        }
    }
}

impl HttpError {
    /// The error as it is told.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let problem = Problem::new(self.code(), self.to_string());
        match self {
            Self::Refused(Refusal::Full | Refusal::TooManyFromAddress)
            | Self::TurnedAway(TurnedAway::Full | TurnedAway::TooManyFromAddress) => {
                problem.retry_after(RETRY_PLACE)
            }
            Self::Refused(Refusal::TooMuchGiven)
            | Self::TurnedAway(TurnedAway::TooManyNew | TurnedAway::TooMuchGiven) => {
                problem.retry_after(RETRY_BUDGET)
            }
            Self::Busy
            | Self::TurnedAway(TurnedAway::Unreachable)
            | Self::RelayStatus(_)
            | Self::Runtime(_)
            | Self::RoomStatus(_)
            | Self::RoomAnswer(_)
            | Self::SignInStatus(_)
            | Self::SignedRequestStatus(_)
            | Self::NoKeys => problem.retry_after(RETRY_FAILURE),
            Self::Api(error) => match error.retry_after() {
                Some(seconds) => problem.retry_after(seconds),
                None => problem,
            },
            _ => problem,
        }
    }

    /// What an operator should know and a client need not.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Runtime(error) => Some(error.to_string()),
            Self::RoomStatus(status) => Some(format!("the room answered {status}")),
            Self::RelayStatus(status) => Some(format!("the relay answered {status}")),
            Self::TurnedAway(TurnedAway::Full) => Some("all relays are full".to_owned()),
            Self::TurnedAway(TurnedAway::Unreachable) => Some("the room could not be reached".to_owned()),
            Self::SignInStatus(status) => Some(format!("the sign-in answered {status}")),
            Self::SignedRequestStatus(status) => {
                Some(format!("what remembers signed requests answered {status}"))
            }
            Self::NoKeys => Some("the identity provider's keys could not be had".to_owned()),
            Self::RoomAnswer(error) => Some(error.to_string()),
            Self::Refused(Refusal::Full) => Some("the room is full".to_owned()),
            Self::Api(ApiError::Unpublished { cause }) => Some(cause.clone()),
            Self::Busy => Some("the room's outbox is full".to_owned()),
            Self::Misconfigured | Self::NoSecret | Self::NoAuthSecret => {
                Some("the configuration is not finished".to_owned())
            }
            _ => None,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound => ErrorCode::NotFound,
            Self::MethodNotAllowed { .. } => ErrorCode::MethodNotAllowed,
            Self::UpgradeRequired => ErrorCode::UpgradeRequired,
            Self::Api(error) => error.code(),
            Self::Misconfigured | Self::NoSecret | Self::NoAuthSecret => ErrorCode::NotConfigured,
            Self::Unauthorized
            | Self::Signature(_)
            | Self::PrivateTopic
            | Self::Token
            | Self::NotSignedIn(_)
            | Self::TurnedAway(TurnedAway::NotTheirs(Denial::NotSignedIn)) => ErrorCode::Unauthorized,
            Self::TurnedAway(TurnedAway::NotTheirs(Denial::SomebodyElse)) => ErrorCode::Forbidden,
            Self::Origin(_) => ErrorCode::OriginNotAllowed,
            Self::Topic(_) => ErrorCode::InvalidTopic,
            Self::BodyTooLarge { .. } | Self::Batch(BatchError::TooMany { .. }) => ErrorCode::PayloadTooLarge,
            Self::BodyEncoded => ErrorCode::UnsupportedMediaType,
            Self::SignIn(SignInError::NotUtf8 | SignInError::NotJson { .. }) => ErrorCode::InvalidJson,
            Self::Batch(BatchError::Shape) | Self::Key(_) | Self::SignIn(_) | Self::Wallet(_) => {
                ErrorCode::InvalidPayload
            }
            Self::Message(error) => message_code(error),
            Self::Query(_)
            | Self::Refused(Refusal::FromTheFuture)
            | Self::TurnedAway(TurnedAway::FromTheFuture) => ErrorCode::InvalidQuery,
            Self::PublisherFrame(error) => publisher_frame_code(error),
            Self::Payload(error) | Self::Batch(BatchError::Text(error)) => payload_code(error),
            Self::Refused(Refusal::TooManyFromAddress | Refusal::TooMuchGiven)
            | Self::TurnedAway(
                TurnedAway::TooManyFromAddress | TurnedAway::TooManyNew | TurnedAway::TooMuchGiven,
            ) => ErrorCode::RateLimited,
            Self::Busy
            | Self::Refused(Refusal::Full | Refusal::Unborn)
            | Self::Runtime(_)
            | Self::RelayStatus(_)
            | Self::TurnedAway(TurnedAway::Full | TurnedAway::Unreachable)
            | Self::RoomStatus(_)
            | Self::RoomAnswer(_)
            | Self::SignInStatus(_)
            | Self::SignedRequestStatus(_)
            | Self::NoKeys => ErrorCode::Unavailable,
        }
    }

    /// The error as a response, with the headers that go with its status.
    ///
    /// # Errors
    /// What the runtime throws.
    pub fn into_response(self) -> Result<Response> {
        let response = respond::problem(&self.problem())?;
        let headers = response.headers();
        match self {
            Self::MethodNotAllowed { allow } => headers.set("allow", allow)?,
            // RFC 9110 §15.5.16: so a client tells this from a type that is not taken.
            Self::BodyEncoded => headers.set("accept-encoding", "identity")?,
            Self::UpgradeRequired => {
                headers.set("upgrade", "websocket")?;
                headers.set("sec-websocket-version", "13")?;
            }
            Self::Unauthorized | Self::Signature(_) => {
                headers.set("www-authenticate", "Bearer realm=\"publish\"")?;
            }
            Self::Api(ApiError::NotSignedIn) | Self::NotSignedIn(_) => {
                headers.set("www-authenticate", "Bearer realm=\"wallets\"")?;
            }
            Self::Token => {
                headers.set("www-authenticate", "Bearer realm=\"wallets\", error=\"invalid_token\"")?;
            }
            Self::TurnedAway(TurnedAway::NotTheirs(Denial::NotSignedIn)) | Self::PrivateTopic => {
                headers.set("www-authenticate", "Bearer realm=\"private topics\"")?;
            }
            _ => {}
        }
        Ok(response)
    }
}
