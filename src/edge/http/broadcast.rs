//! `POST /broadcast/:token` and `POST /broadcast`: authenticate, check, hand on to the rooms. It must not
//! know how a room keeps its order.

use std::collections::{BTreeMap, HashMap};

use futures::future::join_all;
use worker::{Env, Request};

use super::body;
use super::problems::HttpError;
use super::respond::{self, Answer};
use super::rooms;
use crate::auth::bearer;
use crate::auth::secret::PublisherSecrets;
use crate::auth::webhook_signature::WebhookSignature;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::Keyed;
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
    let Authenticated { body, key } = authenticate(&mut request, config, config.max_message_bytes).await?;
    let topic = topic?;
    let keyed = payload::publication(&topic, &body)?;
    let keyed = Keyed { key: key.or(keyed.key), ..keyed };
    let published = rooms::publish(env, &topic, &[keyed]).await?;
    let delivery = Delivery::new(published.connections, published.outcome(0));
    let response = respond::json(200, batch::delivered(delivery))?;
    Ok(Answer { connections: Some(delivery.connections), ..response.into() })
}

/// Many messages: one request to each topic's room, all rooms at once.
pub async fn many(mut request: Request, env: &Env, config: &Config) -> Result<Answer, HttpError> {
    let Authenticated { body, key } = authenticate(&mut request, config, MAX_BATCH_BYTES).await?;
    let messages = batch::messages(&body, config.max_batch_messages, config.max_message_bytes, key.as_ref())?;
    let (groups, mut results) = sort(messages);
    let calls = groups.iter().map(|(topic, group)| rooms::publish(env, topic, &group.publications));
    let mut causes = Vec::new();
    for (published, (topic, group)) in join_all(calls).await.into_iter().zip(&groups) {
        if let Err(error) = &published {
            causes.extend(error.cause().map(|cause| format!("{}: {cause}", topic.for_log())));
        }
        results.extend(group.results(topic, published));
    }
    let results: Vec<_> = results.into_values().collect();
    let response = respond::json(200, batch::batch_results(&results))?;
    let cause = Some(causes.join("; ")).filter(|text| !text.is_empty());
    Ok(Answer { cause, ..response.into() })
}

/// A batch's publications to one topic, and their places in the batch.
#[derive(Default)]
struct Group {
    places: Vec<usize>,
    publications: Vec<Keyed>,
}

impl Group {
    /// What became of each message, by its place in the batch.
    fn results(
        &self,
        topic: &Topic,
        published: Result<Published, HttpError>,
    ) -> impl Iterator<Item = (usize, MessageResult)> {
        let published = published.map_err(|error| error.problem());
        self.places.iter().zip(0..).map(move |(&place, offset)| {
            let delivery =
                |published: &Published| Delivery::new(published.connections, published.outcome(offset));
            let outcome = published.as_ref().map(delivery).map_err(Clone::clone);
            (place, MessageResult { token: Some(topic.to_string()), outcome })
        })
    }
}

/// Sorts messages by topic, in the order posted, and gives the results of those that can't be published, by their
/// places in the batch.
fn sort(messages: Vec<Message>) -> (HashMap<Topic, Group>, BTreeMap<usize, MessageResult>) {
    let mut groups: HashMap<Topic, Group> = HashMap::new();
    let mut refused = BTreeMap::new();
    for (place, Message { token, content }) in messages.into_iter().enumerate() {
        match content {
            Ok((topic, publication)) => {
                let group = groups.entry(topic).or_default();
                group.places.push(place);
                group.publications.push(publication);
            }
            Err(error) => {
                let outcome = Err(HttpError::Message(error).problem());
                refused.insert(place, MessageResult { token, outcome });
            }
        }
    }
    (groups, refused)
}

/// What an authenticated publisher sent.
struct Authenticated {
    body: Vec<u8>,
    /// The request's own idempotency key.
    key: Option<IdempotencyKey>,
}

/// The request of a publisher. A stranger's body is not read, unless it carries a signature, which only the body proves.
/// A signed request is known by its signed id and nothing else: anybody could repeat it with another key beside.
async fn authenticate(
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
