//! The one place that maps errors to codes and statuses. It must not know how an error came about.

use worker::{Response, Result};

use super::respond;
use crate::auth::origin::OriginError;
use crate::auth::webhook_signature::SignatureError;
use crate::core::room::Refusal;
use crate::core::topic::TopicError;
use crate::wire::batch::{BatchError, MessageError};
use crate::wire::payload::PayloadError;
use crate::wire::problem::{ErrorCode, Problem};
use crate::wire::room_protocol::NotUnderstood;

/// Seconds after which a failure of the service is worth a retry.
const RETRY_FAILURE: u32 = 1;

/// Seconds after which a place in a full room, or for one more socket of an address, may have come free.
const RETRY_PLACE: u32 = 30;

/// Everything that an HTTP request can end in but success.
#[derive(Debug)]
pub enum HttpError {
    /// No such route.
    NotFound,
    /// The route takes other methods.
    MethodNotAllowed {
        /// Which, as in an `Allow` header.
        allow: &'static str,
    },
    /// A WebSocket route, and no WebSocket handshake.
    UpgradeRequired,
    /// The configuration has mistakes.
    Misconfigured,
    /// There is no secret that a publisher could know.
    NoSecret,
    /// No credentials, or wrong ones.
    Unauthorized,
    /// A signature that is not valid.
    Signature(SignatureError),
    /// A private topic, which only its owner may read.
    PrivateTopic,
    /// A page that may not use the service.
    Origin(OriginError),
    /// A topic that is none.
    Topic(TopicError),
    /// A body of more bytes than are taken.
    BodyTooLarge {
        /// How many are.
        limit: usize,
    },
    /// A payload that is none.
    Payload(PayloadError),
    /// A batch that is none.
    Batch(BatchError),
    /// A message of a batch that is none.
    Message(MessageError),
    /// A room that takes nobody in.
    Refused(Refusal),
    /// Something of the service's own failed.
    Failed(worker::Error),
}

impl HttpError {
    /// The error as it is told.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let code = self.code();
        match self {
            Self::NotFound => Problem::new(
                code,
                "there are GET /health, POST /broadcast/:token, POST /broadcast and GET /ws/:token",
            ),
            Self::MethodNotAllowed { allow } => Problem::new(code, format!("this route takes {allow}")),
            Self::UpgradeRequired => Problem::new(
                code,
                "this route is for WebSockets: connect with ws:// or wss://, by the handshake of RFC 6455",
            ),
            Self::Misconfigured => Problem::new(
                code,
                "the service's configuration has mistakes: GET /health lists them",
            ),
            Self::NoSecret => Problem::new(
                code,
                "nobody can publish before a secret is set: npx wrangler secret put WEBHOOK_SECRET",
            ),
            Self::Unauthorized => Problem::new(
                code,
                "publishing takes `Authorization: Bearer <WEBHOOK_SECRET>` or a Standard Webhooks signature",
            ),
            Self::Signature(error) => Problem::new(code, error.to_string()),
            Self::PrivateTopic => Problem::new(code, "this topic can be read by its owner only"),
            Self::Origin(error) => Problem::new(code, error.to_string()),
            Self::Topic(error) => Problem::new(code, error.to_string()),
            Self::BodyTooLarge { limit } => {
                Problem::new(code, format!("this route takes bodies of at most {limit} bytes"))
            }
            Self::Payload(error) => Problem::new(code, error.to_string()),
            Self::Batch(error) => Problem::new(code, error.to_string()),
            Self::Message(error) => Problem::new(code, error.to_string()),
            Self::Refused(Refusal::Full) => {
                Problem::new(code, "this topic has as many connections as it takes").retry_after(RETRY_PLACE)
            }
            Self::Refused(Refusal::TooManyFromAddress) => Problem::new(
                code,
                "this address has as many connections to this topic as it may have",
            )
            .retry_after(RETRY_PLACE),
            Self::Failed(_) => {
                Problem::new(code, "the service could not do this now").retry_after(RETRY_FAILURE)
            }
        }
    }

    /// What an operator should know and a client need not.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Failed(error) => Some(error.to_string()),
            Self::Refused(Refusal::Full) => Some("the room is full".to_owned()),
            Self::Misconfigured | Self::NoSecret => Some("the configuration is not finished".to_owned()),
            _ => None,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound => ErrorCode::NotFound,
            Self::MethodNotAllowed { .. } => ErrorCode::MethodNotAllowed,
            Self::UpgradeRequired => ErrorCode::UpgradeRequired,
            Self::Misconfigured | Self::NoSecret => ErrorCode::NotConfigured,
            Self::Unauthorized | Self::Signature(_) | Self::PrivateTopic => ErrorCode::Unauthorized,
            Self::Origin(_) => ErrorCode::OriginNotAllowed,
            Self::Topic(_) | Self::Message(MessageError::Topic(_)) => ErrorCode::InvalidTopic,
            Self::BodyTooLarge { .. }
            | Self::Batch(BatchError::TooMany { .. })
            | Self::Message(MessageError::TooLarge { .. }) => ErrorCode::PayloadTooLarge,
            Self::Batch(BatchError::Shape) | Self::Message(MessageError::Shape) => ErrorCode::InvalidPayload,
            Self::Payload(error)
            | Self::Batch(BatchError::Text(error))
            | Self::Message(MessageError::Payload(error)) => payload_code(error),
            Self::Refused(Refusal::TooManyFromAddress) => ErrorCode::RateLimited,
            Self::Refused(Refusal::Full) | Self::Failed(_) => ErrorCode::Unavailable,
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
            Self::UpgradeRequired => {
                headers.set("upgrade", "websocket")?;
                headers.set("sec-websocket-version", "13")?;
            }
            Self::Unauthorized | Self::Signature(_) => {
                headers.set("www-authenticate", "Bearer realm=\"publish\"")?;
            }
            _ => {}
        }
        Ok(response)
    }
}

fn payload_code(error: &PayloadError) -> ErrorCode {
    match error {
        PayloadError::NotUtf8 | PayloadError::NotJson { .. } | PayloadError::TooDeep => {
            ErrorCode::InvalidJson
        }
        PayloadError::NotAnObject | PayloadError::TokenDiffers => ErrorCode::InvalidPayload,
        PayloadError::ReservedField { .. } => ErrorCode::ReservedField,
    }
}

impl From<worker::Error> for HttpError {
    fn from(error: worker::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<NotUnderstood> for HttpError {
    fn from(error: NotUnderstood) -> Self {
        Self::Failed(error.into())
    }
}

impl From<PayloadError> for HttpError {
    fn from(error: PayloadError) -> Self {
        Self::Payload(error)
    }
}

impl From<BatchError> for HttpError {
    fn from(error: BatchError) -> Self {
        Self::Batch(error)
    }
}

impl From<TopicError> for HttpError {
    fn from(error: TopicError) -> Self {
        Self::Topic(error)
    }
}

impl From<OriginError> for HttpError {
    fn from(error: OriginError) -> Self {
        Self::Origin(error)
    }
}

impl From<SignatureError> for HttpError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}
