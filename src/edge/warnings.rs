//! A market's alerts on their way: to the room's own topic, and to the users whose own they are. One that does not get
//! there stays due, and is tried again after the room's next wake. It must not decide what is worth an alert.

use std::collections::HashMap;
use std::rc::Rc;

use super::lanes::retry;
use super::object_error::ObjectError;
use super::objects;
use super::room_state::RoomState;
use super::runtime;
use super::store::alert_rules;
use crate::core::event::Event;
use crate::core::idempotency::IdempotencyKey;
use crate::core::market::alert::Alert;
use crate::core::market::rule::Firing;
use crate::core::outbox::Post;
use crate::core::publication::Keyed;
use crate::core::topic::Topic;
use crate::wire::alert;

/// Publishes alerts. Those of the topic wait in its outbox for the next batch.
///
/// # Errors
/// What the storage throws.
pub fn publish(room: &Rc<RoomState>, alerts: &[Alert], firings: Vec<Firing>) -> Result<(), ObjectError> {
    let topic = room.topic()?;
    let symbol = symbol_of(room)?;
    let warned = |alert| alert::publication(alert, topic, symbol.as_deref());
    let publications: Vec<Keyed> = alerts.iter().map(warned).collect();
    if !publications.is_empty() {
        let (id, _) = room.wait();
        room.stop_waiting(id);
        // Where the outbox is full they stay due.
        room.step(Event::Post(Post { id, publications, is_prompt: true }))?;
    }
    if !firings.is_empty() {
        let telling = Rc::clone(room);
        room.state.wait_until(async move {
            if let Err(error) = tell(&telling, &firings).await {
                telling.log.failed(&error);
            }
        });
    }
    Ok(())
}

/// Tells users of their own alerts, each user once, and writes down that they came true.
async fn tell(room: &Rc<RoomState>, firings: &[Firing]) -> Result<(), ObjectError> {
    let (token, symbol) = (room.topic()?, symbol_of(room)?);
    let mut by_user: HashMap<Topic, Vec<(Keyed, &Firing)>> = HashMap::new();
    for firing in firings {
        let (topic, keyed) = alert::firing(firing, token, symbol.as_deref());
        by_user.entry(topic).or_default().push((keyed, firing));
    }
    for (topic, told) in by_user {
        let (publications, firings): (Vec<Keyed>, Vec<&Firing>) = told.into_iter().unzip();
        if let Err(error) = retry(async || objects::publish(&room.env, &topic, &publications).await).await {
            room.log.failed(&format!("{}: {error}", topic.for_log()));
            continue;
        }
        let ids: Vec<String> = firings.iter().map(|firing| firing.rule.id.to_string()).collect();
        alert_rules::fired(&room.env, &ids, runtime::now()).await?;
        let keys: Vec<IdempotencyKey> = firings.iter().map(|firing| firing.key()).collect();
        room.step(Event::Told { keys })?;
    }
    Ok(())
}

fn symbol_of(room: &RoomState) -> Result<Option<String>, ObjectError> {
    room.with_market(|market| market.facts().symbol().map(str::to_owned))
}
