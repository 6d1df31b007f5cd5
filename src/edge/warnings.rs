//! A market's alerts on their way: to the room's own topic, and to the users whose own they are. One that does not get
//! there stays due, and is tried again by the room's alarm. It must not decide what is worth an alert.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;

use futures::future::join_all;

use super::lanes::retry;
use super::object_error::ObjectError;
use super::objects;
use super::room_state::RoomState;
use super::runtime;
use super::store::alert_rules;
use crate::core::event::{Effect, Event};
use crate::core::idempotency::IdempotencyKey;
use crate::core::market::alert::Alert;
use crate::core::market::rule::Firing;
use crate::core::outbox::Post;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::wire::alert;

/// How many users are told at a time: the platform lets an object wait for six answers at once.
/// Source: <https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections>.
const USERS_AT_ONCE: usize = 6;

/// Publishes alerts. Those of the topic wait in its outbox for the next batch.
///
/// # Errors
/// What the storage throws.
pub async fn publish(
    room: &Rc<RoomState>,
    alerts: &[Alert],
    firings: Vec<Firing>,
) -> Result<(), ObjectError> {
    let topic = room.topic()?;
    #[cfg(feature = "fault-injection")]
    super::fault::in_room_of(topic, super::fault::RoomFault::BeforeAlert);
    let symbol = symbol_of(room)?;
    let warned = |alert| alert::publication(alert, topic, symbol.as_deref());
    let publications: Vec<Keyed> = alerts.iter().map(warned).collect();
    if !publications.is_empty() {
        let (id, _) = room.wait();
        room.stop_waiting(id);
        if room.step(Event::Post(Post { id, publications, is_prompt: true }))? == [Effect::Busy(id)] {
            owe(room).await?;
        }
    }
    if !firings.is_empty() {
        let telling = Rc::clone(room);
        room.state.wait_until(async move {
            if let Err(error) = tell(&telling, &firings).await {
                telling.log.failed(&error);
                owe(&telling).await.unwrap_or_else(|error| telling.log.failed(&error));
            }
        });
    }
    Ok(())
}

/// They are to be tried again.
async fn owe(room: &RoomState) -> Result<(), ObjectError> {
    for effect in room.step(Event::Untold)? {
        room.keep_house(&effect).await?;
    }
    Ok(())
}

/// Tells users of their own alerts, each user once, and writes down that they came true. One that does not wait any more is
/// told to nobody: it was taken away meanwhile, or told before a crash.
async fn tell(room: &Rc<RoomState>, firings: &[Firing]) -> Result<(), ObjectError> {
    let (token, symbol) = (room.topic()?, symbol_of(room)?);
    let ids: Vec<&str> = firings.iter().map(|firing| firing.rule.id.as_str()).collect();
    let waiting = alert_rules::still_waiting(&room.env, &ids).await?;
    let (firings, others): (Vec<&Firing>, Vec<&Firing>) =
        firings.iter().partition(|firing| waiting.contains(firing.rule.id.as_str()));
    note_told(room, &others).await?;
    let mut by_user: BTreeMap<Topic, Vec<(Keyed, &Firing)>> = BTreeMap::new();
    for firing in firings {
        let (topic, keyed) = alert::firing(firing, token, symbol.as_deref());
        by_user.entry(topic).or_default().push((keyed, firing));
    }
    let mut failed = Ok(());
    let users: Vec<_> = by_user.into_iter().collect();
    for users in users.chunks(USERS_AT_ONCE) {
        let told = join_all(users.iter().map(|(topic, told)| tell_user(room, topic, told))).await;
        let (told, failures): (Vec<_>, Vec<_>) = told.into_iter().partition(Result::is_ok);
        failed = failures.into_iter().find_map(Result::err).map_or(failed, Err);
        #[cfg(feature = "fault-injection")]
        super::fault::in_room_of(token, super::fault::RoomFault::AfterAlert);
        let told: Vec<&Firing> = told.into_iter().flatten().flatten().collect();
        let ids: Vec<String> = told.iter().map(|firing| firing.rule.id.to_string()).collect();
        alert_rules::fired(&room.env, &ids, runtime::now()).await?;
        note_told(room, &told).await?;
    }
    failed
}

/// Tells one user, and returns what of.
async fn tell_user<'a>(
    room: &RoomState,
    topic: &Topic,
    told: &[(Keyed, &'a Firing)],
) -> Result<Vec<&'a Firing>, ObjectError> {
    let publications: Vec<Keyed> = told.iter().map(|(keyed, _)| keyed.clone()).collect();
    let published = retry(async || objects::publish(&room.env, topic, &publications).await).await;
    if let Err(error) = &published {
        room.log.failed(&format!("{}: {error}", topic.for_log()));
    }
    published.map(|()| told.iter().map(|(_, firing)| *firing).collect())
}

/// Users were told, and there is place for others to be.
async fn note_told(room: &Rc<RoomState>, firings: &[&Firing]) -> Result<(), ObjectError> {
    let keys: Vec<IdempotencyKey> = firings.iter().map(|firing| firing.key()).collect();
    // That may make others due, of which somebody is told in the same way.
    let noting: Pin<Box<dyn Future<Output = Result<(), ObjectError>>>> =
        Box::pin(room.run(Event::Told { keys }));
    noting.await
}

fn symbol_of(room: &RoomState) -> Result<Option<String>, ObjectError> {
    room.with_market(|market| market.facts().symbol().map(str::to_owned))
}
