//! A market's closed minutes on their way into the table, what is written down of a token on its way back, and how the
//! market stands in between. It must not decide when a minute is closed, nor what of it is in the table already.

use std::rc::Rc;

use worker::Response;

use super::object_error::ObjectError;
use super::room_state::RoomState;
use super::store::hot_copies::SolUsd;
use super::store::{alert_rules, hot_copies, prices, tokens};
use super::{runtime, store};
use crate::core::alert_rule::AlertRule;
use crate::core::charting::{Charting, Learned, RETRY_MILLIS};
use crate::core::event::Event;
use crate::core::room::Standing;
use crate::core::time::UnixMillis;
use crate::core::topic::Topic;
use crate::wire::market_answer::MarketAnswer;

/// Once that was read.
const NEVER: UnixMillis = UnixMillis(u64::MAX);

/// Writes minutes down. What fails is tried again by the room's alarm, and to write it down again changes nothing.
///
/// # Errors
/// What the storage of the room throws.
pub async fn run(room: &Rc<RoomState>, charting: Charting) -> Result<(), ObjectError> {
    let (life, through) = (room.life(), charting.flush.through);
    let done = write(room, &charting).await;
    #[cfg(feature = "fault-injection")]
    super::fault::in_room_of(room.topic()?, super::fault::RoomFault::AfterTable);
    let event = match done {
        // The room woke from what is stored meanwhile, and has them again.
        Ok(()) if room.life() != life => Event::Uncharted,
        Ok(()) => Event::Charted { through },
        Err(error) => {
            room.log.failed(&format!("minutes could not be written down: {error}"));
            Event::Uncharted
        }
    };
    for effect in room.step(event)? {
        room.keep_house(&effect).await?;
    }
    Ok(())
}

async fn write(room: &RoomState, charting: &Charting) -> Result<(), ObjectError> {
    let (topic, Charting { flush, price }) = (room.topic()?, charting);
    if let Some(price) = price.as_ref().filter(|_| *topic == Topic::of_sol_usd()) {
        let sol_usd = SolUsd { price: price.price.clone(), at: price.at };
        hot_copies::put_sol_usd(&room.env, &sol_usd).await?;
    }
    #[cfg(feature = "fault-injection")]
    super::fault::in_room_of(topic, super::fault::RoomFault::BeforeTable);
    let database = store::database(&room.env).await?;
    Ok(prices::flush(&database, topic, flush, price.as_ref(), runtime::now()).await?)
}

/// Reads what is written down of the token, once after each wake: nobody waits for it.
pub fn learn_once(room: &Rc<RoomState>) {
    if runtime::now() >= room.learns_from.get() {
        room.learns_from.set(NEVER);
        learn(room);
    }
}

/// Reads it again: users have changed what they want to be told of.
///
/// # Errors
/// What the runtime throws.
pub fn learn_again(room: &Rc<RoomState>) -> Result<Response, ObjectError> {
    learn(room);
    Ok(Response::empty()?)
}

/// How the market stands, for the Worker.
///
/// # Errors
/// What the storage throws.
pub fn tell(room: &RoomState) -> Result<Response, ObjectError> {
    let Standing { seq, epoch, .. } = room.standing()?;
    let answer = room.with_market(|market| MarketAnswer::of(market, seq, epoch))?;
    Ok(Response::ok(answer.encode())?)
}

fn learn(room: &Rc<RoomState>) {
    let learning = Rc::clone(room);
    room.state.wait_until(async move {
        if let Err(error) = learn_now(&learning).await {
            // To ask a database that is gone with each publication would cost as much as to publish.
            learning.learns_from.set(runtime::now().later_by(RETRY_MILLIS));
            learning.log.failed(&format!("what is written down of the token could not be read: {error}"));
        }
    });
}

async fn learn_now(room: &Rc<RoomState>) -> Result<(), ObjectError> {
    let (database, topic) = (store::database(&room.env).await?, room.topic()?);
    let token = tokens::get(&database, topic).await?;
    let waiting = alert_rules::waiting(&room.env, topic).await?;
    let rules = waiting.iter().filter_map(AlertRule::to_be_watched).collect();
    let (symbol, supply) = token.map(|token| (token.description.symbol, token.supply)).unwrap_or_default();
    room.run(Event::Learned(Learned { symbol, supply, rules })).await
}
