//! What signed requests publish: each message once, however often the request comes, also when its topic has had so many
//! messages since that its room knows it no longer. It must not know how a request is signed.

use futures::channel::oneshot;
use worker::{Context, Env};

use super::messages::{self, Published, Wait};
use super::problems::HttpError;
use crate::core::event::Outcome;
use crate::core::idempotency::IdempotencyKey;
use crate::core::publication::{Keyed, Seq};
use crate::core::signed_request::Receipt;
use crate::core::topic::Topic;
use crate::edge::signed_requests::{self, Signed};
use crate::wire::batch::Delivery;
use crate::wire::room_protocol::NotUnderstood;

/// A message, or why it can't be published.
type Content = Result<(Topic, Keyed), HttpError>;

/// Publishes the messages of a signed request for `purpose`, and answers those that it has published before as repeats.
///
/// # Errors
/// Where the request's name was used for something else, and what the runtime throws.
pub async fn publish(
    env: &Env,
    context: &Context,
    signed: Signed,
    purpose: &str,
    contents: Vec<Content>,
) -> Result<Published, HttpError> {
    let receipt = signed_requests::claim(env, signed, purpose).await?;
    let (mut known, mut fresh) = (Vec::new(), Vec::new());
    for content in contents {
        let place = name_of(&content).and_then(|(topic, key)| receipt.place_of(topic, key));
        known.push(place);
        if place.is_none() {
            fresh.push(content);
        }
    }
    let Published { outcomes, cause } = publish_to_the_end(env, context, signed, fresh).await?;
    let mut outcomes = outcomes.into_iter();
    let of_all = known.into_iter().filter_map(|place| match place {
        Some(seq) => Some(Ok(Delivery::new(0, Outcome { seq, duplicate: true }))),
        None => outcomes.next(),
    });
    Ok(Published { outcomes: of_all.collect(), cause })
}

/// Publishes messages and remembers which were published, also where the publisher hangs up meanwhile: it will send the
/// same again. The answer does not wait for the note.
async fn publish_to_the_end(
    env: &Env,
    context: &Context,
    signed: Signed,
    contents: Vec<Content>,
) -> Result<Published, HttpError> {
    if contents.is_empty() {
        return Ok(Published { outcomes: vec![], cause: None });
    }
    let (answer, answered) = oneshot::channel();
    let env = env.clone();
    context.wait_until(async move {
        let names: Vec<_> = contents
            .iter()
            .map(|content| name_of(content).map(|(topic, key)| (topic.clone(), key)))
            .collect();
        let published = messages::publish(&env, contents, Wait::ForRelays).await;
        let mut receipt = Receipt::default();
        for (name, outcome) in names.into_iter().zip(&published.outcomes) {
            if let (Some((topic, key)), Ok(delivery)) = (name, outcome) {
                receipt.note(&topic, key, Seq::new(delivery.seq));
            }
        }
        // A publisher that is gone needs no answer.
        let _ = answer.send(published);
        signed_requests::settle(&env, signed, &receipt).await;
    });
    answered.await.map_err(|_| HttpError::RoomAnswer(NotUnderstood))
}

/// What a message is known by.
fn name_of(content: &Content) -> Option<(&Topic, IdempotencyKey)> {
    let (topic, keyed) = content.as_ref().ok()?;
    Some((topic, keyed.key?))
}
