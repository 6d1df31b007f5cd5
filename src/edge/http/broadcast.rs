//! What publishers may do, `POST /broadcast/:token`, `POST /broadcast`, `GET /publish` and `GET /rooms/:token`:
//! authenticate, check, hand on to the rooms. It must
//! not know how a room keeps its order.

use worker::{Context, Env, Request, Response};

use super::api::problem::ApiError;
use super::messages::Wait;
use super::messages::{self, Published};
use super::problems::HttpError;
use super::publishers::{Authenticated, authenticate, authenticate_bearer};
use super::respond::{self, Answer};
use super::{rooms, signed, subscribe};
use crate::core::publication::Keyed;
use crate::core::topic::{Topic, TopicError};
use crate::edge::config::Config;
use crate::edge::publisher;
use crate::edge::signed_requests::Signed;
use crate::wire::batch::{self, Delivery, MAX_BATCH_BYTES, Message, MessageResult};
use crate::wire::payload;

/// One message.
pub async fn one(
    mut request: Request,
    env: &Env,
    context: &Context,
    config: &Config,
    topic: Result<Topic, TopicError>,
) -> Result<Answer, HttpError> {
    let Authenticated { body, key, signed } =
        authenticate(&mut request, env, config, config.max_message_bytes).await?;
    let topic = topic?;
    let keyed = payload::publication(&topic, &body)?;
    let keyed = Keyed { key: key.or(keyed.key), ..keyed };
    let delivery = if let Some(signed) = signed {
        publish_signed(env, context, signed, topic, keyed).await?
    } else {
        let published = rooms::publish(env, &topic, &[keyed], Wait::ForRelays).await?;
        Delivery::new(published.connections, published.outcome(0))
    };
    let response = respond::json(200, batch::delivered(delivery))?;
    Ok(Answer { connections: Some(delivery.connections), ..response.into() })
}

async fn publish_signed(
    env: &Env,
    context: &Context,
    signed: Signed,
    topic: Topic,
    keyed: Keyed,
) -> Result<Delivery, HttpError> {
    let purpose = format!("POST /broadcast/{topic}");
    let Published { outcomes, cause } =
        signed::publish(env, context, signed, &purpose, vec![Ok((topic, keyed))]).await?;
    let delivery = outcomes.into_iter().next().and_then(Result::ok);
    Ok(delivery.ok_or_else(|| ApiError::Unpublished { cause: cause.unwrap_or_default() })?)
}

/// Many messages.
pub async fn many(
    mut request: Request,
    env: &Env,
    context: &Context,
    config: &Config,
) -> Result<Answer, HttpError> {
    let Authenticated { body, key, signed } =
        authenticate(&mut request, env, config, MAX_BATCH_BYTES).await?;
    let messages = batch::messages(&body, config.max_batch_messages, config.max_message_bytes, key)?;
    let (names, contents): (Vec<_>, Vec<_>) = messages
        .into_iter()
        .map(|Message { names, content }| (names, content.map_err(HttpError::Message)))
        .unzip();
    let Published { outcomes, cause } = match signed {
        Some(signed) => signed::publish(env, context, signed, "POST /broadcast", contents).await?,
        None => messages::publish(env, contents, Wait::ForRelays).await,
    };
    let results: Vec<_> =
        names.into_iter().zip(outcomes).map(|(names, outcome)| MessageResult { names, outcome }).collect();
    let response = respond::json(200, batch::batch_results(&results))?;
    Ok(Answer { cause, ..response.into() })
}

/// A publisher's socket: authenticated first, then handed to an object of its own.
pub async fn socket(request: Request, env: &Env, config: &Config) -> Result<Response, HttpError> {
    if !subscribe::is_handshake(&request)? {
        return Err(HttpError::UpgradeRequired);
    }
    authenticate_bearer(&request, env, config).await?;
    publisher::open(env).await
}

/// How a topic stands, for who may publish to it. Nothing of what was published is shown.
pub async fn standing(
    request: Request,
    env: &Env,
    config: &Config,
    topic: Result<Topic, TopicError>,
) -> Result<Answer, HttpError> {
    authenticate_bearer(&request, env, config).await?;
    let standing = rooms::standing(env, &topic?).await?;
    Ok(respond::json(200, standing)?.into())
}
