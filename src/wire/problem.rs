//! Errors as publishers and subscribers see them: stable codes, and problem documents by RFC 9457. It must not know
//! what went wrong inside; `edge::http::problems` decides which error has which code.

use serde::Serialize;

/// The media type of a problem document.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// The stable codes of the contract. A client may branch on them; the texts beside them may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: not JSON, not UTF-8, or nested too deeply to be read.
    InvalidJson,
    /// 400: JSON, but not of the shape that is asked for.
    InvalidPayload,
    /// 400: a payload has a field that the service itself adds.
    ReservedField,
    /// 400: no topic by the grammar of `core::topic`.
    InvalidTopic,
    /// 400: a parameter of the query that is not understood.
    InvalidQuery,
    /// 401: no valid credentials.
    Unauthorized,
    /// 403: valid credentials, of somebody who may not.
    Forbidden,
    /// 403: a page that is not on the operator's list.
    OriginNotAllowed,
    /// 404: no such route.
    NotFound,
    /// 405: the route exists, with other methods (in `Allow`).
    MethodNotAllowed,
    /// 413: more bytes or messages than are taken.
    PayloadTooLarge,
    /// 415: a body that was compressed, or says so.
    UnsupportedMediaType,
    /// 426: a route for WebSockets, and the request is no WebSocket handshake.
    UpgradeRequired,
    /// 429: too much from one client.
    RateLimited,
    /// 503: the operator has not finished the configuration.
    NotConfigured,
    /// 503: not now.
    Unavailable,
}

impl ErrorCode {
    /// The HTTP status that goes with the code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidJson
            | Self::InvalidPayload
            | Self::ReservedField
            | Self::InvalidTopic
            | Self::InvalidQuery => 400,
            Self::Unauthorized => 401,
            Self::Forbidden | Self::OriginNotAllowed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::UpgradeRequired => 426,
            Self::RateLimited => 429,
            Self::NotConfigured | Self::Unavailable => 503,
        }
    }

    /// The phrase of that status, by RFC 9110 and RFC 6585: the title of an `about:blank` problem.
    fn title(self) -> &'static str {
        match self.status() {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            426 => "Upgrade Required",
            429 => "Too Many Requests",
            _ => "Service Unavailable",
        }
    }
}

/// One error, ready to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its stable code.
    pub code: ErrorCode,
    /// What a person should know of it. Never a secret, an address or a stack.
    pub detail: String,
    /// Seconds after which it is worth trying again.
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem for which the contract names no time to try again.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after: None }
    }

    /// The same problem, worth trying again after `seconds`.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The problem document.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            r#type: &'static str,
            title: &'static str,
            status: u16,
            code: ErrorCode,
            detail: &'a str,
        }
        super::to_json(&Document {
            r#type: "about:blank",
            title: self.code.title(),
            status: self.code.status(),
            code: self.code,
            detail: &self.detail,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_has_the_shape_of_the_contract() {
        assert_eq!(
            Problem::new(ErrorCode::Unauthorized, "no \"secret\"").to_json(),
            r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"unauthorized","detail":"no \"secret\""}"#
        );
    }
}
