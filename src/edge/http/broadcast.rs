//! `POST /broadcast/:token` and `POST /broadcast`: authenticate, check, hand on to the rooms. It must not
//! know how a room keeps its order.

use std::collections::HashMap;

use futures::future::join_all;
use worker::{Env, Request};

use super::body;
use super::problems::HttpError;
use super::respond::{self, Answer};
use super::rooms;
use crate::auth::bearer;
use crate::auth::secret::PublisherSecrets;
use crate::auth::webhook_signature::WebhookSignature;
use crate::core::publication::Publication;
use crate::core::topic::{Topic, TopicError};
use crate::edge::config::Config;
use crate::edge::runtime;
use crate::wire::batch::{self, Delivery, MAX_BATCH_BYTES, Message, MessageResult};
use crate::wire::payload;
use crate::wire::room_protocol::Published;

/// One message.
pub async fn one(
    mut request: Request,
    env: &Env,
    config: &Config,
    topic: Result<Topic, TopicError>,
) -> Result<Answer, HttpError> {
    let payload = authenticated_body(&mut request, config, config.max_message_bytes).await?;
    let topic = topic?;
    let publication = payload::publication(&topic, &payload)?;
    let Published { connections, first_seq: seq } = rooms::publish(env, &topic, &[publication]).await?;
    let response = respond::json(200, batch::delivered(Delivery { connections, seq }))?;
    Ok(Answer { connections: Some(connections), ..response.into() })
}

/// Many messages: one request to each topic's room, all rooms at once.
pub async fn many(mut request: Request, env: &Env, config: &Config) -> Result<Answer, HttpError> {
    let body = authenticated_body(&mut request, config, MAX_BATCH_BYTES).await?;
    let messages = batch::messages(&body, config.max_batch_messages, config.max_message_bytes)?;
    let (mut results, by_topic) = sort(messages);
    let calls = by_topic.iter().map(|(topic, group)| rooms::publish(env, topic, &group.publications));
    let mut causes = Vec::new();
    for (published, (topic, group)) in join_all(calls).await.into_iter().zip(&by_topic) {
        let published = published.map_err(|error| {
            causes.extend(error.cause().map(|cause| format!("{}: {cause}", topic.for_log())));
            error.problem()
        });
        for (seq_offset, &place) in (0..).zip(&group.places) {
            if let Some(result) = results.get_mut(place) {
                result.outcome = published.clone().map(|published| Delivery {
                    connections: published.connections,
                    seq: published.first_seq + seq_offset,
                });
            }
        }
    }
    let response = respond::json(200, batch::batch_results(&results))?;
    let cause = Some(causes.join("; ")).filter(|text| !text.is_empty());
    Ok(Answer { cause, ..response.into() })
}

/// A batch's publications to one topic, and their places in the batch.
#[derive(Default)]
struct Group {
    places: Vec<usize>,
    publications: Vec<Publication>,
}

/// Sorts messages by topic, in the order posted, and fills in the results of those that can't be published.
fn sort(messages: Vec<Message>) -> (Vec<MessageResult>, HashMap<Topic, Group>) {
    let mut by_topic: HashMap<Topic, Group> = HashMap::new();
    let mut results = Vec::with_capacity(messages.len());
    for (place, Message { token, content }) in messages.into_iter().enumerate() {
        let outcome = match content {
            Ok((topic, publication)) => {
                let group = by_topic.entry(topic).or_default();
                group.places.push(place);
                group.publications.push(publication);
                Ok(Delivery { connections: 0, seq: 0 })
            }
            Err(error) => Err(HttpError::Message(error).problem()),
        };
        results.push(MessageResult { token, outcome });
    }
    (results, by_topic)
}

/// The body of a publisher's request. A stranger's is not read, unless it carries a signature, which only the body
/// proves.
async fn authenticated_body(
    request: &mut Request,
    config: &Config,
    limit: usize,
) -> Result<Vec<u8>, HttpError> {
    let secrets = config.publishers.as_ref().ok_or(HttpError::NoSecret)?;
    if has_bearer(request, secrets)? {
        return body::read(request, limit).await;
    }
    let signature = signature_of(request)?.ok_or(HttpError::Unauthorized)?;
    let now = runtime::now();
    signature.check_time(now)?;
    let body = body::read(request, limit).await?;
    signature.verify(secrets, now, &body)?;
    Ok(body)
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
