//! Who may publish: a request with the secret, or with a signature over its body. Who guesses is counted by address, and
//! who is right never is. It must not know what is published.

use worker::{Env, Request};

use super::api::problem::ApiError;
use super::body;
use super::problems::HttpError;
use super::public_limit;
use crate::auth::bearer;
use crate::auth::secret::PublisherSecrets;
use crate::auth::webhook_signature::{SignatureError, WebhookSignature};
use crate::core::idempotency::IdempotencyKey;
use crate::edge::config::Config;
use crate::edge::runtime;
use crate::edge::signed_requests::Signed;

/// What an authenticated publisher sent.
pub struct Authenticated {
    /// The request's body.
    pub body: Vec<u8>,
    /// The request's own idempotency key.
    pub key: Option<IdempotencyKey>,
    /// Where it is signed: it is good once.
    pub signed: Option<Signed>,
}

/// The request of a publisher, with a body of at most `limit` bytes. A stranger's body is not read, unless it carries a
/// signature, which only the body proves. A signed request is known by its signed id and nothing else: anybody could
/// repeat it with another key beside.
pub async fn authenticate(
    request: &mut Request,
    env: &Env,
    config: &Config,
    limit: usize,
) -> Result<Authenticated, HttpError> {
    let judged = judge(request, config, limit).await;
    count_wrong(request, env, config, judged).await
}

/// The same for a request without a body, of which a signature would prove nothing: it takes the secret itself.
pub async fn authenticate_bearer(request: &Request, env: &Env, config: &Config) -> Result<(), HttpError> {
    let secrets = config.publishers.as_ref().ok_or(HttpError::NoSecret)?;
    let judged = if has_bearer(request, secrets)? { Ok(()) } else { Err(HttpError::Unauthorized) };
    count_wrong(request, env, config, judged).await
}

/// Counts a request that shows wrong credentials.
pub async fn count_wrong<T>(
    request: &Request,
    env: &Env,
    config: &Config,
    judged: Result<T, HttpError>,
) -> Result<T, HttpError> {
    if judged.as_ref().is_err_and(is_guess) {
        public_limit::check(request, env, config).await?;
    }
    judged
}

/// Whether an error is for credentials that nobody has. A signature that was used before is a publisher's.
fn is_guess(error: &HttpError) -> bool {
    match error {
        HttpError::Unauthorized | HttpError::Api(ApiError::NotTheWebhook) => true,
        HttpError::Signature(error) => *error != SignatureError::Used,
        _ => false,
    }
}

async fn judge(request: &mut Request, config: &Config, limit: usize) -> Result<Authenticated, HttpError> {
    let secrets = config.publishers.as_ref().ok_or(HttpError::NoSecret)?;
    if has_bearer(request, secrets)? {
        let key = request.headers().get("idempotency-key")?;
        let key = key.as_deref().map(IdempotencyKey::given).transpose()?;
        return Ok(Authenticated { body: body::read(request, limit).await?, key, signed: None });
    }
    let signature = signature_of(request)?.ok_or(HttpError::Unauthorized)?;
    let now = runtime::now();
    signature.check_time(now)?;
    let body = body::read(request, limit).await?;
    signature.verify(secrets, now, &body)?;
    let key = IdempotencyKey::given(signature.id())?;
    let signed = Signed { key, expires: signature.expires()? };
    Ok(Authenticated { body, key: Some(key), signed: Some(signed) })
}

fn has_bearer(request: &Request, secrets: &PublisherSecrets) -> worker::Result<bool> {
    let authorization = request.headers().get("authorization")?;
    Ok(authorization.is_some_and(|header| bearer::is_publisher(&header, secrets)))
}

fn signature_of(request: &Request) -> worker::Result<Option<WebhookSignature>> {
    let headers = request.headers();
    Ok(WebhookSignature::from_headers(
        headers.get("webhook-id")?,
        headers.get("webhook-timestamp")?,
        headers.get("webhook-signature")?,
    ))
}
