//! What publishers may do, `POST /broadcast/:token`, `POST /broadcast`, `GET /publish` and `GET /rooms/:token`:
//! authenticate, check, hand on to the rooms. It must
//! not know how a room keeps its order.

use worker::{Env, Request, Response};

use super::messages::{self, Published};
use super::problems::HttpError;
use super::respond::{self, Answer};
use super::{body, rooms, subscribe};
use crate::auth::bearer;
use crate::auth::secret::PublisherSecrets;
use crate::auth::webhook_signature::WebhookSignature;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Keyed;
use crate::core::topic::{Topic, TopicError};
use crate::edge::config::Config;
use crate::edge::{publisher, runtime};
use crate::wire::batch::{self, Delivery, MAX_BATCH_BYTES, Message, MessageResult};
use crate::wire::payload;

/// One message.
pub async fn one(
    mut request: Request,
    env: &Env,
    config: &Config,
    topic: Result<Topic, TopicError>,
) -> Result<Answer, HttpError> {
    let Authenticated { body, key } = authenticate(&mut request, config, config.max_message_bytes).await?;
    let topic = topic?;
    let keyed = payload::publication(&topic, &body)?;
    let keyed = Keyed { key: key.or(keyed.key), ..keyed };
    let published = rooms::publish(env, &topic, &[keyed]).await?;
    let delivery = Delivery::new(published.connections, published.outcome(0));
    let response = respond::json(200, batch::delivered(delivery))?;
    Ok(Answer { connections: Some(delivery.connections), ..response.into() })
}

/// Many messages.
pub async fn many(mut request: Request, env: &Env, config: &Config) -> Result<Answer, HttpError> {
    let Authenticated { body, key } = authenticate(&mut request, config, MAX_BATCH_BYTES).await?;
    let messages = batch::messages(&body, config.max_batch_messages, config.max_message_bytes, key)?;
    let (tokens, contents): (Vec<_>, Vec<_>) = messages
        .into_iter()
        .map(|Message { token, content }| (token, content.map_err(HttpError::Message)))
        .unzip();
    let Published { outcomes, cause } = messages::publish(env, contents).await;
    let results: Vec<_> =
        tokens.into_iter().zip(outcomes).map(|(token, outcome)| MessageResult { token, outcome }).collect();
    let response = respond::json(200, batch::batch_results(&results))?;
    Ok(Answer { cause, ..response.into() })
}

/// A publisher's socket: authenticated first, then handed to an object of its own.
pub async fn socket(mut request: Request, env: &Env, config: &Config) -> Result<Response, HttpError> {
    if !subscribe::is_handshake(&request)? {
        return Err(HttpError::UpgradeRequired);
    }
    authenticate(&mut request, config, 0).await?;
    publisher::open(env).await
}

/// How a topic stands, for who may publish to it. Nothing of what was published is shown.
pub async fn standing(
    mut request: Request,
    env: &Env,
    config: &Config,
    topic: Result<Topic, TopicError>,
) -> Result<Answer, HttpError> {
    authenticate(&mut request, config, 0).await?;
    let standing = rooms::standing(env, &topic?).await?;
    Ok(respond::json(200, standing)?.into())
}

/// What an authenticated publisher sent.
pub struct Authenticated {
    /// The request's body.
    pub body: Vec<u8>,
    /// The request's own idempotency key.
    pub key: Option<IdempotencyKey>,
}

/// The request of a publisher. A stranger's body is not read, unless it carries a signature, which only the body
/// proves. A signed request is known by its signed id and nothing else: anybody could repeat it with another key
/// beside.
pub async fn authenticate(
    request: &mut Request,
    config: &Config,
    limit: usize,
) -> Result<Authenticated, HttpError> {
    let secrets = config.publishers.as_ref().ok_or(HttpError::NoSecret)?;
    if has_bearer(request, secrets)? {
        let key = request.headers().get("idempotency-key")?;
        let key = key.as_deref().map(IdempotencyKey::given).transpose()?;
        return Ok(Authenticated { body: body::read(request, limit).await?, key });
    }
    let signature = signature_of(request)?.ok_or(HttpError::Unauthorized)?;
    let now = runtime::now();
    signature.check_time(now)?;
    let body = body::read(request, limit).await?;
    signature.verify(secrets, now, &body)?;
    Ok(Authenticated { body, key: Some(IdempotencyKey::given(signature.id())?) })
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
