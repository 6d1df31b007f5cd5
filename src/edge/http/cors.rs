//! What browsers are told about pages of other origins (the CORS protocol of the Fetch standard). The same list that
//! lets a page open a socket lets it read an answer. It must not know what the answer is.

use worker::{Headers, Response, Result};

use super::problems::HttpError;
use super::route::Resource;
use crate::auth::origin::{AllowedOrigins, OriginError, OriginPolicy};

const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, if-none-match, webhook-id, webhook-timestamp, webhook-signature";

/// How long a browser may remember a preflight's answer, in seconds: Chromium's own maximum.
const MAX_AGE: &str = "7200";

/// Whose page a request comes from.
pub struct Page<'a> {
    /// The request's `Origin`; `None` for a client that is no page.
    pub origin: Option<&'a str>,
    /// The service's own origin.
    pub own: &'a str,
}

impl Page<'_> {
    /// Whether the policy lets it in.
    pub fn check(&self, policy: &OriginPolicy) -> std::result::Result<(), OriginError> {
        policy.check(self.origin, self.own)
    }
}

/// Lets a page read a response, where the policy lets it in.
pub fn allow(headers: &Headers, policy: &OriginPolicy, page: &Page<'_>) -> Result<()> {
    if policy.allowed == AllowedOrigins::Any {
        headers.set("access-control-allow-origin", "*")?;
    } else {
        headers.append("vary", "origin")?;
        let Some(origin) = page.origin.filter(|_| page.check(policy).is_ok()) else {
            return Ok(());
        };
        headers.set("access-control-allow-origin", origin)?;
    }
    headers.set("access-control-expose-headers", "etag, location, retry-after")
}

/// The answer to a preflight.
pub fn preflight(
    resource: &Resource,
    policy: &OriginPolicy,
    page: &Page<'_>,
) -> std::result::Result<Response, HttpError> {
    page.check(policy)?;
    let response = Response::empty()?.with_status(204);
    let headers = response.headers();
    headers.set("allow", resource.methods())?;
    headers.set("access-control-allow-methods", resource.methods())?;
    headers.set("access-control-allow-headers", REQUEST_HEADERS)?;
    headers.set("access-control-max-age", MAX_AGE)?;
    Ok(response)
}
