//! A market's closed minutes on their way into the table, what is written down of a token on its way back, and how the
//! market stands in between. It must not decide when a minute is closed, nor what of it is in the table already.

use std::rc::Rc;

use worker::Response;

use super::object_error::ObjectError;
use super::room_state::RoomState;
use super::store::hot_copies::SolUsd;
use super::store::{alert_rules, hot_copies, prices, tokens};
use super::{runtime, store};
use crate::core::charting::{Charting, Learned};
use crate::core::event::Event;
use crate::core::market::rules::Scale;
use crate::core::room::Standing;
use crate::core::topic::Topic;
use crate::wire::market_answer::MarketAnswer;

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
    let (topic, Charting { flush, price, phase }) = (room.topic()?, charting);
    if let Some(price) = price.as_ref().filter(|_| *topic == Topic::of_sol_usd()) {
        let sol_usd = SolUsd { price: price.price.clone(), at: price.at };
        hot_copies::put_sol_usd(&room.env, &sol_usd).await?;
    }
    #[cfg(feature = "fault-injection")]
    super::fault::in_room_of(topic, super::fault::RoomFault::BeforeTable);
    let database = store::database(&room.env).await?;
    let standing = (*phase, price.as_ref());
    for left_out in prices::flush(&database, topic, flush, standing, runtime::now()).await? {
        room.log.failed(&format!("minutes were left out that can't be written down: {left_out}"));
    }
    Ok(())
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

/// Reads what is written down of the token, and rules of these scales. Nobody waits for it.
pub fn learn(room: &Rc<RoomState>, scales: Vec<Scale>) {
    let learning = Rc::clone(room);
    room.state.wait_until(async move {
        let life = learning.life();
        let learned = read(&learning, scales).await;
        if let Err(error) = &learned {
            learning.log.failed(&format!("what is written down of the token could not be read: {error}"));
        }
        // A room that woke from what is stored meanwhile asks for what it needs.
        if learning.life() == life
            && let Err(error) = learning.run(Event::Learned(learned.ok())).await
        {
            learning.log.failed(&error);
        }
    });
}

async fn read(room: &RoomState, scales: Vec<Scale>) -> Result<Learned, ObjectError> {
    let (database, topic) = (store::database(&room.env).await?, room.topic()?);
    let token = tokens::get(&database, topic).await?;
    let rules = alert_rules::nearest(&database, topic, scales).await?;
    let (symbol, supply) = token.map(|token| (token.description.symbol, token.supply)).unwrap_or_default();
    Ok(Learned { symbol, supply, rules })
}
